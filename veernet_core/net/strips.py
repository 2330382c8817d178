"""Batched inference: strips of many logs in, posteriors out.

In: ``Strip`` values; out: one ``Posterior`` each. Strips are cut into overlapping tiles along depth,
tiles of one size run together, and overlaps are blended so that no seam shows. Which strips travel
together never changes a result: a tile's size depends on its own strip alone, and a batch is always
filled up to the same number of tiles. Tiles that show the same are computed once: the last tile of a block
of a track is the first one of the next block, and an ink may be blank for a long way.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from veernet_core.datatypes import F32, STYLES, Bool, Posterior, Strip, flag_runs
from veernet_core.errors import OutOfMemoryError
from veernet_core.net.cpu_engine import CpuEngine, available
from veernet_core.net.model import STRIDE, STYLE_CONDITION, NetOutput, VeerNet, style_condition
from veernet_core.net.winograd import uses_winograd

MOST_AT_ONCE = 4
"""Batches in work at the same time on a CPU; each takes up to 0.2 GB."""
_MOST_BY_WINOGRAD = 8
"""The same where convolutions are computed by Winograd's method, which does not share a tile among cores."""
_MOST_KEPT = 16
"""Last tiles of blocks that wait for the next block of their track, at most; each takes up to 7 MB."""


@dataclass(frozen=True, slots=True)
class TilePlan:
    """Size of tiles, strip rows, and how many run at once."""

    rows: int = 512
    overlap: int = 56
    batch: int = 1


@dataclass(frozen=True, slots=True)
class _Tile:
    strip: int
    row: int
    rows: int
    height: int
    width: int


_Outputs = tuple[F32, ...]
"""Probabilities of one tile: positions, presence, and the mask where it is kept."""


class StripPredictor:
    """A resident model that turns strips into posteriors.

    Parameters
    ----------
    model : VeerNet
        In evaluation mode, on its device.
    model_id : str
    device : torch.device
    precision : torch.dtype
        float32 or bfloat16; the latter, on a CPU, through OpenVINO where that is installed.
    plan : TilePlan
    keep_mask : bool
        Whether posteriors carry the mask.
    """

    def __init__(
        self,
        model: VeerNet,
        model_id: str,
        device: torch.device | None = None,
        precision: torch.dtype = torch.float32,
        plan: TilePlan = TilePlan(),
        keep_mask: bool = False,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.model = model.to(self.device).eval()
        self._layout = torch.contiguous_format
        if not uses_winograd(model):
            self.model.channels_last()
            self._layout = torch.channels_last
        self.model_id = model_id
        self.precision = precision
        self.plan = plan
        self.keep_mask = keep_mask
        self.batch_tiles = plan.batch
        self._kept: OrderedDict[Hashable, _Outputs] = OrderedDict()
        # tiles side by side, each on a core of its own, are a fifth quicker than all cores on one tile
        self._pool: ThreadPoolExecutor | None = None
        if self.device.type == "cpu":
            cores = torch.get_num_threads()
            side_by_side = min(cores, MOST_AT_ONCE)
            each = cores // side_by_side
            if self._layout == torch.contiguous_format:
                side_by_side, each = min(cores, _MOST_BY_WINOGRAD), 1
            self._pool = ThreadPoolExecutor(side_by_side, "tiles", torch.set_num_threads, (each,))
        bf16_on_cpu = precision == torch.bfloat16 and self.device.type == "cpu"
        self._engine = CpuEngine(self.model) if bf16_on_cpu and available() else None
        if bf16_on_cpu and self._engine is None:
            self.model.in_bfloat16()

    @property
    def numerics(self) -> str:
        """How the network is computed: precision, engine and kind of device."""
        engine = "torch" if self._engine is None else "openvino"
        return f"{str(self.precision).removeprefix('torch.')} {engine} {self.device.type}"

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order.

        Raises
        ------
        OutOfMemoryError
            If even half a batch does not fit.
        """
        classes = self.model.config.mask_classes
        blends = [_Blend(strip, self.plan, classes, self.keep_mask) for strip in strips]
        buckets: dict[tuple[int, int], list[_Tile]] = defaultdict(list)
        for index, strip in enumerate(strips):
            for tile in _tiles(index, strip, self.plan):
                buckets[tile.height, tile.width].append(tile)
        order = [tile for tiles in buckets.values() for tile in tiles]
        shown = {tile: _shown(tile, strips[tile.strip]) for tile in order}
        left = Counter(shown.values())
        ready = {key: outputs for key in left if (outputs := self._kept.pop(key, None)) is not None}
        computed = self._computed(buckets.values(), shown, set(ready), strips)
        for tile in order:  # from top to bottom of each strip: in that order they are summed up
            key, strip = shown[tile], strips[tile.strip]
            while key not in ready:
                ready |= next(computed)
            blends[tile.strip].add(tile, ready[key], self.plan.overlap)
            left[key] -= 1
            if not left[key]:
                outputs = ready.pop(key)
                if tile.row + tile.rows == len(strip.ink) > strip.keep_rows[1] > 0:
                    self._keep(key, outputs)
        return [blend.posterior() for blend in blends]

    def _computed(
        self,
        buckets: Iterable[Sequence[_Tile]],
        shown: Mapping[_Tile, Hashable],
        known: Collection[Hashable],
        strips: Sequence[Strip],
    ) -> Iterator[dict[Hashable, _Outputs]]:
        """Outputs of the tiles that are not known yet, batch by batch, each of what tiles show once."""
        groups: list[list[_Tile]] = []
        for tiles in buckets:
            first: dict[Hashable, _Tile] = {}
            for tile in tiles:
                if shown[tile] not in known:
                    first.setdefault(shown[tile], tile)
            new = list(first.values())
            groups += [
                new[start : start + self.batch_tiles]
                for start in range(0, len(new), self.batch_tiles)
            ]
        each = map if self._pool is None else self._pool.map
        for group, results in zip(groups, each(partial(self._run, strips=strips), groups)):
            yield {shown[tile]: outputs for tile, outputs in zip(group, results)}

    def _keep(self, key: Hashable, outputs: _Outputs) -> None:
        """Keep a tile for the next block of its track."""
        self._kept[key] = tuple(a.copy() for a in outputs)  # without the rest of its batch
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def _run(self, tiles: list[_Tile], strips: Sequence[Strip]) -> list[_Outputs]:
        batch = self.batch_tiles
        try:
            return self._in_batches(tiles, strips, batch)
        except torch.OutOfMemoryError as error:
            if batch == 1:
                raise OutOfMemoryError("one tile does not fit in memory") from error
        torch.cuda.empty_cache()
        half = batch // 2
        try:
            out = self._in_batches(tiles, strips, half)
        except torch.OutOfMemoryError as error:
            raise OutOfMemoryError(f"{half} tiles do not fit in memory") from error
        self.batch_tiles = half
        return out

    def _in_batches(
        self, tiles: list[_Tile], strips: Sequence[Strip], batch: int
    ) -> list[_Outputs]:
        return [
            outputs
            for start in range(0, len(tiles), batch)
            for outputs in self._forward(tiles[start : start + batch], strips, batch)
        ]

    def _forward(self, tiles: list[_Tile], strips: Sequence[Strip], batch: int) -> list[_Outputs]:
        ink = np.zeros((batch, tiles[0].height, tiles[0].width), np.uint8)
        inside = np.zeros((batch, 1, tiles[0].width), np.float32)
        valid = np.zeros((batch, 1, *ink.shape[1:]), np.float32)
        condition = np.zeros((batch, STYLE_CONDITION), np.float32)
        for k, tile in enumerate(tiles):
            strip = strips[tile.strip]
            part = strip.ink[tile.row : tile.row + tile.rows]
            ink[k, : part.shape[0], : part.shape[1]] = part
            valid[k, 0, : part.shape[0], : part.shape[1]] = 1
            column = np.arange(tile.width)
            inside[k, 0] = (column >= strip.left_col) & (column <= strip.right_col)
            condition[k] = style_condition([STYLES.index(s) for s in strip.styles])
        valid[len(tiles) :] = 1  # filler tiles: blank paper
        sizes = {_filled(tile, strips[tile.strip]) for tile in tiles}
        alike = len(sizes) == 1 and len(tiles) == batch
        with torch.inference_mode():
            output = self._model(ink, inside, valid, condition, sizes.pop() if alike else None)
            arrays = _probabilities(output, self.keep_mask)
        return [tuple(a[k] for a in arrays) for k in range(len(tiles))]

    def _model(
        self,
        ink: NDArray[np.uint8],
        inside: F32,
        valid: F32,
        condition: F32,
        filled: tuple[int, int] | None,
    ) -> NetOutput:
        device = self.device
        x = torch.from_numpy(ink).to(device, non_blocking=True).float().div_(255)
        track = torch.from_numpy(inside).to(device).expand(-1, x.shape[1], -1)
        x = torch.stack([x, track], 1).contiguous(memory_format=self._layout)
        mask = torch.from_numpy(valid).to(device)
        with torch.autocast(device.type, torch.bfloat16, self.precision == torch.bfloat16):
            told = torch.from_numpy(condition).to(device)
            if self._engine is not None:
                return self._engine(x, mask, told)
            whole = filled == tuple(x.shape[2:]) or bool(mask.all())
            out: NetOutput = self.model(x, None if whole else mask, told, filled)
        return out


def _probabilities(output: NetOutput, keep_mask: bool) -> _Outputs:
    if output.position is None or output.presence is None:
        return (output.mask.float().softmax(1).cpu().numpy(),)
    arrays = [
        output.position.softmax(-1).cpu().numpy(),
        torch.sigmoid(output.presence).cpu().numpy(),
    ]
    if keep_mask:
        arrays.append(output.mask.float().softmax(1).cpu().numpy())
    return tuple(arrays)


def _shown(tile: _Tile, strip: Strip) -> Hashable:
    """What the network gets of a tile: tiles for which it is equal have equal outputs."""
    ink = np.ascontiguousarray(strip.ink[tile.row : tile.row + tile.rows])
    styles = tuple(style_condition([STYLES.index(s) for s in strip.styles]))
    pixels = hashlib.blake2b(ink.data, digest_size=16).digest()
    return tile.height, tile.width, ink.shape, strip.left_col, strip.right_col, styles, pixels


def _filled(tile: _Tile, strip: Strip) -> tuple[int, int]:
    """Rows and columns of a tile that the strip fills."""
    rows, cols = strip.ink.shape
    return min(tile.rows, rows - tile.row), cols


def _padded(n: int) -> int:
    return -(-n // STRIDE) * STRIDE


def _tiles(index: int, strip: Strip, plan: TilePlan) -> Iterator[_Tile]:
    rows, cols = strip.ink.shape
    width = _padded(cols)
    if rows <= plan.rows:
        yield _Tile(index, 0, rows, _padded(rows), width)
        return
    stride = plan.rows - plan.overlap
    for row in range(0, rows - plan.overlap, stride):
        # the last tile is moved up rather than padded, so that it sees as much as the others
        start = min(row, rows - plan.rows)
        yield _Tile(index, start, plan.rows, _padded(plan.rows), width)


class _Map:
    """One map of a strip, put together of tiles: float16 where one tile alone tells, weighted sums at seams."""

    def __init__(self, classes: int, cols: int, seams: Bool) -> None:
        self.values = np.zeros((classes, len(seams), cols), np.float16)
        self._seams = seams
        self._slot = np.concatenate([[0], np.cumsum(seams)])
        self._sums = np.zeros((classes, int(self._slot[-1]), cols), np.float32)

    def add(self, row: int, tile: F32, ramp: F32) -> None:
        """Add [classes, n, cols] from ``row`` on, weighted row by row."""
        n, cols = len(ramp), self.values.shape[2]
        seam = self._seams[row : row + n]
        first = n if seam.all() else int(seam.argmin())
        last = n - (0 if seam.all() else int(seam[::-1].argmin()))
        alone = torch.from_numpy(tile[:, first:last, :cols])
        torch.from_numpy(self.values[:, row + first : row + last]).copy_(alone)
        for a, b in ((0, first), (last, n)):
            at = slice(self._slot[row + a], self._slot[row + b])
            self._sums[:, at] += tile[:, a:b, :cols] * ramp[a:b, None]

    def blended(self, weight: F32) -> NDArray[np.float16]:
        """The whole map; ``weight`` [rows] is the sum of the ramps."""
        self._sums /= weight[self._seams, None]
        for first, last in flag_runs(self._seams):
            mean = torch.from_numpy(self._sums[:, self._slot[first] : self._slot[last]])
            torch.from_numpy(self.values[:, first:last]).copy_(mean)
        return self.values


class _Blend:
    """Weighted sum of a strip's tiles."""

    def __init__(self, strip: Strip, plan: TilePlan, mask_classes: int, keep_mask: bool) -> None:
        rows, cols = strip.ink.shape
        covered = np.zeros(rows, np.int64)
        for tile in _tiles(0, strip, plan):
            covered[tile.row : tile.row + tile.rows] += 1
        self.shape = (rows, cols)
        self.position = _Map(3, cols, covered > 1)
        self.presence = np.zeros((3, rows), np.float32)
        self.mask = _Map(mask_classes, cols, covered > 1) if keep_mask else None
        self.weight = np.zeros(rows, np.float32)

    def add(self, tile: _Tile, outputs: _Outputs, overlap: int) -> None:
        """Add one tile, faded in and out over the overlap except at the strip's ends."""
        n = min(tile.rows, self.shape[0])
        ramp = np.ones(n, np.float32)
        fade = (np.arange(overlap, dtype=np.float32) + 0.5) / overlap
        if tile.row > 0:
            ramp[:overlap] = fade
        if tile.row + n < self.shape[0]:
            ramp[-overlap:] = fade[::-1]
        at = slice(tile.row, tile.row + n)
        if len(outputs) > 1:
            self.position.add(tile.row, outputs[0][:, :n], ramp)
            self.presence[:, at] += outputs[1][:, :n] * ramp
        if self.mask is not None:
            self.mask.add(tile.row, outputs[-1][:, :n], ramp)
        self.weight[at] += ramp

    def posterior(self) -> Posterior:
        """The blended posterior."""
        self.presence /= self.weight
        mask = None if self.mask is None else self.mask.blended(self.weight)
        return Posterior(self.position.blended(self.weight), self.presence, mask)
