"""Which samples of a trace are observed, how sure they are, and how good the curve is."""
