"""Fitted models of page reading, handed to it like the OCR engine: never found by the reading itself.

In: files by name, read by whoever runs it. Out: `PageModels`, which each step asks for its own.
Does not belong here: what is in the files, folders, fitting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageModels:
    """Models that take the place of the shipped ones.

    Attributes
    ----------
    files : mapping of str to bytes
        By the name under which the package ships them; a name that is absent means the shipped model.
    origin : str
        Where they come from, in words.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    origin: str = "shipped"

    def load(self, name: str, unpack: Callable[[bytes], T], shipped: Callable[[], T]) -> T:
        """The model of that name: unpacked where its file is given, else the shipped one."""
        return unpack(self.files[name]) if name in self.files else shipped()


SHIPPED = PageModels()
