"""What is answered where nothing can be: JSON for programs, a page that says where to go for people.

In: a status and a code of the register. Out: a response. When something is refused belongs to ``serve``.
"""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from veernet_core.findings import entry_of

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>veernet: {title}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/dashboard/assets/overview.css"></head>
<body><header><h1>veernet</h1></header><main><section class="panel"><h2>{title}</h2><p>{remedy}</p>
<p><a href="/dashboard/index.html">All logs</a> \u00b7 <a href="/review">Review</a> \u00b7
<a href="/review?which=stuck">Logs to be corrected first</a></p></section></main></body></html>
"""
_WORDS = {
    404: ("There is no such page here", "The address names no log or file of this dashboard."),
    401: ("You need a token", entry_of("no_token").remedy),
}


def refusal(status: int, code: str, remedy: str = "", message: str = "") -> JSONResponse:
    """A refusal for programs; words of the register where none are given."""
    known = entry_of(code)
    said = {"code": code, "message": message or known.sentence, "remedy": remedy or known.remedy}
    return JSONResponse(said, status)


def for_people(request: Request, answer: Response) -> Response:
    """The answer itself, or a page in its place where a person's browser asked for a page that is not there."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if answer.status_code not in _WORDS or not wants_page or request.url.path.startswith("/api/"):
        return answer
    title, remedy = _WORDS[answer.status_code]
    return HTMLResponse(
        _PAGE.format(title=escape(title), remedy=escape(remedy)), answer.status_code
    )
