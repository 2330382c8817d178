"""The demo archive: good, doubtful and hopeless scans."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from veernet_core.synth.pages.draw import draw_page, tiff_bytes
from veernet_core.synth.pages.plans import Sidecar, Truth


class DemoScan(NamedTuple):
    """One scan of the demo archive: file stem, TIFF bytes, sidecar if it has one, truth."""

    stem: str
    tiff: bytes
    sidecar: Sidecar | None
    truth: Truth


def _demo_well(k: int, name: str) -> dict[str, str]:
    return {
        "uwi": f"00-000-{k:05d}",
        "name": name,
        "company": "VEERNET EXAMPLE OIL CO",
        "field": "SYNTHETIC",
        "county": "NOWHERE",
        "state": "KANSAS",
        "country": "USA",
        "service_company": "HELD-OUT PLOTTING",
        "date": f"19{60 + k}-05-{k + 1:02d}",
    }


class _Drawing(NamedTuple):
    """How a scan of the demo is drawn; ``seed`` keeps it as it is where others come and go."""

    stem: str
    seed: int
    settings: dict[str, Any]
    given: bool = True


_UNAIDED = {"ft_per_in": 50.0, "turned_numbers": False}
DEMO = (
    _Drawing("1-unaided-sonic", 9, {"kind": "sonic", "rows": 3600, **_UNAIDED}, given=False),
    _Drawing("2-without-depth", 7, {"kind": "gamma_neutron", "rows": 2800, "skew_deg": 0.7}, given=False),
    _Drawing("clean-triple-combo", 1, {"kind": "triple_combo", "rows": 4200, "ft_per_in": 50.0}),
    _Drawing("skewed-gamma-neutron", 2,
             {"kind": "gamma_neutron", "rows": 3800, "skew_deg": 1.2, "gr_right": 100.0}),
    _Drawing("dirty-sonic", 3, {"kind": "sonic", "rows": 3000, "degraded": 1.7, "stretch": True}),
    _Drawing("colour-triple-combo", 4, {"kind": "triple_combo", "rows": 3000, "colour": True}),
    _Drawing("destroyed-induction", 5,
             {"kind": "induction", "rows": 3200, "destroyed": ((0.3, 0.75),), "plotter": "spot"}),
    _Drawing("two-solid-curves", 6,
             {"kind": "twin_solids", "rows": 3400, "skew_deg": -0.6, "gr_right": 100.0}),
    _Drawing("truncated", 8, {"kind": "sonic", "rows": 2500}),
)  # fmt: skip
"""Every scan of the demo archive. The first is read without help; the second prints too few depth numbers."""


def demo_archive(seed: int = 0) -> list[DemoScan]:
    """Draw a small archive that shows accepted, doubtful, rejected and failed scans.

    Returns
    -------
    list of DemoScan
        The first two have no sidecar, ``truncated`` stops after 1,000 bytes; truth is given for all.
    """
    out = []
    for stem, own, settings, given in DEMO:
        rng = np.random.default_rng([seed, own])
        well = _demo_well(own + 1, stem.replace("-", " ").upper())
        settings = {"gr_right": 150.0, **settings}
        page = draw_page(rng, well=well, **settings)
        tiff = tiff_bytes(page)
        if stem == "truncated":
            tiff = tiff[:1000]
        out.append(DemoScan(stem, tiff, page.sidecar if given else None, page.truth))
    return out
