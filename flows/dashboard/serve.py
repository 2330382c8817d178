"""The served form: the dashboard of a folder or bucket over HTTP, and the review that needs it.

In: an output place. Out: its pages and the files of its logs, and a small JSON interface for
reviewers. Only what a dashboard links to can be read: no path leaves the place, no symbolic link is
followed out of it, no hidden file, ledger or review is handed out. Loopback by default; a wider
address demands a token. What reviewing means belongs to ``review``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from flows.dashboard.again import Redo
from flows.dashboard.answers import (
    DEEP_ZOOM_POLICY,
    TYPES,
    asset,
    guard,
    media_type,
    real_file,
    safe_key,
    served,
)
from flows.dashboard.correct import Bench
from flows.dashboard.door import Door, ServeError
from flows.dashboard.live import Live
from flows.dashboard.overview import build_in
from flows.dashboard.refusals import refusal
from flows.dashboard.results import UnknownLogError, is_log_id
from flows.dashboard.review import Desk
from flows.dashboard.shipped import templates
from flows.dashboard.suggest import Drafts
from flows.dashboard.well import well_files
from storage.errors import NotFoundError
from storage.log_files import RECORD
from storage.objects import ObjectStore
from storage.reviews import OutdatedReviewError
from storage.unlisted import list_unlisted
from veernet_core.errors import VeernetError

_MAX_BODY = 2 << 20


def make_app(
    store: ObjectStore,
    *,
    token: str = "",
    reviewers: Mapping[str, str] | None = None,
    min_r2: float = 0.85,
    redo: Redo | None = None,
    ahead: bool = False,
    drafts: Drafts | None = None,
) -> Starlette:
    """The application; ``app.state.desk`` is where reviews go.

    Parameters
    ----------
    store : ObjectStore
        Output folder or bucket.
    token : str
        Lets people in to look, where it is not empty.
    reviewers : mapping of token to name, optional
        Lets people in who may decide, each under their own name.
    min_r2 : float
        Threshold of the overview and of the doubt.
    redo : callable, optional
        Digitises a corrected scan again.
    ahead : bool
        Whether it remembers its slow steps; see `Desk`.
    drafts : callable, optional
        Reads the page of a log that lacks depth or scales.
    """
    desk = Desk(store, min_r2, redo, ahead)
    bench, live = Bench(desk, drafts), Live(store)
    files = partial(_file, store)
    app = Starlette(
        routes=[
            Route("/", lambda request: RedirectResponse("/dashboard/index.html")),
            Route("/review", partial(_template, "review.html")),
            Route("/correct", partial(_template, "correct.html")),
            Route("/dashboard/assets/served.js", served),
            Route("/dashboard/assets/{name}", asset),
            Route(
                "/api/queue",
                _answer(lambda s: desk.queue(s.get("which", "open"), s.get("log", ""))),
            ),
            Route("/api/log", _answer(lambda said: desk.log(str(said.get("log_id", ""))))),
            Route("/api/progress", _answer(lambda said: live.state())),
            Route("/api/opening", _answer(lambda said: {"ready": True})),
            Route("/api/work", _answer(lambda said: desk.work())),
            Route("/api/review", _answer(desk.decide), methods=["POST"]),
            Route("/api/sidecar/check", _answer(desk.check_sidecar), methods=["POST"]),
            Route("/api/sidecar", _answer(desk.correct), methods=["POST"]),
            *_correction(bench),
            Route("/api/tile", partial(_tile, bench)),
            Route("/{path:path}", files),
        ]
    )
    app.state.desk = desk
    app.add_middleware(BaseHTTPMiddleware, dispatch=partial(guard, Door(token, reviewers or {})))
    return app


def prepared(
    store: ObjectStore,
    *,
    token: str,
    reviewers: Mapping[str, str],
    min_r2: float,
    redo: Redo | None,
    drafts: Drafts | None = None,
    say: Callable[[str], None] = print,
) -> Starlette:
    """The application, once pages and datasets of its place are up to date; ``say`` is told what is done.

    Raises
    ------
    StorageError, OldResultsError
    """
    say("looking for logs that an earlier run had finished")
    list_unlisted(store)
    say("building the pages")
    build_in(store, min_r2=min_r2, say=say)
    app = make_app(
        store, token=token, reviewers=reviewers, min_r2=min_r2, redo=redo, ahead=True, drafts=drafts
    )
    app.state.desk.catch_up()
    return app


def _correction(bench: Bench) -> list[Route]:
    """What the correction page asks for."""
    return [
        Route("/api/correct/state", _answer(bench.state)),
        Route("/api/correct/failed", _answer(bench.failed)),
        Route("/api/correct/follow", _answer(bench.follow), methods=["POST"]),
        Route("/api/correct/line", _answer(bench.line), methods=["POST"]),
        Route("/api/correct/depth-line", _answer(bench.depth_line), methods=["POST"]),
        Route("/api/correct/exchange", _answer(bench.exchange), methods=["POST"]),
        Route("/api/correct/exchanged", _answer(bench.exchanged), methods=["POST"]),
        Route("/api/correct/suggest", _answer(bench.suggest), methods=["POST"]),
        Route("/api/correct/ready", _answer(bench.ready)),
        Route("/api/correct/warm", _answer(bench.warm), methods=["POST"]),
        Route("/api/correct", _answer(bench.save), methods=["POST"]),
    ]


def _answer(call: Callable[[Mapping[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
    """A JSON route of a plain function of what was said."""

    async def respond(request: Request) -> Response:
        try:
            said = await _said(request)
            return JSONResponse(await run_in_threadpool(call, said))
        except VeernetError as error:
            kinds = ((UnknownLogError, 404), (NotFoundError, 404), (OutdatedReviewError, 409))
            status = next((number for kind, number in kinds if isinstance(error, kind)), 422)
            message = f"{error.where}: {error.message}" if error.where else error.message
            return refusal(status, error.code, error.remedy, message)

    return respond


async def _tile(bench: Bench, request: Request) -> Response:
    try:
        data = await run_in_threadpool(bench.tile, dict(request.query_params))
    except (VeernetError, ValueError):
        data = b""
    if not data:
        return refusal(404, "not_found", "Go back to the dashboard.")
    return Response(
        data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"}
    )


async def _said(request: Request) -> Mapping[str, Any]:
    if request.method != "POST":
        return dict(request.query_params)
    body = await request.body()
    if len(body) > _MAX_BODY:
        raise ServeError("the request is too long")
    try:
        said = json.loads(body)
    except ValueError as error:
        raise ServeError(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise ServeError("not a JSON object")
    name = request.state.door.name_of(request)
    return said if name is None else {**said, "reviewer": name}


async def _file(store: ObjectStore, request: Request) -> Response:
    key = safe_key(request.path_params["path"])
    if key is None:
        return refusal(404, "not_found", "Go back to the dashboard.")
    return await run_in_threadpool(_read, store, key)


def _read(store: ObjectStore, key: str) -> Response:
    parts = key.split("/")
    page = parts[:2] == ["dashboard", "logs"] and len(parts) == 4 and is_log_id(parts[2])
    kind = media_type(key)
    path = real_file(store.local_root, key) if store.local_root is not None else None
    if path is not None:
        return FileResponse(path, media_type=kind)
    data = None if store.is_local else store.get_or_none(key)
    if data is None and page:
        data = _page_file(store, parts[2], parts[3])
    if data is None:
        return refusal(404, "not_found", "Go back to the dashboard.")
    return Response(data, media_type=kind)


def _page_file(store: ObjectStore, log_id: str, name: str) -> bytes | None:
    """A file of a log's page that was not written ahead: made now, from the log's folder."""
    link = f"../../../logs/{log_id}"
    if store.local_root is not None:
        folder = store.local_root / "logs" / log_id
        if real_file(store.local_root, f"logs/{log_id}/{RECORD}") is None:
            return None
        return well_files(folder, link, store).get(name)
    keys = [info.key for info in store.listing(f"logs/{log_id}/")]
    if f"logs/{log_id}/{RECORD}" not in keys:
        return None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / log_id
        folder.mkdir()
        for key, data in zip(keys, store.get_many(keys), strict=True):
            (folder / PurePosixPath(key).name).write_bytes(data)
        return well_files(folder, link, store).get(name)


async def _template(name: str, request: Request) -> Response:
    page = Response((templates() / name).read_bytes(), media_type=TYPES[".html"])
    if name == "correct.html":
        page.headers["Content-Security-Policy"] = DEEP_ZOOM_POLICY
    return page
