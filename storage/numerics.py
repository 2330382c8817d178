"""How results of one destination are computed: precision, engine and device, fixed by its first run.

In: a store and the numerics of a run. Out: one small object under ``_veernet/``, put with create-only mode,
so that of several machines the first one decides and all write the same bytes. What numerics there are
does not belong here (``net``).
"""

from __future__ import annotations

import json

from storage.ledger import ROOT
from storage.objects import ObjectStore

NUMERICS = ROOT + "numerics.json"


def fixed_numerics(store: ObjectStore) -> str:
    """The numerics of this destination; empty where no run has fixed them yet.

    Raises
    ------
    StorageError
    """
    data = store.get_or_none(NUMERICS)
    return "" if data is None else str(json.loads(data)["numerics"])


def fix_numerics(store: ObjectStore, numerics: str, anew: bool = False) -> str:
    """Fix the numerics of this destination, where no one has; gives those that hold.

    Parameters
    ----------
    numerics : str
        ``float32 torch cpu``.
    anew : bool
        Replace those that hold: all results are made again.

    Raises
    ------
    StorageError
    """
    data = json.dumps({"numerics": numerics}).encode()
    if anew:
        store.put(NUMERICS, data)
        return numerics
    return numerics if store.put(NUMERICS, data, create=True) else fixed_numerics(store)
