"""What ships with the package for the browser, and data that a script file may hold.

In: names and plain data. Out: folders of the package, text. Which page needs what does not belong here.
"""

from __future__ import annotations

import json
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Any


def templates() -> Traversable:
    """Folder of the templates, styles and scripts."""
    return package_files("flows.dashboard") / "templates"


def libraries() -> Traversable:
    """Folder of the browser libraries that only the served form needs (``fetch_libraries``)."""
    return package_files("flows.dashboard") / "library"


def script_json(data: Any) -> str:
    """JSON that cannot end a script element, start a comment in it, or break a line."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
