"""A page turned by some degrees, with exact truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import (
    CurveSpec,
    PreparedLog,
    Raster,
    ScanRef,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
)

HEIGHT, WIDTH = 1500, 900


CONFIG = DigitiseConfig()


@dataclass(frozen=True)
class TurnedPage:
    """An upright page (u across, v down) scanned at an angle: truth from the rotation alone."""

    degrees: float
    left_u: float = 200.0
    right_u: float = 600.0
    reference_u: float = 90.0
    origin: tuple[float, float] = (20.0, 30.0)

    @property
    def cos(self) -> float:
        return math.cos(math.radians(self.degrees))

    @property
    def sin(self) -> float:
        return math.sin(math.radians(self.degrees))

    def to_scan(self, u, v):
        """(row, col) of an upright point."""
        return (
            self.origin[0] + v * self.cos - u * self.sin,
            self.origin[1] + u * self.cos + v * self.sin,
        )

    def to_page(self, row, col):
        """(u, v) of a scan point."""
        y, x = row - self.origin[0], col - self.origin[1]
        return x * self.cos - y * self.sin, y * self.cos + x * self.sin

    def knots(self, u: float, n: int = 7) -> np.ndarray:
        """Border knots as a sidecar would state them, between the rows -200 and 1,700."""
        rows = np.linspace(-200.0, HEIGHT + 200.0, n)
        v = (rows - self.origin[0] + u * self.sin) / self.cos
        return np.column_stack([rows, self.to_scan(u, v)[1]])

    def draw(self, distance) -> np.ndarray:
        """Ink where ``distance(u, v)`` from a line's centre is within its half width of 1.5 px."""
        row, col = np.mgrid[:HEIGHT, :WIDTH].astype(float)
        u, v = self.to_page(row, col)
        return np.rint(255 * np.clip(2.0 - np.abs(distance(u, v)), 0, 1)).astype(np.uint8)

    def section(self, top: float = 100.0, bottom: float = 1400.0, **track: object) -> Section:
        geometry = TrackGeometry("T1", self.knots(self.left_u), self.knots(self.right_u))
        curves = track.get("curves", (CurveSpec("GR", "GAPI", 0, 150),))
        return Section(
            "main", top, bottom, None, (Track(geometry, curves),), self.knots(self.reference_u)
        )

    def reference_row(self, v):
        """Scan row at which the depth line v meets the reference line."""
        return self.to_scan(self.reference_u, v)[0]


def raster_of(ink: np.ndarray, reads: list[tuple[int, int]] | None = None) -> Raster:
    def read(row0: int, row1: int) -> np.ndarray:
        assert 0 <= row0 <= row1 <= len(ink)
        if reads is not None:
            reads.append((row0, row1))
        return ink[row0:row1]

    def unread(row0: int, row1: int) -> np.ndarray:
        raise AssertionError("a grey scan has no colour to read")

    colour = ink.ndim == 3
    return Raster(
        ink.shape[0], ink.shape[1], colour, None,
        unread if colour else read, read if colour else unread, lambda: (),
    )  # fmt: skip


def log_of(ink: np.ndarray, *sections: Section, dpi: float = 200.0, reads=None) -> PreparedLog:
    scan = ScanRef("x.tif", "x", "0" * 64, 1)
    return PreparedLog(scan, raster_of(ink, reads), WellInfo(), sections, dpi)
