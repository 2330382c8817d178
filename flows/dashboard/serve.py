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
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from flows.dashboard.again import Redo
from flows.dashboard.correct import Bench
from flows.dashboard.data import script_json
from flows.dashboard.door import Door, ServeError, check_address, enter
from flows.dashboard.live import Live
from flows.dashboard.overview import build_in, libraries, templates
from flows.dashboard.refusals import for_people, refusal
from flows.dashboard.results import UnknownLogError, is_log_id
from flows.dashboard.review import Desk
from flows.dashboard.suggest import Drafts
from flows.dashboard.well import well_files
from storage.errors import NotFoundError
from storage.log_files import RECORD
from storage.objects import ObjectStore
from storage.reviews import OutdatedReviewError
from veernet_core.errors import VeernetError

_OPEN_FILES = ("verdicts.parquet", "failures.parquet")
_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".png": "image/png", ".webp": "image/webp",
    ".svg": "image/svg+xml", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
    ".las": "text/plain; charset=utf-8",
}  # fmt: skip
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_DEEP_ZOOM_POLICY = _POLICY.replace(
    "style-src 'self'",
    "style-src 'self' 'unsafe-hashes' 'sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE='",
)
"""With the one inline style that OpenSeadragon sets on its frame."""
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
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
            Route("/dashboard/assets/served.js", _served),
            Route("/dashboard/assets/{name}", _asset),
            Route(
                "/api/queue",
                _answer(lambda s: desk.queue(s.get("which", "open"), s.get("log", ""))),
            ),
            Route("/api/log", _answer(lambda said: desk.log(str(said.get("log_id", ""))))),
            Route("/api/progress", _answer(lambda said: live.state())),
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
    app.add_middleware(BaseHTTPMiddleware, dispatch=partial(_guard, Door(token, reviewers or {})))
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


def serve(
    store: ObjectStore,
    *,
    host: str,
    port: int,
    token: str,
    reviewers: Mapping[str, str],
    min_r2: float,
    redo: Redo | None,
    drafts: Drafts | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Bring the dashboard up to date and serve it until interrupted; ``say`` is told what is being done.

    Raises
    ------
    ServeError, StorageError, OldResultsError
    """
    import uvicorn

    check_address(host, token, reviewers)
    say(f"building the dashboard of {store.uri}; its address follows")
    build_in(store, min_r2=min_r2, say=say)
    say("bringing files in line with what people decided")
    app = make_app(
        store, token=token, reviewers=reviewers, min_r2=min_r2, redo=redo, ahead=True, drafts=drafts
    )
    app.state.desk.catch_up()
    shown = f"[{host}]" if ":" in host else host
    entries = {token: "to look"} if token else {}
    for secret, words in (entries | dict(reviewers) or {"": ""}).items():
        query = f"?token={quote(secret)}  ({words})" if secret else ""
        print(f"dashboard: http://{shown}:{port}/{query}", flush=True)
    try:
        uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
    finally:
        app.state.desk.finish()


async def _guard(
    door: Door, request: Request, following: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Let in who may come in, refuse posts from other sites, and send the strict headers."""
    request.state.door = door
    if not door.admits(request):
        answer: Response = refusal(401, "no_token")
    elif request.method == "POST" and not _own_page(request):
        answer = refusal(403, "foreign_page")
    elif request.method == "POST" and not door.may_decide(request):
        answer = refusal(403, "reader_only")
    elif door.closed and "token" in request.query_params:
        answer = enter(request)
    else:
        answer = await following(request)
    answer = for_people(request, answer)
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _own_page(request: Request) -> bool:
    """Whether a post comes from a page of this server: no other site can set this header."""
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    return same and request.headers.get("x-veernet") == "1"


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


def safe_key(path: str) -> str | None:
    """The key that a decoded URL path names, or None where it must not be answered.

    Only ``dashboard/``, ``logs/``, ``wells/`` and the two small datasets are open. A path with an empty,
    hidden or climbing part, a backslash or a control character names nothing.

    Examples
    --------
    >>> safe_key("logs/a b/log.json"), safe_key("logs/../scans/a.tif"), safe_key("_veernet/x")
    ('logs/a b/log.json', None, None)
    """
    parts = path.split("/")
    if any(not part or part[0] == "." or "\\" in part for part in parts):
        return None
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        return None
    if parts[0] in ("dashboard", "logs", "wells") and len(parts) > 1:
        return path
    return path if path in _OPEN_FILES else None


async def _file(store: ObjectStore, request: Request) -> Response:
    key = safe_key(request.path_params["path"])
    if key is None:
        return refusal(404, "not_found", "Go back to the dashboard.")
    return await run_in_threadpool(_read, store, key)


def _read(store: ObjectStore, key: str) -> Response:
    suffix = PurePosixPath(key).suffix.lower()
    parts = key.split("/")
    page = parts[:2] == ["dashboard", "logs"] and len(parts) == 4 and is_log_id(parts[2])
    kind = _TYPES.get(suffix, "application/octet-stream")
    if suffix in (".html", ".js", ".svg") and parts[0] != "dashboard":
        kind = "application/octet-stream"
    path = _real(store.local_root, key) if store.local_root is not None else None
    if path is not None:
        return FileResponse(path, media_type=kind)
    data = None if store.is_local else store.get_or_none(key)
    if data is None and page:
        data = _page_file(store, parts[2], parts[3])
    if data is None:
        return refusal(404, "not_found", "Go back to the dashboard.")
    return Response(data, media_type=kind)


def _real(root: Path, key: str) -> Path | None:
    """The file of a key, if it is one and still an open one when all links are followed."""
    try:
        path = (root / key).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    top = root.resolve()
    inside = path.is_relative_to(top) and safe_key(path.relative_to(top).as_posix()) is not None
    return path if inside and path.is_file() else None


def _page_file(store: ObjectStore, log_id: str, name: str) -> bytes | None:
    """A file of a log's page that was not written ahead: made now, from the log's folder."""
    link = f"../../../logs/{log_id}"
    if store.local_root is not None:
        folder = store.local_root / "logs" / log_id
        if _real(store.local_root, f"logs/{log_id}/{RECORD}") is None:
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


async def _served(request: Request) -> Response:
    door = request.state.door
    facts = {"review": True, "reviewer": door.name_of(request), "decide": door.may_decide(request)}
    text = f"window.veernetServed = {script_json(facts)};\n"
    return Response(text, media_type=_TYPES[".js"])


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    wanted = [
        file
        for place in (templates(), libraries())
        for file in place.iterdir()
        if file.name == name
    ]
    if not wanted or not name.endswith((".css", ".js")):
        return refusal(404, "not_found", "Go back to the dashboard.")
    return Response(wanted[0].read_bytes(), media_type=_TYPES[PurePosixPath(name).suffix])


async def _template(name: str, request: Request) -> Response:
    page = Response((templates() / name).read_bytes(), media_type=_TYPES[".html"])
    if name == "correct.html":
        page.headers["Content-Security-Policy"] = _DEEP_ZOOM_POLICY
    return page
