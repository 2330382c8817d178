"""A study's report: words for people, and the same figures for programs.

In: text and plain data. Out: a text that carries them. Measuring does not belong here.
"""

from __future__ import annotations

import json
from typing import Any

from storage.records import jsonable


class Report(str):
    """A report in words whose figures programs can read.

    Attributes
    ----------
    figures : dict
        By name; numbers, texts, and lists and dicts of them. Numbers that are not finite become null in JSON.

    Examples
    --------
    >>> Report("2 of 3", right=2, of=3).as_json()
    '{"report": "2 of 3", "right": 2, "of": 3}'
    """

    figures: dict[str, Any]

    def __new__(cls, text: str, **figures: Any) -> Report:
        """The text with its figures."""
        made = super().__new__(cls, text)
        made.figures = figures
        return made

    def as_json(self) -> str:
        """One JSON object on a line: ``report`` holds the words."""
        return json.dumps(jsonable({"report": str(self), **self.figures}), ensure_ascii=False)
