"""A well whose gamma ray stands on two scans and differs on ten samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from factories import CALI, GR, judge, make_curve, make_log

from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from veernet_core.datatypes import WellInfo

UWI = "15-053-00069"
STEP, COUNT = 0.5, 200


def frac(shift: float = 0.0) -> np.ndarray:
    return 0.5 + 0.3 * np.sin(np.arange(COUNT) / 17.0) + shift


def publish(out: Path, log_id: str, *curves: object) -> None:
    log = make_log(log_id)
    county = "Ellsworth" if log_id == "b" else ""
    well = WellInfo(uwi=UWI, name="Ada 1", county=county)
    log = replace(log, well=well, sections=log.sections[:1], curves=curves)
    publish_local(out, log_id, log_files(log, log_id))


def two_scans(out: Path) -> ObjectStore:
    """Two scans of a well: the gamma ray is in both, better in ``b``, apart on ten samples."""
    moved = frac()
    moved[50:60] += 0.1
    good = make_curve(GR, step=STEP, first=2000, count=COUNT, frac=frac())
    worse = make_curve(GR, step=STEP, first=2000, count=COUNT, frac=moved)
    caliper = make_curve(CALI, step=STEP, first=1900, count=COUNT, frac=frac(0.05))
    publish(out, "a", judge(worse, "accept", (0.95, 0.90, 0.97)), judge(caliper, "accept"))
    publish(out, "b", judge(good, "accept", (0.99, 0.97, 1.0)), judge(caliper, "reject"))
    write_datasets(out)
    return ObjectStore(str(out))
