"""What reads pages: the OCR engine and the layout network, loaded when the first page is read.

One object per process serves any number of threads. How pages are read does not belong here.
"""

from __future__ import annotations

import hashlib
import threading

from veernet_core.page.layout.maps import LayoutNet
from veernet_core.page.ocr.text import RapidReader


class PageEngines(RapidReader):
    """`page.reading.PageReader`: reads text, and marks layouts with the shipped network or another."""

    def __init__(self, threads: int = 1) -> None:
        super().__init__(threads)
        self._layout_lock = threading.Lock()
        self._layouts: dict[str, LayoutNet] = {}

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        """See `LayoutNets.layout_net`."""
        key = "" if data is None else hashlib.sha256(data).hexdigest()
        with self._layout_lock:
            if key not in self._layouts:
                from veernet_core.net.layout import layout_reader

                self._layouts[key] = layout_reader(data)
            return self._layouts[key]
