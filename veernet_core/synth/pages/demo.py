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


DEMO: tuple[tuple[str, dict[str, Any]], ...] = (
    ("clean-induction", {"kind": "induction", "rows": 3600}),
    ("clean-triple-combo", {"kind": "triple_combo", "rows": 4200, "ft_per_in": 50.0}),
    ("skewed-gamma-neutron", {"kind": "gamma_neutron", "rows": 3800, "skew_deg": 1.2}),
    ("dirty-sonic", {"kind": "sonic", "rows": 3000, "degraded": 1.7, "stretch": True}),
    ("colour-triple-combo", {"kind": "triple_combo", "rows": 3000, "colour": True}),
    ("destroyed-induction", {"kind": "induction", "rows": 3200, "destroyed": ((0.3, 0.75),)}),
    ("two-solid-curves", {"kind": "twin_solids", "rows": 3400, "skew_deg": -0.6}),
    ("no-sidecar", {"kind": "gamma_neutron", "rows": 2800}),
    ("truncated", {"kind": "sonic", "rows": 2500}),
)
"""File stem and drawing of every scan of the demo archive."""


def demo_archive(seed: int = 0) -> list[DemoScan]:
    """Draw a small archive that shows accepted, doubtful, rejected and failed scans.

    Returns
    -------
    list of DemoScan
        ``no-sidecar`` has none, ``truncated`` stops after 1,000 bytes; truth is given for all.
    """
    out = []
    for k, (stem, settings) in enumerate(DEMO):
        rng = np.random.default_rng([seed, k])
        well = _demo_well(k + 1, stem.replace("-", " ").upper())
        settings = {"gr_right": 100.0 if k in (2, 6) else 150.0, **settings}
        page = draw_page(rng, well=well, plotter="spot" if k == 5 else "vector", **settings)
        tiff = tiff_bytes(page)
        if stem == "truncated":
            tiff = tiff[:1000]
        sidecar = None if stem == "no-sidecar" else page.sidecar
        out.append(DemoScan(stem, tiff, sidecar, page.truth))
    return out
