import numpy as np
import pytest
import torch

from veernet_core.errors import BundleError
from veernet_core.net.prints import (
    PrintMarker,
    PrintNetConfig,
    PrintUNet,
    pack_print,
    print_marker,
    unpack_print,
)


def small() -> PrintUNet:
    torch.manual_seed(4)
    return PrintUNet(PrintNetConfig((4, 6, 8))).eval()


def test_a_file_gives_back_the_network_and_its_record() -> None:
    data = pack_print(small(), {"steps": 3})
    assert data == pack_print(small(), {"steps": 3})
    bundle = unpack_print(data)
    assert bundle.record == {"steps": 3}
    assert bundle.network.widths == (4, 6, 8)
    ink = np.random.default_rng(1).integers(0, 255, (50, 75)).astype(np.uint8)
    for own, read in zip(PrintMarker(small()).mark_print(ink), print_marker(data).mark_print(ink)):
        assert own.shape == ink.shape
        assert np.abs(own.astype(int) - read).max() <= 2


@pytest.mark.parametrize("data", [b"", b"no weights at all", b"\x02\0\0\0\0\0\0\0{}"])
def test_other_bytes_are_no_print_bundle(data: bytes) -> None:
    with pytest.raises(BundleError):
        unpack_print(data)


def test_weights_of_another_shape_are_refused() -> None:
    bundle = unpack_print(pack_print(small(), {}))
    other = type(bundle)(PrintNetConfig((5, 6, 8)), bundle.weights, {})
    with pytest.raises(BundleError, match="do not fit"):
        other.model()
