"""The strip pictures of a log: which there are, and which part of which track each one shows.

In: a log's folder. Out: their names by section and track, from the pictures' own text chunks; no
pixel is decoded. Drawing them belongs to ``veernet_core.curve.slabs``, showing them to the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from veernet_core.curve.slabs import TEXT_KEY, Slab, read_slab

Track = tuple[int, int]
"""Indices of a section and of a track in it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file and what it shows."""

    name: str
    slab: Slab


def strip_pictures(folder: Path) -> Mapping[Track, tuple[Picture, ...]]:
    """Strip pictures of a log by track, finest first and from the top down.

    Files that are damaged or of another kind are left out: the page then shows no picture there.
    """
    found: dict[Track, list[Picture]] = {}
    for path in sorted(folder.glob("strip-*.png")):
        slab = _slab_of(path)
        if slab is not None:
            found.setdefault((slab.section, slab.track), []).append(Picture(path.name, slab))
    return {
        track: tuple(sorted(pictures, key=lambda p: (p.slab.reduction, p.slab.first_row)))
        for track, pictures in found.items()
    }


def _slab_of(path: Path) -> Slab | None:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            text = picture.info.get(TEXT_KEY)
    except (OSError, SyntaxError, ValueError):
        return None
    return read_slab(text) if isinstance(text, str) else None
