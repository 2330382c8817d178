"""The served form from its first second on: what is there is shown, what takes long to load follows.

In: an output place, and what makes the whole application. Out: a server whose pages of an earlier build can be
looked at at once; other pages say what is being done, until all is ready. What is answered then belongs to
``serve``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from flows.dashboard.answers import asset, guard, media_type, real_file, safe_key, served
from flows.dashboard.door import Door, check_address
from flows.dashboard.shipped import templates
from storage.objects import ObjectStore

INDEX = "dashboard/index.html"
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="1"><title>veernet: getting ready</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/dashboard/assets/theme.css">
<link rel="stylesheet" href="/dashboard/assets/overview.css"></head>
<body><header><h1>veernet</h1></header><main><section class="panel" role="status"><h2>Getting ready</h2>
<p>{doing}\u2026 This page comes by itself.</p></section></main></body></html>
"""
Prepare = Callable[[Callable[[str], None]], Starlette]
"""Makes the whole application; is handed whom to tell what is being done."""


class Opening:
    """The application while the whole one is being made, which it hands everything to afterwards.

    Parameters
    ----------
    store : ObjectStore
    door : Door
        Who may come in: the same as later.
    prepare : Prepare
        Called in a thread.
    """

    def __init__(self, store: ObjectStore, door: Door, prepare: Prepare) -> None:
        self.whole: Starlette | None = None
        self.error: Exception | None = None
        self.done = threading.Event()
        self._store, self._prepare, self._doing = store, prepare, "Loading"
        self._has_pages = False
        routes = [
            Route("/", lambda request: RedirectResponse("/" + INDEX)),
            Route("/api/opening", self._state),
            Route("/dashboard/assets/served.js", partial(served, opening=True)),
            Route("/dashboard/assets/{name}", asset),
            Route("/{path:path}", self._shown),
        ]
        self._first: ASGIApp = BaseHTTPMiddleware(
            Starlette(routes=routes), dispatch=partial(guard, door)
        )

    def start(self, at_the_end: Callable[[], None] = lambda: None) -> None:
        """Begin to make the whole application; ``at_the_end`` is called if that fails."""
        self._has_pages = _of_this_version(self._store.local_root)

        def make() -> None:
            try:
                self.whole = self._prepare(self._tell)
            except Exception as error:
                self.error = error
                at_the_end()
            self.done.set()

        threading.Thread(target=make, name="opening", daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and self.whole is None and not self._can_answer(Request(scope)):
            await run_in_threadpool(self.done.wait)
        await (self.whole or self._first)(scope, receive, send)

    def _tell(self, words: str) -> None:
        self._doing = words

    def _can_answer(self, request: Request) -> bool:
        """Whether it need not wait: a page has words in its place, and some files are there."""
        path = request.url.path
        asks_page = "text/html" in request.headers.get("accept", "")
        known = path == "/api/opening" or path.startswith("/dashboard/assets/")
        return known or (asks_page and not path.startswith("/api/")) or self._file(path) is not None

    def _file(self, path: str) -> Any:
        """A file of an earlier build; its pages only where they go with the scripts of this version."""
        key, root = safe_key(path.removeprefix("/")), self._store.local_root
        if key is None or root is None or (key.startswith("dashboard/") and not self._has_pages):
            return None
        return real_file(root, key)

    async def _state(self, request: Request) -> Response:
        return JSONResponse({"ready": False, "doing": self._doing})

    async def _shown(self, request: Request) -> Response:
        path = self._file(request.url.path)
        if path is not None:
            return FileResponse(path, media_type=media_type(request.url.path.removeprefix("/")))
        page = _PAGE.format(doing=escape(self._doing[:1].upper() + self._doing[1:]))
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _of_this_version(root: Path | None) -> bool:
    """Whether the pages in a folder were built with the styles and scripts of this version."""
    if root is None:
        return False
    shipped = [file for file in templates().iterdir() if file.name.endswith((".css", ".js"))]
    built = root / "dashboard" / "assets"
    with suppress(OSError):
        return all((built / file.name).read_bytes() == file.read_bytes() for file in shipped)
    return False


def serve(
    store: ObjectStore,
    *,
    host: str,
    port: int,
    token: str,
    reviewers: Mapping[str, str],
    prepare: Prepare,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a place until interrupted; ``say`` is told what is being done.

    Raises
    ------
    ServeError, StorageError, OldResultsError
    """
    import uvicorn

    check_address(host, token, reviewers)

    def make(tell: Callable[[str], None]) -> Starlette:
        def both(words: str) -> None:
            tell(words)
            say(words)

        app = prepare(both)
        say("ready")
        return app

    opening = Opening(store, Door(token, reviewers), make)
    server = uvicorn.Server(
        uvicorn.Config(opening, host=host, port=port, log_level="warning", server_header=False)
    )
    opening.start(lambda: setattr(server, "should_exit", True))
    shown = f"[{host}]" if ":" in host else host
    entries = {token: "to look"} if token else {}
    for secret, words in (entries | dict(reviewers) or {"": ""}).items():
        query = f"?token={quote(secret)}  ({words})" if secret else ""
        print(f"dashboard: http://{shown}:{port}/{query}", flush=True)
    try:
        server.run()
    finally:
        if opening.whole is not None:
            opening.whole.state.desk.finish()
    if opening.error is not None:
        raise opening.error
