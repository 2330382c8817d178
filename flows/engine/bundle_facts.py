"""What a model bundle says of itself, read without its weights: loading torch takes seconds.

In: the bytes of a bundle. Out: its id, calibration and training record. Does not belong here: the network
(``veernet_core.net.bundle``).
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files as package_files
from typing import Any

from veernet_core.errors import BundleError

_SHIPPED_BUNDLE = "veernet-small.safetensors"


def read_bundle(data: bytes) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Id, calibration and training record of a bundle, without loading its weights or torch.

    Raises
    ------
    BundleError
        If the bytes are no bundle.
    """
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        entry = json.loads(header["__metadata__"]["bundle"])
        calibration, record = json.loads(entry["calibration"]), json.loads(entry["record"])
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"not a model bundle ({error})", "bundle") from error
    return hashlib.sha256(data).hexdigest()[:12], calibration, record


def bundle_bytes() -> bytes | None:
    """The shipped bundle; None where the package came without it."""
    file = package_files("veernet_core.net") / "weights" / _SHIPPED_BUNDLE
    return file.read_bytes() if file.is_file() else None
