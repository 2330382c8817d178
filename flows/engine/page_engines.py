"""What reads pages: an OCR engine and two small networks, loaded when the first page is read.

One object per process serves any number of threads. How pages are read does not belong here.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from veernet_core.page.layout.maps import LayoutNet
from veernet_core.page.ocr.marked import PrintMarks
from veernet_core.page.ocr.text import RapidReader

T = TypeVar("T")


class _Kept(Generic[T]):
    """Networks by the bytes of their file, each loaded once, also when threads race."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, T] = {}

    def get(self, data: bytes | None, load: Callable[[bytes | None], T]) -> T:
        """The network of these bytes, or the shipped one where there are none."""
        key = "" if data is None else hashlib.sha256(data).hexdigest()
        with self._lock:
            if key not in self._held:
                self._held[key] = load(data)
            return self._held[key]


class PageEngines(RapidReader):
    """`page.reading.PageReader`: reads text, and marks layouts and print with the shipped or other networks.

    Parameters
    ----------
    threads : int
        Threads of one inference call.
    numerics : str
        Of the destination. Where its curves are computed in bfloat16 on OpenVINO, text is looked for so too.
    """

    def __init__(self, threads: int = 1, numerics: str = "") -> None:
        super().__init__(threads, bfloat16=numerics.startswith("bfloat16 openvino"))
        self._layouts: _Kept[LayoutNet] = _Kept()
        self._prints: _Kept[PrintMarks] = _Kept()

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        """See `LayoutNets.layout_net`."""
        from veernet_core.net.layout import layout_reader

        return self._layouts.get(data, layout_reader)

    def print_net(self, data: bytes | None = None) -> PrintMarks:
        """See `PrintNets.print_net`."""
        from veernet_core.net.prints import print_marker

        return self._prints.get(data, print_marker)
