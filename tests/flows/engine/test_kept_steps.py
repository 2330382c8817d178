"""A log that is digitised again from what was kept: the same bytes, without a network at work."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from small_network import small_predictor

from flows.dashboard.correct import Bench
from flows.dashboard.review import Desk
from flows.dashboard.warm import Warm
from flows.engine.kept import KeptPredictor, KeptReader, KeptTracing
from flows.engine.page_engines import PageEngines
from flows.local.digitise import digitise_files
from storage.kept import Kept
from storage.log_files import log_files
from storage.objects import ObjectStore
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog, ScanInput, ScanRef
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

STEM = "skewed-gamma-neutron"


class Counting:
    """A predictor or page engine that counts what it is asked."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.asked = inner, 0

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in ("predict", "read", "find", "recognise", "mark", "mark_print"):
            return value if name not in ("layout_net", "print_net") else self._net(value)

        def counted(*args: Any, **named: Any) -> Any:
            self.asked += 1
            return value(*args, **named)

        return counted

    def _net(self, load: Any) -> Any:
        def loaded(data: bytes | None = None) -> Any:
            net = Counting(load(data))
            self.nets = [*getattr(self, "nets", []), net]
            return net

        return loaded

    @property
    def work(self) -> int:
        return self.asked + sum(net.asked for net in self.__dict__.get("nets", []))


@pytest.fixture(scope="module")
def scan() -> ScanInput:
    """A scan whose sidecar lacks depth and scales: page, text and curves are all looked for."""
    drawn = draw_page(
        np.random.default_rng(2), kind="gamma_neutron", rows=2200, ft_per_in=50.0, skew_deg=1.2
    )
    sidecar = json.loads(json.dumps(drawn.sidecar))
    for section in sidecar["sections"]:
        del section["depth"]
        for track in section["tracks"]:
            for curve in track["curves"]:
                curve["source"] = "guess"
    data = tiff_bytes(drawn)
    ref = ScanRef(f"{STEM}.tif", STEM, hashlib.sha256(data).hexdigest(), len(data))
    return ScanInput(ref, data, json.dumps(sidecar).encode())


def digitised(scan: ScanInput, kept: Kept | None) -> tuple[dict[str, bytes], int]:
    """The log's files, and how often networks were asked."""
    net, engines = Counting(small_predictor()), Counting(PageEngines())
    if kept is None:
        results = pipeline.digitise_many([scan], net, DigitiseConfig(), engines)
    else:
        results = pipeline.digitise_many(
            [scan], KeptPredictor(net, kept), DigitiseConfig(), KeptReader(engines, net.numerics, kept),
            tracing=KeptTracing(kept),
        )  # fmt: skip
    (log,) = results
    assert isinstance(log, DigitisedLog), log
    return log_files(log, STEM), net.work + engines.work


class First(NamedTuple):
    """What came of a scan whose steps were kept, how often networks were asked, and where the steps are."""

    files: dict[str, bytes]
    asked: int
    place: Path

    def copy(self, folder: Path) -> Kept:
        """The steps for a test that changes them."""
        return Kept(Path(shutil.copytree(self.place, folder / "kept")))


@pytest.fixture(scope="module")
def first(scan: ScanInput, tmp_path_factory: pytest.TempPathFactory) -> First:
    place = tmp_path_factory.mktemp("kept")
    return First(*digitised(scan, Kept(place)), place)


@pytest.mark.slow
def test_what_was_kept_gives_the_same_bytes_and_asks_no_network(
    scan: ScanInput, first: First, tmp_path: Path
) -> None:
    plain, asked = digitised(scan, None)
    assert asked > 5
    assert first.files == plain
    assert 5 < first.asked <= asked
    kept = first.copy(tmp_path)
    assert digitised(scan, kept) == (plain, 0)
    for file in (tmp_path / "kept").glob("*/*"):  # damaged as a whole: everything is computed anew
        file.write_bytes(b"")
    assert digitised(scan, kept) == (plain, first.asked)


@pytest.mark.slow
def test_another_track_or_style_is_another_strip(
    scan: ScanInput, first: First, tmp_path: Path
) -> None:
    kept = first.copy(tmp_path)
    moved = json.loads(scan.sidecar or b"")
    track = moved["sections"][0]["tracks"][0]
    track["curves"][0]["style"] = "dashed"
    changed = ScanInput(scan.ref, scan.data, json.dumps(moved).encode())
    plain, _ = digitised(changed, None)
    again, asked = digitised(changed, kept)
    assert again == plain
    assert asked == 1  # the one track whose curves changed


@pytest.mark.slow
def test_a_correction_asks_the_network_only_for_what_changed(
    scan: ScanInput, tmp_path: Path
) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / f"{STEM}.tif").write_bytes(scan.data)
    out, kept = tmp_path / "out", Kept(tmp_path / "kept")
    net, engines = Counting(small_predictor()), Counting(PageEngines())
    files = [tmp_path / "scans" / f"{STEM}.tif"]
    digitise_files(files, out, net, DigitiseConfig(), reader=engines, kept=kept)  # type: ignore[arg-type]

    def redo(item: ScanInput, settings: Any) -> Any:
        reader = KeptReader(engines, net.numerics, kept)  # type: ignore[arg-type]
        found = pipeline.digitise_many(
            [item], KeptPredictor(net, kept), DigitiseConfig(), reader, tracing=KeptTracing(kept),
            whole=True,
        )  # fmt: skip
        return next(iter(found))

    desk = Desk(ObjectStore(str(out)), 0.85, redo)
    bench = Bench(desk)
    bench.warm({"log_id": STEM})  # as the page of the desk does when it is opened
    while desk.ahead.is_busy(STEM):
        time.sleep(0.05)
    before = net.work
    state = bench.state({"log_id": STEM})
    header = json.loads((out / "logs" / STEM / "log.json").read_text())
    sidecar = state["sidecar"]
    sidecar["sections"][0]["depth"] = {"unit": "ft", "anchors": [[700, 1000], [1800, 1100]]}
    bench.save({"log_id": STEM, "sidecar": sidecar, "version": state["version"], "reviewer": "Ada"})
    desk.finish(120)
    assert desk.work()["troubles"] == []
    after = json.loads((out / "logs" / STEM / "log.json").read_text())
    assert after["sections"][0]["depth"]["anchors"][0] == [700, 1000]
    assert net.work == before
    assert after["well"] == header["well"]
    assert after["scan"]["dpi"] == header["scan"]["dpi"]


def test_a_log_is_digitised_ahead_once_and_waited_for() -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(10)
        done.set()

    warm = Warm()
    assert warm.begin("a", "1", work)
    assert begun.wait(10)
    assert not warm.lock("a").acquire(blocking=False)
    with warm.lock("b"):
        go.set()
    with warm.lock("a"):
        assert done.is_set()
    assert not warm.begin("a", "1", work)
    assert warm.begin("a", "2", go.set)


def test_posteriors_are_exact(tmp_path: Path) -> None:
    """Half-precision values come back bit for bit, zeros and subnormal ones too."""
    from flows.engine.kept import _pack_posterior, _posterior
    from veernet_core.datatypes import Posterior

    rng = np.random.default_rng(1)
    position = rng.random((3, 40, 17)).astype(np.float16)
    position[0, :5] = 0
    position[1, 3] = np.float16(6e-8)
    presence = rng.random((3, 40)).astype(np.float32)
    back = _posterior(_pack_posterior(Posterior(position, presence)))
    assert back is not None
    assert back.position.tobytes() == position.tobytes()
    assert back.presence.tobytes() == presence.tobytes()
