"""Drawn pages with exact truth on which page reading is measured: a test set nobody tuned on real paper.

In: a seed. Out: `PageCase` values: ordinary logs in many dresses, pages whose depth must be refused, and
pages that are no curve logs. Truth is in the form of a hand-read page, so that both are scored alike.
Does not belong here: reading, scoring, files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from veernet_core.datatypes import F32, U8
from veernet_core.synth.heldout.forms import smooth_field
from veernet_core.synth.heldout.plotters import Label, agg_lines, agg_text
from veernet_core.synth.pages.draw import draw_page, tiff_bytes
from veernet_core.synth.pages.plans import SyntheticPage

Expected = Literal["log", "no_depth", "not_log"]
_WELLS = (
    {
        "uwi": "15-053-20069",
        "name": "SMITH 1-22",
        "company": "GREAT PLAINS OIL COMPANY",
        "field": "HUGOTON",
        "county": "ELLSWORTH",
        "state": "KANSAS",
        "service_company": "HELD-OUT WIRELINE",
        "date": "04-17-1962",
    },
    {
        "uwi": "47-053-00231",
        "name": "J. H. WALKER NO. 3",
        "company": "UNION GAS CORPORATION",
        "field": "WILDCAT",
        "county": "MASON",
        "state": "WEST VIRGINIA",
        "date": "AUG 9, 1974",
    },
)


@dataclass(frozen=True, slots=True)
class PageCase:
    """A drawn scan: name, what a reader should do with it, TIFF bytes, truth as JSON values."""

    name: str
    expected: Expected
    tiff: bytes
    truth: dict[str, Any]


CASES: tuple[tuple[str, Expected, dict[str, Any]], ...] = (
    ("plain-induction", "log", {"kind": "induction", "rows": 6000}),
    ("plain-triple-combo", "log", {"kind": "triple_combo", "rows": 6000}),
    ("two-inch", "log", {"kind": "sonic", "rows": 6000, "ft_per_in": 50.0}),
    ("one-inch", "log", {"kind": "gamma_neutron", "rows": 5000, "ft_per_in": 100.0}),
    ("skewed", "log", {"kind": "induction", "rows": 6000, "skew_deg": 1.3}),
    ("skewed-left", "log", {"kind": "gamma_neutron", "rows": 6000, "skew_deg": -0.8}),
    ("stretched", "log", {"kind": "sonic", "rows": 7000, "stretch": True}),
    ("numbers-turned", "log", {"kind": "induction", "rows": 6000, "turned_numbers": True}),
    ("numbers-upright", "log", {"kind": "sonic", "rows": 6000, "turned_numbers": False}),
    ("dirty", "log", {"kind": "gamma_neutron", "rows": 6000, "degraded": 1.0}),
    ("dirty-skewed", "log", {"kind": "induction", "rows": 6000, "degraded": 1.4, "skew_deg": 0.6}),
    ("fine-scan", "log", {"kind": "sonic", "rows": 8000, "dpi": 300}),
    ("wrong-tag", "log", {"kind": "triple_combo", "rows": 8000, "dpi": 300, "tag_dpi": 600}),
    ("metric", "log", {"kind": "gamma_neutron", "rows": 6000, "ft_per_in": 5.08, "unit": "m"}),
    ("metric-500", "log", {"kind": "sonic", "rows": 6000, "ft_per_in": 12.7, "unit": "m"}),
    ("colour", "log", {"kind": "triple_combo", "rows": 5000, "colour": True}),
    ("upside-down", "log", {"kind": "induction", "rows": 6000, "turn": 180}),
    ("sideways", "log", {"kind": "sonic", "rows": 5000, "turn": 90}),
    ("two-sections", "log", {"kind": "induction", "rows": 5000, "second": 50.0}),
    ("no-numbers", "no_depth", {"kind": "induction", "rows": 5000, "numbers": "none"}),
    ("one-number", "no_depth", {"kind": "sonic", "rows": 5000, "numbers": "one"}),
    ("contradictory", "no_depth", {"kind": "sonic", "rows": 7000, "numbers": "contradictory"}),
    ("numbers-upward", "no_depth", {"kind": "gamma_neutron", "rows": 7000, "numbers": "upward"}),
    ("mixed-units", "no_depth", {"kind": "induction", "rows": 7000, "numbers": "mixed_units"}),
    ("blank", "not_log", {"other": "blank"}),
    ("form", "not_log", {"other": "form"}),
    ("velocity-table", "not_log", {"other": "table"}),
    ("variable-density", "not_log", {"other": "waves"}),
    ("picture", "not_log", {"other": "blots"}),
)  # fmt: skip
"""Name, what a reader should do, and the drawing of every case."""


def draw_case(name: str, seed: int = 0) -> PageCase:
    """Draw one case of ``CASES``; the same seed gives the same bytes."""
    index = next(k for k, case in enumerate(CASES) if case[0] == name)
    _, expected, settings = CASES[index]
    rng = np.random.default_rng([seed, index, 77])
    if expected == "not_log":
        ink = _OTHERS[settings["other"]](rng)
        page = SyntheticPage(ink, {}, {}, 200)
        return PageCase(name, expected, tiff_bytes(page), {"page": "not_curve_log"})
    own = dict(settings)
    turn, tag, second = own.pop("turn", 0), own.pop("tag_dpi", None), own.pop("second", None)
    page = draw_page(rng, well=_WELLS[index % len(_WELLS)], **own)
    if second is not None:
        page = _stacked(page, draw_page(rng, well={}, **(own | {"ft_per_in": second})))
    truth = {"page": "curve_log", "turn_deg": (360 - turn) % 360, "dpi": [page.dpi] * 2}
    truth |= {"header": page.sidecar["well"], "sections": page.sidecar["sections"]}
    for section in truth["sections"]:
        section["kind"] = "main"
    if expected == "no_depth":
        truth["must_refuse"] = True
        for section in truth["sections"]:
            section["depth"] = None
    image = np.ascontiguousarray(np.rot90(page.image, -turn // 90))
    if turn:
        truth["sections"] = _turned_sections(truth["sections"], turn, page.image.shape[:2])
    return PageCase(
        name, expected, tiff_bytes(SyntheticPage(image, {}, {}, tag or page.dpi)), truth
    )


def _stacked(first: SyntheticPage, second: SyntheticPage) -> SyntheticPage:
    """Two pages as one composite strip; the second one's section is called ``second``."""
    height = first.image.shape[0]
    width = max(first.image.shape[1], second.image.shape[1])
    image = np.zeros((height + second.image.shape[0], width), np.uint8)
    image[:height, : first.image.shape[1]] = first.image
    image[height:, : second.image.shape[1]] = second.image
    (section,) = second.sidecar["sections"]
    lower = _shifted(section, height) | {"section_id": "second"}
    sidecar = first.sidecar | {"sections": [*first.sidecar["sections"], lower]}
    return SyntheticPage(image, sidecar, {}, first.dpi)


def _shifted(section: dict[str, Any], rows: int) -> dict[str, Any]:
    out = dict(section)
    out |= {key: section[key] + rows for key in ("row_top", "row_bottom")}
    anchors = [[row + rows, depth] for row, depth in section["depth"]["anchors"]]
    out["depth"] = section["depth"] | {"anchors": anchors}
    tracks = []
    for track in section["tracks"]:
        moved = dict(track)
        for key in ("left_px", "right_px"):
            if isinstance(track[key], list):
                moved[key] = [[row + rows, px] for row, px in track[key]]
        tracks.append(moved)
    return out | {"tracks": tracks}


def _turned_sections(
    sections: Sequence[dict[str, Any]], turn: int, shape: tuple[int, int]
) -> list[dict[str, Any]]:
    """Sections of a page that was turned upside down, in its pixels; on its side only the fact stays."""
    if turn != 180:
        return list(sections)
    height, width = shape
    return [_half_turned(section, height, width) for section in sections]


def _half_turned(section: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    def border(value: Any) -> Any:
        if not isinstance(value, list):
            return width - 1 - value
        return [[height - 1 - row, width - 1 - px] for row, px in value[::-1]]

    tracks = [
        track | {"left_px": border(track["right_px"]), "right_px": border(track["left_px"])}
        for track in section["tracks"]
    ]
    anchors = [[height - 1 - row, depth] for row, depth in section["depth"]["anchors"][::-1]]
    return section | {
        "row_top": height - section["row_bottom"],
        "row_bottom": height - section["row_top"],
        "depth": section["depth"] | {"anchors": anchors},
        "tracks": tracks,
    }


# ---- pages that are no curve logs -------------------------------------------------------------------

_SHAPE = (4400, 1700)


def _bilevel(density: F32) -> U8:
    return np.where(density > 0.42, 255, 0).astype(np.uint8)


def _blank(rng: np.random.Generator) -> U8:
    """Paper with the specks of a copier."""
    return np.where(rng.random(_SHAPE) < 2e-4, 255, 0).astype(np.uint8)


def _form(rng: np.random.Generator) -> U8:
    """A filled-in form: boxes of uneven height with lines of words."""
    words = ("OPERATOR", "LEASE", "REMARKS", "PERFORATED", "SACKS", "CEMENT", "TOTAL", "DATE", "7")
    labels, lines, row = [], [], 120.0
    while row < _SHAPE[0] - 100:
        lines.append((np.array([120.0, 1580.0]), np.array([row, row])))
        for col in (140.0, 900.0):
            text = " ".join(rng.choice(words, int(rng.integers(2, 5))))
            labels.append(Label(text, col, row + 40, 24.0))
        row += float(rng.uniform(60, 190))
    lines += [(np.array([c, c]), np.array([120.0, row])) for c in (120.0, 860.0, 1580.0)]
    return _bilevel(np.maximum(agg_lines(_SHAPE, lines, 3.0), agg_text(_SHAPE, labels)))


def _table(rng: np.random.Generator) -> U8:
    """Columns of figures, as velocity surveys have them."""
    labels = [Label("VELOCITY SURVEY", 500, 120, 40.0)]
    depth = 500.0
    for row in range(240, _SHAPE[0] - 60, 44):
        depth += float(rng.integers(40, 140))
        figures = (depth, depth / 9.3, rng.uniform(7000, 16000), rng.uniform(0.1, 2.0))
        for k, figure in enumerate(figures):
            labels.append(Label(f"{figure:.{3 if k == 3 else 0}f}", 180.0 + 340 * k, row, 26.0))
    return _bilevel(agg_text(_SHAPE, labels))


def _waves(rng: np.random.Generator) -> U8:
    """A variable density log: wavy bands across a wide track, depth numbers, and no curve."""
    col = np.arange(880)[None, :]
    arrival = 90 * smooth_field(rng, _SHAPE, 220)[:, :880]
    ink = np.zeros(_SHAPE, np.float32)
    ink[200:, 700:1580] = (np.sin((col + arrival) / 6.0) > 0.1)[200:]
    labels = [Label(f"{4000 + 100 * k}", 560.0, 400.0 + 1000 * k, 30.0) for k in range(4)]
    lines = [(np.array([c, c]), np.array([200.0, 4400.0])) for c in (120.0, 540.0, 700.0, 1580.0)]
    return _bilevel(np.max([ink, agg_lines(_SHAPE, lines, 3.0), agg_text(_SHAPE, labels)], axis=0))


def _blots(rng: np.random.Generator) -> U8:
    """Large shapes: a photograph copied to black and white."""
    return _bilevel((smooth_field(rng, _SHAPE, 60) > 0.4).astype(np.float32))


_OTHERS: dict[str, Callable[[np.random.Generator], U8]] = {
    "blank": _blank,
    "form": _form,
    "table": _table,
    "waves": _waves,
    "blots": _blots,
}
