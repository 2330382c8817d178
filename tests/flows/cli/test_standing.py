"""``digitise`` passes over scans whose result stands, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from small_network import SMALL_NETWORK

from flows.cli.main import main
from flows.local.standing import standing
from storage.desk_sidecars import sidecar_key
from storage.objects import ObjectStore
from veernet_core.datatypes import MadeWith
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

NAMES = [field.name for field in fields(MadeWith)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan with its sidecar."""
    root = tmp_path_factory.mktemp("standing")
    page = draw_page(np.random.default_rng(2), kind="gamma_neutron", rows=1600)
    (root / "log.tif").write_bytes(tiff_bytes(page))
    (root / "log.sidecar.json").write_text(json.dumps(page.sidecar))
    return root


@pytest.mark.slow
def test_a_finished_scan_is_passed_over_until_something_changes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["digitise", str(place / "log.tif"), "-o", str(place / "out")]
    command += ["--model", str(SMALL_NETWORK)]

    def lines(*more: str) -> list[str]:
        assert main([*command, *more]) == 0
        return capsys.readouterr().out.splitlines()

    first = lines("--json")
    assert [json.loads(line)["scan"] for line in first] == [str(place / "log.tif")]
    assert {c["mnemonic"] for c in json.loads(first[0])["curves"]} == {"GR", "NEU"}
    record = (place / "out/logs/log/log.json").stat()
    second = lines()
    assert second[0].startswith("1 of 1 scans are done already")
    assert (place / "out/logs/log/log.json").stat() == record
    assert lines("--quiet") == []
    opened: list[Path] = []

    def read(path: Path, index: object, desk: object) -> Iterator[object]:
        opened.append(path)
        return iter(())

    (place / "new.tif").write_bytes(b"of another size")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.local.standing.read_pages", read)
        made = json.loads((place / "out/logs/log/log.json").read_text())["provenance"]
        precision = made["numerics"].split()[0]  # of this machine
        need = MadeWith(**{name: made[name] for name in NAMES} | {"numerics": precision})
        scans = [place / "new.tif", place / "log.tif", place / "gone.tif"]
        standing(scans, place / "out", need)
        standing(scans, place / "out", replace(need, config_hash="other"))
    assert opened == [place / "log.tif"]
    (place / "new.tif").unlink()
    assert any("[1/1" in line for line in lines("--step", "1"))
    assert any("[1/1" in line for line in lines("--step", "1", "--force"))
    store = ObjectStore(str(place / "out"))
    store.put(sidecar_key("log"), (place / "log.sidecar.json").read_bytes() + b"\n")
    assert any("[1/1" in line for line in lines("--step", "1"))


def test_an_option_out_of_range_says_the_range(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["digitise", str(place / "log.tif"), "-o", str(place / "never"), "--min-r2", "2"]
    assert main(command) == 2
    assert "--min-r2: 2.0 is not from 0 to 1" in capsys.readouterr().err
    assert not (place / "never").exists()


def test_completion_is_code_for_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert "complete" in capsys.readouterr().out
