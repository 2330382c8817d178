"""The page that shows how the method reads, from what was measured on the shipped model.

In: the model bundle's calibration and the files that ``veernet evaluate`` and ``veernet
compare-losses`` write. Out: ``dashboard/method.html`` and its data. Nothing is measured here and no
figure is made up: what was not measured is named with the command that measures it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jinja2

from flows.dashboard.shipped import script_json
from flows.engine.bundle_facts import bundle_bytes, read_bundle
from storage.objects import ObjectStore
from storage.tables import Row
from veernet_core.datatypes import STYLES

PAGE = "method.html"
DATA = "method-data.js"
ASSETS = ("theme.css", "method.css", "method.js")
EVALUATION, LOSSES = "evaluation.json", "losses.json"
COMMANDS = {
    EVALUATION: "veernet evaluate --curves TABLE -o DIR",
    LOSSES: "veernet compare-losses -o DIR",
    "calibration": "veernet calibrate --model BUNDLE",
}
"""What measures each part."""

PUBLISHED = {"share": 0.97, "weight": 42.0}
"""Background share and positive weight as published for the two-class stage."""


def write_method_page(
    store: ObjectStore, *, bundle: bytes | None = None, measured: Sequence[Path] = ()
) -> str:
    """Put the page, its data and its assets under ``dashboard/``; returns the page's URI.

    Parameters
    ----------
    store : ObjectStore
        Of the output folder or bucket.
    bundle : bytes, optional
        The model bundle; the shipped one if None.
    measured : sequence of Path
        Folders with ``evaluation.json`` or ``losses.json``; the first that has a file gives it, and
        what none has is taken from the package where it ships there.

    Raises
    ------
    BundleError
        If the bytes are no bundle.
    StorageError
        If the page cannot be written.
    """
    files = {**method_files(bundle, [*measured, _shipped()]), **_assets()}
    for name, data in sorted(files.items()):
        if store.get_or_none(f"dashboard/{name}") != data:
            store.put(f"dashboard/{name}", data)
    return store.uri_of(f"dashboard/{PAGE}")


def method_files(
    bundle: bytes | None = None, measured: Sequence[Path | Traversable] | None = None
) -> dict[str, bytes]:
    """The page and its data by name, without the assets; the same input gives the same bytes."""
    data = method_data(bundle, [_shipped()] if measured is None else measured)
    page = _template().render(
        model=data["model"],
        commands=COMMANDS,
        has={name: data[name] is not None for name in ("evaluation", "losses", "reliability")},
        foreign=data["foreign"],
    )
    script = f"veernetMethod({script_json(data)});\n"
    return {PAGE: page.encode("utf-8"), DATA: script.encode("ascii")}


def method_data(bundle: bytes | None, measured: Sequence[Path | Traversable]) -> Row:
    """Everything the page shows, JSON-ready; None for what was not measured.

    Returns
    -------
    dict
        ``model`` (id, preset, training), ``reliability`` (style to before and after), ``history``,
        ``evaluation``, ``losses``, ``published``, ``foreign``: whether the evaluation was made with
        another model than this bundle.
    """
    data = bundle_bytes() if bundle is None else bundle
    model_id, calibration, record = read_bundle(data) if data is not None else ("none", {}, {})
    evaluation, losses = _read(measured, EVALUATION), _read(measured, LOSSES)
    config = record.get("config", {})
    return {
        "model": {
            "id": model_id,
            "preset": config.get("preset"),
            "mask_loss": config.get("mask_loss"),
            "steps": config.get("steps"),
            "calibrated_on": record.get("calibrated_on", {}).get("strips"),
        },
        "reliability": calibration.get("measured"),
        "history": record.get("history", []),
        "evaluation": evaluation,
        "losses": losses,
        "foreign": evaluation is not None and evaluation.get("model_id") != model_id,
        "published": PUBLISHED,
        "styles": list(STYLES),
    }


def _shipped() -> Traversable:
    """Measurements that ship with the package."""
    return package_files("flows.dashboard") / "measured"


def _read(folders: Sequence[Path | Traversable], name: str) -> Any:
    """A measurement from the first folder that has it whole; None where none has."""
    for folder in folders:
        file = folder / name
        if not file.is_file():
            continue
        try:
            value = json.loads(file.read_text("utf-8"))
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


def _templates() -> Traversable:
    return package_files("flows.dashboard") / "templates"


def _assets() -> dict[str, bytes]:
    return {f"assets/{name}": (_templates() / name).read_bytes() for name in ASSETS}


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((_templates() / "method.html.j2").read_text("utf-8"))
