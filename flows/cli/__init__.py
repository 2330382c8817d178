"""The command line: thin shells around functions elsewhere."""
