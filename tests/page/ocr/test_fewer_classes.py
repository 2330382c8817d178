"""A recogniser's file with fewer classes gives the shares of those that stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from veernet_core.page.ocr.fewer_classes import with_classes

rapidocr = pytest.importorskip("rapidocr")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def model() -> bytes:
    (file,) = (Path(rapidocr.__file__).parent / "models").glob("*_rec_*.onnx")
    return file.read_bytes()


def test_the_classes_that_stay_share_out_the_probability(model: bytes) -> None:
    whole = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    line = np.random.default_rng(0).uniform(-1, 1, (2, 3, 48, 96)).astype(np.float32)
    before = whole.run(None, {whole.get_inputs()[0].name: line})[0]
    wanted = [0, *range(7, before.shape[2], 20)]
    small = with_classes(model, before.shape[2], wanted)
    assert len(small) < 0.65 * len(model)
    cut = onnxruntime.InferenceSession(small, providers=["CPUExecutionProvider"])
    after = cut.run(None, {cut.get_inputs()[0].name: line})[0]
    expected = before[..., wanted] / before[..., wanted].sum(-1, keepdims=True)
    assert after == pytest.approx(expected, abs=1e-4)


def test_a_file_with_other_classes_is_refused(model: bytes) -> None:
    with pytest.raises(ValueError, match="12345 classes"):
        with_classes(model, 12_345, [0, 1])
