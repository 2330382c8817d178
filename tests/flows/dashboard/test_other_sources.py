"""A log's page says where other sources of its well disagree, and follows when that changes."""

from __future__ import annotations

import os
from pathlib import Path

from two_sources import UWI, two_scans

from flows.cli import main as cli
from flows.dashboard import build_dashboard
from flows.dashboard.other_sources import composed_at, other_sources
from storage.composites import write_composites


def test_the_chosen_source_and_the_other_one(tmp_path: Path) -> None:
    store = two_scans(tmp_path)
    assert other_sources(store, UWI, "b") == []
    write_composites(store)
    (best,) = other_sources(store, UWI, "b")
    assert (best["mnemonic"], best["chosen"], best["sources"][0]["log_id"]) == ("GR", True, "a")
    (other,) = other_sources(store, UWI, "a")
    assert (other["mnemonic"], other["chosen"], other["sources"][0]["log_id"]) == ("GR", False, "b")
    assert other["sources"][0]["apart"] == best["sources"][0]["apart"] == [[1025.0, 1029.5]]
    assert other_sources(store, "", "a") == []
    assert other_sources(store, UWI, "c") == []
    assert set(composed_at(tmp_path)) == {"a", "b"}


def test_pages_follow_the_wells_table(tmp_path: Path) -> None:
    two_scans(tmp_path)
    build_dashboard(tmp_path)
    page = tmp_path / "dashboard" / "logs" / "a" / "index.html"
    assert "h-others" not in page.read_text("utf-8")
    past = page.stat().st_mtime - 100
    os.utime(page, (past, past))
    assert cli.main(["wells", str(tmp_path)]) == 0
    text = page.read_text("utf-8")
    assert "1025.0 to 1029.5 ft" in text
    assert 'href="../b/index.html"' in text
    assert "compare.html#logs=a,b&amp;curves=GR&amp;from=1025.0&amp;to=1029.5" in text


def test_a_damaged_table_shows_nothing(tmp_path: Path) -> None:
    store = two_scans(tmp_path)
    write_composites(store)
    store.put(f"wells/{UWI}/composite.json", b'{"curves": [{}]}')
    assert other_sources(store, UWI, "a") == []
    assert composed_at(tmp_path) == {}
