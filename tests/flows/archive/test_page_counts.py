"""Pages of files are counted once: in a child for a PDF, from its directories for a TIFF."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from flows.archive import paging
from flows.archive.paging import page_counter
from flows.engine.decoders import DecoderSettings
from storage.errors import StorageError
from storage.listings import ObjectInfo
from storage.objects import ObjectStore

SETTINGS = DecoderSettings(processes=1, limit_s=60)


def tiff(pages: int) -> bytes:
    sheets = [Image.new("1", (20, 30), k % 2) for k in range(pages)]
    sink = io.BytesIO()
    sheets[0].save(sink, "TIFF", save_all=True, append_images=sheets[1:])
    return sink.getvalue()


@pytest.fixture
def stores(tmp_path: Path) -> tuple[ObjectStore, ObjectStore]:
    source = ObjectStore(str(tmp_path / "in"))
    for name, pages in (("one.tif", 1), ("five.tif", 5)):
        source.put(name, tiff(pages))
    source.put("three.pdf", b"%PDF")
    source.put("none.tif", b"no TIFF at all")
    return source, ObjectStore(str(tmp_path / "out"))


class Children:
    """Stands in for the children that open PDFs."""

    def __init__(self, settings: DecoderSettings) -> None:
        self.closed = False
        MADE.append(self)

    def count_pages(self, data: bytes, name: str) -> int:
        assert data == b"%PDF"
        return 3

    def close(self) -> None:
        self.closed = True


MADE: list[Children] = []


@pytest.fixture(autouse=True)
def _children(monkeypatch: pytest.MonkeyPatch) -> None:
    MADE.clear()
    monkeypatch.setattr(paging, "Decoders", Children)


def files(source: ObjectStore) -> list[ObjectInfo]:
    return sorted(source.listing(), key=lambda info: info.key)


def test_every_file_is_counted_and_the_children_end(
    stores: tuple[ObjectStore, ObjectStore],
) -> None:
    source, dest = stores
    counts = page_counter(source, dest, SETTINGS, keep=False)(files(source))
    assert counts["five.tif"] == 5
    assert counts["three.pdf"] == 3
    assert counts.get("one.tif", 1) == 1
    assert counts.get("none.tif", 1) == 1
    assert [child.closed for child in MADE] == [True]
    assert list(dest.listing()) == [], "nothing was to be kept"


def test_counts_are_remembered_and_only_changed_files_are_read_again(
    stores: tuple[ObjectStore, ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, dest = stores
    count = page_counter(source, dest, SETTINGS, keep=True)
    first = count(files(source))
    read: list[str] = []
    part = paging.part_of
    monkeypatch.setattr(
        paging, "part_of", lambda s, key, *span: read.append(key) or part(s, key, *span)
    )
    kept = [f for f in files(source) if f.key in first]
    assert count(kept) == {f.key: first[f.key] for f in kept}
    assert read == []
    source.put("five.tif", tiff(2))
    assert count(files(source))["five.tif"] == 2
    assert "five.tif" in read


def test_a_file_that_cannot_be_read_now_is_left_out(
    stores: tuple[ObjectStore, ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, dest = stores
    listed = files(source)
    get = ObjectStore.get

    def down(store: ObjectStore, key: str) -> bytes:
        if key.endswith(".pdf"):
            raise StorageError("no answer", key)
        return get(store, key)

    def half(*_: object) -> bytes:
        raise StorageError("no answer")

    monkeypatch.setattr(ObjectStore, "get", down)
    assert "three.pdf" not in page_counter(source, dest, SETTINGS, keep=False)(listed)
    monkeypatch.setattr(paging, "part_of", half)
    assert page_counter(source, dest, SETTINGS, keep=False)(listed) == {}
    assert all(child.closed for child in MADE)


def test_of_a_tiff_only_its_directories_are_read(
    stores: tuple[ObjectStore, ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, dest = stores
    big = io.BytesIO()
    Image.effect_noise((2000, 2000), 90).save(big, "TIFF")
    source.put("big.tif", big.getvalue())
    size = len(big.getvalue())
    taken = [0]
    part = paging.part_of

    def counted(store: ObjectStore, key: str, offset: int, length: int) -> bytes:
        assert offset + length <= size
        taken[0] += length
        return part(store, key, offset, length)

    monkeypatch.setattr(paging, "part_of", counted)
    only = [f for f in files(source) if f.key == "big.tif"]
    page_counter(source, dest, SETTINGS, keep=False)(only)
    assert 0 < taken[0] < size / 5
