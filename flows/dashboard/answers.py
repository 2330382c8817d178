"""What all answers of the served form have in common: who gets one, its headers, and which files it may be.

In: requests. Out: refusals, files of an output place, styles and scripts of the package. Nothing here takes
long to load: the first page is shown before the rest is ready (``opening``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from flows.dashboard.door import Door, enter
from flows.dashboard.refusals import for_people, refusal
from flows.dashboard.shipped import libraries, script_json, templates

_OPEN_FILES = ("verdicts.parquet", "failures.parquet")
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".png": "image/png", ".webp": "image/webp",
    ".svg": "image/svg+xml", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
    ".las": "text/plain; charset=utf-8",
}  # fmt: skip
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
DEEP_ZOOM_POLICY = _POLICY.replace(
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


async def guard(
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


def real_file(root: Path, key: str) -> Path | None:
    """The file of a key, if it is one and still an open one when all links are followed."""
    try:
        path = (root / key).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    top = root.resolve()
    inside = path.is_relative_to(top) and safe_key(path.relative_to(top).as_posix()) is not None
    return path if inside and path.is_file() else None


def media_type(key: str) -> str:
    """Type of a file; what lies outside the pages never runs as one."""
    suffix = PurePosixPath(key).suffix.lower()
    if suffix in (".html", ".js", ".svg") and key.split("/")[0] != "dashboard":
        return "application/octet-stream"
    return TYPES.get(suffix, "application/octet-stream")


async def served(request: Request, opening: bool = False) -> Response:
    """What pages are told of the server: who asks, and whether it is still getting ready."""
    door = request.state.door
    facts = {"review": True, "opening": opening, "reviewer": door.name_of(request),
             "decide": door.may_decide(request)}  # fmt: skip
    text = f"window.veernetServed = {script_json(facts)};\n"
    return Response(text, media_type=TYPES[".js"])


async def asset(request: Request) -> Response:
    """A style or script of the package."""
    name = request.path_params["name"]
    wanted = [
        file
        for place in (templates(), libraries())
        for file in place.iterdir()
        if file.name == name
    ]
    if not wanted or not name.endswith((".css", ".js")):
        return refusal(404, "not_found", "Go back to the dashboard.")
    return Response(wanted[0].read_bytes(), media_type=TYPES[PurePosixPath(name).suffix])
