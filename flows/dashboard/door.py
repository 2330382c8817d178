"""Who may come in to the served form, and under which name.

In: requests, a reader's token and the reviewers' own. Out: whether they are admitted, and who decides. On
this very machine nobody needs a token and everybody types a name; beyond it each reviewer has a token, which
stands for one name, and who comes in with the reader's token may look, not decide.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse

from veernet_core.errors import VeernetError

COOKIE = "veernet_token"
MIN_TOKEN = 16
_MOST_NAME = 200


class ServeError(VeernetError):
    """The dashboard cannot be served like this."""

    code = "cannot_serve"


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in.

    Attributes
    ----------
    token : str
        The readers'; empty where there is none.
    reviewers : mapping of token to name

    Where there is neither, the Host header is checked instead: only loopback names are admitted.
    """

    token: str = ""
    reviewers: Mapping[str, str] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether a token is demanded."""
        return bool(self.token or self.reviewers)

    def admits(self, request: Request) -> bool:
        """Whether the request carries a token, or comes to a loopback name."""
        if not self.closed:
            return is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or "")
        readers = self.token and _same(given_token(request), self.token)
        return bool(readers) or self.name_of(request) is not None

    def name_of(self, request: Request) -> str | None:
        """Name that the request's token stands for; None where it stands for none."""
        given, found = given_token(request), None
        for token, name in self.reviewers.items():  # all are compared, so that time tells nothing
            found = name if _same(given, token) else found
        return found

    def may_decide(self, request: Request) -> bool:
        """Whether who asks may change anything."""
        return not self.closed or self.name_of(request) is not None


def given_token(request: Request) -> str:
    """The token of a request: from its Authorization header, its address, or its cookie."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer
    return request.query_params.get("token") or request.cookies.get(COOKIE) or ""


def enter(request: Request) -> RedirectResponse:
    """The same address without its token, which is kept in a cookie from now on."""
    answer = RedirectResponse(request.url.remove_query_params("token").path or "/", 303)
    answer.set_cookie(COOKIE, given_token(request), httponly=True, samesite="strict", path="/",
                      secure=request.url.scheme == "https")  # fmt: skip
    return answer


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this very machine.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("evil.test")
    (True, True, False, False)
    """
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, token: str, reviewers: Mapping[str, str] | None = None) -> None:
    """Refuse to listen beyond this machine without a token.

    Raises
    ------
    ServeError
    """
    if token and len(token) < MIN_TOKEN:
        raise ServeError(f"the token is shorter than {MIN_TOKEN} letters", remedy=_suggestion())
    if token in (reviewers or {}):
        raise ServeError("a reviewer's token is the readers' token too", remedy=_suggestion())
    if not token and not reviewers and not is_loopback(host):
        raise ServeError(
            f"{host} can be reached by others, and no token is set", remedy=_suggestion()
        )


def read_reviewers(path: Path) -> dict[str, str]:
    """Names by token from a file with a line ``name: token`` for each reviewer.

    Raises
    ------
    ServeError
        Names the line that is wrong; an empty file is none.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, token = (part.strip() for part in line.rpartition(":"))
        where = f"{path}, line {number}"
        if not name or len(name) > _MOST_NAME:
            raise ServeError("no name before the colon", where, remedy="Write: name: token")
        if len(token) < MIN_TOKEN:
            raise ServeError(f"the token is shorter than {MIN_TOKEN} letters", where,
                             remedy="Let --add-reviewer make one.")  # fmt: skip
        if token in found or name in found.values():
            raise ServeError("this name or token stands there already", where)
        found[token] = name
    return found


def add_reviewer(path: Path, name: str) -> str:
    """Append a reviewer with a new token to the file, readable by its owner alone; returns the token.

    Raises
    ------
    ServeError
        Where the name cannot be one, or is taken.
    """
    known = read_reviewers(path) if path.is_file() else {}
    name = " ".join(name.split())
    if not name or len(name) > _MOST_NAME or name.startswith("#"):
        raise ServeError("this is no name", remedy="Give the reviewer's name.")
    if name in known.values():
        raise ServeError(f"{name} has a token already", remedy=f"It stands in {path}.")
    token = secrets.token_urlsafe(24)
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{name}: {token}\n")
    return token


def _suggestion() -> str:
    return f"Give one, for example: --token {secrets.token_urlsafe(24)}; or name reviewers with --reviewers."
