"""``veernet wells``: one table for each well, each curve from its best accepted source."""

from __future__ import annotations

import argparse
import json

from flows import wording
from flows.cli.options import add_json, add_quiet, group


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``wells``."""
    parser.description = (
        "Write one table for each well into OUT/wells/<UWI>/: LAS, CSV and Parquet. The same curve "
        "stands in a 2-inch, a 5-inch and a repeat section, and on several scans; each is taken "
        "whole from its best accepted source, the one with the highest lower bound of R². "
        "composite.json names the sources and the depths at which others differ from the chosen "
        "one by more than 2 %% of the track; the pages of the logs show them. Accepted is what "
        "people decided, else the machine. Logs without a UWI are named and left out. Exit code 1 "
        "where a well asked for has no accepted curve."
    )
    parser.add_argument("out", metavar="OUT", help="results: a folder, or the URI of a bucket")
    group(parser, wording.SCANS).add_argument(
        "--uwi",
        action="append",
        metavar="UWI",
        help="only this well, as the logs state it; may be repeated; all wells if omitted",
    )
    add_quiet(
        parser,
        "name no well that was written; those asked for in vain and logs left out all the same",
    )
    add_json(
        parser, "one JSON object per well: its UWI and folder, or that it has no accepted curve"
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
    places = {uwi: store.uri_of(WELLS + safe_name(uwi)) for uwi in written}
    missing = sorted(set(args.uwi or ()) - set(written))
    left_out = logs_without_uwi(store)
    if args.json:
        for uwi in sorted({*written, *missing}):
            print(json.dumps({"uwi": uwi, "folder": places.get(uwi)}))
        for log_id in left_out:
            print(json.dumps({"uwi": None, "log_id": log_id}))
        return 1 if missing else 0
    for uwi in [] if args.quiet else written:
        print(f"{uwi}: {places[uwi]}")
    for uwi in missing:
        print(f"{uwi}: no accepted curve")
    for log_id in left_out:
        print(
            f"{log_id}: left out, it has accepted curves and no UWI; give one by sidecar or index"
        )
    if not written:
        print("no well has both a UWI and an accepted curve")
    return 1 if missing else 0
