"use strict";
/* The server answers this file with its own facts; opened from disk there is nothing to decide. */
window.veernetServed = null;
