"""Drawn depth columns with exact truth."""

from __future__ import annotations

import numpy as np
from text_support import BlockReader, as_raster, draw_number

from veernet_core.datatypes import F64, U8, Dpi
from veernet_core.page.depth.axis import find_depth
from veernet_core.page.depth.labels import LabelRead
from veernet_core.page.results import (
    DepthFound,
    PageLayout,
    SectionFound,
    TrackFound,
)

DPI = 200.0


LEFT, RIGHT, WIDTH = 400, 560, 1000


def section_of(image: U8, columns: tuple[tuple[int, int], ...] = ((LEFT, RIGHT),)) -> SectionFound:
    def track(left: float, right: float, kind: str) -> TrackFound:
        return TrackFound(np.array([[0.0, left]]), np.array([[0.0, right]]), kind)  # type: ignore[arg-type]

    tracks = [track(20, LEFT, "curves"), track(RIGHT, WIDTH - 20, "curves")]
    tracks += [track(a, b, "depth") for a, b in columns]
    tracks.sort(key=lambda t: float(t.left_knots[0, 1]))
    return SectionFound("main", "main", 0, image.shape[0] - 1, tuple(tracks), np.zeros((0, 2)), 1.0)


def layout_of(section: SectionFound) -> PageLayout:
    return PageLayout("curve_log", 0, Dpi(DPI, DPI), (section,))


def draw_log(
    first: float = 7_000,
    rows: int = 6_000,
    px_per_unit: float = 10.0,
    label_step: int = 100,
    line_step: float = 10.0,
    turned: int = 90,
    stretch: float = 0.0,
    offset_px: int = 0,
    tilt: float = 0.0,
    lines: bool = True,
    labels: dict[int, int] | None = None,
    columns: tuple[tuple[int, int], ...] = ((LEFT, RIGHT),),
    other: dict[int, int] | None = None,
) -> tuple[U8, F64]:
    """A log with exact truth: image and [n, 2] (row, depth) of its label lines.

    ``labels`` maps true label depths to what is printed (0: nothing); ``other`` does so for a second column.
    """
    image = np.zeros((rows, WIDTH), dtype=np.uint8)
    image[:, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 255
    depths = np.arange(0, (rows / px_per_unit) * 1.2, line_step / 5)
    at = 60 + depths * px_per_unit * (1 + stretch * np.sin(depths / (rows / px_per_unit) * 5))
    middle = (LEFT + RIGHT) / 2
    truth = []
    for depth, row in zip(depths + first, at):
        grade = 2 if depth % (5 * line_step) == 0 else 1 if depth % line_step == 0 else 0
        cols = np.r_[20:LEFT, RIGHT : WIDTH - 20]
        if lines and (px_per_unit * line_step / 5 >= 8 or grade > 0):
            for k in range(grade + 1):
                line_rows = np.rint(row + tilt * (cols - middle)).astype(int) + k - grade // 2
                inside = (line_rows >= 0) & (line_rows < rows)
                image[line_rows[inside], cols[inside]] = 255
        if depth % label_step == 0 and 60 < row < rows - 60:
            truth.append((row, depth))
            for column, said in zip(columns, (labels, other)):
                value = (said or {}).get(int(depth), int(depth))
                if value:
                    _stamp(image, row + offset_px, sum(column) / 2, draw_number(value, turned))
    return image, np.array(truth)


def _stamp(image: U8, row: float, col: float, block: U8) -> None:
    top, left = round(row - block.shape[0] / 2), round(col - block.shape[1] / 2)
    image[top : top + block.shape[0], left : left + block.shape[1]] |= block


def find(image: U8, reader: BlockReader | None = None, **kwargs: object) -> DepthFound:
    columns = kwargs.pop("columns", ((LEFT, RIGHT),))
    section = section_of(image, columns)  # type: ignore[arg-type]
    return find_depth(
        as_raster(image), section, layout_of(section), reader or BlockReader(), **kwargs
    )  # type: ignore[arg-type]


def codes(found: DepthFound) -> set[str]:
    return {finding.code for finding in found.findings}


def error(found: DepthFound, truth: F64) -> F64:
    assert found.axis is not None, codes(found)
    return np.abs(found.axis.depth_at(truth[:, 0]) - truth[:, 1])


def label(row: float, value: float, confidence: float = 0.99) -> LabelRead:
    return LabelRead(row, 480.0, value, confidence, 60.0, 30.0, 90)
