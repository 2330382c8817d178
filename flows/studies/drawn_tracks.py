"""Drawn tracks that were traced, one file each: a fit that was stopped goes on with what is there.

In: tracks as ``evaluation.traced`` gives them. Out: `.npz` files, named by seed and number, in a folder for one
network's weights, and the tracks again. Nothing is ever unpickled. Does not belong here: drawing and tracing.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save

from veernet_core.datatypes import CurveSpec, Trace
from veernet_core.evaluation.traced import TracedCurve
from veernet_core.net.bundle import Bundle

_TRACE = ("frac", "evidence", "observed", "scan_rows", "wrap_odds", "name_odds")
_OWN = ("truth", "course", "visible")
_PAIRS = ("points_px", "scale_points", "null_rows", "redrawn")


def weights_id(content: Bundle) -> str:
    """What tells tracks of one network from those of another, whatever the calibration beside it."""
    return hashlib.sha256(save(dict(content.weights))).hexdigest()[:12]


def pack_track(curves: Sequence[TracedCurve]) -> bytes:
    """The curves of one drawn track as a file."""
    arrays: dict[str, Any] = {}
    told = []
    for k, curve in enumerate(curves):
        kept = {name: getattr(curve.trace, name) for name in _TRACE}
        kept |= {name: getattr(curve, name) for name in _OWN}
        arrays |= {f"{k}.{name}": a for name, a in kept.items() if a is not None}
        specs = [asdict(spec) for spec in (curve.spec, *curve.track_specs)]
        told.append({
            "specs": specs, "rows_per_ft": curve.rows_per_ft, "paper": curve.paper,
            "border_slack": curve.border_slack,
        })  # fmt: skip
    buffer = io.BytesIO()
    np.savez_compressed(buffer, told=np.array(json.dumps(told)), **arrays)
    return buffer.getvalue()


def unpack_track(data: bytes) -> list[TracedCurve]:
    """Inverse of ``pack_track``."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    out = []
    for k, told in enumerate(json.loads(str(arrays["told"]))):
        own = {name: arrays.get(f"{k}.{name}") for name in (*_TRACE, *_OWN)}
        spec, *others = (_spec(value) for value in told["specs"])
        left, right = told["border_slack"]
        out.append(
            TracedCurve(
                spec,
                tuple(others),
                Trace(**{name: own[name] for name in _TRACE}),  # type: ignore[arg-type]
                **{name: own[name] for name in _OWN},  # type: ignore[arg-type]
                rows_per_ft=told["rows_per_ft"],
                border_slack=(left, right),
                paper=told["paper"],
            )
        )
    return out


def _spec(value: Mapping[str, Any]) -> CurveSpec:
    pairs = {name: tuple(map(tuple, value[name])) for name in _PAIRS}
    return CurveSpec(**{**value, **pairs})


def kept_tracks(folder: Path, seed: int, count: int) -> Iterator[tuple[int, Path]]:
    """Number and file of each of the first ``count`` tracks of a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        yield index, folder / f"{seed}-{index:05d}.npz"


def write_track(path: Path, curves: Sequence[TracedCurve]) -> None:
    """Write a track; a file is whole or not there."""
    part = path.with_suffix(".part")
    part.write_bytes(pack_track(curves))
    part.replace(path)
