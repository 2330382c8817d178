"""A scan: its identity, its pixels, and what is found to be wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from veernet_core.datatypes.words import U8, Dpi, require
from veernet_core.errors import VeernetError
from veernet_core.findings import Severity, entry_of


@dataclass(frozen=True, slots=True)
class Finding:
    """Expected trouble that leaves something useful; for people, never for code to act on.

    Made with ``Finding.of``, which takes the words from the register (``findings``). ``rows`` are scan rows
    ``(first, last)`` the finding concerns, where it concerns some; ``mnemonic`` is the curve, where it
    concerns one.
    """

    code: str
    stage: str
    severity: Severity
    message: str
    remedy: str
    rows: tuple[int, int] | None = None
    section_id: str | None = None
    track_id: str | None = None
    mnemonic: str | None = None

    @classmethod
    def of(
        cls,
        code: str,
        message: str = "",
        *,
        rows: tuple[int, int] | None = None,
        section_id: str | None = None,
        track_id: str | None = None,
        mnemonic: str | None = None,
    ) -> Finding:
        """A finding of a registered code.

        Parameters
        ----------
        code : str
        message : str, optional
            With the figures of this case; the register's sentence where left out.

        Raises
        ------
        KeyError
            Where the register has no such code.
        """
        entry = entry_of(code)
        return cls(
            entry.code,
            entry.stage,
            entry.severity,
            message or entry.sentence,
            entry.remedy,
            rows,
            section_id,
            track_id,
            mnemonic,
        )


@dataclass(frozen=True, slots=True)
class ScanRef:
    """Identity of one scan: where it came from and what its bytes hash to."""

    uri: str
    stem: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One scan to digitise: its identity, its bytes, and its sidecar's bytes if it has one."""

    ref: ScanRef
    data: bytes
    sidecar: bytes | None = None


@dataclass(frozen=True, slots=True)
class FailedScan:
    """A scan that could not be processed, and why."""

    ref: ScanRef
    error: VeernetError


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded scan that is read by windows of rows.

    Attributes
    ----------
    height_px, width_px : int
    is_colour : bool
        Whether ``read_rgb`` shows more than grey.
    dpi_tag : Dpi or None
        Resolution the file claims; often wrong.
    read_ink : callable ``(row0, row1) -> uint8 [row1-row0, width_px]``
        0 is paper and 255 full ink, whatever the file's polarity.
    read_rgb : callable ``(row0, row1) -> uint8 [row1-row0, width_px, 3]``
    drain_findings : callable ``() -> tuple of Finding``
        Findings so far (damaged strips, found only on reading).
    """

    height_px: int
    width_px: int
    is_colour: bool
    dpi_tag: Dpi | None
    read_ink: Callable[[int, int], U8]
    read_rgb: Callable[[int, int], U8]
    drain_findings: Callable[[], tuple[Finding, ...]]

    def __post_init__(self) -> None:
        require(self.height_px > 0 and self.width_px > 0, "raster without pixels")
