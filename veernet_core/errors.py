"""Errors a person can act on: every class has a stable code, the stage that failed and a remedy.

A class states its code; stage and remedy come from the register (``findings``). An error ends the work on
one scan. Expected trouble that leaves something useful is a ``datatypes.Finding`` instead.
"""

from __future__ import annotations

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
    stage: ClassVar[str] = REGISTER["error"].stage
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
