"""What libraries say of their own accord does not reach the terminal: what is wrong with a scan, its findings
and its failure tell.

Libraries talk through Python's warnings and logs. GDAL, pdfium and libtiff (the second decoder has one of its
own) write straight to the standard error stream. Does not belong here: our own messages, and the log of a run.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import logging
import os
import sys
import warnings
from pathlib import Path

OUR_PACKAGES = ("flows", "storage", "veernet_core")
_NEVER = logging.CRITICAL + 1
"""A level at which nothing is said."""


def silence_libraries() -> None:
    """Let no library write to the terminal; where the interpreter was asked for warnings they are kept."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # of children
    os.environ.setdefault("CPL_LOG", os.devnull)  # GDAL writes notices there
    with contextlib.suppress(ImportError, AttributeError):
        importlib.import_module("pypdfium2_cfg").DEBUG_AUTOCLOSE.value = _NEVER
    logging.getLogger().addHandler(logging.NullHandler())
    for name in OUR_PACKAGES:
        if logging.lastResort is not None and not logging.getLogger(name).handlers:
            logging.getLogger(name).addHandler(logging.lastResort)
    for path in _libtiffs():
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(path))
            for kind in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                setter = getattr(library, kind)
                setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
                setter(None)


def _libtiffs() -> list[Path]:
    """The libtiff that Pillow comes with; none where it uses that of the system."""
    spec = importlib.util.find_spec("PIL")
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    folders = package.parent / "pillow.libs", package / ".dylibs"
    return [path for folder in folders for path in sorted(folder.glob("libtiff*"))]
