"""Sidecars that people made at the desk, for scans of this machine's disk.

In: an output folder, and a scan. Out: the desk's sidecar, which goes before whatever lies beside the scan or
stands in an index. How the desk works does not belong here (``flows.dashboard``).
"""

from __future__ import annotations

from pathlib import Path

from storage.desk_sidecars import desk_sidecars
from storage.local_names import LogNames
from storage.objects import ObjectStore
from veernet_core.datatypes import ScanRef


class Desk:
    """The desk's sidecars of an output folder, by scan.

    Parameters
    ----------
    out : Path
        The output folder; it need not exist.
    names : LogNames
        Names of its logs.
    """

    def __init__(self, out: Path, names: LogNames) -> None:
        self._store, self._names = ObjectStore(str(out)), names
        self._known = desk_sidecars(self._store)

    def sidecar(self, ref: ScanRef) -> bytes | None:
        """The desk's sidecar of a scan; None where there is none."""
        if not self._known:
            return None
        name = self._names.of(Path(ref.uri), ref.sha256, ref.stem)
        return self._store.get(self._known[name].key) if name in self._known else None
