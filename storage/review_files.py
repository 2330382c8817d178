"""Whether a destination also holds the curves in review as files, ``<stem>.review.las``.

It is asked for once and then holds for the whole destination: for logs that are there already, for later
runs, and when people decide about curves. What such a file holds (``storage.las``) does not belong here.
"""

from __future__ import annotations

from storage.ledger import ROOT
from storage.objects import ObjectStore

_MARK = ROOT + "review-files"
_ASKED, _WRITTEN = b"asked for", b"written for all logs"


def wants_review_files(store: ObjectStore) -> bool:
    """Whether files with the curves in review were asked for at this destination."""
    return store.exists(_MARK)


def ask_for_review_files(store: ObjectStore) -> bool:
    """Note that they are wanted; False where all earlier logs have theirs already."""
    if store.get_or_none(_MARK) == _WRITTEN:
        return False
    store.put(_MARK, _ASKED)
    return True


def review_files_written(store: ObjectStore) -> None:
    """Note that all logs published so far have theirs."""
    store.put(_MARK, _WRITTEN)
