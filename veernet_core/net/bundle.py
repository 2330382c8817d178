"""The model bundle: weights, network shape, calibration and training record in one safetensors file.

In: bytes; out: a resident predictor. The bundle's identity is the hash of its bytes. Nothing is ever
unpickled. A bundle without calibration digitises, but can accept nothing.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from veernet_core.errors import BundleError
from veernet_core.net import winograd
from veernet_core.net.model import NetConfig, VeerNet
from veernet_core.net.strips import StripPredictor, TilePlan

FORMAT = "veernet-bundle-1"
SHIPPED = "veernet-small.safetensors"
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """A decoded bundle.

    Attributes
    ----------
    network : NetConfig
    weights : name to tensor
    calibration : confidence maps and quality model as JSON values; empty if not calibrated
    record : how it was trained
    model_id : first 12 digits of the SHA-256 of the bundle's bytes
    """

    network: NetConfig
    weights: Mapping[str, Tensor]
    calibration: Mapping[str, Any]
    record: Mapping[str, Any]
    model_id: str

    def model(self) -> VeerNet:
        """The network with these weights, in evaluation mode and not folded."""
        model = VeerNet(self.network)
        try:
            model.load_state_dict(dict(self.weights))
        except RuntimeError as error:
            raise BundleError(f"weights do not fit the network: {error}") from error
        return model.eval()


def pack(model: VeerNet, calibration: Mapping[str, Any], record: Mapping[str, Any]) -> bytes:
    """Serialise a bundle; same content, same bytes."""
    weights = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    weights = {k: v for k, v in weights.items() if not k.endswith("num_batches_tracked")}
    metadata = {
        "format": FORMAT,
        "network": json.dumps(asdict(model.config), sort_keys=True),
        "calibration": json.dumps(calibration, sort_keys=True),
        "record": json.dumps(record, sort_keys=True),
    }
    # one metadata entry: the order of several is not stable between runs
    wrapped = {"bundle": json.dumps(metadata, sort_keys=True)}
    return safetensors.torch.save(weights, wrapped)


def unpack(data: bytes, name: str = "bundle") -> Bundle:
    """Read a bundle.

    Raises
    ------
    BundleError
        If the bytes are no bundle of this format.
    """
    if len(data) > MAX_BYTES:
        raise BundleError(f"{len(data)} bytes exceed the limit of {MAX_BYTES}", name)
    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        metadata = json.loads(header["__metadata__"]["bundle"])
        if metadata["format"] != FORMAT:
            raise BundleError(f"format {metadata['format']!r}, expected {FORMAT!r}", name)
        shape = json.loads(metadata["network"])
        # bundles older than the modulation do not mention it
        shape = {"told_styles": False, **shape, "widths": tuple(shape["widths"])}
        network = NetConfig(**shape)
        weights = safetensors.torch.load(data)
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise BundleError(f"not a model bundle ({error})", name) from error
    reference = VeerNet(network).state_dict()
    counters = {k: v for k, v in reference.items() if k.endswith("num_batches_tracked")}
    return Bundle(
        network,
        {**counters, **weights},
        json.loads(metadata["calibration"]),
        json.loads(metadata["record"]),
        hashlib.sha256(data).hexdigest()[:12],
    )


def shipped_bytes(name: str = SHIPPED) -> bytes:
    """Bytes of a bundle that ships with the package."""
    file = resources.files("veernet_core.net") / "weights" / name
    if not file.is_file():
        raise BundleError("the shipped weights are missing", name)
    return file.read_bytes()


class LoadedPredictor(StripPredictor):
    """A predictor that also carries its bundle's calibration."""

    calibration: Mapping[str, Any] = {}


_lock = threading.Lock()
_resident: dict[tuple[str, str, str], LoadedPredictor] = {}


def load_predictor(
    bundle: bytes | None = None,
    device: str = "auto",
    precision: str = "float32",
    batch_tiles: int | None = None,
) -> LoadedPredictor:
    """The resident predictor of a bundle; loaded once per process, also when threads race.

    Parameters
    ----------
    bundle : bytes, optional
        The shipped one if None.
    device : 'auto', 'cpu', 'cuda' or 'cuda:N'
    precision : 'float32' or 'bfloat16'
    batch_tiles : int, optional
        Tiles per batch; 1 on a CPU (more bring nothing there), 32 on a GPU.
    """
    data = shipped_bytes() if bundle is None else bundle
    device = chosen_device(device)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(
            f"device {device}: there is none, or PyTorch was installed without CUDA; give cpu or auto"
        )
    key = (hashlib.sha256(data).hexdigest(), device, f"{precision}/{batch_tiles}")
    with _lock:
        if key not in _resident:
            _resident[key] = _load(data, device, precision, batch_tiles)
        return _resident[key]


def chosen_device(device: str) -> str:
    """The device that ``auto`` means on this machine; any other one as it is."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def _load(data: bytes, device: str, precision: str, batch_tiles: int | None) -> LoadedPredictor:
    content = unpack(data)
    batch = batch_tiles or (1 if device == "cpu" else 32)
    by_winograd = device == "cpu" and precision == "float32" and winograd.is_supported()
    network = content.model().fold(split=not by_winograd).without_mask()
    if by_winograd:
        winograd.use_winograd(network)
    predictor = LoadedPredictor(
        network,
        content.model_id,
        torch.device(device),
        getattr(torch, precision),
        TilePlan(batch=batch),
    )
    predictor.calibration = content.calibration
    return predictor
