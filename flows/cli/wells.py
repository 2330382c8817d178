"""``veernet wells``: one table for each well, each curve from its best accepted source."""

from __future__ import annotations

import argparse


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``wells``."""
    parser.add_argument("out", metavar="OUT", help="a folder of results, or the URI of a bucket")
    parser.add_argument(
        "--uwi",
        action="append",
        metavar="UWI",
        help="only this well; may be repeated (default: all)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the tables and print their folders."""
    from flows.dashboard.overview import refresh_pages
    from storage.composites import WELLS, logs_without_uwi, write_composites
    from storage.names import safe_name
    from storage.objects import ObjectStore

    store = ObjectStore(args.out)
    if store.local_root is not None and not store.local_root.is_dir():
        raise FileNotFoundError(f"{args.out}: no such folder; run `veernet digitise` first")
    written = write_composites(store, args.uwi)
    refresh_pages(store)
    for uwi in written:
        print(f"{uwi}: {store.uri_of(WELLS + safe_name(uwi))}")
    missing = sorted(set(args.uwi or ()) - set(written))
    for uwi in missing:
        print(f"{uwi}: no accepted curve")
    for log_id in logs_without_uwi(store):
        print(
            f"{log_id}: left out, it has accepted curves and no UWI; give one by sidecar or index"
        )
    if not written:
        print("no well has both a UWI and an accepted curve")
    return 1 if missing else 0
