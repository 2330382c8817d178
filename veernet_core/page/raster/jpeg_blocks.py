"""Whether the coded blocks of a JPEG are those that were written: which rows are not.

A flipped bit seldom stops a JPEG decoder: it falls into step again some blocks later, and all that follows is
shifted sideways and in tone, without a word. Here the codes are followed block by block, without pixels:
a code that is none, more coefficients than a block has, a block that no eight-bit samples give, and blocks
that are more or fewer than the page has, tell of damage; restart markers tell where it ends.
In: the bytes of a stream. Out: `Damage` by rows.
Does not belong here: decoding to pixels, findings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8
from veernet_core.page.raster.jpeg_head import U16, JpegScan, read_scan
from veernet_core.page.raster.pixels import Damage, DamageKind, merge_damage

_REACH = 160.0
"""Farthest that a sample lies from the middle: half of 256, and the 31 by which some encoders overshoot."""
_FULL_BLOCK = 8.0
"""A block of equal samples has this many times their value as its first coefficient."""
_FAULTLESS = -1
_OTHER_MARKER = 8
_AROUND = 4
"""Rows of units above and below whose paper is compared."""
_SAME_TONE = 32.0
"""Tones of paper that are one: four of 256, as first coefficients of blocks."""
_EDGE_SHARE = 12
"""This part of a row at its ends is no midst of it, and as much of it may be spoilt."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Units between two restart markers.

    ``n`` were coded, ``fault`` is the first that cannot be right (-1: none), ``tone`` is the mean tone of
    each, ``is_filled`` tells that the bits are used up by as many units as were expected.
    """

    n: int
    fault: int
    tone: F64
    is_filled: bool


def jpeg_damage(data: bytes, tables: bytes = b"") -> list[Damage] | None:
    """Rows of a JPEG stream whose blocks are not those that were written.

    Parameters
    ----------
    data : bytes
        From the start marker on.
    tables : bytes
        Tables that TIFF keeps apart.

    Returns
    -------
    list of Damage or None
        Empty where nothing speaks against the stream; None where it is coded in a way that is not
        followed here.
    """
    scan = read_scan(data, tables)
    if scan is None:
        return None
    runs = _between_restarts(data, scan.first)
    harmed = _harmed_intervals(scan, runs) if scan.interval else _harmed_whole(scan, runs[0][1])
    return merge_damage([d for d in harmed if d.first < d.last])


def _rows(scan: JpegScan, first: int, last: int, kind: DamageKind = "damaged") -> Damage:
    """Rows of units ``first <= unit < last``."""
    top = first // scan.units_across * scan.unit_rows
    bottom = -(-last // scan.units_across) * scan.unit_rows
    return Damage(min(top, scan.height_px), min(bottom, scan.height_px), kind)


def _harmed_whole(scan: JpegScan, stream: U8) -> list[Damage]:
    """Damage of a scan without restart markers: it lasts to the end."""
    run = _follow(scan, stream, scan.n_units)
    if _is_sound(run, scan.n_units):
        step = _tone_step(run.tone, scan.units_across)
        return [] if step is None else [_rows(scan, max(0, step - scan.units_across), scan.n_units)]
    shift = run.n - scan.n_units
    if run.fault == _FAULTLESS and shift <= -scan.units_across:
        return [_rows(scan, run.n, scan.n_units, "missing")]
    # Codes may be wrong for some blocks before one of them is impossible: a row of units more.
    found = run.fault if run.fault != _FAULTLESS else _seam(run.tone, shift, scan.units_across)
    return [_rows(scan, max(0, found - scan.units_across), scan.n_units)]


def _harmed_intervals(scan: JpegScan, runs: list[tuple[int, U8]]) -> list[Damage]:
    """Damage of a scan whose restart markers say where each run of units belongs."""
    n_intervals = -(-scan.n_units // scan.interval)
    harmed: list[Damage] = []
    for index, (marker, stream) in enumerate(runs[:n_intervals]):
        first = index * scan.interval
        last = min(first + scan.interval, scan.n_units)
        if marker != (index & 7) and index < n_intervals - 1:
            is_cut = marker == _OTHER_MARKER and index == len(runs) - 1
            return [*harmed, _rows(scan, first, scan.n_units, "missing" if is_cut else "damaged")]
        if not _is_sound(_follow(scan, stream, last - first), last - first):
            harmed.append(_rows(scan, first, last))
    if len(runs) > n_intervals:  # which marker is one too many is unknown
        return [_rows(scan, 0, scan.n_units)]
    return harmed


def _is_sound(run: _Run, expected: int) -> bool:
    return run.n == expected and run.is_filled


def _seam(tone: F64, shift: int, across: int) -> int:
    """Where units begin that are shifted by so many: there the row above fits best when it is shifted too.

    Compared are steps from unit to unit, as the tone of all that follows damage is another. Where units are
    left over that are no whole unit, the shift is by one more.
    """
    step = np.diff(tone, prepend=tone[:1])
    gains: list[tuple[int, F64]] = []
    for by in (shift, shift + 1):
        back = across + by
        if by == 0 or back < 1 or len(step) <= back + across:
            continue
        first = max(back, across)
        plain = np.abs(step[first:] - step[first - across : len(step) - across])
        moved = np.abs(step[first:] - step[first - back : len(step) - back])
        gains.append((first, np.convolve(plain - moved, np.ones(across), mode="valid")))
    best = max((gain.max(initial=0.0) for _, gain in gains), default=0.0)
    # A curve that leans the same way gains too, but less: of several such places the first is taken.
    found = [
        first + int((gain >= best / 2).argmax()) for first, gain in gains if gain.max() >= best / 2
    ]
    return min(found) if best > 0 else 0


def _tone_step(tone: F64, across: int) -> int | None:
    """Where the tone of all that follows changes in the midst of a row of units; None where it does not.

    As many codes as before may give as many blocks with another sum: from one unit on the paper then has
    another tone, over the whole width and to the end. Paper that was joined changes along a whole row or
    little by little, and beside a line or a box there is paper of the tone of before.
    """
    rows = len(tone) // across
    if rows < 4 * _AROUND or across < _EDGE_SHARE:
        return None
    units = tone[: rows * across].reshape(rows, across)
    # the brightest tone that more than a few units have: print is darker, but may be commoner
    paper = np.percentile(units, 100 * (1 - 1 / _EDGE_SHARE), axis=1)
    for row in range(2 * _AROUND, rows - 2 * _AROUND):
        old = float(np.median(paper[row - _AROUND : row]))
        new = float(np.median(paper[row + 1 : row + 1 + _AROUND]))
        if abs(new - old) < _SAME_TONE:
            continue
        lasting = float(np.median(paper[row + 1 :]) - np.median(paper[:row]))
        if abs(lasting - (new - old)) > abs(new - old) / 2:
            continue
        first = row - _AROUND
        split = _split(units[first : row + _AROUND], old, new)
        if split is not None:
            return first * across + split
    return None


def _split(units: F64, old: float, new: float) -> int | None:
    """Which of the units of some rows is the first of the new paper; None where it is a row's first, or
    paper of the other tone stands on either side of it.
    """
    across, tolerance = units.shape[1], min(abs(new - old) / 4, 2 * _SAME_TONE)
    is_old = (np.abs(units - old) < tolerance).ravel()
    is_new = (np.abs(units - new) < tolerance).ravel()
    before = np.concatenate([[0], np.cumsum(is_old)])
    after = np.concatenate([np.cumsum(is_new[::-1])[::-1], [0]])
    split = int((before + after).argmax())
    # ink may have the darker tone, nothing the brighter one
    wrong = is_new[:split].sum() if new > old else is_old[split:].sum()
    edge = min(split % across, across - split % across)
    is_clear = wrong * _EDGE_SHARE < before[split] + after[split]
    enough = min(before[split], after[split]) > across
    return split if is_clear and enough and edge > across / _EDGE_SHARE else None


def _between_restarts(data: bytes, first: int) -> list[tuple[int, U8]]:
    """The coded bytes up to each marker, without the stuffing, and the marker's number (`_OTHER_MARKER`: none).

    What follows a marker that is no restart is left out.
    """
    raw = np.frombuffer(data, dtype=np.uint8)[first:]
    after = np.append(raw[1:], np.uint8(0xD9))
    marks = np.flatnonzero((raw == 0xFF) & (after != 0) & (after != 0xFF))
    runs: list[tuple[int, U8]] = []
    start = 0
    for mark in [*marks.tolist(), len(raw)]:
        part, following = raw[start:mark], after[start:mark]
        keep = np.ones(len(part), dtype=np.bool_)
        keep[1:] = ~((part[1:] == 0) & (part[:-1] == 0xFF))
        keep &= ~((part == 0xFF) & (following == 0xFF))
        code = int(after[mark]) if mark < len(raw) else 0xD9
        is_restart = 0xD0 <= code <= 0xD7
        runs.append((code - 0xD0 if is_restart else _OTHER_MARKER, part[keep]))
        if not is_restart:
            break
        start = mark + 2
    return runs


def _follow(scan: JpegScan, stream: U8, expected: int) -> _Run:
    """Follow the codes of a run to its end, or to the first fault."""
    n_bits = 8 * len(stream)
    padded = np.concatenate([stream, np.zeros(16, dtype=np.uint8)])
    energy = (_FULL_BLOCK * _REACH + np.sqrt((scan.quanta**2).sum(axis=1)) / 2) ** 2
    tone = np.zeros(expected + scan.units_across)
    coding = scan.component, scan.quanta, energy, scan.dc, scan.ac
    n, fault, at = _units(padded, n_bits, *coding, tone[:expected])
    rest = stream[at >> 3 :][1 if at & 7 else 0 :]
    is_filled = n == expected and bool((rest == 0).all() or (rest == 0xFF).all())
    if n == expected and not is_filled:
        n, fault, _ = _units(padded, n_bits, *coding, tone)
    return _Run(n, fault, tone[:n], is_filled)


@numba.njit(cache=True, nogil=True)
def _bits(stream: U8, at: int, n: int) -> int:
    """The next ``n`` bits, at most sixteen."""
    byte = at >> 3
    word: int = (int(stream[byte]) << 16) | (int(stream[byte + 1]) << 8) | stream[byte + 2]
    return (word >> (24 - (at & 7) - n)) & ((1 << n) - 1)


@numba.njit(cache=True, nogil=True)
def _value(stream: U8, at: int, size: int) -> int:
    """A coefficient of ``size`` bits."""
    bits = _bits(stream, at, size)
    return bits if size == 0 or bits >> (size - 1) else bits - (1 << size) + 1


@numba.njit(cache=True, nogil=True)
def _coefficients(stream: U8, at: int, n_bits: int, ac: U16, quanta: F64) -> tuple[int, float]:
    """Bits up to the end of a block and the energy of its further coefficients; -1 where they are wrong."""
    k, energy = 1, 0.0
    while k < 64:
        entry = int(ac[_bits(stream, at, 16)])
        run, size = (entry & 255) >> 4, entry & 15
        if entry == 0 or at > n_bits:
            return -1, energy
        at += entry >> 8
        if size == 0:
            if run == 0:
                return at, energy
            k += 16
            if run != 15:
                return -1, energy
            continue
        k += run
        if k > 63:
            return -1, energy
        energy += (_value(stream, at, size) * quanta[k]) ** 2
        at += size
        k += 1
    return (at if k == 64 else -1), energy


@numba.njit(cache=True, nogil=True)
def _units(
    stream: U8,
    n_bits: int,
    component: NDArray[np.int64],
    quanta: F64,
    most: F64,
    dc: U16,
    ac: U16,
    tone: F64,
) -> tuple[int, int, int]:
    """Units up to the end of the bits or the first fault: how many, which is at fault, bits used."""
    before = np.zeros(len(quanta), dtype=np.int64)
    at, n = 0, 0
    while n < len(tone) and at < n_bits:
        start, mean = at, 0.0
        for part in component:
            entry = int(dc[part, _bits(stream, at, 16)])
            size = entry & 255
            if entry == 0 or size > 15:
                return n, (n if at + 16 <= n_bits else -1), start
            at += entry >> 8
            before[part] += _value(stream, at, size)
            at += size
            first = before[part] * quanta[part, 0]
            ended, energy = _coefficients(stream, at, n_bits, ac[part], quanta[part])
            if ended > n_bits or (ended < 0 and at + 16 > n_bits):
                return n, -1, start
            if ended < 0 or energy + first * first > most[part]:
                return n, n, start
            at = ended
            mean += first / len(component)
        tone[n] = mean
        n += 1
    return n, -1, at
