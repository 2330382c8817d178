"""The sidecar of the contract, and changes of it."""

from __future__ import annotations

import copy
import json

import numpy as np

from veernet_core.datatypes import Dpi, Raster
from veernet_core.page.known.sidecar import parse_sidecar

CONTRACT = {
    "well": {
        "uwi": "15-053-00069", "name": "A 1", "company": "C", "field": "F", "county": "K",
        "state": "KS", "country": "US", "service_company": "S", "date": "1981-02-03",
        "location": "L", "elevation_kb": "1512.5", "elevation_df": "1511", "elevation_gl": "1501",
        "datum": "KB",
    },
    "sections": [
        {
            "section_id": "main", "row_top": 18100, "row_bottom": 37000,
            "depth": {"unit": "ft", "anchors": [[18342.0, 7200.0], [20310.5, 7300.0]]},
            "tracks": [
                {
                    "track_id": "T1", "left_px": 715.0,
                    "right_px": [[18100, 1210.0], [37000, 1216.5]],
                    "curves": [
                        {
                            "mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150,
                            "scale": "linear", "style": "solid", "wrap": "one",
                        }
                    ],
                }
            ],
        }
    ],
}  # fmt: skip


def parse(value: object):
    return parse_sidecar(json.dumps(value).encode(), "well.sidecar.json")


def page(height: int = 40_000, width: int = 2016, dpi: float | None = 200.0) -> Raster:
    def unread(row0: int, row1: int) -> np.ndarray:
        raise AssertionError("geometry must not read pixels")

    tag = None if dpi is None else Dpi(dpi, dpi)
    return Raster(height, width, False, tag, unread, unread, lambda: ())


def changed(path: str, value: object) -> dict:
    """The contract with one field set (or, with ..., removed) at a path such as sections.0.depth."""
    out = copy.deepcopy(CONTRACT)
    node: object = out
    *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for key in parents:
        node = node[key]  # type: ignore[index]
    if value is ...:
        del node[last]  # type: ignore[attr-defined]
    else:
        node[last] = value  # type: ignore[index]
    return out


CURVE = "sections.0.tracks.0.curves.0"
