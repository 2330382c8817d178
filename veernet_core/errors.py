"""Errors a person can act on: every class has a stable code, the stage that failed and a remedy.

An error ends the work on one scan. Expected trouble that leaves something useful is a
``datatypes.Finding`` instead.
"""

from __future__ import annotations


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

    code = "error"
    stage = "unknown"
    remedy = "Report this as a bug, with the scan."

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
    stage = "decode"
    remedy = "Open the file in an image viewer; rescan or re-export it as a G4 TIFF."


class EmptyFileError(DecodeError):
    """The file holds no bytes or no pixels."""

    code = "empty_file"
    remedy = "Copy the scan again from its source."


class UnsupportedFormatError(DecodeError):
    """The bytes are of no known image format."""

    code = "unsupported_format"
    remedy = "Convert the scan to TIFF, PNG, JPEG or a PDF with one raster."


class TooLargeError(DecodeError):
    """The image exceeds the size limits (decompression-bomb guard)."""

    code = "too_large"
    remedy = "Split the scan, or raise the limit in the configuration if the size is real."


class SidecarError(VeernetError):
    """The sidecar is malformed; it is never half-used."""

    code = "bad_sidecar"
    stage = "sidecar"
    remedy = "Correct the named field, or remove the sidecar."


class GeometryError(VeernetError):
    """Geometry that contradicts the image (a track outside the page, rows out of range)."""

    code = "bad_geometry"
    stage = "page"
    remedy = "Correct the section or track in the sidecar."


class ReadingError(VeernetError):
    """Reading the page failed in a way that no page should bring about."""

    code = "reading_failed"
    stage = "page"
    remedy = "State geometry, depth and scales in a sidecar; report this as a bug, with the scan."


class BundleError(VeernetError):
    """A model bundle that is missing, damaged or of another architecture."""

    code = "bad_bundle"
    stage = "model"
    remedy = "Reinstall the package, or retrain with `veernet train`."


class OutOfMemoryError(VeernetError):
    """Inference ran out of memory even after the batch was halved."""

    code = "out_of_memory"
    stage = "infer"
    remedy = "Lower --batch-tiles, or use a device with more memory."


class WriteError(VeernetError):
    """A result could not be written."""

    code = "write_failed"
    stage = "write"
    remedy = "Check free space and permissions of the destination, then run again."
