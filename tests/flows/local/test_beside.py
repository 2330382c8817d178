"""What lies beside a scan belongs to one scan, or it is said whose it may be."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from flows.local.beside import sidecar_beside
from flows.local.digitise import read_index_file
from flows.local.pages import known_among, read_pages, read_scan
from storage.listing import list_scans
from storage.objects import ObjectStore
from veernet_core.datatypes import FailedScan
from veernet_core.errors import SidecarError


def picture(kind: str, pages: int = 1) -> bytes:
    images = [Image.new("L", (300, 400), 200 + n) for n in range(pages)]
    sink = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if pages > 1 else {}
    images[0].save(sink, kind, **more)
    return sink.getvalue()


KINDS = {".tif": "TIFF", ".png": "PNG", ".pdf": "PDF", ".jpg": "JPEG", ".tiff": "TIFF"}


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        if name.endswith(".json"):
            path.write_text(json.dumps({"well": {"name": name}}))
        else:
            path.write_bytes(picture(KINDS[path.suffix]))


def well_beside(path: Path) -> str:
    data = sidecar_beside(path)
    return "" if data is None else json.loads(data)["well"]["name"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("x.tif",), {"x.tif": "x.sidecar.json"}),
        (("x.tif", "x.png"), {"x.tif": "x.png and x.tif", "x.png": "x.png and x.tif"}),
        (
            ("x.tif", "x.png", "x.tif.sidecar.json"),
            {"x.tif": "x.tif.sidecar.json", "x.png": "x.sidecar.json"},
        ),
        (
            ("x.tif", "x.png", "x.tif.sidecar.json", "x.png.sidecar.json"),
            {"x.tif": "x.tif.sidecar.json", "x.png": "x.png.sidecar.json"},
        ),
        (("x.tif", "x.tiff", "x.jpg"), {"x.tif": "x.jpg and x.tif and x.tiff"}),
        (("x.tif", "y.png"), {"x.tif": "x.sidecar.json", "y.png": ""}),
        (("x.tif", "x.tif.png", "x.tif.sidecar.json"), {"x.tif": "x.tif and x.tif.png"}),
    ],
)
def test_whose_a_sidecar_is(
    tmp_path: Path, names: tuple[str, ...], expected: dict[str, str]
) -> None:
    put(tmp_path, "x.sidecar.json", *names)
    store = ObjectStore(str(tmp_path))
    listed = {item.scan.key: item for item in list_scans(store)}
    for scan, wanted in expected.items():
        if " and " in wanted:
            with pytest.raises(SidecarError, match=wanted) as caught:
                sidecar_beside(tmp_path / scan)
            assert f"{scan}.sidecar.json" in caught.value.remedy
            assert sorted([scan, *listed[scan].rivals]) == wanted.split(" and ")
        else:
            assert well_beside(tmp_path / scan) == wanted
            assert listed[scan].rivals == ()
            sidecar = listed[scan].sidecar
            assert (sidecar.key if sidecar else "") == wanted


def test_a_page_and_a_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(picture("PDF", pages=2))
    put(tmp_path, "x-p2.tif", "x-p2.sidecar.json")
    for scan in ("x.pdf", "x-p2.tif"):
        *_, last = read_pages(tmp_path / scan)
        assert isinstance(last, FailedScan)
        assert last.error.code == "bad_sidecar"
        assert "x-p2.tif" in last.error.message
    put(tmp_path, "x-p2.tif.sidecar.json")
    assert well_beside(tmp_path / "x-p2.tif") == "x-p2.tif.sidecar.json"
    *_, page = read_pages(tmp_path / "x.pdf")
    assert not isinstance(page, FailedScan)
    assert json.loads(page.sidecar or b"")["well"]["name"] == "x-p2.sidecar.json"


def test_a_page_that_is_not_there_claims_nothing(tmp_path: Path) -> None:
    put(tmp_path, "x.pdf", "x-p2.tif", "x-p2.sidecar.json")
    assert well_beside(tmp_path / "x-p2.tif") == "x-p2.sidecar.json"


def test_a_sidecar_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path, "x.tif", "y.tif")
    (tmp_path / "x.sidecar.json").mkdir()
    (tmp_path / "y.sidecar.json").symlink_to(tmp_path / "gone.json")
    for stem in "xy":
        with pytest.raises(SidecarError, match=r"cannot be read") as caught:
            read_scan(tmp_path / f"{stem}.tif")
        assert caught.value.where.endswith(f"{stem}.sidecar.json")


def test_a_row_is_for_the_scan_that_it_names_also_where_that_one_is_not_asked_for(
    tmp_path: Path,
) -> None:
    put(tmp_path, "c.tif", "c.png")
    (tmp_path / "i.csv").write_text("file,well\nc.tif,T\n")
    index = known_among(read_index_file(tmp_path / "i.csv", "generic"), [tmp_path / "c.png"])
    assert read_scan(tmp_path / "c.png", index).sidecar is None
    assert json.loads(read_scan(tmp_path / "c.tif", index).sidecar or b"")["well"]["name"] == "T"


def test_a_row_of_another_folder_is_not_used_from_within_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "idx3").mkdir()
    put(tmp_path / "idx3", "c3.tif")
    (tmp_path / "i.csv").write_text("file,well,top\nsub/c3.tif,OTHER,100\n")
    monkeypatch.chdir(tmp_path / "idx3")
    index = read_index_file(tmp_path / "i.csv", "generic")
    stated = json.loads(read_scan(Path("c3.tif"), index).sidecar or b"")
    assert set(stated) == {"noted"}
    (listed,) = list_scans(ObjectStore(str(tmp_path)), index)
    assert set(json.loads(listed.indexed)) == {"noted"}


def test_a_sidecar_of_the_desk_goes_before_one_that_two_scans_share(tmp_path: Path) -> None:
    put(tmp_path, "x.tif", "x.png", "x.sidecar.json")
    (scan,) = read_pages(tmp_path / "x.tif", desk=lambda ref: b"{}" if ref.stem == "x" else None)
    assert not isinstance(scan, FailedScan)
    assert scan.sidecar == b"{}"


def test_a_place_told_by_way_of_another_folder_is_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    put(tmp_path / "b", "c.tif")
    (tmp_path / "i.csv").write_text(f"file,well\n{tmp_path.name}/b/c.tif,RIGHT\n")
    monkeypatch.chdir(tmp_path / "a")
    index = known_among(read_index_file(tmp_path / "i.csv", "generic"), [Path("../b/c.tif")])
    stated = json.loads(read_scan(Path("../b/c.tif"), index).sidecar or b"")
    assert stated["well"]["name"] == "RIGHT"
