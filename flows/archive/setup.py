"""Before any work: are the places usable, what has to be done, under which specification.

In: the run's parameters. Out: a plan and a ``RunSpec``, or an error that says what to correct.
Nothing is written but a probe object and how many pages PDFs have. No Prefect here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.archive.paging import page_counter
from flows.archive.params import ArchiveParams
from flows.archive.run_spec import RunSpec
from flows.engine.decoders import DecoderSettings
from flows.engine.loading import Engine, NumericsError, PlannedWith, get_engine, known_engine
from flows.engine.precision import AUTO
from storage.desk_sidecars import desk_sidecars
from storage.errors import StorageError
from storage.index_table import MAPS, IndexTable, IndexTableError, parse_column_map, read_index
from storage.ledger import deaths, read_ledger
from storage.listing import list_scans
from storage.numerics import fixed_numerics
from storage.objects import ObjectStore
from storage.places import is_inside
from storage.plan import Plan, Selection, make_plan
from storage.required import Requirement
from storage.scans import is_scan
from veernet_core.errors import VeernetError
from veernet_core.provenance import made_with


class PlacesError(VeernetError):
    """Source and destination cannot be used together."""

    code = "bad_places"


class EmptySourceError(VeernetError):
    """There are no scans in the source."""

    code = "empty_source"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that is ready to start."""

    spec: RunSpec
    plan: Plan


def check_places(source: str, dest: str, dry_run: bool = False) -> None:
    """Refuse places that cannot be read or written, contain each other, or hold no scans.

    Raises
    ------
    PlacesError, EmptySourceError, StorageError
    """
    if is_inside(dest, source):
        raise PlacesError(f"the destination {dest} lies inside the source {source}", dest)
    if is_inside(source, dest):
        raise PlacesError(f"the source {source} lies inside the destination {dest}", source)
    store = ObjectStore(source)
    store.check_readable()
    if not any(is_scan(info.key) for info in store.listing()):
        raise EmptySourceError("no scans found", source)
    if not dry_run:
        ObjectStore(dest).check_writable()


def prepare_run(params: ArchiveParams) -> Prepared:
    """Compare source and ledger under these parameters.

    Raises
    ------
    BundleError, IndexTableError, StorageError
    """
    source, dest = ObjectStore(params.source), ObjectStore(params.dest)
    config = params.config
    engine = _engine(params, fixed_numerics(dest))
    decoders = DecoderSettings(
        params.decoders, params.decode_limit_s, params.decode_memory_mb, engine.decoder_check
    )
    pages = page_counter(source, dest, decoders, keep=not params.dry_run)
    scans = list_scans(source, _index(params), pages)
    made = made_with(config, engine.model_id, engine.numerics)
    requirement = Requirement.of(made, config)
    company, alone, _ = deaths(dest)
    plan = make_plan(
        scans,
        read_ledger(dest),
        requirement,
        Selection(
            params.limit,
            _since(params),
            _aware(params.until),
            params.force,
            params.redo == "outdated",
        ),
        (company, alone),
        params.chunk_logs,
        params.shard_logs,
        desk_sidecars(dest),
    )
    spec = RunSpec(
        source=params.source,
        dest=params.dest,
        run_id=new_run_id(),
        config=config,
        requirement=requirement,
        model=params.model,
        device=params.device,
        decoders=decoders,
        max_tries=params.max_tries,
        stall_limit_s=params.stall_limit_s,
        canary=params.canary,
        planned=len(plan.units),
        shard_logs=params.shard_logs,
    )
    return Prepared(spec, plan)


def _engine(params: ArchiveParams, fixed: str) -> Engine | PlannedWith:
    """What of this run's engine a plan needs; it computes as the destination's results were computed.

    Raises
    ------
    NumericsError
        Where it would not, and nothing says that all is to be done again.
    """
    known = known_engine(params.model, params.device, params.precision, fixed)
    if known is not None:
        return known
    asked = fixed or AUTO
    if params.precision != AUTO:
        asked = " ".join([params.precision, *fixed.split()[1:]])
    try:
        return get_engine(params.model, params.device, asked)
    except NumericsError:
        if params.redo != "outdated":
            raise
    # all is made again: this machine decides anew
    return get_engine(params.model, params.device)


def _index(params: ArchiveParams) -> IndexTable | None:
    if params.index is None:
        return None
    ready = MAPS.get(params.index_map)
    chosen = ready or parse_column_map(_object(params.index_map), params.index_map)
    return read_index(_object(params.index), chosen, params.index)


def _object(uri: str) -> bytes:
    """One object by its URI."""
    folder, _, name = uri.rpartition("/")
    try:
        return ObjectStore(folder or ".").get(name)
    except StorageError as error:
        raise IndexTableError(
            error.message, uri, f"Check the URI; ready maps: {', '.join(MAPS)}."
        ) from error


def new_run_id() -> str:
    """A name for a run that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}"


def _since(params: ArchiveParams) -> datetime | None:
    """The later of ``since`` and the start of the catch-up window."""
    bounds = [_aware(params.since)]
    if params.catch_up_days is not None:
        bounds.append(datetime.now(UTC) - timedelta(days=params.catch_up_days))
    return max((bound for bound in bounds if bound is not None), default=None)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
