"""Targets of drawn and hand-read pages, and a short fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from veernet_core.datatypes import Raster
from veernet_core.net.layout import unpack_layout
from veernet_core.page.layout.maps import AREAS, INPUT_WIDTH
from veernet_core.training.page_targets import IGNORED, Change, read_example
from veernet_core.training.pages import (
    PageTrainConfig,
    changed,
    draw_examples,
    example_cells,
    fit_pages,
    load_crop,
)

TRUTH = {
    "sections": [
        {"kind": "header", "row_top": 0, "row_bottom": 400, "tracks": []},
        {
            "kind": "main", "row_top": 600, "row_bottom": 2000, "depth_column": [500, 600],
            "tracks": [{"left_px": [[600, 100], [2000, 120]], "right_px": [[600, 500], [2000, 520]],
                        "scale": "linear", "curves": []}],
        },
    ]
}  # fmt: skip


def blank(height: int = 2100, width: int = 1280) -> Raster:
    ink = np.zeros((height, width), np.uint8)
    return Raster(
        height, width, False, None, lambda a, b: ink[a:b],
        lambda a, b: np.full((b - a, width, 3), 255, np.uint8), lambda: (),
    )  # fmt: skip


def test_a_hand_read_page_is_marked_where_it_says() -> None:
    example = read_example(blank(), TRUTH, Change())
    cell = 8.0  # rows: 2 input rows of 4 page rows each; columns: 2 of 2
    assert example.areas[round(200 / cell), 100] == AREAS.index("form")
    assert example.areas[round(1300 / cell), round(300 / 4)] == AREAS.index("curves")
    assert example.areas[round(1300 / cell), round(560 / 4)] == AREAS.index("depth")
    assert example.areas[round(500 / cell), 100] == IGNORED
    row = round(1300 / cell)
    assert abs(int(example.lines[0, row].argmax()) - 110 / 2) <= 1
    assert abs(int(example.lines[1, row].argmax()) - 510 / 2) <= 1
    assert abs(int(example.edges[0, :, 60].argmax()) - 600 / cell) <= 1


def test_targets_follow_margins_and_scale() -> None:
    example = read_example(blank(), TRUTH, Change(cut_left=-320, stretch=0.5))
    page = 1280 + 320
    row = round(1300 / (4 * page / INPUT_WIDTH) * 0.5)
    assert abs(int(example.lines[0, row].argmax()) - (110 + 320) * INPUT_WIDTH / page) <= 1.5


def test_a_mirrored_crop_swaps_borders(tmp_path: Path) -> None:
    draw_examples(tmp_path, [5])
    crop = load_crop(tmp_path / "000005.npy", 0, 160)
    rng = np.random.default_rng(0)
    for _ in range(40):
        other = changed(rng, crop)
        if np.array_equal(other.areas, crop.areas[:, ::-1]) and other.lines.any():
            np.testing.assert_array_equal(other.lines[0], crop.lines[1][:, ::-1])
            return
    raise AssertionError("no crop was mirrored")


def test_a_fit_learns_and_leaves_a_bundle(tmp_path: Path) -> None:
    draw_examples(tmp_path / "drawn", [5])
    assert example_cells(tmp_path / "drawn" / "000005.npy") > 100
    said: list[str] = []
    config = PageTrainConfig(steps=12, batch=1, rows=96, checkpoint_every=4, warmup_steps=2)
    target = fit_pages(tmp_path / "run", tmp_path / "drawn", (), config, None, said.append)
    bundle = unpack_layout(target.read_bytes())
    assert bundle.record["steps"] == 12
    assert bundle.record["drawn_pages"] == 1
    assert len(said) == 3
    again = fit_pages(
        tmp_path / "more", tmp_path / "drawn", (), config, target.read_bytes(), said.append
    )
    assert unpack_layout(again.read_bytes()).record["before"]["steps"] == 12
