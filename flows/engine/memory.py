"""How this process asks the system for memory.

In: nothing. Out: nothing; from then on large blocks that were freed are kept for the next one that asks. The
networks take and free the same tens of megabytes for every tile: given back each time, they come as pages that
the system has to empty anew, which was a tenth of the processor time. Elsewhere than on Linux with glibc
nothing changes. What is computed does not belong here.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's ``mallopt``."""
_KEPT_BYTES = 256 << 20
_FROM_THE_HEAP_BYTES = 128 << 20


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library where it is glibc."""
    library = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    return library if hasattr(library, "mallopt") else None


@cache
def keep_freed_blocks() -> bool:
    """Have freed blocks kept, once for the process; False where that cannot be asked for.

    All threads share one heap: one for each thread would keep as much again.
    """
    library = _glibc()
    if library is None:
        return False
    wanted = (
        (_ARENA_MAX, 1),
        (_MMAP_THRESHOLD, _FROM_THE_HEAP_BYTES),
        (_TRIM_THRESHOLD, _KEPT_BYTES),
    )
    return all(library.mallopt(name, value) == 1 for name, value in wanted)


class Release:
    """Gives back what is kept, so that the holes of a long log do not add up; called once a group of strips.

    Of every few calls only the first counts, after the first page was read: what is given back comes again
    page by page, to be emptied by the system, which at every call costs more than the memory is worth.

    Parameters
    ----------
    every : int
        One call in this many counts.
    """

    def __init__(self, every: int = 8) -> None:
        self._every, self._calls = every, 0

    def __call__(self) -> None:
        """Count a group, and give back what is kept where it is this one's turn."""
        library = _glibc()
        if library is not None and self._calls % self._every == 0:
            library.malloc_trim(0)
        self._calls += 1
