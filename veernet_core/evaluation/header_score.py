"""Header fields read from a page, against those a person read.

In: true fields as text, and a `HeaderFound`. Out: counts, and what was stated wrongly.
"""

from __future__ import annotations

import difflib
import re

from veernet_core.domain.api_number import state_name
from veernet_core.domain.gazetteer import SERVICE_COMPANIES, letters_and_digits
from veernet_core.evaluation.page_truth import HEADER_FIELDS, PageTruth
from veernet_core.page.results import HeaderFound

_SAME_TEXT = 0.9


def score_header(
    truth: PageTruth, header: HeaderFound, min_confidence: float, wrong: list[str]
) -> tuple[int, int, int]:
    """Fields right, stated with that confidence, and printed; what is wrong is added to ``wrong``."""
    right = stated = 0
    for name in HEADER_FIELDS:
        value = header.fields.get(name)
        if value is None or value.confidence < min_confidence or name in truth.not_scored:
            continue
        stated += 1
        want = truth.header.get(name, "")
        if same_text(name, want, str(value.value)):
            right += 1
        else:
            wrong.append(f"{name}: {value.value!r} ({value.confidence:.2f}) instead of {want!r}")
    return right, stated, sum(name in truth.header for name in HEADER_FIELDS)


def same_text(name: str, want: str, got: str) -> bool:
    """Whether two header values say the same, apart from spelling of spaces, marks and a letter or two."""
    if name == "uwi":
        a, b = (re.sub(r"\D", "", text) for text in (want, got))
        return bool(a) and (a.startswith(b) or b.startswith(a)) and min(len(a), len(b)) >= 10
    if name == "state":
        return state_name(want) is not None and state_name(want) == state_name(got)
    if name == "date":
        return sorted(_numbers(want)) == sorted(_numbers(got)) or letters_and_digits(
            want
        ) == letters_and_digits(got)
    if name == "county":
        want, got = (re.sub(r"\b(COUNTY|PARISH)\b", "", text.upper()) for text in (want, got))
    a, b = letters_and_digits(want), letters_and_digits(got)
    if not a or not b:
        return False
    if name == "service_company" and got in SERVICE_COMPANIES and a.startswith(b):
        return True  # the listed company's name, without WELL SURVEYING CORPORATION and the like
    digits = _numbers(want) == _numbers(got)
    return digits and difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= _SAME_TEXT


_MONTHS = {m: i for i, m in enumerate(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1)}  # fmt: skip


def _numbers(text: str) -> list[int]:
    """Numbers of a text; names of months count as theirs, years of two digits as 19xx."""
    named = re.sub("[A-Z]{3,}", lambda m: f" {_MONTHS.get(m[0][:3], '')} ", text.upper())
    return [int(n) - 1900 if 1900 <= int(n) < 2000 else int(n) for n in re.findall(r"\d+", named)]
