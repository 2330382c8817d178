"""Files on this machine, at once: digitise and inspect without a server."""
