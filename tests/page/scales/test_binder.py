"""Scale blocks: what is printed is read with its track, whatever the layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from veernet_core.page.results import CurveFound, SectionFound, TextBox, TrackFound
from veernet_core.page.scales.binder import curves_of, mnemonic_of, read_block_scales
from veernet_core.page.scales.candidates import (
    PAIR_FEATURES,
    block_text,
    find_candidates,
    frames_of,
    pair_features,
)
from veernet_core.page.scales.choice import choose
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.scorer import ScaleScorer, shipped_scorer, unpack_scorer
from veernet_core.page.scales.tokens import read_tokens

TOP = 1600
T1, T2, T3 = (100.0, 600.0), (750.0, 1250.0), (1250.0, 1750.0)
SURE = 0.9


def track(span: tuple[float, float], **grid: object) -> TrackFound:
    left, right = (np.array([[TOP, px], [TOP + 4000, px]]) for px in span)
    return TrackFound(left, right, "curves", confidence=1.0, **grid)  # type: ignore[arg-type]


def section(*tracks: TrackFound) -> SectionFound:
    return SectionFound(
        "main",
        "main",
        TOP,
        TOP + 4000,
        tracks or (track(T1), track(T2), track(T3)),
        np.zeros((0, 2)),
    )


def box(text: str, row: float, col: float, confidence: float = 0.99) -> TextBox:
    return TextBox(text, confidence, row, col, 30.0, 14.0 * len(text) + 4)


def across(values: Sequence[str], row: float, span: tuple[float, float] = T1) -> list[TextBox]:
    """Numbers at even distances, the outer ones just inside the borders."""
    left, right = span
    cols = np.linspace(left, right, len(values))
    cols[0] += 7 * len(values[0]) + 8
    cols[-1] -= 7 * len(values[-1]) + 8
    return [box(value, row, float(col)) for value, col in zip(values, cols)]


def read(
    boxes: Sequence[TextBox], *tracks: TrackFound, tilt: float = 0.0, pens: Sequence[float] = ()
) -> list[CurveFound]:
    ink = np.zeros((TOP + 120, 1900), dtype=np.uint8)
    for row in pens:
        ink[int(row) : int(row) + 2, 100:600] = 255
    own = section(*tracks)
    tokens = read_tokens(boxes, tilt, 950.0)
    block = block_text(tokens, ScaleInk(ink, 0, tilt, 200.0, TOP), frames_of(own))
    return curves_of(read_block_scales(block, shipped_scorer()), block, own)


def ends(curve: CurveFound) -> tuple[str, float, float]:
    return str(curve.mnemonic.value), float(curve.left.value), float(curve.right.value)


LAYOUTS = {
    "name above, numbers below": [
        box("GAMMA RAY", 1300, 350), box("API UNITS", 1340, 350), *across(["0", "150"], 1400),
    ],
    "all on one line": [box("GR (GAPI)", 1500, 350), *across(["0", "150"], 1500)],
    "unit between the numbers": [
        box("Gamma Ray (GR)", 1460, 350), box("gAPI", 1500, 350), *across(["0", "150"], 1500),
    ],
    "name with its unit on the line of the pen": [
        box("GR (GAPI)", 1460, 350), *across(["0.0", "150.0"], 1495),
    ],
    "a title far above": [
        box("GAMMA RAY", 1180, 350), box("API UNITS", 1225, 350), *across(["0", "150"], 1330),
    ],
    "numbers between the ends": [
        box("GAMMA RAY", 1300, 350), box("API", 1340, 350), *across(["0", "50", "100", "150"], 1400),
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_scale_in_many_layouts(layout: str) -> None:
    (curve,) = read(LAYOUTS[layout], pens=[1425])
    assert ends(curve) == ("GR", 0.0, 150.0)
    assert curve.unit is not None
    assert (curve.unit.value, curve.scale, curve.track_index) == ("GAPI", "linear", 0)


def test_a_plain_scale_is_sure() -> None:
    (curve,) = read(LAYOUTS["all on one line"])
    assert min(curve.mnemonic.confidence, curve.left.confidence, curve.right.confidence) >= SURE


def test_names_outside_every_list_are_kept_as_printed() -> None:
    (curve,) = read([box("LWD_GR (GAPI)", 1500, 350), *across(["0", "150"], 1500)])
    assert curve.printed == "LWD GR (GAPI)"
    (other,) = read([box("Min Wear (in)", 1500, 350), *across(["0", "1"], 1500)])
    assert (other.printed, other.mnemonic.value) == ("Min Wear (in)", "MIN_WEAR")


@pytest.mark.parametrize(("left", "right"), [("1", "100"), ("-80", "100")])
def test_a_known_curve_on_a_scale_it_never_has_is_not_sure(left: str, right: str) -> None:
    boxes = [box("GR (GAPI)", 1500, 350), *across([left, right], 1500)]
    for curve in read(boxes, track(T1, scale="log", decades=2.0)):
        assert curve.left.confidence < SURE


@pytest.mark.parametrize(("left", "right"), [("1", "1001"), ("-8", "10000"), ("0", "1888")])
def test_numbers_that_no_scale_is_printed_with_are_not_sure(left: str, right: str) -> None:
    boxes = [box("LWD_XY (ppm)", 1500, 350), *across([left, right], 1500)]
    for curve in read(boxes):
        assert curve.left.confidence < SURE


def test_brackets_that_were_read_as_braces_hold_the_unit() -> None:
    (curve,) = read([box("ILD {b'OHMM'1", 1500, 350), *across(["0.2", "200"], 1500)])
    assert ends(curve) == ("ILD", 0.2, 200.0)


def test_a_rule_beside_a_number_is_no_digit() -> None:
    numbers = [box("6|", 1500, 100 + 22), box("16", 1500, 600 - 24)]
    (curve,) = read([box("Cali (IN)", 1500, 350), *numbers])
    assert ends(curve) == ("CALI", 6.0, 16.0)


def test_every_scale_keeps_the_name_of_its_own_row() -> None:
    rows = {"C1 (ppm)": 1440, "C2 (ppm)": 1475, "C3 (ppm)": 1510, "C4 (ppm)": 1545}
    boxes = [b for name, row in rows.items()
             for b in (box(name, row, 350), *across(["0", "10000"], row))]  # fmt: skip
    assert [c.mnemonic.value for c in read(boxes)] == ["C1", "C2", "C3", "C4"]


def test_curves_go_to_the_tracks_above_which_they_stand() -> None:
    boxes = [
        *LAYOUTS["all on one line"],
        box("ILD (OHMM)", 1500, 1000), *across(["0.2", "2000"], 1500, T2),
        box("DT (US/F)", 1500, 1500), *across(["140", "40"], 1500, T3),
    ]  # fmt: skip
    curves = read(boxes, track(T1), track(T2, scale="log"), track(T3))
    assert [(ends(c), c.track_index, c.scale) for c in curves] == [
        (("GR", 0.0, 150.0), 0, "linear"),
        (("ILD", 0.2, 2000.0), 1, "log"),
        (("DT", 140.0, 40.0), 2, "linear"),
    ]


def test_a_scale_over_two_tracks_spans_them() -> None:
    (curve,) = read([box("RHOB (G/C3)", 1500, 1250), *across(["1.95", "2.95"], 1500, (750, 1750))])
    assert ends(curve) == ("RHOB", 1.95, 2.95)
    assert (curve.track_index, curve.last_track, curve.part) == (1, 2, None)


def test_a_second_wrap_belongs_to_the_curve() -> None:
    boxes = [
        box("GAMMA RAY", 1300, 350), box("API UNITS", 1340, 350),
        *across(["0", "150"], 1400), *across(["150", "300"], 1450),
    ]  # fmt: skip
    (curve,) = read(boxes, pens=[1425, 1475])
    assert (ends(curve), curve.wrap) == (("GR", 0.0, 150.0), "one")


def test_print_tilted_with_the_page_is_read() -> None:
    tilt = 0.02
    level = LAYOUTS["all on one line"]
    turned = [replace(b, row=b.row + tilt * (b.col - 950)) for b in level]
    (curve,) = read(turned, tilt=tilt)
    assert ends(curve) == ("GR", 0.0, 150.0)


def test_a_block_without_numbers_has_no_scale() -> None:
    assert read([box("GAMMA RAY", 1300, 350), box("DATABASE FILE", 1340, 350)]) == []
    assert read([]) == []


def test_forms_and_depth_scales_are_no_scales() -> None:
    form = [box("BIT SIZE 7.875 FROM 1204 TO 8640", 700, 600), box("1:240", 1500, 675)]
    assert [c for c in read(form) if c.left.confidence >= SURE] == []


def test_a_number_serves_one_scale() -> None:
    own = section()
    block = block_text(
        read_tokens([*across(["0", "50", "150"], 1500)], 0.0, 950.0),
        ScaleInk(np.zeros((TOP + 120, 1900), np.uint8), 0, 0.0, 200.0, TOP),
        frames_of(own),
    )
    candidates = find_candidates(block)
    features = pair_features(block, candidates)
    assert features.shape == (len(candidates), len(PAIR_FEATURES))
    chosen = choose(candidates, np.full(len(candidates), 0.9))
    used = [id(t) for c, _ in chosen for t in (c.first, c.last)]
    assert len(used) == len(set(used))


@pytest.mark.parametrize(
    ("printed", "mnemonic"),
    [("Density Caliper(CLDC)", "CLDC"), ("87.5% Reference (LC03)", "LC03"), ("Avg ID (in)", "AVG_ID"),
     ("Min Thicness (in)", "MIN_THICKNESS"), ("HOOKLOAD", "HOOKLOAD"), ("", "UNREAD")],
)  # fmt: skip
def test_mnemonics_of_unknown_names(printed: str, mnemonic: str) -> None:
    assert mnemonic_of(printed, None) == mnemonic


def test_a_model_for_other_features_is_refused() -> None:
    from importlib import resources

    file = resources.files("veernet_core.page.scales") / "weights" / "scales.json"
    data = file.read_bytes().replace(b"gap_left_heights", b"gap_left_inches")
    with pytest.raises(ValueError, match="fit-scales"):
        unpack_scorer(data)


def in_colour(text: str, row: float, col: float, tint: str) -> TextBox:
    return replace(box(text, row, col), tint=tint)


def test_a_legend_in_the_colour_of_the_numbers_names_scales_whose_own_print_is_lost() -> None:
    pens = (("TG (units)", "#ff0000"), ("C1 (ppm)", "#0000ff"), ("C2 (ppm)", "#00ff40"))
    boxes = []
    for number, (name, tint) in enumerate(pens):
        boxes.append(in_colour(name, TOP - 180 + 40 * number, 170, tint))
        row = TOP + 30 + 35 * (2 - number)  # the grid has them in another order than the legend
        boxes += [replace(b, tint=tint) for b in across(["0", "100"], row)]
    found = read([replace(b, agreed=1.0) for b in boxes], track(T1))
    assert [c.mnemonic.value for c in found] == ["C2", "C1", "TG"]
    plain = read([replace(b, agreed=1.0, tint="") for b in boxes], track(T1))
    assert [c.mnemonic.value for c in plain] != ["C2", "C1", "TG"]


def test_no_scale_borrows_the_name_of_another_colour() -> None:
    red, blue = "#ff0000", "#0000ff"
    boxes = [in_colour("TG (units)", TOP + 30, 350, red)]
    boxes += [replace(b, tint=red) for b in across(["0", "100"], TOP + 30)]
    boxes += [replace(b, tint=blue) for b in across(["0", "10000"], TOP + 65)]
    found = read([replace(b, agreed=1.0) for b in boxes], track(T1))
    assert [c.mnemonic.value for c in found] == ["TG", "UNREAD"]


def test_a_scale_printed_again_in_the_grid_keeps_its_name() -> None:
    boxes = []
    for row in (TOP + 30, TOP + 100):
        boxes += [in_colour("TG (units)", row, 350, "#ff0000")]
        boxes += [replace(b, tint="#ff0000") for b in across(["0", "100"], row)]
    found = read([replace(b, agreed=1.0) for b in boxes], track(T1))
    assert [ends(c) for c in found] == [("TG", 0.0, 100.0)] * 2


def test_a_scale_that_is_usual_in_another_unit_only_is_doubted() -> None:
    def gamma(unit: str, right: str) -> CurveFound:
        boxes = [box(f"GAMMA RAY ({unit})", 1500, 350), *across(["0", right], 1500)]
        return read([replace(b, agreed=1.0) for b in boxes], track(T1))[0]

    assert ends(gamma("API", "10"))[1:] == (0.0, 10.0)
    assert gamma("API", "10").left.confidence < SURE
    assert gamma("API", "100").left.confidence >= SURE


@pytest.mark.parametrize(("named", "is_sure"), [(0.4, False), (0.8, True)])
def test_a_name_that_is_likelier_wrong_is_never_sure(
    monkeypatch: pytest.MonkeyPatch, named: float, is_sure: bool
) -> None:
    """RESISTIVITY over a whole track named its three logarithms, with probabilities of 0.3."""
    monkeypatch.setattr(ScaleScorer, "name", lambda self, features: np.full(len(features), named))
    monkeypatch.setattr(ScaleScorer, "whole", lambda self, features: np.full(len(features), 0.97))
    unknown = [
        replace(b, text="XQZ") if b.text[0].isalpha() else b for b in LAYOUTS["all on one line"]
    ]
    (curve,) = read(unknown)
    assert (curve.mnemonic.confidence >= SURE) == is_sure


def test_a_doubted_name_is_sure_where_its_numbers_are_usual_for_it_and_it_names_one_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ScaleScorer, "name", lambda self, features: np.full(len(features), 0.4))
    monkeypatch.setattr(ScaleScorer, "whole", lambda self, features: np.full(len(features), 0.97))
    gamma = [box("GAMMA RAY", 1500, 350), box("0", 1500, 120), box("150", 1500, 580)]
    (curve,) = read(gamma)
    assert curve.mnemonic.confidence >= SURE
    (unusual,) = read([gamma[0], gamma[1], box("170", 1500, 580)])
    assert unusual.mnemonic.confidence < SURE
    (heading,) = read([box("RESISTIVITY", 1500, 350), gamma[1], box("100", 1500, 580)])
    assert heading.mnemonic.confidence < SURE


# ---- what is never sure --------------------------------------------------------------------------------


def test_a_scale_that_goes_on_in_the_next_track_is_not_sure() -> None:
    both = (T2[0], T3[1])
    plain = [box("SONIC XY", 1500, 1000), box("0", 1540, 775), box("10", 1540, 1235)]
    (alone,) = read(plain)
    assert ends(alone)[1:] == (0.0, 10.0)
    numbers = [box("0", 1540, 775), box("10", 1540, 1250), box("20", 1540, 1725)]
    for curve in read([box("SONIC XY", 1500, 1000), *numbers]):
        wide = (curve.track_index, curve.last_track) == (1, 2)
        assert (wide and ends(curve)[1:] == (0.0, 20.0)) or curve.left.confidence < SURE
    assert both == (750.0, 1750.0)


def test_a_scale_that_ends_where_no_border_is_printed_is_not_sure() -> None:
    boxes = [box("GR (GAPI)", 1500, 225), box("0", 1500, 120), box("150", 1500, 325)]
    (half,) = read(boxes)
    assert half.part == (0.0, 0.5)
    assert half.left.confidence < SURE
    (printed,) = read(boxes, track(T1, divisions=10), track(T2), track(T3))
    assert printed.part == (0.0, 0.5)
    assert printed.left.confidence >= half.left.confidence


def test_of_two_ways_to_read_a_number_that_both_make_sense_none_is_sure() -> None:
    nought = replace(box("0", 1500, 120), also="2")
    boxes = [box("RHOB (G/CC)", 1500, 350), nought, box("3", 1500, 580)]
    assert all(c.left.confidence < SURE for c in read(boxes))


@pytest.mark.parametrize(("beside", "is_sure"), [("2", True), ("1", False)])
def test_a_scale_that_is_printed_beside_it_confirms_a_second_way_to_read_a_number(
    monkeypatch: pytest.MonkeyPatch, beside: str, is_sure: bool
) -> None:
    monkeypatch.setattr(ScaleScorer, "whole", lambda self, features: np.full(len(features), 0.97))
    doubted = replace(box("0", 1500, 120), also="2")
    line = [box("RHOB (G/CC)", 1500, 350), doubted, box("3", 1500, 580)]
    above = [box("DENSITY TWO (G/CC)", 1400, 350), box(beside, 1400, 120), box("3", 1400, 580)]
    curve = next(c for c in read([*above, *line]) if "RHOB" in c.printed)
    assert ends(curve)[1:] == (2.0, 3.0)
    assert (curve.left.confidence >= SURE) == is_sure


def test_three_whole_decades_are_logarithmic_and_not_sure_where_the_grid_seems_even() -> None:
    """Three decades drawn 150 px wide were taken for an even grid, and five resistivities for linear ones."""
    boxes = [box("ILD (OHMM)", 1500, 350), box("0.2", 1500, 130), box("2000", 1500, 570)]
    (even,) = read(boxes, track(T1, scale="linear"), track(T2), track(T3))
    assert (*ends(even)[1:], even.scale) == (0.2, 2000.0, "log")
    assert even.left.confidence < SURE
    (log,) = read(boxes, track(T1, scale="log"), track(T2), track(T3))
    assert log.left.confidence > even.left.confidence
    few = [*boxes[:1], box("1", 1500, 120), box("10", 1500, 580)]
    (wide,) = read(few, track(T1, scale="linear"), track(T2), track(T3))
    assert wide.scale == "linear"


def test_a_number_in_a_name_makes_no_scale_linear() -> None:
    """The 60 of 60 IN RES stood where a scale from 0.2 to 200 has it if it is linear, and was believed."""
    for col in range(250, 450, 10):
        boxes = [box("60 IN RES", 1500, col), box("0.2", 1500, 130), box("200", 1500, 570)]
        (curve,) = read(boxes, track(T1, scale="log"), track(T2), track(T3))
        assert (*ends(curve)[1:], curve.scale) == (0.2, 200.0, "log"), col


@pytest.mark.parametrize(("right", "grid"), [("200", "linear"), ("100", "linear"), ("1000", None)])
def test_a_nought_that_a_line_runs_beside_is_never_surely_a_one(
    monkeypatch: pytest.MonkeyPatch, right: str, grid: str | None
) -> None:
    """Noughts of total gas, printed on their side next to a depth line, were read as (1 on three mud logs."""
    monkeypatch.setattr(ScaleScorer, "whole", lambda self, features: np.full(len(features), 0.97))
    boxes = [box("TG (units)", 1500, 350), box("01", 1500, 115), box(right, 1500, 580)]
    (curve,) = read(boxes, track(T1, scale=grid), track(T2), track(T3))
    may_be_sure = curve.left.value == 0.0 and grid == "linear"
    assert may_be_sure or curve.left.confidence < SURE
