"""Several rows of an index: only what they all say is used, and what is not used is named."""

from __future__ import annotations

import itertools
from dataclasses import replace

from storage.index_maps import IndexRow
from storage.index_rows import ROW_UNUSED, agreed, common, of_the_well
from veernet_core.domain.api_number import ApiNumber

API = ApiNumber("15", "053", "00069")
OTHER = ApiNumber("15", "053", "00070")
ROW = IndexRow(
    file="a.tif", api=API, uwi="15-053-00069", name="SMITH 1", county="Barton", top=100.0,
    bottom=900.0, depth_unit="ft", date="1960", log_type="GR",
)  # fmt: skip


def test_one_row_is_used_as_it_is() -> None:
    assert agreed([("line 2", ROW)]) == (ROW, ())


def test_equal_rows_are_one_row_without_a_doubt() -> None:
    assert agreed([("line 2", ROW), ("line 5", ROW)]) == (ROW, ())


def test_what_rows_differ_in_is_left_out_and_named_with_their_places() -> None:
    other = replace(ROW, county="Rush", log_type="SP")
    row, (doubt,) = agreed([("line 2", ROW), ("line 5", other)])
    assert row == replace(ROW, county="", log_type="")
    assert doubt.code == ROW_UNUSED
    assert "line 2 and line 5" in doubt.message
    assert "county, log type" in doubt.message


def test_a_depth_range_is_used_whole_or_not_at_all() -> None:
    for changes in ({"bottom": 950.0}, {"top": 90.0}, {"depth_unit": "m"}):
        row = common([ROW, replace(ROW, **changes)])
        assert (row.top, row.bottom) == (None, None)


def test_rows_of_different_wells_say_nothing_and_name_the_wells() -> None:
    other = replace(ROW, api=OTHER, uwi="15-053-00070")
    row, (doubt,) = agreed([("line 2", ROW), ("line 5", other)])
    assert row == IndexRow()
    assert "15-053-00069, 15-053-00070" in doubt.message
    nameless = [replace(r, api=None, uwi="") for r in (ROW, replace(ROW, name="JONES 2"))]
    row, (doubt,) = agreed([("line 2", nameless[0]), ("line 5", nameless[1])])
    assert row == IndexRow()
    assert "SMITH 1, JONES 2" in doubt.message


def test_a_name_in_other_letters_and_another_sidetrack_are_the_same_well() -> None:
    again = replace(ROW, name="Smith 1", api=replace(API, sidetrack="01"))
    nameless = tuple(replace(r, api=None, uwi="") for r in (ROW, again))
    for one, other in ((ROW, again), nameless):
        row, _ = agreed([("line 2", one), ("line 5", other)])
        assert (row.county, row.top) == ("Barton", 100.0)


def test_the_order_of_rows_does_not_change_what_they_say_together() -> None:
    rows = [ROW, replace(ROW, county="Rush"), replace(ROW, top=50.0), replace(ROW, date="")]
    together = {common(order) for order in itertools.permutations(rows)}
    assert together == {replace(ROW, county="", top=None, bottom=None, date="")}


def test_of_a_well_only_a_lone_row_without_a_file_says_something_of_the_log() -> None:
    bare = replace(ROW, file="")
    assert of_the_well([bare]) == bare
    well = of_the_well([ROW])
    assert (well.name, well.county) == ("SMITH 1", "Barton")
    assert (well.date, well.log_type, well.top, well.bottom, well.depth_unit) == (
        ("", "", None, None, None)
    )  # fmt: skip
    assert of_the_well([bare, bare]).top is None
