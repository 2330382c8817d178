"""The trade's tables, as they ship with the package.

In: the name of a table. Out: its content. What it means belongs to the modules that ask for it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Content of ``<name>.toml`` beside this module.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    file = resources.files("veernet_core.domain") / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))
