"""The markers of a JPEG stream: frame, tables, and where the coded blocks of its scan lie.

In: bytes. Out: one `JpegScan` for a stream of one scan that is coded as most are (baseline or extended
Huffman, eight bits); None for others (progressive, arithmetic, lossless), which are judged by their decoder.
Does not belong here: decoding of blocks (`jpeg_blocks`), pixels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64

U16 = NDArray[np.uint16]
_SEQUENTIAL = (0xC0, 0xC1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START, _END, _SCAN, _TABLES, _QUANTA, _INTERVAL, _FIRST_RESTART = (
    0xD8,
    0xD9,
    0xDA,
    0xC4,
    0xDB,
    0xDD,
    0xD0,
)
_BLOCK_PX = 8


@dataclass(frozen=True, slots=True)
class JpegScan:
    """The only scan of a stream.

    Attributes
    ----------
    width_px, height_px : int
    unit_rows : int
        Rows of pixels of a coded unit (the blocks of all components that stand for one square of the page).
    units_across, n_units : int
    interval : int
        Units between restart markers; 0 where there are none.
    component : int64 [blocks]
        Component of every block of a unit.
    quanta : float64 [components, 64]
        Steps of the coefficients, in the order of the stream.
    dc, ac : uint16 [components, 65536]
        What the next sixteen bits begin with: length of the code times 256, plus its symbol; 0 is no code.
    first : int
        Where the coded blocks begin.
    """

    width_px: int
    height_px: int
    unit_rows: int
    units_across: int
    n_units: int
    interval: int
    component: NDArray[np.int64]
    quanta: F64
    dc: U16
    ac: U16
    first: int


@dataclass(slots=True)
class _Tables:
    """What markers have said so far."""

    quanta: dict[int, F64] = field(default_factory=dict)
    codes: dict[int, U16] = field(default_factory=dict)
    interval: int = 0
    frame: bytes = b""


def read_scan(data: bytes, tables: bytes = b"") -> JpegScan | None:
    """The scan of a JPEG stream.

    Parameters
    ----------
    data : bytes
        From the start marker on.
    tables : bytes
        A stream that holds tables only, as TIFF keeps them once for all its strips.

    Returns
    -------
    JpegScan or None
        None where the stream is coded in another way, or its head cannot be read.
    """
    known = _Tables()
    try:
        if tables:
            _read_markers(tables, known)
        at = _read_markers(data, known)
        return None if at is None else _scan(data, at, known)
    except (struct.error, IndexError, KeyError, ValueError, ZeroDivisionError):
        return None


def _read_markers(data: bytes, known: _Tables) -> int | None:
    """Take the tables in; where the body of the scan's marker begins, None where there is none to walk."""
    at = 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        if marker in (_START, 0x01):
            at += 2
            continue
        if marker == _END:
            return None
        size = struct.unpack_from(">H", data, at + 2)[0]
        if marker == _SCAN:
            return at + 4
        if not _take(marker, data[at + 4 : at + 2 + size], known):
            return None
        at += 2 + size
    return None


def _take(marker: int, body: bytes, known: _Tables) -> bool:
    """One marker's body; False where it says that the stream is coded in another way."""
    if marker in _FRAMES:
        known.frame = body
        return marker in _SEQUENTIAL
    if marker == _QUANTA:
        _take_quanta(body, known)
    elif marker == _TABLES:
        _take_codes(body, known)
    elif marker == _INTERVAL:
        known.interval = struct.unpack(">H", body[:2])[0]
    return marker != 0xCC


def _take_quanta(body: bytes, known: _Tables) -> None:
    while body:
        wide, number = body[0] >> 4, body[0] & 15
        size = 128 if wide else 64
        steps = np.frombuffer(body[1 : 1 + size], dtype=">u2" if wide else "u1")
        if len(steps) != 64:
            raise ValueError("a table that is cut")
        known.quanta[number] = steps.astype(np.float64)
        body = body[1 + size :]


def _take_codes(body: bytes, known: _Tables) -> None:
    while body:
        counts = np.frombuffer(body[1:17], dtype=np.uint8).astype(np.int64)
        n = int(counts.sum())
        symbols = np.frombuffer(body[17 : 17 + n], dtype=np.uint8).astype(np.uint16)
        lengths = np.repeat(np.arange(1, 17), counts)
        if len(symbols) != n or len(counts) != 16:
            raise ValueError("a table that is cut")
        table = np.repeat(((lengths << 8) | symbols).astype(np.uint16), 1 << (16 - lengths))
        if len(table) > 1 << 16:
            raise ValueError("more codes than there can be")
        known.codes[body[0]] = np.pad(table, (0, (1 << 16) - len(table)))
        body = body[17 + n :]


def _scan(data: bytes, at: int, known: _Tables) -> JpegScan | None:
    bits, height, width, n = struct.unpack_from(">BHHB", known.frame)
    parts = [known.frame[6 + 3 * k : 9 + 3 * k] for k in range(n)]
    if bits != 8 or data[at] != n or min(height, width, n) < 1:
        return None
    across, down = [part[1] >> 4 for part in parts], [part[1] & 15 for part in parts]
    if n == 1:
        across, down = [1], [1]
    chosen = {data[at + 1 + 2 * k]: data[at + 2 + 2 * k] for k in range(n)}
    used = [chosen[part[0]] for part in parts]
    wide, tall = _BLOCK_PX * max(across), _BLOCK_PX * max(down)
    units_across = -(-width // wide)
    return JpegScan(
        width_px=width,
        height_px=height,
        unit_rows=tall,
        units_across=units_across,
        n_units=units_across * -(-height // tall),
        interval=known.interval,
        component=np.repeat(np.arange(n), [a * d for a, d in zip(across, down)]),
        quanta=np.stack([known.quanta[part[2]] for part in parts]),
        dc=np.stack([known.codes[table >> 4] for table in used]),
        ac=np.stack([known.codes[16 + (table & 15)] for table in used]),
        first=at + 4 + 2 * n,
    )
