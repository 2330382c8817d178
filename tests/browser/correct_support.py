"""A log without depth behind its own server, ready to be corrected in a browser."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import serving, to_correct

from flows.dashboard.serve import make_app
from flows.local.digitise import digitise_files
from flows.local.report import Watch
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig
from veernet_core.net.bundle import load_predictor
from veernet_core.pipeline import ScanInput
from veernet_core.synth.pages.demo import demo_archive

STEM = "skewed-gamma-neutron"


@pytest.fixture(scope="module")
def without_depth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Any]:
    """A log whose sidecar has no depths, digitised; the true sidecar; the result."""
    out = tmp_path_factory.mktemp("no-depth")
    scan = next(scan for scan in demo_archive(0) if scan.stem == STEM)
    assert scan.sidecar is not None
    truth = json.loads(json.dumps(scan.sidecar))
    bare = json.loads(json.dumps(truth))
    for section in bare["sections"]:
        del section["depth"]
    (out / "scans").mkdir()
    (out / "scans" / f"{STEM}.tif").write_bytes(scan.tiff)
    (out / "scans" / f"{STEM}.sidecar.json").write_text(json.dumps(bare))
    results: list[Any] = []
    digitise_files(
        [out / "scans" / f"{STEM}.tif"],
        out,
        load_predictor(device="cpu"),
        DigitiseConfig(),
        Watch(scan=lambda done, result: results.append(result)),
    )
    assert not list((out / "logs" / STEM).glob("*.las"))
    return out, truth, results[0]


@pytest.fixture
def at_work() -> threading.Event:
    """Set while the digitiser of the desk is free to end what it does."""
    free = threading.Event()
    free.set()
    return free


@pytest.fixture
def desk(
    without_depth: tuple[Path, dict[str, Any], Any], at_work: threading.Event, tmp_path: Path
) -> Iterator[Any]:
    """Address, folder and true sidecar of a served copy; its digitiser gives the result that is there."""
    source, truth, result = without_depth
    out = tmp_path / "out"
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("scans"))

    def redo(item: ScanInput, settings: Mapping[str, Any]) -> Any:
        assert at_work.wait(300)
        return result

    app = make_app(ObjectStore(str(out)), redo=redo)
    with serving(app) as address:
        yield address, out, truth


def opened(open_page: Callable[..., Any], address: str) -> Any:
    return to_correct(open_page, address, STEM)
