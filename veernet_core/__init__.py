"""The digitiser: pure functions on frozen data, from a raster to depth-indexed curves.

Knows no file system, clock, environment or orchestration. Read ``pipeline`` and ``datatypes`` first.
"""

__version__ = "0.1.0"
