"""In which precision results of a folder are computed: as the results there, else what is fastest here.

In: the folder, and what was asked for. Out: the precision, and one small object in the folder that keeps it for
later calls (``storage.numerics``). What is fastest does not belong here (``flows.engine.precision``).
"""

from __future__ import annotations

from pathlib import Path

from flows.engine.precision import AUTO, best_precision
from storage.numerics import fix_numerics, fixed_numerics
from storage.objects import ObjectStore
from storage.runs import read_runs


def folder_precision(out: Path, asked: str, device: str) -> str:
    """The precision for results of a folder.

    Parameters
    ----------
    out : Path
        May not be there yet.
    asked : str
        What a person chose; with ``auto`` the results of the folder decide, and where there are none the
        machine.
    device : str
    """
    if asked != AUTO:
        return asked
    held = _held(out)
    return held.split()[0] if held else best_precision(device)


def keep_numerics(out: Path, numerics: str) -> None:
    """Note how results of a folder are computed, for later calls.

    Raises
    ------
    StorageError
    """
    store = ObjectStore(str(out))
    if fixed_numerics(store) != numerics:
        fix_numerics(store, numerics, anew=True)


def _held(out: Path) -> str:
    """How the folder's results were computed; empty where there are none."""
    if not out.is_dir():
        return ""
    store = ObjectStore(str(out))
    made = [str(run.settings.get("numerics", "")) for run in read_runs(store)]
    return fixed_numerics(store) or next((text for text in reversed(made) if text), "")
