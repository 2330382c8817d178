"""The benchmark measures what a command costs with its children, alternates, and adds up what it saw."""

from __future__ import annotations

import json
import stat
import sys
import time
from pathlib import Path

import pytest
from benchmarks import sampled, side_by_side
from benchmarks.side_by_side import Cost

_FAKE = """#!{python}
import json, pathlib, subprocess, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
burn = "import time; t = time.process_time()\\nwhile time.process_time() - t < {seconds}: pass"
subprocess.run([sys.executable, "-S", "-c", burn])  # the work is done in a child
for scan in sorted(pathlib.Path(sys.argv[2]).glob("*.tif")):
    (out / "logs" / scan.stem).mkdir(parents=True)
    curves = [{{"tracks": [{{"curves": ["a"] * {curves}}}]}}]
    (out / "logs" / scan.stem / "log.json").write_text(json.dumps({{"sections": curves}}))
pathlib.Path({order!r}).open("a").write("{name} ")
"""


_BUSY = """import threading, time
project = {"__name__": "veernet_core.fake", "time": time, "threading": threading}
exec('''
def busy():
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(500))

def waiting():
    threading.Event().wait(0.5)
''', project)
waiter = threading.Thread(target=project["waiting"])
waiter.start()
project["busy"]()
waiter.join()
"""


def fake(folder: Path, name: str, seconds: float, curves: int = 2) -> str:
    """A stand-in for a version's console script."""
    path = folder / name
    order = str(folder / "order.txt")
    path.write_text(
        _FAKE.format(python=sys.executable, seconds=seconds, curves=curves, order=order, name=name)
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "all"
    folder.mkdir()
    for stem in ("one", "two", "three"):
        (folder / f"{stem}.tif").write_bytes(b"II")
    return folder


def test_versions_alternate_and_children_count(tmp_path: Path, scans: Path) -> None:
    old, new = fake(tmp_path, "old", 0.6), fake(tmp_path, "new", 0.1, curves=3)
    pages = side_by_side.lay_out(["one", "three"], [scans], None, tmp_path / "pages")
    costs = side_by_side.alternate({"before": [old], "after": [new]}, pages, 2, tmp_path / "work")
    assert (tmp_path / "order.txt").read_text().split() == ["old", "new", "old", "new"]
    assert all(cost.processor_s >= 0.6 for cost in costs["before"])
    assert all(0.1 <= cost.processor_s < 0.6 for cost in costs["after"])
    assert costs["after"][0].curves == {"one": 3, "three": 3}


def test_a_command_that_writes_nothing_is_no_fast_version(tmp_path: Path, scans: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    with pytest.raises(RuntimeError, match="wrote no log"):
        side_by_side.run_once(command, scans, tmp_path / "out")


def test_the_table_takes_medians_and_seconds_a_curve() -> None:
    def runs(*seconds: float, curves: int) -> list[Cost]:
        return [Cost(s, 2 * s, 900.0, {"one": curves, "two": 0}) for s in seconds]

    text = side_by_side.table(
        "set", {"before": runs(40, 44, 400, curves=4), "after": runs(11, 10, 99, curves=5)}
    )
    assert "| before | 44.0 | 88.0 | 0.50 | 4 | 11.0 | 900 |" in text
    assert "| after | 11.0 | 22.0 | 0.50 | 5 | 2.2 | 900 |" in text
    assert "before over after: 4.00" in text
    assert "two (before), two (after)" in text


def test_a_scan_that_is_missing_is_named(tmp_path: Path, scans: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"four\.tif"):
        side_by_side.lay_out(["one", "four"], [scans], None, tmp_path / "pages")


def test_the_lists_of_pages_are_of_twelve_pages_and_ten_sidecars() -> None:
    assert len(set(side_by_side.read_stems(side_by_side.HERE / "pages.txt"))) == 12
    assert len(list(side_by_side.SIDECARS.glob("*.sidecar.json"))) == 10


def test_functions_belong_to_the_stage_of_their_package(tmp_path: Path) -> None:
    counts = {
        "veernet_core.page.ocr.engine:_read": 50,
        "veernet_core.page.raster.tiff:read": 10,
        "veernet_core.net.strips:_model": 30,
        "veernet_core.pipeline:prepare": 5,
        "storage.publish:log_files": 5,
    }
    share = side_by_side.shares(counts)
    assert share["page reading"] == 0.5
    assert share["decoding"] == 0.1
    assert share["network"] == 0.3
    assert share["the rest"] == 0.05
    assert sum(share.values()) == pytest.approx(1)
    assert "| `veernet_core.page.ocr.engine:_read` | 50.0% | 20.0 |" in side_by_side.dearest(
        counts, 40.0
    )
    side_by_side.draw({"after": share}, "x", tmp_path / "where.png")
    assert (tmp_path / "where.png").stat().st_size > 1000


def test_the_sampler_sees_who_works_and_not_who_waits(tmp_path: Path) -> None:
    script = tmp_path / "busy.py"
    script.write_text(_BUSY)
    begun = time.monotonic()
    sampled.main(tmp_path / "counts.json", str(script), [])
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert time.monotonic() - begun < 30
    assert counts.get("veernet_core.fake:busy", 0) >= 3
    assert "veernet_core.fake:waiting" not in counts
