"use strict";
/* Who decides: the name is typed once, kept in this browser for all pages, shown, and changed when a person wants to. */
window.veernetReviewer = (function () {
  const KEY = "veernet-reviewer", served = window.veernetServed || {}, input = document.getElementById("reviewer"), change = document.getElementById("reviewer-change");
  const kept = () => { try { return localStorage.getItem(KEY) || ""; } catch (error) { return ""; /* storage may be off */ } };
  const given = served.reviewer || served.decide === false;  // a token stands for a name, or for none
  const name = () => input.value.trim();
  function show(editing) {
    const known = Boolean(name()) && !editing;
    input.classList.toggle("known", known);
    input.size = known ? Math.max(1, Math.min(30, input.value.length)) : 16;
    change.hidden = given || !known;
  }
  function set(value) {
    input.value = value;
    try { localStorage.setItem(KEY, name()); } catch (error) { /* storage may be off */ }
    show(document.activeElement === input);
  }
  input.value = given ? served.reviewer || "" : kept();
  if (given) {
    input.readOnly = true;
    input.placeholder = "a reader: you can look";
    input.title = served.reviewer ? "Your token stands for this name" : "You came in with the readers' token: you can look, not decide";
  } else {
    // each letter is kept: a page may be left without leaving the field
    input.addEventListener("input", () => set(input.value));
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") input.blur(); });
    input.addEventListener("focus", () => show(true));
    input.addEventListener("blur", () => show(false));
    change.addEventListener("click", () => { input.focus(); input.select(); });
    window.addEventListener("storage", (event) => { if (event.key === KEY && document.activeElement !== input) { input.value = event.newValue || ""; show(false); } });
  }
  show(false);
  return { name, set };
})();
