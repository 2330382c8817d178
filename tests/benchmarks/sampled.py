"""Run a command of veernet and count in which function it is at work: works with any version of the package.

    python tests/benchmarks/sampled.py COUNTS.json SCRIPT [ARGUMENT ...]

Every 20 ms the innermost function of the project is noted for every thread that is not waiting; time in
libraries counts for the function that called them. Decoder processes are not seen. COUNTS.json maps
``module:function`` to the number of times.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL_S = 0.02
PACKAGES = ("veernet_core.", "storage.", "flows.")
_WAITS = (
    "threading.py",
    "queue.py",
    "selectors.py",
    "subprocess.py",
    "connection.py",
    "thread.py",
    "popen_fork.py",
)


def busy_function(frame: FrameType | None) -> str | None:
    """The innermost function of the project on a stack, or None where it waits or is none of ours."""
    if frame is not None and Path(frame.f_code.co_filename).name in _WAITS:
        return None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(PACKAGES):
            return f"{module}:{frame.f_code.co_name}"
        frame = frame.f_back
    return None


class Sampler(threading.Thread):
    """Counts what the other threads do until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(INTERVAL_S):
            for ident, frame in sys._current_frames().items():
                name = busy_function(frame) if ident != self.ident else None
                if name is not None:
                    self.counts[name] += 1

    def stop(self) -> None:
        """Stop, and wait until it has."""
        self._over.set()
        self.join()


def main(counts: Path, script: str, arguments: list[str]) -> None:
    """Run the script with a sampler beside it; its exit code is passed on."""
    sampler = Sampler()
    sys.argv = [script, *arguments]
    sampler.start()
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        sampler.stop()
        counts.write_text(json.dumps(dict(sampler.counts.most_common())), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
