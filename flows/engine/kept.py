"""The slow steps of a scan, remembered: text and marks of its page, posteriors and traces of its strips.

In: a page reader, a predictor, a place to keep results. Out: the same, but what was once computed for the same
pixels, with the same weights and the same code, is taken from there. Only a log that is digitised again gains
by it, when a person corrects it: what did not change is not computed anew. Results are bit for bit the same.
Where they are kept belongs to ``storage.kept``.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import metadata, resources
from typing import Any

import numpy as np
import pyarrow as pa

from storage.kept import Kept
from veernet_core.curve.tracking.config import DecodeState
from veernet_core.curve.tracking.traces import trace_block
from veernet_core.datatypes import U8, CurveSpec, Posterior, Predictor, Strip, Trace
from veernet_core.page.layout.maps import LayoutNet
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.marked import PrintMarks
from veernet_core.page.reading import PageReader
from veernet_core.page.results import TextBox

Array = np.ndarray[Any, Any]
_ENGINES = ("rapidocr", "onnxruntime", "torch", "numpy", "opencv-python")


@cache
def _code() -> str:
    """Hash of the digitiser's own code and of the versions of what it computes with."""
    content = hashlib.sha256()
    for name in _ENGINES:
        content.update(f"{name} {metadata.version(name)}\n".encode())
    files = [resources.files("veernet_core")]
    while files:
        file = files.pop()
        if file.is_dir():
            files += sorted(file.iterdir(), key=lambda entry: entry.name)
        elif file.name.endswith((".py", ".toml", ".safetensors", ".json")):
            content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()


def _key(*parts: Any) -> str:
    """A key of everything that a result depends on; arrays by their shape, type and bytes."""
    content = hashlib.blake2b(_code().encode(), digest_size=20)
    for part in parts:
        if isinstance(part, np.ndarray):
            content.update(f"{part.dtype}{part.shape}".encode())
            content.update(np.ascontiguousarray(part).data)
        else:
            content.update(repr(part).encode())
        content.update(b"\0")
    return content.hexdigest()


def _arrays(data: bytes) -> dict[str, Array]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _packed(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    # as np.savez_compressed, but packed quickly: this is written for every strip and read for few
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


# ---- the page ------------------------------------------------------------------------------------------


class KeptReader:
    """`page.reading.PageReader` that remembers what it read.

    Parameters
    ----------
    engines : PageReader
        With the shipped networks, or others that are handed in by their bytes.
    numerics : str
        How the engines compute.
    kept : Kept
    """

    def __init__(self, engines: PageReader, numerics: str, kept: Kept) -> None:
        self._engines, self._numerics, self._kept = engines, numerics, kept

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        """See `TextReader.read`."""
        key = _key("read", self._numerics, image, turns)
        found = self._kept.get(key)
        if found is None:
            boxes = self._engines.read(image, turns)
            self._kept.put(key, json.dumps([asdict(box) for box in boxes]).encode())
            return boxes
        return [TextBox(**box) for box in json.loads(found)]

    def find(self, image: U8) -> list[TextBox]:
        """See `TextReader.find`."""
        key = _key("find", self._numerics, image)
        found = self._kept.get(key)
        if found is None:
            boxes = self._engines.find(image)
            self._kept.put(key, json.dumps([asdict(box) for box in boxes]).encode())
            return boxes
        return [TextBox(**box) for box in json.loads(found)]

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        """See `TextReader.recognise`."""
        key = _key("recognise", digits_only, *lines)
        found = self._kept.get(key)
        if found is None:
            reads = self._engines.recognise(lines, digits_only)
            self._kept.put(key, json.dumps([asdict(read) for read in reads]).encode())
            return reads
        return [LineRead(**read) for read in json.loads(found)]

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        """See `LayoutNets.layout_net`."""
        return _KeptLayout(self._engines.layout_net(data), _name_of(data), self._kept)

    def print_net(self, data: bytes | None = None) -> PrintMarks | None:
        """See `PrintNets.print_net`."""
        net = self._engines.print_net(data)
        return None if net is None else _KeptPrint(net, _name_of(data), self._kept)


def _name_of(weights: bytes | None) -> str:
    return "" if weights is None else hashlib.sha256(weights).hexdigest()


@dataclass(frozen=True, slots=True)
class _Maps:
    areas: U8
    lines: U8
    edges: U8


class _KeptLayout:
    def __init__(self, net: LayoutNet, name: str, kept: Kept) -> None:
        self._net, self._name, self._kept = net, name, kept

    @property
    def settings(self) -> Mapping[str, float]:
        return self._net.settings

    def mark(self, layers: U8) -> _Maps:
        key = _key("layout", self._name, layers)
        found = self._kept.get(key)
        if found is None:
            maps = self._net.mark(layers)
            arrays = {"areas": maps.areas, "lines": maps.lines, "edges": maps.edges}
            self._kept.put(key, _packed(arrays))
            return _Maps(**arrays)
        return _Maps(**_arrays(found))


class _KeptPrint:
    def __init__(self, net: PrintMarks, name: str, kept: Kept) -> None:
        self._net, self._name, self._kept = net, name, kept

    def mark_print(self, ink: U8) -> tuple[U8, U8]:
        key = _key("print", self._name, ink)
        found = self._kept.get(key)
        if found is None:
            text, core = self._net.mark_print(ink)
            self._kept.put(key, _packed({"text": text, "core": core}))
            return text, core
        arrays = _arrays(found)
        return arrays["text"], arrays["core"]


# ---- the strips ----------------------------------------------------------------------------------------


class KeptPredictor:
    """A `Predictor` that remembers the posteriors of strips; what it cannot keep whole it hands on.

    Parameters
    ----------
    predictor : Predictor
    kept : Kept
    """

    def __init__(self, predictor: Predictor, kept: Kept) -> None:
        self._predictor, self._kept = predictor, kept
        self.model_id = predictor.model_id
        self.calibration = predictor.calibration

    @property
    def numerics(self) -> str:
        """See `Predictor.numerics`."""
        return self._predictor.numerics

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """See `Predictor.predict`; only strips that are new go through the network."""
        keys = [self._key(strip) for strip in strips]
        found = [_posterior(self._kept.get(key)) for key in keys]
        new = [k for k, posterior in enumerate(found) if posterior is None]
        made = self._predictor.predict([strips[k] for k in new]) if new else []
        for k, posterior in zip(new, made, strict=True):
            found[k] = posterior
            if posterior.mask is None:
                self._kept.put(keys[k], _pack_posterior(posterior))
        return [posterior for posterior in found if posterior is not None]

    def _key(self, strip: Strip) -> str:
        borders = (strip.left_col, strip.right_col)
        return _key("posterior", self.model_id, self.numerics, strip.ink, borders, strip.styles)


def _pack_posterior(posterior: Posterior) -> bytes:
    """Bytes of equal weight lie together: half precision packs a fifth tighter so."""
    shape = json.dumps(posterior.position.shape).encode().ljust(64)
    planes = posterior.position.view(np.uint8).reshape(-1, 2).T.tobytes()
    content = planes + posterior.presence.tobytes()
    packed: bytes = _ZSTD.compress(content, asbytes=True)
    return shape + packed


def _posterior(data: bytes | None) -> Posterior | None:
    if data is None:
        return None
    classes, rows, cols = json.loads(data[:64])
    count = classes * rows * cols
    content = _ZSTD.decompress(data[64:], 2 * count + 4 * classes * rows, asbytes=True)
    planes = np.frombuffer(content, np.uint8, 2 * count).reshape(2, count)
    position = np.ascontiguousarray(planes.T).view(np.float16).reshape(classes, rows, cols)
    presence = np.frombuffer(content, np.float32, offset=2 * count).reshape(classes, rows)
    return Posterior(position, presence)


_ZSTD = pa.Codec("zstd", compression_level=1)


class KeptTracing:
    """`trace_block` that remembers the traces of blocks, and the state in which the next block goes on."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def __call__(
        self,
        strip: Strip,
        posterior: Posterior,
        specs: Sequence[CurveSpec],
        state: DecodeState | None = None,
    ) -> tuple[list[Trace], DecodeState]:
        """See `trace_block`."""
        drawn = [replace(spec, source="sidecar", null_rows=(), redrawn=()) for spec in specs]
        place = (strip.left_col, strip.right_col, strip.first_row, strip.keep_rows)
        before = () if state is None else (state.first_row, *state.unfolded, *state.wrap_chances)
        seen = (strip.ink, strip.scan_rows, posterior.position, posterior.presence)
        key = _key("trace", *seen, *place, *drawn, *before)
        found = self._kept.get(key)
        if found is not None:
            return _traced(_arrays(found))
        traces, after = trace_block(strip, posterior, specs, state)
        self._kept.put(key, _packed(_of_traces(traces, after)))
        return traces, after


def _of_traces(traces: Sequence[Trace], state: DecodeState) -> dict[str, Array]:
    """Traces and state as named arrays; what a trace does not have is left out."""
    arrays: dict[str, Array] = {"first_row": np.array(state.first_row)}
    for k, trace in enumerate(traces):
        for name in _TRACE:
            value = getattr(trace, name)
            if value is not None:
                arrays[f"{name}{k}"] = value
    for k, column in enumerate(state.unfolded):
        arrays[f"unfolded{k}"] = column
    for k, chances in enumerate(state.wrap_chances):
        arrays[f"chances{k}"] = chances
    return arrays


_TRACE = ("frac", "evidence", "observed", "scan_rows", "wrap_odds", "name_odds")


def _traced(arrays: Mapping[str, Array]) -> tuple[list[Trace], DecodeState]:
    def every(name: str) -> Iterator[Array]:
        return (
            arrays[f"{name}{k}"] for k in range(sum(n.rstrip("0123456789") == name for n in arrays))
        )

    count = sum(name.startswith("frac") for name in arrays)
    traces = [
        Trace(**{name: arrays[f"{name}{k}"] for name in _TRACE if f"{name}{k}" in arrays})
        for k in range(count)
    ]
    state = DecodeState(int(arrays["first_row"]), tuple(every("unfolded")), tuple(every("chances")))
    return traces, state
