"""rasterio, loaded without boto3.

In: nothing. Out: the parts of rasterio that are used here. Scans come as bytes in memory, never from a bucket
of rasterio's own, and boto3 would be half of what the start of a decoder's process costs.
Does not belong here: anything that uses them.
"""

from __future__ import annotations

import sys
from typing import Any, cast

_loaded = cast(dict[str, Any], sys.modules)
_is_ours = "boto3" not in _loaded
if _is_ours:
    _loaded["boto3"] = None  # rasterio takes it for not installed
try:
    import rasterio
    from rasterio.enums import ColorInterp
    from rasterio.errors import NotGeoreferencedWarning, RasterioError
    from rasterio.io import MemoryFile
    from rasterio.windows import Window
finally:
    if _is_ours:
        del _loaded["boto3"]

__all__ = [
    "ColorInterp",
    "MemoryFile",
    "NotGeoreferencedWarning",
    "RasterioError",
    "Window",
    "rasterio",
]
