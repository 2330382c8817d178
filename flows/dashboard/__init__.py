"""The dashboard: pages that show people the accepted, the doubtful and the rejected wells.

``archive`` reads what there is, ``data`` counts it, ``overview`` lays out one look at the archive and
``well`` one look at a log; ``serve`` puts them on a port, where ``review`` lets people decide.
Verdicts are made elsewhere and never changed here. Nothing is loaded before it is used: the served form
shows its first page while the rest is loaded (``opening``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.dashboard.archive import read_archive
    from flows.dashboard.data import dashboard_data
    from flows.dashboard.overview import build_dashboard, build_in, render

__all__ = ["build_dashboard", "build_in", "dashboard_data", "read_archive", "render"]
_PLACES = {
    "read_archive": "archive",
    "dashboard_data": "data",
    "build_dashboard": "overview",
    "build_in": "overview",
    "render": "overview",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
