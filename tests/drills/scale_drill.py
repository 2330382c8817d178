"""Scale drill: what orchestration costs on top of the bare work, memory, and lock errors.

    python tests/drills/scale_drill.py [--logs 5000] [--bare-logs 500] [--work-ms 50]

The same small scans are digitised by ``cheap_engine`` (``--work-ms`` of processor time per log in
place of the network) twice: bare (read, trial decode, trace, judge, write the log's folder, then
datasets and dashboard, in the same threads and decoder processes, with no ledger, no staging and no
Prefect), and as one ``veernet batch``. Compared are processor seconds of all processes, which a busy
machine does not change; wall times are printed beside them. Memory is sampled over the batch.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kill_drill import check_exactly_once, environment
from small_archive import write_archive

CHUNK_LOGS = 32


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds of one way to do the work."""

    logs: int
    wall_s: float
    cpu_s: float

    def line(self, name: str) -> str:
        """The cost per log."""
        wall_ms, cpu_ms = self.wall_s / self.logs * 1e3, self.cpu_s / self.logs * 1e3
        return (
            f"{name:6s} {self.logs:6,} logs  {self.wall_s:7.1f} s wall  {self.cpu_s:7.1f} s cpu  "
            f"{wall_ms:6.1f} ms wall/log  {cpu_ms:6.1f} ms cpu/log"
        )


def do_bare(source: Path, dest: Path) -> None:
    """The work alone (in a process of its own, so that its children are counted)."""
    from flows.archive.outcomes import sha256_of
    from flows.dashboard import build_dashboard
    from flows.engine.decoders import Decoders, DecoderSettings
    from flows.engine.loading import get_engine
    from storage.datasets import write_datasets
    from storage.log_files import log_files
    from storage.objects import ObjectStore
    from veernet_core.config import DigitiseConfig
    from veernet_core.datatypes import DigitisedLog, ScanRef
    from veernet_core.pipeline import ScanInput

    engine, config = get_engine(None), DigitiseConfig()
    scans, out = ObjectStore(str(source)), ObjectStore(str(dest))
    decoders = Decoders(DecoderSettings(2, check=engine.decoder_check))
    keys = sorted(info.key for info in scans.listing())

    def read(key: str) -> ScanInput:
        data = scans.get(key)
        uri = scans.uri_of(key)
        assert decoders.try_scan(data, uri, config.limits) is None
        return ScanInput(ScanRef(uri, Path(key).stem, sha256_of(data), len(data)), data)

    def chunk(first: int) -> None:
        with ThreadPoolExecutor(2) as readers:
            items = readers.map(read, keys[first : first + CHUNK_LOGS])
            for log in engine.digitise(items, config):
                assert isinstance(log, DigitisedLog)
                judged = engine.judge(log, config.gate)
                name = log.scan.stem
                out.put_folder(f"logs/{name}", log_files(judged, name), last="log.json")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(chunk, range(0, len(keys), CHUNK_LOGS)))
    decoders.close()
    write_datasets(dest)
    build_dashboard(dest)


def measured(command: list[str], variables: dict[str, str], log: Path, samples: list[int]) -> float:
    """Run a command; gives its wall time and fills ``samples`` with its memory (MB) over time."""
    began = time.monotonic()
    with log.open("wb") as sink:
        child = subprocess.Popen(command, env=variables, stderr=sink, stdout=sink)
        stop = threading.Event()
        watcher = threading.Thread(target=sample_memory, args=(child.pid, samples, stop))
        watcher.start()
        code = child.wait()
        stop.set()
        watcher.join()
    assert code == 0, log.read_text()[-2000:]
    return time.monotonic() - began


def sample_memory(pid: int, samples: list[int], stop: threading.Event) -> None:
    """Resident memory of a process, every two seconds."""
    while not stop.wait(2.0):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return
        samples.append(pages * os.sysconf("SC_PAGE_SIZE") >> 20)


def cpu_of_children() -> float:
    """Processor seconds of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def drill(folder: Path, logs: int, bare_logs: int, work_ms: float) -> None:
    """Run the drill in a folder."""
    write_archive(folder / "few", bare_logs)
    write_archive(folder / "scans", logs)
    variables = {
        **environment(folder / "home"),
        "CHEAP_ENGINE_MS": str(work_ms),
        "PREFECT_SERVER_LOG_RETRYABLE_ERRORS": "true",
    }
    before = cpu_of_children()
    bare_command = [sys.executable, __file__, "--bare", str(folder / "few"), str(folder / "bare")]
    wall_s = measured(bare_command, variables, folder / "bare.log", [])
    between = cpu_of_children()
    bare = Cost(bare_logs, wall_s, between - before)
    print(bare.line("bare"), flush=True)
    command = [sys.executable, "-m", "flows.cli.batch", "--source", str(folder / "scans")]
    command += ["--dest", str(folder / "out"), "--chunk-logs", str(CHUNK_LOGS)]
    memory: list[int] = []
    wall_s = measured(command, variables, folder / "batch.log", memory)
    batch = Cost(logs, wall_s, cpu_of_children() - between)
    print(batch.line("batch"))
    extra_ms = (batch.cpu_s / logs - bare.cpu_s / bare_logs) * 1e3
    share = extra_ms / (bare.cpu_s / bare_logs * 1e3)
    print(f"orchestration: {extra_ms:.1f} ms cpu per log, {share:+.1%} of the bare work")
    tenths = [memory[len(memory) * n // 10] for n in range(1, 10)] if len(memory) > 10 else memory
    print(f"memory of the run, MB at each tenth: {tenths}, peak {max(memory, default=0)}")
    locks = (folder / "batch.log").read_text(errors="replace").count("database is locked")
    print(f"'database is locked' in the server's log: {locks}")
    check_exactly_once(folder / "out", logs)
    sizes = {name: size_mb(folder / "out" / "_veernet" / name) for name in ("catalog", "segments")}
    print(f"ledger: catalogue {sizes['catalog']:.2f} MB, segments {sizes['segments']:.2f} MB")
    print(f"server database: {size_mb(folder / 'home'):.1f} MB")


def size_mb(path: Path) -> float:
    """Size of all files under a folder."""
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) / 1e6


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--logs", type=int, default=5000)
    parser.add_argument("--bare-logs", type=int, default=500)
    parser.add_argument("--work-ms", type=float, default=50.0)
    parser.add_argument("--bare", nargs=2, metavar=("SOURCE", "DEST"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        do_bare(Path(options.bare[0]), Path(options.bare[1]))
        return
    folder = Path(tempfile.mkdtemp(prefix="veernet-scale-"))
    try:
        drill(folder, options.logs, options.bare_logs, options.work_ms)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
