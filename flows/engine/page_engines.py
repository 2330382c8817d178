"""What reads pages: an OCR engine and two small networks, loaded when the first page is read.

One object per process serves any number of threads. How pages are read does not belong here.
"""

from __future__ import annotations

import hashlib
import threading

from veernet_core.page.layout.maps import LayoutNet
from veernet_core.page.ocr.marked import PrintMarks
from veernet_core.page.ocr.text import RapidReader


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
        self._layout_lock = threading.Lock()
        self._layouts: dict[str, LayoutNet] = {}
        self._print_lock = threading.Lock()
        self._prints: dict[str, PrintMarks] = {}

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        """See `LayoutNets.layout_net`."""
        key = "" if data is None else hashlib.sha256(data).hexdigest()
        with self._layout_lock:
            if key not in self._layouts:
                from veernet_core.net.layout import layout_reader

                self._layouts[key] = layout_reader(data)
            return self._layouts[key]

    def print_net(self, data: bytes | None = None) -> PrintMarks:
        """See `PrintNets.print_net`."""
        key = "" if data is None else hashlib.sha256(data).hexdigest()
        with self._print_lock:
            if key not in self._prints:
                from veernet_core.net.prints import print_marker

                self._prints[key] = print_marker(data)
            return self._prints[key]
