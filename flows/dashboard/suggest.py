"""What a page reading offers where a log lacks depth, scales or sections: parts of a sidecar to confirm.

In: a draft of the page (``flows.local.inspect``). Out: its sections, with a depth that was refused as a guess.
What a person does with it belongs to the page; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flows.dashboard.draft import thinned
from storage.tables import Row
from veernet_core.datatypes import ScanInput
from veernet_core.page.known.sidecar import forms

Drafts = Callable[[ScanInput, Mapping[str, Any]], Row]
"""Reads a scan's page under the options of its log; gives a draft sidecar with what was ``read``."""


def offered(draft: Mapping[str, Any]) -> Row:
    """The sections of a draft for the correction page.

    Parameters
    ----------
    draft : mapping
        As ``inspect`` writes it.

    Returns
    -------
    dict
        ``sections``. Where a depth was refused and its numbers make an axis, that axis stands there with the
        source ``guess``: it delivers nothing until a person confirms it.
    """
    seen = (draft.get("read") or {}).get("depth") or {}
    sections = []
    for section in draft.get("sections") or ():
        suggested = (seen.get(section["section_id"]) or {}).get("suggested")
        if suggested and not forms.has_anchors(section):
            anchors = thinned(suggested["anchors"])
            guess = forms.depth_form(anchors, suggested["unit"], "guess")
            section = forms.with_depth(section, guess)
        sections.append(dict(section))
    return forms.with_sections({}, sections)
