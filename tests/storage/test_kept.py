"""Results of slow steps kept in a folder: the same bytes come back, or nothing does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.kept import KEPT, Kept, kept_folder
from storage.objects import ObjectStore


def test_what_is_kept_comes_back_in_another_process(tmp_path: Path) -> None:
    Kept(tmp_path).put("ab12", b"text")
    assert Kept(tmp_path).get("ab12") == b"text"
    assert Kept(tmp_path).get("ab13") is None


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("ab12", b"text")
    (file,) = tmp_path.glob("ab/*")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert kept.get("ab12") is None
    file.write_bytes(b"")
    assert kept.get("ab12") is None


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    kept = Kept(tmp_path, most_bytes=1000)
    for k in range(4):
        kept.put(f"a{k}", bytes(200))
        os.utime(tmp_path / f"a{k}" / f"a{k}", (1000 + k, 1000 + k))
    assert kept.get("a0") == bytes(200)
    kept.put("a4", bytes(200))
    assert [kept.get(f"a{k}") is not None for k in range(5)] == [True, False, False, True, True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    Kept(tmp_path).put("ab12", b"text")
    assert Kept(tmp_path).get("ab12") is None
    tmp_path.chmod(0o700)


def test_a_file_in_the_way_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "ab").write_bytes(b"")
    kept = Kept(tmp_path)
    kept.put("ab12", b"text")
    assert kept.get("ab12") is None


def test_a_destination_on_disk_keeps_them_inside(tmp_path: Path) -> None:
    assert kept_folder(ObjectStore(str(tmp_path))) == tmp_path / KEPT
