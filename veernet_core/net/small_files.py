"""The file of a small network: safetensors in half precision, with its shape and record in the header.

In: a network and what is to be kept with it, or the bytes of a file. Out: bytes, or both parts again.
Nothing is ever unpickled. Does not belong here: what the networks are (`layout`, `prints`), and the
curve network's file (`bundle`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import safetensors.torch
from torch import Tensor, nn

from veernet_core.errors import BundleError

_Net = TypeVar("_Net", bound=nn.Module)


def pack_small(model: nn.Module, content: Mapping[str, Any]) -> bytes:
    """Serialise; weights in half precision; same content, same bytes."""
    weights = {
        k: v.detach().cpu().half().contiguous()
        for k, v in model.state_dict().items()
        if not k.endswith("num_batches_tracked")
    }
    return safetensors.torch.save(weights, {"bundle": json.dumps(content, sort_keys=True)})


def unpack_small(data: bytes, expected: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Content and weights, float32, of a file.

    Raises
    ------
    ValueError, KeyError, TypeError, SafetensorError
        If the bytes are no such file.
    BundleError
        If it is of another format than ``expected``.
    """
    length = int.from_bytes(data[:8], "little")
    content: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["bundle"])
    if content["format"] != expected:
        raise BundleError(f"format {content['format']!r}, expected {expected!r}")
    return content, {k: v.float() for k, v in safetensors.torch.load(data).items()}


def with_weights(model: _Net, weights: Mapping[str, Tensor], name: str) -> _Net:
    """The network with these weights, in evaluation mode.

    Raises
    ------
    BundleError
        If they do not fit.
    """
    try:
        model.load_state_dict(dict(weights), strict=False)
    except RuntimeError as error:
        raise BundleError(f"weights do not fit the {name} network: {error}") from error
    return model.eval()
