"""JSON values that know where they stand, so that every complaint names file and field."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable
from typing import Any, TypeVar, get_args

from veernet_core.datatypes import Dpi
from veernet_core.errors import SidecarError

T = TypeVar("T")
DPI_RANGE = (50.0, 800.0)
"""Resolutions that a sidecar may give, pixels per inch."""
_TOO_LARGE = 1e15


class Node:
    """A JSON value with its path, so that every complaint names its field."""

    def __init__(self, value: Any, path: str, name: str) -> None:
        self.value, self.path, self.name = value, path, name

    def fail(self, what: str, remedy: str) -> SidecarError:
        """An error about this value: what is wrong, where, and the remedy."""
        where = f"{self.name}: {self.path}" if self.path else self.name
        return SidecarError(f"{what}, got {_short(self.value)}", where=where, remedy=remedy)

    def at(self, key: str | int) -> Node:
        """A member of an object, or an item of a list."""
        suffix = f"[{key}]" if isinstance(key, int) else (f".{key}" if self.path else key)
        return Node(self.value[key], self.path + suffix, self.name)

    def fields(self, *known: str) -> dict[str, Node]:
        """Members of an object; an unknown key is an error, null counts as left out."""
        if not isinstance(self.value, dict):
            raise self.fail("must be an object", "Write { ... } here.")
        for key in self.value:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                raise self.at(key).fail(f"unknown key {key!r}", f"{hint} Or remove the key.")
        return {key: self.at(key) for key in self.value if self.value[key] is not None}

    def items(self) -> list[Node]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.fail("must be a list", "Write [ ... ] here.")
        return [self.at(index) for index in range(len(self.value))]

    def number(self) -> float:
        """A number that is finite and not absurdly large."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail("must be a number", "Write a number, without quotes.")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fail("must be a finite number", "Write its digits, or leave it out.")
        if abs(value) >= _TOO_LARGE:
            raise self.fail(
                f"must be smaller than {_TOO_LARGE:g}", "Correct the number, or leave it out."
            )
        return float(value)

    def text(self) -> str:
        """Text, without blanks around it."""
        if not isinstance(self.value, str):
            raise self.fail("must be text", "Put the value in double quotes.")
        return self.value.strip()

    def choice(self, kind: Any) -> Any:
        """One of the words of a ``Literal``."""
        known = get_args(kind)
        if self.value not in known:
            raise self.fail(f"must be one of {', '.join(known)}", "Use one of these words.")
        return self.value

    def truth(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.fail("must be true or false", "Write true or false, without quotes.")
        return self.value

    def turn(self) -> int:
        """A clockwise turn in quarters, degrees."""
        if isinstance(self.value, bool) or self.value not in (0, 90, 180, 270):
            raise self.fail("must be 0, 90, 180 or 270", "State a clockwise turn in degrees.")
        return int(self.value)

    def resolution(self) -> Dpi:
        """Pixels per inch; one number serves both."""
        pair = self.pair() if isinstance(self.value, list) else (self.number(),) * 2
        if not all(DPI_RANGE[0] <= value <= DPI_RANGE[1] for value in pair):
            low, high = DPI_RANGE
            raise self.fail(f"must lie between {low:g} and {high:g}", "State pixels per inch.")
        return Dpi(*pair)

    def pair(self) -> tuple[float, float]:
        """Two numbers."""
        numbers = [item.number() for item in self.items()]
        if len(numbers) != 2:
            raise self.fail("must be a pair of numbers", "Write [first, second].")
        return numbers[0], numbers[1]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def optional(node: Node | None, read: Callable[[Node], T], default: T) -> T:
    """What a node holds, or a default where it is left out."""
    return default if node is None else read(node)


def items(node: Node | None) -> list[Node]:
    """The items of a list; none where it is left out."""
    return [] if node is None else node.items()
