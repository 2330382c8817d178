"""Refusals of the desk: JSON for programs, a page with the way on for people."""

from __future__ import annotations

import json

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from flows.dashboard.refusals import for_people, refusal
from veernet_core.findings import entry_of


def request(path: str = "/logs/x", accept: str = "text/html") -> Request:
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "path": path, "headers": headers, "query_string": b""})


def test_a_refusal_carries_the_words_of_the_register_unless_others_are_given() -> None:
    plain = refusal(401, "no_token")
    entry = entry_of("no_token")
    assert plain.status_code == 401
    assert json.loads(plain.body) == {
        "code": "no_token", "message": entry.sentence, "remedy": entry.remedy
    }  # fmt: skip
    own = json.loads(refusal(401, "no_token", "Ask Ann.", "No.").body)
    assert own == {"code": "no_token", "message": "No.", "remedy": "Ask Ann."}


def test_a_refusal_of_an_unregistered_code_is_a_fault() -> None:
    with pytest.raises(KeyError):
        refusal(400, "no_such_code")


@pytest.mark.parametrize("status", [401, 404])
def test_a_browser_gets_a_page_with_the_status_and_the_ways_on(status: int) -> None:
    shown = for_people(request(), PlainTextResponse("no", status))
    assert shown.status_code == status
    page = bytes(shown.body).decode()
    assert 'href="/review"' in page
    assert 'href="/dashboard/index.html"' in page


def test_programs_the_api_and_other_answers_are_left_as_they_are() -> None:
    for asked, status in (
        (request(accept="application/json"), 404),
        (request("/api/logs/x"), 404),
        (request(), 200),
        (request(), 500),
    ):
        answer = PlainTextResponse("x", status)
        assert for_people(asked, answer) is answer
