"""A quick look at a model in training: figures of a model that is right, wrong or without a head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from veernet_core.net.model import NetConfig, NetOutput, VeerNet
from veernet_core.training import batches, pictures
from veernet_core.training import validate as validation
from veernet_core.training.batches import Batch
from veernet_core.training.pictures import strip_pictures
from veernet_core.training.validate import validate

SMALL = NetConfig((8, 8, 8, 8, 8), decoder_width=8, layers=0)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZES", ((2, 64, 128, 1.0),))


ROWS, COLS = 64, 128
SLOPE = 30 + 0.2 * np.arange(ROWS)


class Strips(list[Batch]):
    """One strip of three curves: a solid one that slopes, a dashed one, and half a dotted one."""

    def __init__(self, seed: int, count: int) -> None:
        x = np.zeros((1, 5, ROWS), np.float32)
        visible = np.zeros_like(x)
        x[0, :3] = SLOPE, np.full(ROWS, 90.0), np.full(ROWS, 60.0)
        visible[0, :2] = 1
        visible[0, 2, : ROWS // 2] = 1
        batch = {
            "ink": torch.zeros(1, ROWS, COLS, dtype=torch.uint8), "inside": torch.ones(1, COLS),
            "condition": torch.zeros(1, 6), "style": torch.tensor([[0, 1, 2, -1, -1]]),
            "x": torch.from_numpy(x), "visible": torch.from_numpy(visible),
        }  # fmt: skip
        super().__init__([batch] * count)


class Seeing:
    """Stands in for a network that sees every curve, so many columns to the right of where it is."""

    def __init__(self, shift: float = 0.0, dotted: float = 9.0) -> None:
        self.shift, self.dotted = shift, dotted

    def eval(self) -> Seeing:
        return self

    def __call__(self, x: torch.Tensor, condition: torch.Tensor) -> NetOutput:
        assert x.shape == (1, 2, ROWS, COLS)
        at = torch.arange(COLS, dtype=torch.float32)
        curves = torch.from_numpy(np.stack([SLOPE, np.full(ROWS, 90.0), np.full(ROWS, 60.0)]))
        position = -(((at - (curves[..., None].float() + self.shift)) / 1.5) ** 2)
        presence = torch.full((3, ROWS), 9.0)
        presence[2, ROWS // 2 :] = -9.0
        presence[2, : ROWS // 2] = self.dotted
        return NetOutput(None, position[None], presence[None])


def scores(**options: float) -> dict[str, float]:
    return validate(Seeing(**options), 3, batches=2)  # type: ignore[arg-type]


@pytest.fixture
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "StripBatches", Strips)


@pytest.mark.usefixtures("_known")
def test_a_model_that_is_right_scores_so() -> None:
    found = scores()
    assert found.keys() == {
        "presence", "dx_solid", "near_solid", "dx_dashed", "near_dashed", "dx_dotted", "near_dotted",
    }  # fmt: skip
    assert found["presence"] == 1.0
    for name in ("solid", "dashed", "dotted"):
        assert found[f"dx_{name}"] < 0.1
        assert found[f"near_{name}"] == 1.0


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize(("shift", "near"), [(2.5, 1.0), (-5.0, 0.0)])
def test_a_model_that_is_off_scores_its_distance(shift: float, near: float) -> None:
    found = scores(shift=shift)
    for name in ("solid", "dashed", "dotted"):
        assert found[f"dx_{name}"] == pytest.approx(abs(shift), abs=0.1)
        assert found[f"near_{name}"] == near
    assert found["presence"] == 1.0


@pytest.mark.usefixtures("_known")
def test_a_curve_that_is_missed_costs_its_rows_of_presence() -> None:
    assert scores(dotted=-9.0)["presence"] == pytest.approx(1 - 0.5 / 3)


def test_a_model_without_position_head_has_no_scores_and_no_pictures() -> None:
    paper = VeerNet(NetConfig((8, 8, 8, 8, 8), 8, 0, position_classes=0)).eval()
    assert validate(paper, 1, batches=1) == {}
    assert strip_pictures(paper, count=1) == {}


def test_a_centroid_is_between_columns() -> None:
    at = torch.arange(40, dtype=torch.float32)
    position = (-(((at - 20.3) / 1.5) ** 2)).reshape(1, 1, 1, 40).repeat(1, 3, 2, 1)
    column = validation._centroid(position)
    assert column.shape == (1, 3, 2)
    np.testing.assert_allclose(column.numpy(), 20.3, atol=0.05)
    edge = validation._centroid((-(((at - 0.0) / 1.5) ** 2)).reshape(1, 1, 1, 40))
    assert 0 <= float(edge) < 1.5


def test_pictures_show_strips_beside_what_the_model_sees() -> None:
    net = VeerNet(SMALL).eval()
    found = strip_pictures(net, count=2)
    assert list(found) == ["strips-0.png", "strips-1.png"]
    image = cv2.imdecode(np.frombuffer(found["strips-0.png"], np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (2 * 64, 2 * 128 + 4, 3)
    assert strip_pictures(net, count=2) == found, "the same strips every time"


def test_a_tile_is_paper_on_the_left_and_coloured_by_style_on_the_right() -> None:
    ink = np.zeros((4, 6), np.uint8)
    ink[:, 2] = 255
    position = np.zeros((3, 4, 6), np.float32)
    position[1, :, 5] = 1.0
    tile = pictures._tile(ink, position)
    assert tile.shape == (4, 16, 3)
    assert tile[0, 2].tolist() == [0, 0, 0]
    assert tile[0, 0].tolist() == [255, 255, 255]
    assert tile[0, 10 + 5].tolist() == pictures._COLOURS[1].astype(int).tolist()
    assert tile[0, 10 + 2].tolist() == [165, 165, 165], "ink is pale under the posterior"
