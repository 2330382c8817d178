"""The layout network's file, and pages marked tile by tile."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veernet_core.errors import BundleError
from veernet_core.net.layout import (
    LayoutNetConfig,
    LayoutReader,
    LayoutUNet,
    layout_reader,
    pack_layout,
    unpack_layout,
)

SMALL = LayoutNetConfig(widths=(8, 8, 8, 8, 8))


def test_a_bundle_keeps_weights_record_and_calibration() -> None:
    model = LayoutUNet(SMALL)
    data = pack_layout(model, {"steps": 3}, {"settings": {"row_switch": 4.0}})
    bundle = unpack_layout(data)
    assert bundle.network == SMALL
    assert bundle.record == {"steps": 3}
    assert bundle.calibration["settings"] == {"row_switch": 4.0}
    own, new = model.state_dict(), bundle.model().state_dict()
    for name, value in own.items():
        torch.testing.assert_close(new[name].float(), value.float(), atol=1e-3, rtol=1e-3)
    assert pack_layout(bundle.model(), {"steps": 3}, {"settings": {"row_switch": 4.0}}) == data


@pytest.mark.parametrize("data", [b"", b"\x10\0\0\0\0\0\0\0{}", b"no bundle at all, only words"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        unpack_layout(data)


@pytest.mark.parametrize("rows", [2, 32, 700, 1300])
def test_maps_cover_the_page(rows: int) -> None:
    maps = LayoutReader(LayoutUNet(SMALL)).mark(np.zeros((4, rows, 640), np.uint8))
    assert maps.areas.shape == (6, rows // 2, 320)
    assert maps.lines.shape == (2, rows // 2, 640)
    assert maps.edges.shape == (2, rows // 2, 320)
    np.testing.assert_allclose(maps.areas.astype(int).sum(axis=0), 255, atol=4)


def test_the_shipped_network_is_small_and_calibrated() -> None:
    reader = layout_reader()
    assert reader.settings["row_switch"] > 0
    assert sum(p.numel() for p in reader._model.parameters()) < 1_000_000
