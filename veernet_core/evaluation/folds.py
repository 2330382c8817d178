"""Which pages a fitted model may learn from: whole wells are left out in turn.

In: well keys (see ``page_truth.well_key``). Out: a fold for each, the same on every machine and whatever other
wells there are. Does not belong here: fitting, and reading truth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

FOLDS = 5


def fold_of(well: str, folds: int = FOLDS) -> int:
    """The fold that leaves a well out.

    Parameters
    ----------
    well : str
        As ``page_truth.well_key`` gives it: all pages of a well share it.
    folds : int
        Number of folds; a model is fitted once for each.

    Raises
    ------
    ValueError
        Fewer than two folds, or no name: nothing would be left out.
    """
    if folds < 2 or not well:
        raise ValueError(f"well {well!r} cannot be left out of {folds} folds")
    return int.from_bytes(hashlib.sha256(well.encode()).digest()[:8], "big") % folds


def left_out(fold: int, folds: int = FOLDS) -> Callable[[str], bool]:
    """Tells of a well key whether the models of a fold must not have seen it.

    Raises
    ------
    ValueError
        There is no such fold.
    """
    if not 0 <= fold < folds:
        raise ValueError(f"no fold {fold} among {folds}")
    return lambda well: fold_of(well, folds) == fold


def fold_folder(fold: int) -> str:
    """Name of the folder that holds the models of a fold."""
    return f"fold-{fold}"
