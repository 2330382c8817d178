"""The two networks of the OCR engine: where text is, and what one line says.

In: ink (0 paper, 255 ink) of a tile, or upright lines cut out of it. Out: corners of lines, and readings.
The models are those of RapidOCR (PP-OCR), which lie in its wheel. They run on ONNX Runtime in float32; the
first may run on OpenVINO in bfloat16, the second tells apart only the characters that logs show. A tile or a
line that comes again is computed once: a form is tried in two turns, and the numbers of a depth column in all
turns before the column is read. What a line says depends on its own pixels alone, never on the lines that are
read with it.
Does not belong here: regions, tiles and turns (`text`).
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, F64, U8
from veernet_core.page.ocr.fewer_classes import with_classes
from veernet_core.page.ocr.known_words import as_known

DIGITS = "0123456789"
_DETECT_SCALE = 0.75
_LINE_HEIGHT = 48
_BATCH = 8
_NARROWEST, _STEP = 96, 16
"""Widths of lines are filled up with paper to the first, then to multiples of the second."""
_KEPT_TILES, _KEPT_LINES = 64, 4096
_ALPHABET = frozenset(map(chr, range(32, 127))) | frozenset("°²³µμΩ½¼¾±×•–—’“”")
_LOOKALIKES = {
    "0": "OoQD",
    "1": "Il|/!i",
    "2": "Zz",
    "4": "A",
    "5": "Ss",
    "6": "Gb",
    "7": "T?",
    "8": "B",
}
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class LineRead:
    """What one line of text says, and the mean probability of its characters (0 if empty)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Reads:
    """A line as text and as digits only: the same probabilities, read in two ways."""

    text: LineRead
    digits: LineRead


class OcrEngine:
    """Finds lines of text, and reads them. One instance serves any number of threads.

    Parameters
    ----------
    threads : int
        Threads of one inference call.
    bfloat16 : bool
        Look for lines in bfloat16 on OpenVINO, which has to be installed, rather than in float32. Lines are
        read in float32 all the same: letters that look alike are told apart by less.
    """

    def __init__(self, threads: int, bfloat16: bool = False) -> None:
        from rapidocr import RapidOCR  # loads ONNX Runtime: only when something is to be read

        runtime = "EngineConfig.onnxruntime"
        engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                f"{runtime}.intra_op_num_threads": threads,
                f"{runtime}.inter_op_num_threads": 1,
                "Det.limit_type": "max",
                "Det.limit_side_len": 4096,
            }
        )
        self._detector: Any = engine._load_det_model()
        if bfloat16:
            self._detector.session = _OpenVino(self._detector.session, threads)
        recogniser: Any = engine._load_rec_model()
        told: list[str] = list(recogniser.postprocess_op.character)
        wanted = [i for i, c in enumerate(told) if i == 0 or c in _ALPHABET or c in _rivals()]
        characters = [told[i] for i in wanted]
        self._session = _recogniser(recogniser.session, len(told), wanted, threads)
        self._classes = [i for i, c in enumerate(characters) if i == 0 or c in _ALPHABET]
        self._characters = [characters[i] for i in self._classes]
        self._digit_classes = [
            [characters.index(c) for c in digit + _LOOKALIKES.get(digit, "") if c in characters]
            for digit in DIGITS
        ]
        self._tiles: _Recent[list[F64]] = _Recent(_KEPT_TILES)
        self._lines: _Recent[_Reads] = _Recent(_KEPT_LINES)

    def detect(self, image: U8) -> list[F64]:
        """Corners of each line of text: float64 [4, 2] of (col, row), clockwise from the top left."""
        key = _key(image)
        known = self._tiles.get(key)
        return known if known is not None else self._tiles.put(key, self._detect(image))

    def _detect(self, image: U8) -> list[F64]:
        size = (
            max(32, round(image.shape[1] * _DETECT_SCALE)),
            max(32, round(image.shape[0] * _DETECT_SCALE)),
        )
        paper = cv2.resize(255 - image, size, interpolation=cv2.INTER_AREA)
        found = self._detector(cv2.cvtColor(paper, cv2.COLOR_GRAY2BGR))
        if found.boxes is None:
            return []
        back = np.array([image.shape[1] / size[0], image.shape[0] / size[1]])
        return [np.asarray(quad, dtype=np.float64) * back for quad in found.boxes]

    def recognise(self, lines: Sequence[U8], digits_only: bool) -> list[LineRead]:
        """What upright lines say; lines of one width are read together."""
        keys = [_key(line) for line in lines]
        reads = {key: read for key in keys if (read := self._lines.get(key)) is not None}
        widths: defaultdict[int, dict[bytes, F32]] = defaultdict(dict)
        for key, line in zip(keys, lines):
            if key not in reads:
                ready = network_line(line)
                widths[ready.shape[1]][key] = ready
        for same in widths.values():
            new = list(same)
            for start in range(0, len(new), _BATCH):
                part = new[start : start + _BATCH]
                found = self._read(np.stack([same[key] for key in part]))
                reads |= {key: self._lines.put(key, read) for key, read in zip(part, found)}
        return [reads[key].digits if digits_only else reads[key].text for key in keys]

    def _read(self, lines: F32) -> list[_Reads]:
        posterior = self._session(np.repeat(lines[:, None], 3, axis=1))
        digits = [posterior[..., classes].sum(-1) for classes in self._digit_classes]
        return [
            _Reads(self._known(text), _greedy(number, ["", *DIGITS]))
            for text, number in zip(
                posterior[..., self._classes], np.stack([posterior[..., 0], *digits], axis=-1)
            )
        ]

    def _known(self, posterior: F32) -> LineRead:
        """What a line says, as a known name where the print allows that."""
        read = _greedy(posterior, self._characters)
        text = as_known(read.text, posterior, self._characters)
        return read if text == read.text else replace(read, text=text)


@cache
def _rivals() -> frozenset[str]:
    """Characters of other scripts that get more than 0.0005 on lines of real logs: without them, what is no
    print would be read with more confidence.
    """
    file = resources.files("veernet_core.page.ocr") / "rivals.json"
    return frozenset(json.loads(file.read_text(encoding="utf-8"))["characters"])


def _recogniser(
    session: Any, count: int, wanted: Sequence[int], threads: int
) -> Callable[[F32], F32]:
    """RapidOCR's recogniser with the wanted of its ``count`` characters alone."""
    runtime: Any = importlib.import_module("onnxruntime")  # exports no types
    options = runtime.SessionOptions()
    options.log_severity_level, options.enable_cpu_mem_arena = 4, False
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    file = with_classes(Path(session.session._model_path).read_bytes(), count, wanted)
    own = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = own.get_inputs()[0].name

    def run(batch: F32) -> F32:
        probabilities: F32 = own.run(None, {name: batch})[0]
        return probabilities

    return run


def network_line(line: U8) -> F32:
    """A line scaled to the network's height, paper white, filled up: float32 [48, width]."""
    own = max(16, round(line.shape[1] * _LINE_HEIGHT / line.shape[0]))
    how = cv2.INTER_AREA if line.shape[0] > _LINE_HEIGHT else cv2.INTER_LINEAR
    scaled = cv2.resize(line, (own, _LINE_HEIGHT), interpolation=how)
    out = np.zeros((_LINE_HEIGHT, max(_NARROWEST, _STEP * -(-own // _STEP))), dtype=np.float32)
    out[:, :own] = 1.0 - scaled.astype(np.float32) / 127.5
    return out


def _greedy(posterior: F32, characters: Sequence[str]) -> LineRead:
    """Best path through a connectionist posterior [steps, classes]; class 0 is the blank."""
    best = posterior.argmax(axis=1)
    keep = (best > 0) & np.concatenate([[True], best[1:] != best[:-1]])
    if not keep.any():
        return LineRead("", 0.0)
    text = "".join(characters[c] for c in best[keep])
    return LineRead(text.strip(), float(posterior.max(axis=1)[keep].mean()))


def _key(image: NDArray[np.uint8]) -> bytes:
    content = hashlib.blake2b(image.tobytes(), digest_size=16)
    content.update(repr(image.shape).encode())
    return content.digest()


class _Recent(Generic[Value]):
    """The values asked for last, by key; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Value | None:
        """The value, or None where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: bytes, value: Value) -> Value:
        """Keep a value, and give it back."""
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class _OpenVino:
    """A model of RapidOCR in bfloat16 on OpenVINO, called as its own session."""

    def __init__(self, session: Any, threads: int) -> None:
        import openvino

        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": threads,
        }
        path = Path(session.session._model_path)
        self._compiled = openvino.Core().compile_model(path, "CPU", settings)
        self._lock = threading.Lock()

    def __call__(self, batch: F32) -> F32:
        with self._lock:  # one inference request, one caller at a time
            out: F32 = self._compiled(np.ascontiguousarray(batch))[0].copy()
        return out
