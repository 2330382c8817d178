"""The networks of the OCR engine, computed by torch: they say what ONNX Runtime says of the same images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from veernet_core.datatypes import F32
from veernet_core.net.onnx_file import read_graph
from veernet_core.net.onnx_network import Bfloat16Networks, OnnxNetwork
from veernet_core.protobuf import field, varint

rapidocr = pytest.importorskip("rapidocr")
onnxruntime = pytest.importorskip("onnxruntime")


def model(kind: str) -> bytes:
    (file,) = (Path(rapidocr.__file__).parent / "models").glob(f"*_{kind}_*.onnx")
    return file.read_bytes()


def by_runtime(file: bytes, images: F32) -> F32:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    said: F32 = session.run(None, {session.get_inputs()[0].name: images})[0]
    return said


@pytest.fixture(scope="module")
def reader() -> OnnxNetwork:
    return OnnxNetwork(model("rec"))


def lines(*widths: int) -> list[F32]:
    rng = np.random.default_rng(1)
    return [rng.uniform(-1, 1, (48, width)).astype(np.float32) for width in widths]


@pytest.mark.parametrize(("kind", "shape"), [("det", (1, 3, 96, 160)), ("rec", (2, 3, 48, 112))])
def test_in_float32_a_network_says_what_the_runtime_says(kind: str, shape: tuple[int, ...]) -> None:
    file = model(kind)
    images = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    own = OnnxNetwork(file, precision=torch.float32)(images)
    assert own == pytest.approx(by_runtime(file, images), abs=2e-5)
    coarse = OnnxNetwork(file)(images)
    assert coarse.dtype == np.float32
    assert np.abs(coarse - own).max() < 0.2
    assert not np.array_equal(coarse, own)


def test_lines_of_any_widths_are_read_as_if_alone(reader: OnnxNetwork) -> None:
    several = lines(96, 208, 96, 112, 128, 400, 112, 224, *[96] * 17)
    together = reader.read_lines(several)
    assert [len(said) for said in together[:6]] == [12, 26, 12, 14, 16, 50]
    for line, said in zip(several, together):
        (alone,) = reader.read_lines([line])
        assert np.array_equal(said, alone)
        assert said.sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_a_line_is_read_as_an_image_is(reader: OnnxNetwork) -> None:
    (line,) = lines(160)
    assert np.array_equal(
        reader.read_lines([line])[0], reader(np.repeat(line[None, None], 3, axis=1))[0]
    )


def test_nothing_is_read_of_no_lines(reader: OnnxNetwork) -> None:
    assert reader.read_lines([]) == []


def test_threads_of_others_stay_as_they_are() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        Bfloat16Networks(1).reader(model("rec"))(lines(96))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_numbers_of_a_file_may_be_negative_and_lie_in_one_field_or_in_many() -> None:
    minus_two = varint((1 << 64) - 2)
    axes = field(1, b"axes") + field(8, varint(3) + minus_two)
    node = field(1, b"x") + field(2, b"y") + field(4, b"Squeeze") + field(5, axes)
    whole = (
        field(1, varint(2))
        + varint(2 << 3)
        + varint(7)
        + field(8, b"n")
        + field(7, varint(5) + minus_two)
    )
    graph = field(1, node) + field(5, whole) + field(11, field(1, b"x")) + field(12, field(1, b"y"))
    read = read_graph(field(7, graph))
    assert read.nodes[0].settings == {"axes": [3, -2]}
    assert read.constants["n"].tolist() == [5, -2]
    assert (read.input, read.output) == ("x", "y")


def test_an_operator_that_is_not_known_is_named() -> None:
    node = field(1, b"x") + field(2, b"y") + field(4, b"Einsum")
    graph = field(1, node) + field(11, field(1, b"x")) + field(12, field(1, b"y"))
    with pytest.raises(ValueError, match="Einsum"):
        OnnxNetwork(field(7, graph))


def test_bytes_without_a_network_are_refused() -> None:
    with pytest.raises(ValueError, match="no network"):
        read_graph(field(3, b"x"))
