"""The canary of a run: digitise the drawn logs, keep the figures, hold the run where it has collapsed.

In: something that digitises, and the destination. Out: a ``CanaryReport``, kept as one object per run
and shard under ``_veernet/canary/`` (result files hold no clock and no history); and, after a
collapse, a specification under which nothing is accepted. Records of a held run carry another
configuration, so the next healthy run does its logs again. What a collapse is:
``veernet_core.evaluation.canary``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.archive.run_spec import RunSpec
from flows.archive.setup import new_run_id
from flows.engine.loading import Engine, get_engine
from storage.ledger import ROOT
from storage.objects import ObjectStore
from veernet_core import __version__
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog

if TYPE_CHECKING:
    from veernet_core.evaluation.canary import CanaryLog, CanaryReport
    from veernet_core.pipeline import FailedScan, ScanInput

CANARIES = ROOT + "canary/"
KEPT = 400
"""Reports kept; older ones are removed."""
_READ = 60
_LOG = logging.getLogger(__name__)

Digitise = Callable[[Iterable["ScanInput"], DigitiseConfig], Iterator["DigitisedLog | FailedScan"]]


def watch(
    store: ObjectStore,
    name: str,
    digitise: Digitise,
    model_id: str,
    logs: Sequence[CanaryLog] | None = None,
    adopt: bool = False,
) -> CanaryReport:
    """Digitise the canary's logs, hold the figures against history, and keep them.

    Parameters
    ----------
    store : ObjectStore
        The run's destination.
    name : str
        Under which the report is kept; names sort by time.
    logs : optional
        Other logs than the built-in ones.
    adopt : bool
        Take the figures as the norm for later runs, even where they break the limits.

    Raises
    ------
    StorageError
    """
    from veernet_core.evaluation import canary

    logs = canary.canary_logs() if logs is None else logs
    readings = canary.read_results(logs, digitise([log.item for log in logs], canary.CONFIG))
    report = canary.examine(readings, history(store), model_id, __version__)
    report = replace(report, adopted=adopt and not report.healthy)
    store.put(_key(name), report.to_json().encode())
    if not report.healthy:
        _LOG.error("the canary has collapsed: %s", ", ".join(report.broken))
    return report


def _key(name: str) -> str:
    return f"{CANARIES}{name}.json"


def history(store: ObjectStore) -> list[CanaryReport]:
    """The latest reports, oldest first; what cannot be read is passed over. Prunes old ones."""
    from veernet_core.evaluation.canary import CanaryReport

    keys = sorted(info.key for info in store.listing(CANARIES) if info.key.endswith(".json"))
    store.delete(keys[:-KEPT])
    reports = []
    for key in keys[-KEPT:][-_READ:]:
        data = store.get_or_none(key)  # another worker may have pruned it
        try:
            reports += [] if data is None else [CanaryReport.from_json(data)]
        except ValueError:
            _LOG.warning("a canary report cannot be read and is passed over")
    return reports


def watch_shard(spec: RunSpec, shard: int) -> RunSpec:
    """Run the canary on this worker, if the run wants one; gives the specification to go on with."""
    engine = get_engine(spec.model, spec.device, spec.requirement.numerics)
    logs = _logs_of(engine)
    if spec.canary == "off" or logs is None:
        return spec
    name = f"{spec.run_id}/{shard:05d}"
    adopt = spec.canary == "report"
    report = watch(ObjectStore(spec.dest), name, engine.digitise, engine.model_id, logs, adopt)
    return spec if report.healthy or adopt else held(spec)


def watch_local(
    out: Path,
    config: DigitiseConfig,
    model: Path | None,
    device: str,
    precision: str,
    batch_tiles: int | None,
    may_hold: bool = True,
) -> DigitiseConfig:
    """Run the canary for a local run and say what it found; gives the settings to go on with.

    ``may_hold``: whether a collapse holds what the run accepts.
    """
    from veernet_core.net.bundle import load_predictor
    from veernet_core.pipeline import digitise_many

    data = model.read_bytes() if model is not None else None
    predictor = load_predictor(data, device, precision, batch_tiles)
    report = watch(
        ObjectStore(str(out)),
        f"{new_run_id()}/local",
        lambda items, settings: digitise_many(items, predictor, settings),
        predictor.model_id,
    )
    for style, r in report.readings.items():
        print(
            f"canary {style:7s} IoU {r.iou:.2f}  F1 {r.f1:.2f}  recall {r.recall:.2f}  "
            f"MAE {r.mae_pct:.2f} % of width  R2 {r.r2:.3f}  ECE {r.ece:.3f}"
        )
    if report.healthy:
        return config
    what = "nothing is accepted in this run" if may_hold else "accepted curves are not held"
    print(f"the canary has collapsed ({', '.join(report.broken)}): {what}")
    return hold(config) if may_hold else config


def _logs_of(engine: Engine) -> Sequence[CanaryLog] | None:
    """Canary logs of an engine; None for stand-ins, which have nothing to watch."""
    logs: Sequence[CanaryLog] | None = getattr(engine, "canary_logs", lambda: None)()
    return logs


def held(spec: RunSpec) -> RunSpec:
    """The specification under which every curve that would be accepted is held for review."""
    config = hold(spec.config)
    requirement = replace(
        spec.requirement, config_hash=config.hash(), config_hash_0_1=config.hash_of_0_1()
    )
    return replace(spec, config=config, requirement=requirement, released=spec.requirement)


def hold(config: DigitiseConfig) -> DigitiseConfig:
    """The settings with all acceptance suspended."""
    from veernet_core.evaluation.canary import FAILED

    return replace(config, gate=replace(config.gate, hold=FAILED))


def reports_of(store: ObjectStore, run_id: str) -> list[CanaryReport]:
    """Reports of one run, by shard."""
    from veernet_core.evaluation.canary import CanaryReport

    keys = sorted(info.key for info in store.listing(f"{CANARIES}{run_id}/"))
    return [CanaryReport.from_json(data) for data in store.get_many(keys)]


def summary(reports: Sequence[CanaryReport]) -> dict[str, Any]:
    """What the run report says of the canary: verdict, and figures and limits of the last shard."""
    if not reports:
        return {}
    broken = sorted({name for report in reports for name in report.broken})
    figures = {
        style: {
            figure: round(getattr(reading, figure), 4)
            for figure in ("iou", "f1", "recall", "mae_pct", "r2", "ece")
        }
        for style, reading in reports[-1].readings.items()
    }
    limits = dict(reports[-1].limits)
    return {"healthy": not broken, "broken": broken, "figures": figures, "limits": limits}
