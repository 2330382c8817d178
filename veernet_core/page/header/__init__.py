"""Header text to well fields."""
