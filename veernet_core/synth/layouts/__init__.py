"""Drawn pages of many independent layouts, with the exact place of everything on them."""
