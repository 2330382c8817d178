"""What is known of a scan before it is looked at, as one sidecar.

In: a person's sidecar, a registration file (DRA) and an index row, each where there is one. Out: the bytes
of one sidecar that gives what any of them gives; on each field the person wins over the registration,
the registration over the index. Where two of them contradict each other, and what of the index was not used,
stands in the sidecar too (``noted``). Does not belong here: files and folders, what the page itself shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storage.contradictions import depth_contradiction, well_contradictions
from storage.dra import parse_dra, sidecar_of_dra
from storage.index_rows import Doubt
from storage.index_table import IndexMatch, IndexRow
from veernet_core.page.known.sidecar import parse_sidecar
from veernet_core.page.known.sidecar.forms import (
    note_form,
    prior_form,
    range_form,
    split_notes,
    well_form,
    with_notes,
)
from veernet_core.page.known.sidecar.merge import merge_sidecars, without_ranges

_WELL_FIELDS = (
    "uwi",
    "name",
    "company",
    "field",
    "county",
    "state",
    "country",
    "service_company",
    "date",
)
CONTRADICTED = "sources_contradict"
"""Finding: what the index, the registration and the sidecar give of a scan cannot all be right."""


def known_sidecar(
    sidecar: bytes | None,
    dra: bytes | None,
    indexed: Mapping[str, Any] | None,
    scan_name: str,
) -> bytes | None:
    """One sidecar from all that is known of a scan.

    Parameters
    ----------
    sidecar : bytes or None
        The person's, ``<stem>.sidecar.json``. Alone it is handed on untouched.
    dra : bytes or None
        The registration file, ``<stem>.dra``.
    indexed : mapping or None
        What the scan's row of the archive's index gives (``sidecar_of_index``).
    scan_name : str
        File name of the scan.

    Returns
    -------
    bytes or None
        None where nothing is known. Equal inputs give equal bytes.

    Raises
    ------
    VeernetError
        A sidecar or registration file that cannot be used.
    """
    if dra is None and not indexed:
        return sidecar
    stem = scan_name.rsplit(".", 1)[0]
    known, noted = split_notes(indexed or {})
    over = []
    if dra is not None:
        registered = sidecar_of_dra(parse_dra(dra, f"{stem}.dra"), scan_name)
        over.append((f"the registration {stem}.dra", registered))
    if sidecar is not None:
        name = f"{stem}.sidecar.json"
        parse_sidecar(sidecar, name)  # its own faults must be told by its own names
        over.append((f"the sidecar {name}", json.loads(sidecar.decode("utf-8-sig"))))
    base = "the index"
    for source, given in over:
        noted += [_noted(doubt) for doubt in _contradictions(base, known, source, given)]
        if depth_contradiction(known, given):
            known = without_ranges(known)
        known = merge_sidecars(known, given)
        base = f"{base} or {source}" if dra is not None and indexed else source
    known = with_notes(known, noted)
    return json.dumps(known, ensure_ascii=False, sort_keys=True).encode()


def _contradictions(
    base: str, below: Mapping[str, Any], source: str, given: Mapping[str, Any]
) -> list[Doubt]:
    depths = depth_contradiction(below, given)
    found = well_contradictions(below, given) + ([f"depths {depths}"] if depths else [])
    used = source.split(" ")[1]
    return [
        Doubt(CONTRADICTED, f"{base[0].upper()}{base[1:]} and {source} contradict each other:"
              f" {words}. The {used} is used.")
        for words in found
    ]  # fmt: skip


def _noted(doubt: Doubt) -> dict[str, Any]:
    return note_form(doubt.code, doubt.message)


def indexed_of(match: IndexMatch | None) -> dict[str, Any]:
    """What an index gives of a scan, in the sidecar's contract; doubts about its rows under ``noted``."""
    if match is None:
        return {}
    return with_notes(sidecar_of_index(match.row), [_noted(doubt) for doubt in match.doubts])


def sidecar_of_index(row: IndexRow) -> dict[str, Any]:
    """What an index row gives, in the sidecar's contract.

    Its logged range becomes the depth of a section without rows or name: a prior for whichever sections
    are found, never an axis.
    """
    well = well_form({key: getattr(row, key) for key in _WELL_FIELDS})
    return prior_form(well, range_form(row.top, row.bottom, row.depth_unit))
