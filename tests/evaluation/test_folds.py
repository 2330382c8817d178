"""Wells are left out whole, in the same fold wherever and whenever they are asked for."""

from __future__ import annotations

import pytest

from veernet_core.evaluation.folds import fold_of, left_out
from veernet_core.evaluation.page_truth import well_key

WELLS = [f"33025{n:05d}" for n in range(500)]


def test_a_fold_is_a_matter_of_the_name_alone() -> None:
    assert [fold_of(w) for w in ("3302502180", "4705300069", "ROGER")] == [4, 0, 1]


def test_every_well_is_left_out_of_exactly_one_fold_and_folds_are_alike() -> None:
    out = [[left_out(k)(w) for k in range(5)] for w in WELLS]
    assert all(sum(row) == 1 for row in out)
    assert all(70 <= sum(column) <= 130 for column in zip(*out))


@pytest.mark.parametrize(("well", "folds"), [("", 5), ("A", 1)])
def test_a_fold_that_would_leave_nothing_out_is_refused(well: str, folds: int) -> None:
    with pytest.raises(ValueError, match="cannot be left out"):
        fold_of(well, folds)


def test_there_is_no_sixth_fold_of_five() -> None:
    with pytest.raises(ValueError, match="no fold 5"):
        left_out(5)


@pytest.mark.parametrize(
    ("stem", "told", "uwi", "key"),
    [
        ("33-025-02180-0003", "33-025-02180", "", "3302502180"),
        ("33-025-02180-0005", "", "", "3302502180"),
        ("4705300069_gr_i", "", "", "4705300069"),
        ("4705300069_gr_d", "", "47-053-00069", "4705300069"),
        ("424794291900_MWD_02800-13380", "42-479-42919", "", "4247942919"),
        ("424794291900_MWD_02800-13380", "", "", "4247942919"),
        ("30-025-12481_0809", "", "", "3002512481"),
        ("scan7", "Bp America A-510 No.2", "", "BP AMERICA A 510 NO 2"),
        ("1_Roger_1986", "", "", "1_ROGER_1986"),
    ],
)
def test_all_pages_of_a_well_share_its_key(stem: str, told: str, uwi: str, key: str) -> None:
    assert well_key(stem, told, uwi) == key
