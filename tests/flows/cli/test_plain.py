"""Names of files and curves on a terminal."""

from __future__ import annotations

import pytest

from flows.cli.plain import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Gräfenberg 3 – ГК", "Gräfenberg 3 – ГК"),
        ("بئر ١٢", "بئر ١٢"),
        ("new\nline\r.tif", r"new\nline\r.tif"),
        ("\x1b[2J\x1b[31mred", r"\x1b[2J\x1b[31mred"),
        ("by\udcfftes", r"by\udcfftes"),
        ("abc\u202efit", r"abc\u202efit"),
        ("a\u2028b", r"a\u2028b"),
    ],
)
def test_nothing_in_a_name_breaks_a_line_or_steers_the_terminal(text: str, shown: str) -> None:
    assert one_line(text) == shown
