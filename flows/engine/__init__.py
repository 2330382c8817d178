"""The digitiser as loaded in a process, and the supervised processes that decode for it."""
