"""A line of print as the known name it may be, where the print itself allows that.

In: what an engine reads, letter by letter, and the probabilities it read that from. Out: the same line with a
name that logs print in the place of letters that look like it, if the whole line is likely enough so. Worn
print, and print on a rule, loses strokes: an O looks like a D, a bracket like a C. That a header says RHOB
rather than RHDB is known before anything is read; how much that counts is measured (``FOR_LETTER``).
Does not belong here: which names there are (`domain.vocabulary`), and what a name means.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

import numba
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from veernet_core.datatypes import F32, F64
from veernet_core.domain.vocabulary import curve_names, find_unit

FOR_LETTER, FOR_NAME = 2.0, -4.0
"""Nats in favour of a known name before the print is looked at: the first for each of its letters, and of those
of a known unit in brackets behind it, the second once. A name is one of hundreds, which speaks against it; the
more letters it has, the less likely they are to make it by chance, which speaks for it. On the scale blocks of
74 pages read by eye this mends eight names that are printed there and spoils none, as it does with a nat less;
with one more it mends ten, and makes names of a dozen scraps.
"""
_LONGEST = 40
_SLIPS = ((4, 1), (7, 2))
_MOST_SLIPS = 3
"""A name of up to 4 letters may have 1 of them read wrongly, one of up to 7 letters 2, a longer one 3."""
_BRACKETS = "(["


def as_known(text: str, posterior: F32, characters: Sequence[str]) -> str:
    """The line with a known name, or as it is where none is likelier.

    Parameters
    ----------
    text : str
        The best path through the posterior.
    posterior : float32 [steps, classes]
        Connectionist: class 0 is the blank.
    characters : sequence of str
        Of the classes.
    """
    if not 2 <= len(text) <= _LONGEST or sum(c.isalpha() for c in text) < 2:
        return text
    lines = dict(_lines(text.upper()))
    lines.pop(text, None)
    if not lines:
        return text
    place = {c: k for k, c in enumerate(characters)}
    log_p = np.log(posterior.astype(np.float64) + 1e-9)
    own = max((len(name) for name in _names_at_start(text.upper())), default=0)
    best, most = text, log_likelihood(log_p, text, place) + _worth(own)
    for line, letters in sorted(lines.items()):
        worth = log_likelihood(log_p, line, place) + _worth(letters)
        if worth > most:
            best, most = line, worth
    return best


def _worth(letters: int) -> float:
    return FOR_LETTER * letters + FOR_NAME if letters else 0.0


def _names_at_start(text: str) -> Iterator[str]:
    """Known names that a line begins with, as whole words."""
    bare = text.lstrip("".join({c for c in text if not c.isalnum()}))
    for length in range(2, len(bare) + 1):
        is_whole = length == len(bare) or not bare[length].isalnum()
        if is_whole and bare[:length] in _names_by_length().get(length, ()):
            yield bare[:length]


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The line with each known name that its beginning resembles, also with a bracket behind it in the place of
    what was read; and how many letters the name has, with those of a known unit in that bracket.
    """
    start = next((k for k, c in enumerate(text) if c.isalnum()), len(text))
    before, text = text[:start], text[start:]
    for length in range(2, len(text) + 1):
        head, tail = text[:length], text[length:]
        for name in _names_like(head):
            rests = [
                (f"{b}{tail[1:]}", _unit_letters(tail[1:])) for b in _BRACKETS if len(tail) > 1
            ]
            if not (tail and name[-1].isalnum() and tail[0].isalnum()):
                rests.append((tail, 0))
            for rest, letters in rests:
                yield name + rest, len(name) + letters
                yield before + name + rest, len(name) + letters


@lru_cache(maxsize=4096)
def _unit_letters(inner: str) -> int:
    """Letters of what stands behind a bracket, where that is a known unit and its other bracket."""
    unit = inner.rstrip(" )]")
    return sum(map(str.isalpha, unit)) if find_unit(f"({unit})") is not None else 0


@cache
def _names_by_length() -> Mapping[int, tuple[str, ...]]:
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for name in curve_names():
        by_length[len(name)].append(name)
    return {length: tuple(names) for length, names in by_length.items()}


def _names_like(head: str) -> Iterator[str]:
    """Known names that differ from what was read by no more than a letter or two."""
    for length in range(max(2, len(head) - 1), len(head) + 2):
        slips = next((most for letters, most in _SLIPS if length <= letters), _MOST_SLIPS)
        for name in _names_by_length().get(length, ()):
            if OSA.distance(head, name, score_cutoff=slips) <= slips:
                yield name


def log_likelihood(log_p: F64, text: str, place: Mapping[str, int]) -> float:
    """Log probability that a posterior says a text, over all its alignments; -inf where a sign is unknown.

    Parameters
    ----------
    log_p : float64 [steps, classes]
    text : str
    place : mapping of str to int
        Class of each sign.
    """
    if any(c not in place for c in text) or not text:
        return -np.inf
    return float(_forward(log_p, np.array([place[c] for c in text], dtype=np.int64)))


@numba.njit(cache=True, nogil=True)
def _forward(log_p: NDArray[np.float64], signs: NDArray[np.int64]) -> float:
    """The forward pass over blanks and signs in turn."""
    states = 2 * len(signs) + 1
    now = np.full(states, -np.inf)
    now[0] = log_p[0, 0]
    now[1] = log_p[0, signs[0]]
    for step in range(1, len(log_p)):
        last = now.copy()
        for s in range(states):
            total = last[s]
            if s > 0:
                total = np.logaddexp(total, last[s - 1])
            if s > 2 and s % 2 == 1 and signs[s // 2] != signs[s // 2 - 1]:
                total = np.logaddexp(total, last[s - 2])
            own = 0 if s % 2 == 0 else signs[s // 2]
            now[s] = total + log_p[step, own]
    whole: float = np.logaddexp(now[states - 1], now[states - 2])
    return whole
