"""Errors a person can act on: every class has a stable code, the stage that failed and a remedy.

A class states its code; stage and remedy come from the register (``findings``). An error ends the work on
one scan. Expected trouble that leaves something useful is a ``datatypes.Finding`` instead.
"""

from __future__ import annotations

import re
import traceback
from typing import ClassVar

from veernet_core.findings import REGISTER


class VeernetError(Exception):
    """Base of all errors that end the work on one scan.

    Parameters
    ----------
    message : str
        What is wrong, with the offending value.
    where : str
        File (and field) it concerns; may be added later with ``at``.
    remedy : str, optional
        What to do; defaults to the class's remedy.
    """

    code: ClassVar[str] = "error"
    stage: str = REGISTER["error"].stage
    remedy: str = REGISTER["error"].remedy

    def __init_subclass__(cls) -> None:
        entry = REGISTER.get(cls.code)
        if entry is not None:
            cls.stage, cls.remedy = entry.stage, entry.remedy

    def __init__(self, message: str, where: str = "", remedy: str | None = None) -> None:
        super().__init__(message, where, remedy)
        self.message = message
        self.where = where
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        prefix = f"{self.where}: " if self.where else ""
        return f"{prefix}{self.message} [{self.code}] {self.remedy}"


class DecodeError(VeernetError):
    """The file is not an image this system can decode."""

    code = "decode_failed"


class EmptyFileError(DecodeError):
    """The file holds no bytes or no pixels."""

    code = "empty_file"


class UnsupportedFormatError(DecodeError):
    """The bytes are of no known image format."""

    code = "unsupported_format"


class TooLargeError(DecodeError):
    """The image exceeds the size limits (decompression-bomb guard)."""

    code = "too_large"


class SidecarError(VeernetError):
    """The sidecar is malformed; it is never half-used."""

    code = "bad_sidecar"


class GeometryError(VeernetError):
    """Geometry that contradicts the image (a track outside the page, rows out of range)."""

    code = "bad_geometry"


class ReadingError(VeernetError):
    """Reading the page failed in a way that no page should bring about."""

    code = "reading_failed"


class BundleError(VeernetError):
    """A model bundle that is missing, damaged or of another architecture."""

    code = "bad_bundle"


class OutOfMemoryError(VeernetError):
    """Inference ran out of memory even after the batch was halved."""

    code = "out_of_memory"


class WriteError(VeernetError):
    """A result could not be written."""

    code = "write_failed"


class UnexpectedError(VeernetError):
    """A step failed in a way that no scan should bring about; ``stage`` says which step."""

    code = "internal_error"


_STAGES = (
    ("veernet_core.page.raster", "decode"),
    ("veernet_core.page.known", "sidecar"),
    ("veernet_core.page", "page"),
    ("veernet_core.strips", "rectify"),
    ("veernet_core.net", "infer"),
    ("veernet_core.curve", "trace"),
    ("storage", "write"),
)
"""Stage of a failure by the innermost of our own modules in which it arose."""
_RANDOM_NAMES = re.compile(
    r"(GTIFF_(DIR|RAW):[\w:]*)?/vsimem/[^\s'\"`,;)]*|<[^<>]* object at 0x[0-9a-fA-F]+>"
    r"|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|0x[0-9a-fA-F]{6,}"
)


def plain_text(error: object) -> str:
    """What a library says, on one line, without names that differ from run to run.

    Files in memory, addresses and random identifiers become ``the file``.
    """
    return " ".join(_RANDOM_NAMES.sub("the file", str(error)).split()).rstrip(" .")


def of_scan(error: Exception, where: str, stage: str = "run") -> VeernetError:
    """Any exception as the error that ends the work on one scan.

    Parameters
    ----------
    error : Exception
        Whatever was raised; an error of ours is given back, with ``where`` filled in.
    where : str
        The scan.
    stage : str
        What was under way, for exceptions that arose in no module of which the stage is known.

    Returns
    -------
    VeernetError
        With code, stage, place and remedy. What a library asserts is not passed on: the message
        names the kind of exception and the function of ours that met it.
    """
    if isinstance(error, VeernetError):
        error.where = error.where or where
        return error
    module, function = _own_place(error)
    stage = next((known for prefix, known in _STAGES if module.startswith(prefix)), stage)
    if isinstance(error, MemoryError):
        failure: VeernetError = OutOfMemoryError("not enough memory for this scan", where)
        failure.remedy = "Use a machine with more memory, or split the scan."
    else:
        kind = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
        place = f"{module}.{function}" if module else "a library"
        failure = UnexpectedError(f"{kind} in {place}", where)
    failure.stage = stage
    failure.__cause__ = error
    return failure


def _own_place(error: Exception) -> tuple[str, str]:
    """Module and function of ours, innermost, through which an exception came."""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in ("veernet_core", "storage", "flows"):
            return name, frame.f_code.co_qualname
    return "", ""
