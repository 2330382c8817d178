"""Sidecars that people made at the desk, kept with the results: ``sidecars/<log id>.sidecar.json``.

In: an output place. Out: the sidecar of a log, used in the place of the one beside its scan, so that a source
that cannot be written needs no change. What a sidecar says belongs to ``veernet_core.page.known``.
"""

from __future__ import annotations

from storage.listings import ObjectInfo
from storage.objects import ObjectStore
from storage.scans import SIDECAR_SUFFIX

SIDECARS = "sidecars/"


def sidecar_key(log_id: str) -> str:
    """Key of the sidecar of a log."""
    return f"{SIDECARS}{log_id}{SIDECAR_SUFFIX}"


def desk_sidecars(store: ObjectStore) -> dict[str, ObjectInfo]:
    """All sidecars of the desk by log id."""
    found = {}
    for info in store.listing(SIDECARS):
        name = info.key[len(SIDECARS) :]
        if name.endswith(SIDECAR_SUFFIX) and "/" not in name:
            found[name[: -len(SIDECAR_SUFFIX)]] = info
    return found
