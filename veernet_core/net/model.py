"""The network: an encoder-decoder with attention and two heads.

In: ink and track geometry of a batch of strips, and the line styles of their curves; out: logits. The mask
head segments pixels by line style; the position head gives, for every style, a distribution over the columns
of each row (where is this curve at this depth) and a presence logit per row. Losses, batching and weights
live elsewhere in ``net``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from veernet_core.net.one_step import is_ready, is_supported, make_ready, modulated, one_step
from veernet_core.net.validity import Validity, levels

STRIDE = 32
"""Heights and widths are padded to multiples of this."""

STYLE_CONDITION = 6
"""Numbers that tell the network which line styles the curves of a strip have (``style_condition``)."""


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Shape of the network.

    Attributes
    ----------
    widths : channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the resolution
    decoder_width : channels of the last decoder stage (at 1/2)
    layers : self-attention layers in the bottleneck
    mask_classes : background and the curve classes of the mask head
    position_classes : curve classes of the position head; 0 leaves the head out (the published network)
    told_styles : whether the decoder is conditioned on the line styles of the curves of a strip
    """

    widths: tuple[int, int, int, int, int] = (24, 40, 64, 96, 128)
    decoder_width: int = 40
    layers: int = 2
    mask_classes: int = 4
    position_classes: int = 3
    told_styles: bool = True


def style_condition(styles: Sequence[int]) -> list[float]:
    """What the network is told of a strip: for every style, at least one curve and at least two.

    Parameters
    ----------
    styles : int
        Style class of every curve listed for the strip; none listed means nothing is known.

    Returns
    -------
    list of float [STYLE_CONDITION]
    """
    counts = [sum(s == c for s in styles) for c in range(STYLE_CONDITION // 2)]
    return [float(n >= k) for k in (1, 2) for n in counts]


class ConvNorm(nn.Module):
    """Convolution, batch normalisation, optional ReLU, validity mask."""

    def __init__(self, cin: int, cout: int, kernel: int = 3, stride: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(cout, momentum=0.02)
        self.relu = relu

    def forward(self, x: Tensor, mask: Validity | None) -> Tensor:
        """``[B, cin, h, w]`` to ``[B, cout, h/stride, w/stride]``; ``mask`` is at the output's size."""
        if is_ready(self.conv):
            x = one_step(self.conv, x, self.relu)
        else:
            x = self.norm(self.conv(x))
            x = F.relu(x, inplace=True) if self.relu else x
        return x if mask is None else mask.clear(x)

    def fold(self) -> None:
        """Fold the normalisation into the convolution; for inference only."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = nn.utils.fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


class ChannelSpatialAttention(nn.Module):
    """Re-weighting of channels by what the strip holds and of places by where ink stands out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(8, channels // 4)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)
        self.spatial = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor, mask: Validity | None) -> Tensor:
        """Same shape as ``x``."""
        if mask is None:
            pooled = x.mean(dim=(2, 3))
        else:
            pooled = x.sum(dim=(2, 3)) / mask.mask.sum(dim=(2, 3)).clamp(min=1)
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(pooled))))
        x = x * gate[:, :, None, None]
        place = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial(place))


class ResidualBlock(nn.Module):
    """Two convolutions around a shortcut, with optional attention."""

    def __init__(self, channels: int, attention: bool) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels)
        self.second = ConvNorm(channels, channels, relu=False)
        self.attention = ChannelSpatialAttention(channels) if attention else None

    def forward(self, x: Tensor, mask: Validity | None) -> Tensor:
        """Same shape as ``x``."""
        y = self.first(x, mask)
        if self.attention is None and is_ready(self.second.conv):
            y = one_step(self.second.conv, y, relu=True, added=x)
            return y if mask is None else mask.clear(y)
        y = self.second(y, mask)
        if self.attention is not None:
            y = self.attention(y, mask)
        return F.relu(x + y, inplace=True)


class SelfAttention(nn.Module):
    """One pre-norm transformer layer over the bottleneck, with a convolution as position code."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.place = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, x: Tensor, mask: Validity | None) -> Tensor:
        """``[B, C, h, w]`` to the same."""
        b, c, h, w = x.shape
        x = x + self.place(x)
        if mask is not None:
            x = mask.clear(x)
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm1(tokens)).chunk(3, dim=-1)
        q, k, v = (t.reshape(b, h * w, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        valid = None if mask is None else mask.mask.flatten(2).bool()[:, :, None, :]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=valid)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(b, h * w, c))
        tokens = tokens + self.mlp(self.norm2(tokens))
        y = tokens.transpose(1, 2).reshape(b, c, h, w)
        return y if mask is None else mask.clear(y)


class Up(nn.Module):
    """Double the size, join the skip, turn channels up or down by the styles listed, convolve.

    Source of the modulation: Perez et al., 2018, arXiv 1709.07871. It starts as the identity.
    """

    def __init__(self, cin: int, skip: int, cout: int, told: bool, blocks: int = 1) -> None:
        super().__init__()
        self.skip = skip
        self.join = ConvNorm(cin + skip, cout)
        self.doubling: nn.ConvTranspose2d | None = None
        self.told = nn.Linear(STYLE_CONDITION, 2 * cout) if told else None
        if self.told is not None:
            nn.init.zeros_(self.told.weight)
            nn.init.zeros_(self.told.bias)
        self.blocks = nn.ModuleList(ResidualBlock(cout, attention=False) for _ in range(blocks))

    def forward(self, x: Tensor, skip: Tensor, mask: Validity | None, condition: Tensor) -> Tensor:
        """``[B, cin, h, w]``, ``[B, skip, 2h, 2w]`` and ``[B, STYLE_CONDITION]`` to ``[B, cout, 2h, 2w]``."""
        x = self._joined(x, skip, mask)
        if self.told is not None:
            gain, offset = self.told(condition)[:, :, None, None].chunk(2, 1)
            if len(x) == 1 and is_ready(self.join.conv):
                x = modulated(x, 1 + gain, offset)
            else:
                x = torch.addcmul(offset, x, 1 + gain)
            x = x if mask is None else mask.clear(x)
        for block in self.blocks:
            x = block(x, mask)
        return x

    def _joined(self, x: Tensor, skip: Tensor, mask: Validity | None) -> Tensor:
        if self.doubling is None:
            out: Tensor = self.join(torch.cat([F.interpolate(x, scale_factor=2.0), skip], 1), mask)
            return out
        if is_ready(self.join.conv):
            y = one_step(self.join.conv, skip, relu=True, added=self.doubling(x))
        else:
            y = F.relu(self.doubling(x).add_(self.join.conv(skip)), inplace=True)
        return y if mask is None else mask.clear(y)

    def fold(self) -> None:
        """Split the folded join: doubling and convolving are one transposed convolution; for inference only.

        A row of the doubled map meets a kernel row by row as 2, 1 + 2, 0 + 1, 0 of it, for there two rows
        are the same one.
        """
        if self.doubling is not None:
            return
        self.join.fold()
        joined = self.join.conv
        cin = joined.in_channels - self.skip
        kernel = joined.weight[:, :cin]
        for dim in (2, 3):
            a, b, c = kernel.unbind(dim)
            kernel = torch.stack([c, b + c, a + b, a], dim)
        doubling = nn.ConvTranspose2d(cin, joined.out_channels, 4, 2, 1, bias=False)
        doubling.weight = nn.Parameter(kernel.detach().transpose(0, 1))
        joined.weight = nn.Parameter(joined.weight.detach()[:, cin:])
        joined.in_channels = self.skip
        self.doubling = doubling


@dataclass(frozen=True, slots=True)
class NetOutput:
    """Logits of one batch.

    Attributes
    ----------
    mask : [B, mask_classes, H, W]; no class after ``without_mask``
    position : [B, position_classes, H, W] or None; softmax over W
    presence : [B, position_classes, H] or None
    """

    mask: Tensor
    position: Tensor | None
    presence: Tensor | None


class VeerNet(nn.Module):
    """Encoder-decoder with channel, spatial and self attention.

    Parameters
    ----------
    config : NetConfig
    """

    def __init__(self, config: NetConfig = NetConfig()) -> None:
        super().__init__()
        self.config = config
        w = config.widths
        self.stem = ConvNorm(8, w[0])
        self.stage1 = ResidualBlock(w[0], attention=False)
        self.downs = nn.ModuleList(ConvNorm(a, b, stride=2) for a, b in pairwise(w))
        self.stages = nn.ModuleList(ResidualBlock(c, attention=True) for c in w[1:])
        self.bottleneck = nn.ModuleList(SelfAttention(w[4]) for _ in range(config.layers))
        told = config.told_styles
        self.ups = nn.ModuleList(Up(a, b, b, told) for a, b in pairwise(w[:0:-1]))
        self.last = Up(w[1], w[0], config.decoder_width, told)
        heads = config.mask_classes + config.position_classes
        self.head = nn.Conv2d(config.decoder_width, heads * 4, 3, padding=1)
        self.presence: nn.Sequential | None = None
        if config.position_classes:
            self.presence = nn.Sequential(
                nn.Conv1d(2 * config.decoder_width, 48, 5, padding=2),
                nn.ReLU(),
                nn.Conv1d(48, 2 * config.position_classes, 5, padding=2),
            )

    def channels_last(self) -> VeerNet:
        """The same network with the memory layout that convolutions are fastest in."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self

    def fold(self, split: bool = True) -> VeerNet:
        """Fold all normalisations, and split joins; the network can then no longer be trained."""
        for module in list(self.modules()):
            if isinstance(module, ConvNorm) or (split and isinstance(module, Up)):
                module.fold()
        return self.eval()

    def in_bfloat16(self) -> VeerNet:
        """The same network, folded, with convolutions ready for a CPU in bfloat16 (`one_step`).

        On a CPU without the instructions for that it stays as it is, and autocast imitates them.
        """
        for module in self.modules():
            if isinstance(module, ConvNorm) and is_supported():
                make_ready(module.conv)
        return self

    def without_mask(self) -> VeerNet:
        """The same network without the mask head, which only training and its measures need: a tenth of the
        time.

        For inference only; a network without the position head stays as it is.
        """
        own = self.config.mask_classes * 4
        if self.presence is not None and self.head.out_channels > self.config.position_classes * 4:
            head = nn.Conv2d(self.head.in_channels, self.head.out_channels - own, 3, padding=1)
            head.weight = nn.Parameter(self.head.weight.detach()[own:])
            assert self.head.bias is not None
            head.bias = nn.Parameter(self.head.bias.detach()[own:])
            self.head = head
        return self

    def forward(
        self,
        x: Tensor,
        valid: Tensor | None = None,
        condition: Tensor | None = None,
        filled: tuple[int, int] | None = None,
    ) -> NetOutput:
        """Run the network.

        Parameters
        ----------
        x : float [B, 2, H, W]
            Ink in [0, 1] and 1 inside the track; H and W multiples of ``STRIDE``.
        valid : float [B, 1, H, W], optional
            1 inside the strip; None when there is no padding.
        condition : float [B, STYLE_CONDITION], optional
            ``style_condition`` of every strip; None when nothing is known of any.
        filled : (rows, columns), optional
            What every strip of the batch fills, where ``valid`` says the same of all of them: padding is
            then cleared in place, so only for inference.

        Returns
        -------
        NetOutput
            Position logits are -inf-like outside ``valid``.
        """
        validity = None if valid is None else Validity(valid, filled)
        masks = levels(validity, 5)
        if condition is None:
            condition = x.new_zeros(len(x), STYLE_CONDITION)
        if valid is not None:
            x = x * valid
        x = F.pixel_unshuffle(x, 2)
        x = self.stage1(self.stem(x, masks[0]), masks[0])
        skips = [x]
        for down, stage, mask in zip(self.downs, self.stages, masks[1:]):
            x = stage(down(x, mask), mask)
            skips.append(x)
        for layer in self.bottleneck:
            x = layer(x, masks[4])
        for up, level in zip(self.ups, (3, 2, 1)):
            x = up(x, skips[level], masks[level], condition)
        x = self.last(x, skips[0], masks[0], condition)
        logits = F.pixel_shuffle(self.head(x), 2)
        masks_end = logits.shape[1] - self.config.position_classes
        mask_logits = logits[:, :masks_end]
        if self.presence is None:
            return NetOutput(mask_logits, None, None)
        position = logits[:, masks_end:].float()
        if validity is not None:
            position = validity.clear(position, -1e4)
        return NetOutput(mask_logits, position, self._presence(x, masks[0]))

    def _presence(self, x: Tensor, mask: Validity | None) -> Tensor:
        """``[B, C, h, w]`` to presence logits ``[B, classes, 2h]``."""
        assert self.presence is not None
        # channels last: as they mostly lie in memory, which makes reducing many times faster
        across = x.permute(0, 2, 3, 1)
        count = x.shape[3] if mask is None else mask.mask.sum(3).clamp(min=1).transpose(1, 2)
        # there pooling a whole row is its maximum, found ten times as fast as by amax
        pooled = x.amax(3) if x.is_contiguous() else F.max_pool2d(x, (1, x.shape[3]))[..., 0]
        rows = torch.cat([across.sum(2) / count, pooled.transpose(1, 2)], 2).transpose(1, 2)
        first, relu, second = self.presence
        hidden = relu(first(rows))
        if mask is not None:
            hidden = hidden * mask.mask.amax(3)
        logits = second(hidden)
        b, c, h = logits.shape
        out: Tensor = (
            logits.reshape(b, c // 2, 2, h).transpose(2, 3).reshape(b, c // 2, 2 * h).float()
        )
        return out


PRESETS: dict[str, NetConfig] = {
    "small": NetConfig(),
    "base": NetConfig((48, 80, 128, 192, 128), decoder_width=64),
    "paper": NetConfig(
        (16, 32, 64, 96, 128),
        decoder_width=24,
        mask_classes=3,
        position_classes=0,
        told_styles=False,
    ),
}
