"""Which parts a drawn page has and where they lie, before anything is inked.

In: a ``numpy.random.Generator``. Out: `PagePlan`. Rows and columns are pixels of the flat page (before
wear). Does not belong here: ink.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from veernet_core.datatypes import Rng

ColumnKind = Literal["curves", "depth", "text", "lithology", "picture", "blank"]
BlockKind = Literal["form", "scales", "log", "gap"]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class GridPlan:
    """Printed grid of a track.

    ``decades`` None: linear with ``divisions``. ``vertical_every`` is how many lines there are from one
    heavier line to the next. ``fine_px``, ``border_px``: stroke widths; 0: not printed.
    """

    divisions: int
    decades: float | None
    start: int
    heavy_every: int
    fine_px: int
    heavy_px: int
    border_px: int
    colour: Colour
    border_colour: Colour
    dash: tuple[int, int] | None
    verticals: bool
    horizontals: Literal["full", "ticks", "none", "dotted"]


@dataclass(frozen=True, slots=True)
class Column:
    """A stretch of the page from ``left`` to ``right`` with one kind of content."""

    kind: ColumnKind
    left: float
    right: float
    grid: GridPlan | None = None
    curves: int = 0
    tint: Colour | None = None
    double: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of rows; ``columns`` of scales and logs."""

    kind: BlockKind
    top: int
    bottom: int
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class DepthPlan:
    """Depth lines and numbers: pitch of fine lines, lines to a heavy one, where numbers stand."""

    pitch_px: float
    medium_every: int
    heavy_every: int
    number_every: int
    first: int
    per_number: int
    place: Literal["above", "on", "below"]
    turned: bool
    through: bool


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A whole page. ``scale_px``: pixels per 1/200 inch, so that strokes and text fit the resolution."""

    width: int
    height: int
    scale_px: float
    colour: bool
    turned: bool
    blocks: tuple[Block, ...]
    depth: DepthPlan


INKS: tuple[Colour, ...] = (
    (0, 0, 0), (200, 0, 0), (0, 150, 0), (0, 0, 220), (220, 0, 220), (0, 160, 200), (230, 120, 0),
    (120, 60, 0), (90, 90, 90), (0, 230, 0), (255, 0, 0), (60, 0, 140), (200, 180, 0),
)  # fmt: skip
GREYS: tuple[Colour, ...] = (
    (0, 0, 0),
    (60, 60, 60),
    (120, 120, 120),
    (160, 160, 160),
    (190, 190, 190),
)
TINTS: tuple[Colour, ...] = (
    (255, 255, 225), (230, 245, 255), (245, 245, 245), (255, 235, 235), (235, 255, 235),
)  # fmt: skip
GRID_COLOURS: tuple[Colour, ...] = (
    (170, 170, 170), (200, 200, 200), (150, 200, 150), (140, 190, 230), (230, 190, 140),
    (120, 120, 120), (0, 0, 0), (60, 60, 60),
)  # fmt: skip


def draw_plan(rng: Rng) -> PagePlan:
    """Draw the layout of a page: resolution, columns, blocks from top to bottom, depth lines."""
    width = int(rng.choice([640, 760, 900, 1100, 1300, 1500, 1700]) * rng.uniform(0.94, 1.06))
    colour = bool(rng.random() < 0.4)
    inches = rng.choice([8.25, 8.25, 8.25, 11.0, 6.0, 14.0, 20.0])
    scale = width / (200.0 * inches)
    columns = _columns(rng, width, scale, colour)
    turned = colour and bool(rng.random() < 0.15)
    blocks, height = _blocks(rng, width, scale, columns)
    return PagePlan(width, height, scale, colour, turned, blocks, _depth(rng, scale))


def _depth(rng: Rng, scale: float) -> DepthPlan:
    pitch = max(3.0, float(rng.choice([4, 8, 10, 16, 20, 20, 20, 24, 40, 100])) * scale)
    medium, heavy = [(5, 10), (5, 25), (5, 50), (10, 50), (2, 10), (5, 10), (1, 5), (10, 100)][
        int(rng.integers(8))
    ]
    heavy = int(min(heavy, max(medium, 900 * scale // pitch)))
    number = heavy * int(rng.choice([1, 1, 1, 2, 5]))
    if pitch * number < 60 * scale:
        number = int(-(-60 * scale // (pitch * heavy))) * heavy
    return DepthPlan(
        pitch, medium, heavy, number, int(rng.integers(2, 150)) * 100,
        int(rng.choice([10, 20, 25, 50, 100, 100])),
        ("above", "on", "on", "below")[int(rng.integers(4))],
        bool(rng.random() < 0.35), bool(rng.random() < 0.25),
    )  # fmt: skip


# ---- across ------------------------------------------------------------------------------------------


def _columns(rng: Rng, width: int, scale: float, colour: bool) -> tuple[Column, ...]:
    """Columns of one of several families, from left to right."""
    kinds, shares, gaps = _recipe(rng, colour)
    wide = float(rng.uniform(0.1, 0.65))
    before, after = [(0.0, 0.0), (wide, 0.0), (0.0, wide), (0.5 * wide, 0.5 * wide)][
        int(rng.choice(4, p=[0.66, 0.14, 0.12, 0.08]))
    ]
    left = width * (before + rng.choice([0.0, 0.01, 0.04, 0.08, 0.14]))
    right = width * (1 - after - rng.choice([0.0, 0.01, 0.04, 0.08]))
    if rng.random() < 0.12:
        left, right = left - 0.05 * width * rng.random(), right + 0.04 * width * rng.random()
    unit = (right - left) / (sum(shares) + sum(gaps[1:]))
    grid = _grid(rng, scale, colour)
    columns: list[Column] = []
    at = left
    for kind, share, gap in zip(kinds, shares, gaps):
        at += (gap if columns else 0) * unit
        end = at + share * unit
        columns.append(
            _column(rng, kind, (at, end), share > 1.7 and rng.random() < 0.75, colour, grid)
        )
        at = end
    return tuple(columns)


def _recipe(rng: Rng, colour: bool) -> tuple[list[ColumnKind], list[float], list[float]]:
    """Kinds, widths and gaps before each, in tracks."""
    kinds: list[ColumnKind]
    choice = rng.random()
    if choice < 0.06:
        kinds = (
            ["curves", "depth", "curves", "picture"] if rng.random() < 0.5 else ["depth", "picture"]
        )
        shares = [0.3 if kind == "depth" else float(rng.uniform(0.8, 2)) for kind in kinds]
    elif choice < 0.45:
        kinds = ["curves", "depth", "curves"]
        shares = [1.0, float(rng.uniform(0.15, 0.42)), 2.0]
        if rng.random() < 0.35:
            kinds, shares = [*kinds, "curves"], [1.0, shares[1], 1.0, 1.0]
        if rng.random() < 0.12:
            kinds, shares = kinds[::-1], shares[::-1]
    elif choice < 0.75 or (not colour and choice < 0.9):
        kinds, shares = _free(rng)
    else:
        kinds, shares = _mud_log(rng)
    apart = rng.choice([0.0, 0.0, 0.02, 0.1])
    gaps = [float(apart * rng.random()) if rng.random() < 0.6 else 0.0 for _ in kinds]
    return kinds, shares, gaps


def _free(rng: Rng) -> tuple[list[ColumnKind], list[float]]:
    """One to six tracks, with the depth column anywhere, twice or nowhere."""
    kinds: list[ColumnKind] = ["curves"] * int(rng.integers(1, 7))
    for place in range(len(kinds)):
        if place and rng.random() < 0.12:
            kinds[place] = "picture" if rng.random() < 0.6 else "lithology"
    where = rng.random()
    if where < 0.25:
        kinds.insert(0, "depth")
    elif where < 0.8:
        kinds.insert(int(rng.integers(0, len(kinds) + 1)), "depth")
        if rng.random() < 0.15:
            kinds.append("depth")
    shares = [
        float(rng.uniform(0.12, 0.45))
        if kind == "depth"
        else float(rng.choice([1, 1, 1, 0.6, 1.5, 2]))
        for kind in kinds
    ]
    return kinds, shares


def _mud_log(rng: Rng) -> tuple[list[ColumnKind], list[float]]:
    middle: list[ColumnKind] = ["lithology", "text", "picture", "blank", "lithology", "text"]
    rng.shuffle(middle)
    middle = middle[: int(rng.integers(1, 5))]
    depth = int(rng.integers(0, len(middle) + 1))
    middle.insert(depth, "depth")
    before: list[ColumnKind] = ["curves"] * int(rng.integers(0, 3))
    after: list[ColumnKind] = ["curves"] * int(rng.integers(0, 4))
    if not before and not after:
        after = ["curves"]
    wide = {
        "depth": (0.08, 0.35),
        "text": (0.8, 3.0),
        "lithology": (0.08, 0.5),
        "picture": (0.4, 2.0),
    }
    kinds = [*before, *middle, *after]
    shares = [float(rng.uniform(*wide.get(kind, (0.5, 1.5)))) for kind in kinds]
    return kinds, shares


def _column(
    rng: Rng, kind: ColumnKind, span: tuple[float, float], wide: bool, colour: bool, grid: GridPlan
) -> Column:
    tint = TINTS[int(rng.integers(len(TINTS)))] if colour and rng.random() < 0.15 else None
    if kind != "curves":
        return Column(kind, *span, grid if rng.random() < 0.3 else None, 0, tint)
    if rng.random() < 0.5:
        grid = _divided(rng, grid)
    if wide and grid.decades is None:
        grid = replace(grid, divisions=2 * grid.divisions)
    if rng.random() < 0.04:
        grid = replace(grid, verticals=False)
    curves = int(rng.choice([0, 1, 1, 2, 2, 3, 4]))
    return Column(kind, *span, grid, curves, tint, wide)


def _divided(rng: Rng, grid: GridPlan) -> GridPlan:
    """The grid with decades or divisions of its own."""
    if rng.random() < 0.3:
        decades, start = float(rng.choice([1, 2, 3, 4, 2, 3])), int(rng.choice([1, 2, 2]))
        return replace(grid, decades=decades, start=start)
    divisions = int(rng.choice([10, 10, 10, 10, 5, 4, 8, 20, 2, 6]))
    return replace(grid, decades=None, divisions=divisions)


def _grid(rng: Rng, scale: float, colour: bool) -> GridPlan:
    def stroke(low: float, high: float) -> int:
        return max(1, round(float(rng.uniform(low, high)) * scale))

    fine = stroke(0.8, 2.5)
    heavy = fine + stroke(0.2, 2.5) if rng.random() < 0.6 else fine
    border = int(rng.choice([fine, heavy, heavy + stroke(1, 4), 0], p=[0.3, 0.3, 0.34, 0.06]))
    shade = GRID_COLOURS if colour else ((0, 0, 0), (0, 0, 0), (60, 60, 60))
    tone = shade[int(rng.integers(len(shade)))]
    dash = (int(rng.integers(2, 14)), int(rng.integers(1, 10))) if rng.random() < 0.12 else None
    horizontals: list[Literal["full", "ticks", "none", "dotted"]] = [
        "full",
        "ticks",
        "none",
        "dotted",
    ]
    style = horizontals[int(rng.choice(4, p=[0.85, 0.05, 0.05, 0.05]))]
    plan = GridPlan(
        10, None, 1, int(rng.choice([5, 5, 10, 2])), fine, heavy, border, tone,
        (0, 0, 0) if rng.random() < 0.6 else tone, dash, bool(rng.random() < 0.95), style,
    )  # fmt: skip
    return _divided(rng, plan)


# ---- down --------------------------------------------------------------------------------------------


class _Stack:
    """Blocks that are laid one below the other."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.row = 0

    def add(self, kind: BlockKind, rows: float, cols: tuple[Column, ...] = ()) -> None:
        """Lay a block of so many rows under the others."""
        rows = max(8, round(rows))
        self.blocks.append(Block(kind, self.row, self.row + rows, cols))
        self.row += rows


def _blocks(
    rng: Rng, width: int, scale: float, columns: tuple[Column, ...]
) -> tuple[tuple[Block, ...], int]:
    """Forms, scale blocks and logs from top to bottom; half the pages begin in the middle of a log."""
    stack = _Stack()
    limit = 3.2 * width
    if rng.random() < 0.7:
        stack.add("form", width * rng.uniform(0.2, 1.0))
    if rng.random() < 0.1:
        stack.add("form", width * rng.uniform(0.5, 2.2))
        return tuple(stack.blocks), stack.row
    while stack.row < 0.75 * limit:
        if stack.blocks:
            stack.add("gap", rng.choice([0, 10, 60, 200]) * scale)
        _add_log(rng, stack, width, scale, columns)
        if rng.random() < 0.35:
            stack.add("form", width * rng.uniform(0.1, 0.6))
        if rng.random() < 0.15:
            columns = _moved(rng, columns, width)
    return tuple(stack.blocks), stack.row


def _add_log(
    rng: Rng, stack: _Stack, width: int, scale: float, columns: tuple[Column, ...]
) -> None:
    """A log with a scale block above it, below it, both or neither."""
    if stack.blocks or rng.random() < 0.3:
        stack.add("scales", rng.uniform(70, 420) * scale, columns)
        if rng.random() < 0.35:
            stack.add("gap", rng.uniform(5, 80) * scale)
    stack.add("log", width * rng.uniform(0.5, 2.2), columns)
    if rng.random() < 0.4:
        if rng.random() < 0.3:
            stack.add("gap", rng.uniform(5, 60) * scale)
        stack.add("scales", rng.uniform(60, 350) * scale, columns)


def _moved(rng: Rng, columns: tuple[Column, ...], width: int) -> tuple[Column, ...]:
    """The same columns elsewhere on the paper, as a second log spliced on lies."""
    shift = float(rng.normal(0, 0.02 * width))
    return tuple(replace(c, left=c.left + shift, right=c.right + shift) for c in columns)
