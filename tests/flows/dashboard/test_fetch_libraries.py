"""Libraries of the browser are taken from their packages, and nothing else of them."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from flows.dashboard import fetch_libraries
from flows.dashboard.fetch_libraries import LIBRARIES
from flows.dashboard.us_map import us_map

SCRIPT = b"let a = 1;\n//# sourceMappingURL=openseadragon.min.js.map\nlet b = 2;\n"


def topology() -> bytes:
    """One state of one square county between 10 and 11 degrees west, 40 and 41 north."""
    ring = [[0, 0], [0, 100], [-100, 0], [0, -100], [100, 0]]
    county = {"type": "Polygon", "id": "20053", "properties": {"name": "Ellsworth"}, "arcs": [[0]]}
    state = {"type": "Polygon", "id": "20", "properties": {"name": "Kansas"}, "arcs": [[0]]}
    return json.dumps({
        "transform": {"scale": [0.01, 0.01], "translate": [-10, 40]},
        "arcs": [ring],
        "objects": {"states": {"geometries": [state]}, "counties": {"geometries": [county]}},
    }).encode()  # fmt: skip


def packed(package: str, folder: Path) -> None:
    with tarfile.open(folder / "package.tgz", "w:gz") as archive:
        for member in (*LIBRARIES[package], "package/secret.js"):
            data = SCRIPT if member.endswith(".js") else b"Permission is granted\n"
            data = topology() if member.endswith(".json") else data
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_named_files_are_kept_without_links_to_source_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def npm(command: list[str], cwd: str, **options: Any) -> None:
        assert options["check"], "a failure of npm must not pass"
        ran.append(command)
        packed(command[-1], Path(cwd))

    monkeypatch.setattr(fetch_libraries, "FOLDER", tmp_path / "library")
    monkeypatch.setattr(subprocess, "run", npm)
    fetch_libraries.fetch()
    assert ran == [["npm", "pack", package] for package in LIBRARIES]
    kept = {path.name: path.read_bytes() for path in (tmp_path / "library").iterdir()}
    assert kept.keys() == {name for wanted in LIBRARIES.values() for name in wanted.values()}
    assert kept["openseadragon.min.js"] == b"let a = 1;\nlet b = 2;\n"
    assert kept["us-atlas.LICENSE.txt"] == b"Permission is granted\n"
    (state,) = json.loads(kept[fetch_libraries.MAP]).items()
    assert state[0] == "Kansas"


def test_the_map_has_the_middle_of_every_county() -> None:
    (kansas,) = json.loads(us_map(topology())).values()
    assert kansas["counties"] == [["053", "Ellsworth", 40.5, -10.5]]
    (ring,) = kansas["outline"]
    assert sorted(set(ring[::2])) == pytest.approx([-11, -10], abs=0.05)
    assert sorted(set(ring[1::2])) == pytest.approx([40, 41], abs=0.05)


def test_what_ships_is_what_is_fetched() -> None:
    shipped = {path.name for path in (Path(fetch_libraries.__file__).parent / "library").iterdir()}
    assert shipped >= {name for wanted in LIBRARIES.values() for name in wanted.values()}


@pytest.mark.parametrize("package", list(LIBRARIES))
def test_versions_are_pinned_and_licences_kept(package: str) -> None:
    name, _, version = package.rpartition("@")
    assert name
    assert len(version.split(".")) == 3
    assert any("LICENSE" in kept for kept in LIBRARIES[package].values())
