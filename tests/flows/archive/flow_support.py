"""What tests of archive runs begin with: a stand-in engine, ten small scans, a place for results, its rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from batch_support import stand_in, write_archive


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves are made up at once, here and in child processes."""
    stand_in(monkeypatch)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder of ten scans."""
    write_archive(tmp_path / "scans", 10)
    return tmp_path / "scans"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where results go."""
    return tmp_path / "out"


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set proxies to a port where nothing listens."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        kind = "socks5" if name.startswith("all") else "http"
        for spelt in (name, name.upper()):
            monkeypatch.setenv(spelt, f"{kind}://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")


def rows(path: Path) -> list[dict[str, object]]:
    return list(pq.read_table(path).to_pylist())
