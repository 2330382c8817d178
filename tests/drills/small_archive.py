"""Write an archive of small, all different bilevel scans: ``python small_archive.py DIR COUNT``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def scan_bytes(number: int, height_px: int = 400, width_px: int = 240) -> bytes:
    """A G4 TIFF with a border, a wandering line, and its number in the pixels."""
    rng = np.random.default_rng(number)
    page = np.full((height_px, width_px), 255, dtype=np.uint8)
    page[:, [10, width_px - 10]] = 0
    column = np.clip(width_px / 2 + np.cumsum(rng.normal(0, 2, height_px)), 12, width_px - 12)
    page[np.arange(height_px), column.astype(int)] = 0
    sink = io.BytesIO()
    image = Image.fromarray(page).convert("1")
    image.save(sink, "TIFF", compression="group4", dpi=(200, 200))
    return sink.getvalue()


def write_archive(folder: Path, count: int) -> None:
    """``count`` scans in folders of 100."""
    for number in range(count):
        path = folder / f"{number // 100:04d}" / f"well-{number:06d}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(scan_bytes(number))


if __name__ == "__main__":
    write_archive(Path(sys.argv[1]), int(sys.argv[2]))
