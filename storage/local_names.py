"""Which folder a scan of this machine's disk gets under ``OUT/logs``.

In: what earlier runs recorded, and a scan with its place. Out: a name. The same place keeps its name;
two scans never share one, also if their names or even their bytes are the same. Names on an archive with
a ledger (``storage.plan``) do not belong here.
"""

from __future__ import annotations

from pathlib import Path

from storage.datasets import taken_ids
from storage.names import log_id
from storage.objects import ObjectStore
from storage.runs import read_runs
from storage.scans import split_page


class LogNames:
    """Names in use in an output folder.

    Parameters
    ----------
    out : Path
        The output folder; it need not exist.
    """

    def __init__(self, out: Path) -> None:
        self._hashes = taken_ids(out) if out.exists() else {}
        self._places: dict[str, str] = {}
        if out.exists():
            for run in read_runs(ObjectStore(str(out))):
                self._places |= run.scans

    def name(self, place: Path, sha256: str, stem: str = "") -> str:
        """The name of a scan; from now on it is in use.

        Parameters
        ----------
        place : Path
            Where the scan lies.
        sha256 : str
            Hash of its bytes.
        stem : str
            What the scan is called; as its file where empty.
        """
        here = str(place.absolute())
        chosen = self.of(place, sha256, stem)
        self._hashes[chosen], self._places[chosen] = sha256, here
        return chosen

    def of(self, place: Path, sha256: str, stem: str = "") -> str:
        """The name that a scan has or would get; parameters as for ``name``."""
        here = str(place.absolute())
        known = [n for n, at in self._places.items() if at == here and n in self._hashes]
        others = {n: self._owner(n, here, sha256) for n in self._hashes}
        return known[-1] if known else log_id(stem or place.stem, sha256, others, here)

    def _owner(self, name: str, here: str, sha256: str) -> str:
        """Whose a name is, for a scan at a place: its own bytes count as another's while they lie elsewhere
        too; a scan that was moved keeps its name.
        """
        at = self._places.get(name, here)
        moved = at == here or not Path(split_page(at)[0]).exists()
        return self._hashes[name] if moved or self._hashes[name] != sha256 else f"{sha256} at {at}"
