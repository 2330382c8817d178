"""The dashboard: pages that show people the accepted, the doubtful and the rejected wells.

``archive`` reads what there is, ``data`` counts it, ``overview`` lays out one look at the archive and
``well`` one look at a log; ``serve`` puts them on a port, where ``review`` lets people decide.
Verdicts are made elsewhere and never changed here.
"""

from flows.dashboard.archive import read_archive
from flows.dashboard.data import dashboard_data
from flows.dashboard.overview import build_dashboard, build_in, render

__all__ = ["build_dashboard", "build_in", "dashboard_data", "read_archive", "render"]
