"""Where the curves of a log stand among the other sources of its well: for the log's page.

In: the ``composite.json`` files that ``veernet wells`` wrote. Out: rows for one log, and when each log's
standing last changed. Choosing and comparing sources belongs to ``storage.composites``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from storage.composites import WELLS
from storage.names import safe_name
from storage.objects import ObjectStore
from storage.tables import Row

COMPOSITE = "composite.json"


def other_sources(store: ObjectStore, uwi: str, log_id: str) -> list[Row]:
    """Curves of the well's composite of which this log is a source, chosen or not.

    Returns
    -------
    list of dict
        ``mnemonic``, ``unit``, ``depth_unit``; ``chosen``: whether the composite takes the curve from this log;
        ``sources``: the others, each with its place, ``share_apart`` and the stretches ``apart``. Of a curve
        that is taken from elsewhere only the comparison with this log is given. Curves with one source are
        left out.
    """
    data = store.get_or_none(f"{WELLS}{safe_name(uwi)}/{COMPOSITE}") if uwi else None
    with suppress(ValueError, KeyError, TypeError):
        return list(_rows(json.loads(data or b""), log_id))
    return []


def _rows(composite: Any, log_id: str) -> Iterator[Row]:
    for curve in composite["curves"]:
        chosen = curve["log_id"] == log_id
        own = [other for other in curve["others"] if chosen or other["log_id"] == log_id]
        if not own:
            continue
        place = {name: curve[name] for name in ("log_id", "section_id", "track_id")}
        sources = own if chosen else [{**other, **place} for other in own]
        yield {
            "mnemonic": curve["mnemonic"],
            "unit": curve["unit"],
            "depth_unit": curve["depth_unit"],
            "chosen": chosen,
            "section_id": curve["section_id"] if chosen else own[0]["section_id"],
            "sources": sources,
        }


def composed_at(out: Path) -> dict[str, float]:
    """When the composite that a log has part in was last written, by log id; seconds as file systems count."""
    found: dict[str, float] = {}
    for path in sorted((out / WELLS).glob(f"*/{COMPOSITE}")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            changed = path.stat().st_mtime
            for curve in json.loads(path.read_text("utf-8"))["curves"]:
                for source in (curve, *curve["others"]):
                    found[source["log_id"]] = max(changed, found.get(source["log_id"], 0.0))
    return found
