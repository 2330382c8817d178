"""Decoding where a crash, a hang or a flood of memory harms nobody: child processes we supervise.

In: the bytes of a scan. Out: nothing where it decodes, else an error to record. A child decodes one
scan at a time, whole, by windows; it is killed at a wall-clock limit and replaced. What survived
here is decoded again by the worker. (Prefect's own time limit does not interrupt a call in a
thread, and one dead child breaks a whole process pool.)
What a scan means does not belong here. Run as a module, this file is the child.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any

from veernet_core.config import RasterLimits
from veernet_core.errors import DecodeError, VeernetError, of_scan

DEFAULT_CHECK = "flows.engine.decoders:decode_whole"
_WINDOW_ROWS = 2048
_STARTUP_LIMIT_S = 180.0

Check = Callable[[bytes, str, RasterLimits], None]


class DecoderCrashError(DecodeError):
    """The decoder took its process down."""

    code = "decoder_crashed"


class DecoderTimeoutError(DecodeError):
    """The decoder did not end in time."""

    code = "decoder_timeout"


class DecoderMemoryError(DecodeError):
    """The decoder wanted more memory than it may have."""

    code = "decoder_out_of_memory"


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """How scans are tried.

    Attributes
    ----------
    processes : int
        Children, each with one scan at a time.
    limit_s : float
        Wall-clock limit for one scan.
    memory_mb : int
        Private memory a child may have.
    check : str
        ``module:function`` that decodes a scan and raises where it cannot.
    """

    processes: int = 2
    limit_s: float = 120.0
    memory_mb: int = 4096
    check: str = DEFAULT_CHECK


def decode_whole(data: bytes, name: str, limits: RasterLimits) -> None:
    """Decode every row of a scan once, by windows.

    Raises
    ------
    DecodeError
    """
    from veernet_core.page.raster.decoding import open_raster

    raster = open_raster(data, name, limits)
    for row in range(0, raster.height_px, _WINDOW_ROWS):
        raster.read_ink(row, min(row + _WINDOW_ROWS, raster.height_px))


class Decoders:
    """A few child processes that try scans; safe to call from many threads."""

    def __init__(self, settings: DecoderSettings) -> None:
        self.settings = settings
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(settings.processes):
            self._idle.put(None)

    def try_scan(
        self, data: bytes, name: str, limits: RasterLimits, page: int = 0
    ) -> VeernetError | None:
        """What went wrong when the scan was decoded, or None; waits for an idle child.

        ``page`` is that of a PDF with several, from 1; 0 for the whole file.
        """
        answer = self._asked(data, {"name": name, "limits": asdict(limits), "page": page})
        return answer if isinstance(answer, VeernetError) else None

    def count_pages(self, data: bytes, name: str) -> int:
        """Pages of a file; 1 also for one that harms its decoder: decoding it tells how."""
        answer = self._asked(data, {"name": name, "limits": None, "page": 0})
        return 1 if isinstance(answer, VeernetError) else answer

    def _asked(self, data: bytes, head: dict[str, Any]) -> VeernetError | int:
        child = self._idle.get()
        try:
            if child is None or not child.is_alive():
                child = _Child(self.settings)
            return child.asked(data, head)
        finally:
            self._idle.put(child if child is not None and child.is_alive() else None)

    def close(self) -> None:
        """End all idle children."""
        with contextlib.suppress(queue.Empty):
            while True:
                child = self._idle.get_nowait()
                if child is not None:
                    child.kill()


class _Child:
    def __init__(self, settings: DecoderSettings) -> None:
        self._settings = settings
        self._expired = False
        command = [sys.executable, "-m", "flows.engine.decoders"]
        self._process = subprocess.Popen(
            [*command, settings.check, str(settings.limit_s), str(settings.memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if not self._guarded(lambda: self._out.readline(), _STARTUP_LIMIT_S):
            self.kill()
            raise RuntimeError(f"the decoder process ({settings.check}) does not start")

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()

    def asked(self, data: bytes, head: dict[str, Any]) -> VeernetError | int:
        """Pages of a file that decodes, or only has its pages counted (``limits`` is None)."""
        name = str(head["name"])
        line = json.dumps({**head, "size": len(data)}).encode()

        def ask() -> bytes:
            self._in.write(line + b"\n")
            self._in.write(data)
            self._in.flush()
            return self._out.readline()

        answer = self._guarded(ask, self._settings.limit_s)
        if answer:
            told = json.loads(answer)
            return _error_from(told) or int(told["pages"])
        self.kill()
        if self._expired:
            return DecoderTimeoutError(f"no end after {self._settings.limit_s:g} s", name)
        return DecoderCrashError(_death(self._process.returncode), name)

    def _guarded(self, call: Callable[[], bytes], limit_s: float) -> bytes:
        """Result of a blocking exchange, or nothing where the child died or was killed for time."""

        def expire() -> None:
            self._expired = True
            self._process.kill()

        timer = threading.Timer(limit_s, expire)
        timer.daemon = True
        timer.start()
        try:
            return call()
        except OSError:
            return b""
        finally:
            timer.cancel()


def _death(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the decoder was ended by {signal.Signals(-code).name}"
    return f"the decoder ended with status {code}"


def _error_from(answer: dict[str, Any]) -> VeernetError | None:
    if answer["code"] == "":
        return None
    kind = next((k for k in _all_errors(VeernetError) if k.code == answer["code"]), DecodeError)
    error = kind(answer["message"], answer["where"], answer["remedy"])
    error.stage = answer.get("stage", "decode")
    return error


def _all_errors(kind: type[VeernetError]) -> list[type[VeernetError]]:
    return [kind, *(found for sub in kind.__subclasses__() for found in _all_errors(sub))]


def _answer(check: Check, data: bytes, head: dict[str, Any]) -> dict[str, Any]:
    from veernet_core.page.raster.file_pages import count_pages, page_alone

    name = str(head["name"])
    try:
        if head["limits"] is None:
            return {"code": "", "pages": count_pages(data)}
        alone = page_alone(data, head["page"], name) if head["page"] else data
        check(alone, name, RasterLimits(**head["limits"]))
    except VeernetError as error:
        found: VeernetError = error
    except MemoryError:
        found = DecoderMemoryError("out of memory", name)
    except Exception as error:
        found = of_scan(error, name)
    else:
        return {"code": "", "pages": 1}
    return {
        "code": found.code,
        "stage": found.stage,
        "message": found.message,
        "where": found.where or name,
        "remedy": found.remedy,
    }


def _limit_memory(memory_mb: int) -> None:
    try:
        import resource
    except ImportError:
        return
    size = memory_mb << 20
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(check_name: str, limit_s: float, memory_mb: int) -> None:
    """Answer one line for each scan on standard input, until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory(memory_mb)
    module, _, function = check_name.partition(":")
    check: Check = getattr(importlib.import_module(module), function)
    answers.write(b"ready\n")
    answers.flush()
    while line := sys.stdin.buffer.readline():
        head = json.loads(line)
        data = sys.stdin.buffer.read(head["size"])
        # Ends this process from a C thread even if the parent is gone and the decoder is stuck.
        faulthandler.dump_traceback_later(limit_s + 5, exit=True, file=sys.stderr)
        answer = _answer(check, data, head)
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
