"""How the pages look: nothing cut or too small at two widths, a dark screen, a print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Open = Callable[..., Any]
PAGES = {
    "overview": ("/dashboard/index.html", "html[data-settled]:not([data-settled=no])"),
    "method": ("/dashboard/method.html", "body[data-ready=yes]"),
    "log": ("/dashboard/logs/clean-triple-combo/index.html", "body[data-ready=yes]"),
    "compare": (
        "/dashboard/compare.html#logs=clean-triple-combo,two-solid-curves",
        "html[data-ready]",
    ),
    "review": ("/review?which=all", "html[data-stretch]"),
    "correct": ("/correct?log=two-solid-curves", "html[data-ready]"),
}
FAULTS = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the window");
  const boxes = "main, header, figure, .panel, .scroll, .scroll-x, .bar";
  for (const node of document.querySelectorAll(boxes))
    if (node.clientWidth && node.scrollWidth > node.clientWidth + 1
        && getComputedStyle(node).overflowX !== "visible")
      found.push("cut: " + (node.id || node.className || node.tagName));
  for (const text of document.querySelectorAll("main svg text")) {
    const own = text.getBoundingClientRect(), svg = text.ownerSVGElement;
    const box = svg.getBoundingClientRect(), turn = text.getScreenCTM();
    if (!own.width || svg.closest("#scan")) continue;
    if (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1
        || own.bottom > box.bottom + 1) found.push("cut: " + text.textContent);
    const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(turn.a, turn.b);
    if (size < 10.9) found.push("small: " + text.textContent);
  }
  return found;
}"""


def opened(open_page: Open, address: str, name: str, width: int = 1280) -> Any:
    place, ready = PAGES[name]
    page = open_page(address + place, width, 900)
    page.wait_for_selector(ready, state="attached")
    return page


@pytest.mark.parametrize("width", [820, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_and_no_chart_text_is_small(
    served: tuple[str, Path, Any], open_page: Open, shoot: Callable[..., Any], name: str, width: int
) -> None:
    page = opened(open_page, served[0], name, width)
    assert page.evaluate(FAULTS) == []
    shoot(page, f"{name}-{width}")


def grey(page: Any, what: str, key: str) -> float:
    """Mean of red, green and blue of a colour in use, 0 to 255."""
    colour = page.evaluate(f"getComputedStyle(document.querySelector('{what}')).{key}")
    parts = [float(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
    return sum(parts) / 3


@pytest.mark.parametrize("name", PAGES)
def test_dark_screens_get_dark_pages_and_prints_white_ones(
    served: tuple[str, Path, Any], open_page: Open, shoot: Callable[..., Any], name: str
) -> None:
    page = opened(open_page, served[0], name)
    panel = {"correct": "#panel"}.get(name, ".panel")
    assert grey(page, panel, "backgroundColor") > 240
    page.emulate_media(color_scheme="dark")
    assert grey(page, panel, "backgroundColor") < 60
    assert grey(page, panel, "color") > 200
    shoot(page, f"{name}-dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert grey(page, panel, "backgroundColor") > 240
    assert grey(page, panel, "color") < 60
