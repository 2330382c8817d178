"""``veernet dashboard``: build the pages of a folder of results, or serve them for the review."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import wording
from flows.cli.options import (
    Group,
    add_device,
    add_json,
    add_model,
    add_option,
    add_quiet,
    count,
    group,
    number,
)
from veernet_core.config import OPTIONS

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from storage.objects import ObjectStore


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``dashboard``."""
    parser.description = (
        "Build the pages of a folder or bucket of results: wells, logs, reasons, runs, a page for "
        "every log. They open from disk. With --serve they are on a port, where people review and "
        "correct; ends with Ctrl+C."
    )
    parser.add_argument("out", metavar="OUT", help="results: a folder, or the URI of a bucket")
    add_option(parser, "min_r2", OPTIONS["min_r2"])
    group(parser, wording.SCANS).add_argument(
        "--coordinates",
        type=Path,
        metavar="TABLE",
        help="CSV or Parquet with uwi, latitude and longitude (degrees) for the map; kept with the "
        "results",
    )
    _fill_serving(group(parser, "Serving"))
    add_model(parser)
    add_device(parser)
    add_quiet(parser, "do not say what is being done; the path or address is printed all the same")
    add_json(parser, "where the pages are, and how many logs, curves and failed scans they show")
    parser.set_defaults(run=run)


def _fill_serving(place: Group) -> None:
    place.add_argument("--serve", action="store_true", help="serve it, so that people can review")
    place.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="to listen on; a wider one demands --token or --reviewers",
    )
    number(place, "--port", "NUMBER", "port number to listen on", 8000, count)
    place.add_argument(
        "--token",
        default="",
        help="lets people in to look, not to decide (16 letters or more); none",
    )
    place.add_argument(
        "--reviewers",
        type=Path,
        metavar="FILE",
        help="lets people in who decide, each under their own name: a line 'name: token' for each",
    )
    place.add_argument(
        "--add-reviewer",
        metavar="NAME",
        help="write a new token for NAME into --reviewers, and end",
    )


def run(args: argparse.Namespace) -> int:
    """Build the dashboard and print its path, or serve it until interrupted."""
    from storage.objects import ObjectStore

    if args.add_reviewer is not None:
        return _add_reviewer(args)
    say = _nothing if args.quiet or args.json else _say
    store = ObjectStore(args.out)
    if store.local_root is not None and not store.local_root.is_dir():
        raise FileNotFoundError(f"{args.out}: no such folder; run `veernet digitise` first")
    if args.coordinates is not None:
        from flows.dashboard.places import keep_coordinates

        say(f"{keep_coordinates(store, args.coordinates):,} wells have coordinates")
    return _serve(args, store, say) if args.serve else _build(args, store, say)


def _build(args: argparse.Namespace, store: ObjectStore, say: Callable[[str], None]) -> int:
    from flows.dashboard import build_in
    from flows.dashboard.overview import shown_in
    from storage.delivery import deliver
    from storage.unlisted import list_unlisted

    say(f"building the dashboard of {args.out}")
    list_unlisted(store)
    deliver(store)
    place = build_in(store, min_r2=args.min_r2, say=say)
    print(json.dumps({"dashboard": place, **shown_in(store)}) if args.json else place)
    return 0


def _serve(args: argparse.Namespace, store: ObjectStore, say: Callable[[str], None]) -> int:
    from flows.dashboard.door import read_reviewers
    from flows.dashboard.opening import serve

    names = read_reviewers(args.reviewers) if args.reviewers else {}
    who = {"token": args.token, "reviewers": names}
    prepare = partial(_prepared, args, store, who)
    serve(store, host=args.host, port=args.port, prepare=prepare, say=say, **who)
    return 0


def _prepared(
    args: argparse.Namespace,
    store: ObjectStore,
    who: Mapping[str, Any],
    say: Callable[[str], None],
) -> Starlette:
    """The whole application: what it needs takes seconds to load."""
    from flows.dashboard.serve import prepared
    from flows.local.digitise import digitise_again
    from flows.local.inspect import draft_again
    from storage.kept import Kept, kept_folder

    kept = Kept(kept_folder(store))
    redo = partial(digitise_again, model=args.model, device=args.device, kept=kept)
    drafts = partial(draft_again, device=args.device, kept=kept)
    return prepared(store, min_r2=args.min_r2, redo=redo, drafts=drafts, say=say, **who)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _nothing(line: str) -> None:
    """What is said when nothing is to be said."""


def _add_reviewer(args: argparse.Namespace) -> int:
    from flows.dashboard.door import ServeError, add_reviewer

    if args.reviewers is None:
        raise ServeError("no file to write the token to", remedy="Give one with --reviewers FILE.")
    print(f"{args.add_reviewer}: {add_reviewer(args.reviewers, args.add_reviewer)}")
    return 0
