"""Data of strips and scans: shapes that do not fit are refused, and derived values are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import EVIDENCE, Dpi, Finding, Posterior, Raster, Strip, Trace
from veernet_core.datatypes.words import (
    DEEPEST,
    FT_PER,
    RESISTIVITIES,
    STYLES,
    UPRIGHT_PEAK,
    WRAP_COUNTS,
    require,
)
from veernet_core.domain.units import NEVER_NEGATIVE
from veernet_core.domain.vocabulary import find_curve
from veernet_core.errors import GeometryError
from veernet_core.findings import entry_of
from veernet_core.synth.heldout.shapes import SCALES

INK = np.zeros((10, 60), np.uint8)
STRIP = Strip(INK, 5.0, 55.0, np.arange(10.0))


def test_a_strip_knows_the_width_of_its_track_and_where_borders_are_looked_for() -> None:
    assert STRIP.track_width_px == 50
    assert STRIP.printed is INK
    everything = np.ones((10, 60), np.uint8)
    assert replace(STRIP, all_ink=everything).printed is everything


@pytest.mark.parametrize(
    "change",
    [
        {"ink": INK.astype(np.float32)},
        {"ink": INK[0]},
        {"all_ink": np.zeros((10, 61), np.uint8)},
        {"scan_rows": np.arange(9.0)},
        {"left_col": -0.5},
        {"left_col": 55.0},
        {"right_col": 60.5},
    ],
)
def test_a_strip_that_does_not_fit_itself_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(GeometryError):
        replace(STRIP, **change)  # type: ignore[arg-type]


def test_a_posterior_has_a_presence_for_each_of_its_rows() -> None:
    position, presence = np.zeros((3, 10, 60), np.float16), np.zeros((3, 10), np.float32)
    assert Posterior(position, presence).mask is None
    for wrong in (presence[:, :9], presence[:2], presence[0]):
        with pytest.raises(GeometryError):
            Posterior(position, wrong)


def test_arrays_of_a_trace_have_one_length() -> None:
    rows = np.arange(5.0)
    evidence = np.zeros((5, len(EVIDENCE)))
    Trace(rows, evidence, rows > 2, rows)
    for wrong in (
        (rows, evidence[:4], rows > 2, rows),
        (rows, evidence, (rows > 2)[:4], rows),
        (rows, evidence, rows > 2, rows[:4]),
    ):
        with pytest.raises(GeometryError):
            Trace(*wrong)


def test_a_finding_has_the_words_of_the_register_unless_it_has_its_own() -> None:
    entry = entry_of("depth_unknown")
    plain = Finding.of("depth_unknown")
    assert (plain.message, plain.remedy, plain.stage) == (entry.sentence, entry.remedy, entry.stage)
    own = Finding.of("depth_unknown", "Section R has none.", rows=(1, 2), section_id="R",
                     track_id="T", mnemonic="GR")  # fmt: skip
    assert own.message == "Section R has none."
    assert (own.rows, own.section_id, own.track_id, own.mnemonic) == ((1, 2), "R", "T", "GR")
    with pytest.raises(KeyError):
        Finding.of("no_such_code")


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 5)])
def test_a_raster_has_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(GeometryError, match="without pixels"):
        Raster(*size, False, None, lambda *_: INK, lambda *_: INK, lambda: ())


def test_a_quarter_turn_swaps_the_resolutions() -> None:
    fax = Dpi(down=98, across=204)
    assert fax.turned == Dpi(down=204, across=98)
    assert fax.turned.turned == fax


def test_a_broken_invariant_is_a_geometry_error() -> None:
    require(True, "fine")
    with pytest.raises(GeometryError, match="not so"):
        require(False, "not so")


def test_units_of_depth_agree_with_the_metre() -> None:
    assert FT_PER["m"] == pytest.approx(3.28084, rel=1e-6)
    assert DEEPEST["m"] * FT_PER["m"] == pytest.approx(DEEPEST["ft"], rel=0.02)


def test_the_peak_of_a_vertical_curve_is_that_of_a_gaussian() -> None:
    at = np.arange(-20, 21)
    weights = np.exp(-0.5 * (at / 1.5) ** 2)
    assert weights.max() / weights.sum() == pytest.approx(UPRIGHT_PEAK, abs=1e-3)


def test_words_of_wraps_and_styles() -> None:
    assert sorted(WRAP_COUNTS.values()) == [0, 1, 4]
    assert STYLES == ("solid", "dashed", "dotted")


@pytest.mark.parametrize("name", sorted(RESISTIVITIES))
def test_resistivities_are_in_ohm_metres_that_are_never_negative(name: str) -> None:
    assert "OHMM" in NEVER_NEGATIVE
    if name in SCALES:
        assert SCALES[name][0] == "OHMM"


@pytest.mark.parametrize(("name", "negative"), [("GR", False), ("CALI", False), ("RHOB", False),
                                                ("DT", False), ("SP", True), ("NPHI", True)])  # fmt: skip
def test_units_that_are_never_negative_are_those_of_curves_that_are_not(
    name: str, negative: bool
) -> None:
    assert find_curve(name) is not None
    assert (SCALES[name][0] not in NEVER_NEGATIVE) == negative
