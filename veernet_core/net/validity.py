"""Which part of a batch is strip and which is padding, at every level of the network.

In: a validity mask, and where it is known the rows and columns that every strip of the batch fills. Out: the
same maps with zeros in the padding. Where the filled part is one rectangle only its surroundings are written,
which costs next to nothing; a whole mask is multiplied. Both give the same numbers.
Does not belong here: what the network computes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Validity:
    """One level of a batch.

    Attributes
    ----------
    mask : float [B, 1, h, w]
        1 inside the strips.
    filled : (rows, columns) or None
        Every strip of the batch fills exactly these, from the upper left on; None: ask the mask.
    """

    mask: Tensor
    filled: tuple[int, int] | None = None

    def clear(self, x: Tensor, value: float = 0.0) -> Tensor:
        """``x`` [B, C, h, w] with ``value`` in the padding; written in place where the filled part is known."""
        if self.filled is None:
            if value:
                return x.masked_fill(self.mask == 0, value)
            return x * self.mask.to(x.dtype)
        rows, cols = self.filled
        if rows < x.shape[2]:
            x[:, :, rows:] = value
        if cols < x.shape[3]:
            x[..., cols:] = value
        return x

    def halved(self) -> Validity:
        """At half the resolution: a cell is valid if any of its pixels is."""
        filled = None
        if self.filled is not None:
            filled = (-(-self.filled[0] // 2), -(-self.filled[1] // 2))
        return Validity(F.max_pool2d(self.mask, 2), filled)


def levels(valid: Validity | None, count: int) -> list[Validity | None]:
    """Validity at 1/2, 1/4 and so on."""
    out: list[Validity | None] = []
    level = valid
    for _ in range(count):
        level = None if level is None else level.halved()
        out.append(level)
    return out
