"""Fitting small networks: the learning rate over a run, and the average that follows the weights."""

from __future__ import annotations

import pytest
import torch

from veernet_core.training.small_nets import descend, follow, learning_rate


@pytest.mark.parametrize(
    ("step", "done", "rate"),
    [
        (0, 0.0, 0.1),
        (4, 0.0, 0.5),
        (9, 0.1, 1.0),
        (500, 0.6, 1.0),
        (900, 0.8, 0.5),
        (999, 1.0, 0.02),
    ],
)
def test_the_rate_rises_stays_and_falls(step: int, done: float, rate: float) -> None:
    assert learning_rate(1.0, step, 10, done, fall=0.4, least=0.02) == pytest.approx(rate)
    assert learning_rate(3.0, step, 10, done, fall=0.4, least=0.02) == pytest.approx(3 * rate)


def test_the_average_moves_by_its_share_and_takes_counters_as_they_are() -> None:
    average, model = torch.nn.BatchNorm2d(2), torch.nn.BatchNorm2d(2)
    with torch.no_grad():
        model.weight.fill_(3.0)
    model.num_batches_tracked.fill_(7)
    follow(average, model, keep=0.75)
    assert average.weight.tolist() == pytest.approx([1.5, 1.5])
    assert int(average.num_batches_tracked) == 7
    for _ in range(60):
        follow(average, model, keep=0.75)
    assert average.weight.tolist() == pytest.approx([3.0, 3.0], abs=1e-5)


def test_a_step_goes_down_and_is_cut_at_a_norm() -> None:
    line = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        line.weight.fill_(10.0)
    optimiser = torch.optim.SGD(line.parameters(), lr=1.0)
    descend((line(torch.ones(1, 1)) ** 2).sum(), line, optimiser, most_norm=0.5)
    assert line.weight.item() == pytest.approx(9.5, abs=1e-4)  # the gradient is 20
