"""``veernet dashboard``: build the pages of a folder of results, or serve them for the review."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from veernet_core.config import OPTIONS, GatePolicy


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``dashboard``."""
    parser.add_argument("out", metavar="OUT", help="a folder, or the URI of a bucket")
    parser.add_argument(
        "--min-r2", type=float, default=GatePolicy().min_r2, help=OPTIONS["min_r2"].help
    )
    parser.add_argument(
        "--coordinates",
        type=Path,
        metavar="TABLE",
        help="CSV or Parquet with uwi, latitude and longitude (degrees) for the map; kept with the results",
    )
    parser.add_argument("--serve", action="store_true", help="serve it, so that people can review")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default %(default)s); a wider one demands --token or --reviewers",
    )
    parser.add_argument("--port", type=int, default=8000, help="port (default %(default)s)")
    parser.add_argument(
        "--token", default="", help="lets people in to look, not to decide (16 letters or more)"
    )
    parser.add_argument(
        "--reviewers",
        type=Path,
        metavar="FILE",
        help="lets people in who decide, each under their own name: a line 'name: token' for each",
    )
    parser.add_argument(
        "--add-reviewer",
        metavar="NAME",
        help="write a new token for NAME into --reviewers, and end",
    )
    parser.add_argument(
        "--model", type=Path, help="bundle for corrected logs; the shipped one if omitted"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build the dashboard and print its path, or serve it until interrupted."""
    from flows.dashboard import build_in
    from storage.delivery import deliver
    from storage.objects import ObjectStore

    if args.add_reviewer is not None:
        return _add_reviewer(args)
    store = ObjectStore(args.out)
    if store.local_root is not None and not store.local_root.is_dir():
        raise FileNotFoundError(f"{args.out}: no such folder; run `veernet digitise` first")
    if args.coordinates is not None:
        from flows.dashboard.places import keep_coordinates

        print(f"{keep_coordinates(store, args.coordinates):,} wells have coordinates")
    if not args.serve:
        deliver(store)
        print(build_in(store, min_r2=args.min_r2))
        return 0
    from flows.dashboard.door import read_reviewers
    from flows.dashboard.serve import serve
    from flows.local.digitise import digitise_again
    from storage.kept import Kept, kept_folder

    kept = Kept(kept_folder(store))
    redo = partial(digitise_again, model=args.model, device=args.device, kept=kept)
    names = read_reviewers(args.reviewers) if args.reviewers else {}
    serve(
        store,
        host=args.host,
        port=args.port,
        token=args.token,
        reviewers=names,
        min_r2=args.min_r2,
        redo=redo,
    )
    return 0


def _add_reviewer(args: argparse.Namespace) -> int:
    from flows.dashboard.door import ServeError, add_reviewer

    if args.reviewers is None:
        raise ServeError("no file to write the token to", remedy="Give one with --reviewers FILE.")
    print(f"{args.add_reviewer}: {add_reviewer(args.reviewers, args.add_reviewer)}")
    return 0
