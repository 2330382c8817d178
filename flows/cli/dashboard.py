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
    parser.add_argument("--serve", action="store_true", help="serve it, so that people can review")
    parser.add_argument("--host", default="127.0.0.1", help="a wider address demands --token")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--token", default="", help="demanded of every reader (16 letters or more)")
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

    store = ObjectStore(args.out)
    if store.local_root is not None and not store.local_root.is_dir():
        raise FileNotFoundError(f"{args.out}: no such folder; run `veernet digitise` first")
    if not args.serve:
        deliver(store)
        print(build_in(store, min_r2=args.min_r2))
        return 0
    from flows.dashboard.serve import serve
    from flows.local.digitise import digitise_again

    redo = partial(digitise_again, model=args.model, device=args.device)
    serve(store, host=args.host, port=args.port, token=args.token, min_r2=args.min_r2, redo=redo)
    return 0
