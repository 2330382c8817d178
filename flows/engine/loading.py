"""The digitiser as the flow sees it, loaded once per process.

In: a model bundle's URI (or none for the shipped one) and a device. Out: an ``Engine``. Several
chunks of one process share the network behind one lock, so that it is loaded once and the
accelerator serves one batch at a time, while the chunks' reading and decoding overlap.
How a log is digitised does not belong here.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flows.engine.bundle_facts import bundle_bytes
from flows.engine.decoders import DEFAULT_CHECK
from flows.engine.memory import Release, keep_freed_blocks
from flows.engine.precision import AUTO, best_precision
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.datatypes import DigitisedLog, Posterior, Strip
from veernet_core.errors import VeernetError

if TYPE_CHECKING:
    from veernet_core.evaluation.canary import CanaryLog
    from veernet_core.pipeline import FailedScan, Predictor, ScanInput

TEST_ENGINE_VARIABLE = "VEERNET_TEST_ENGINE"
"""For drills and tests only: ``module:function`` that gives a stand-in engine."""


class Engine(Protocol):
    """What the flow needs of the digitiser."""

    @property
    def model_id(self) -> str:
        """Identity of the weights."""

    @property
    def numerics(self) -> str:
        """How it computes: precision, engine and kind of device."""

    @property
    def decoder_check(self) -> str:
        """``module:function`` that tries a scan in a child process."""

    def digitise(
        self, items: Iterable[ScanInput], config: DigitiseConfig
    ) -> Iterator[DigitisedLog | FailedScan]:
        """One result per item, in order."""

    def judge(self, log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
        """The log with its verdicts under this policy."""


class NumericsError(VeernetError):
    """The machine cannot compute as the destination's results were computed."""

    code = "numerics_differ"


def chosen_numerics(device: str, numerics: str) -> tuple[str, str]:
    """Device and precision: as asked for, and where that is open as the numerics say.

    Numerics of old results are empty: those were computed in float32. ``auto`` lets this machine decide.
    """
    if not numerics:
        return device, "float32"
    precision, _, kind = [*numerics.split(), "", ""][:3]
    if precision == AUTO:
        return device, best_precision(device)
    return (kind or device) if device == "auto" else device, precision


class CoreEngine:
    """The real digitiser around one resident network."""

    decoder_check = DEFAULT_CHECK

    def __init__(self, model: str | None, device: str, numerics: str) -> None:
        from flows.engine.page_engines import PageEngines
        from veernet_core.net.bundle import load_predictor

        keep_freed_blocks()
        device, precision = chosen_numerics(device, numerics)
        try:
            predictor = load_predictor(_bundle_bytes(model), device, precision)
        except (
            RuntimeError,
            AssertionError,
        ) as error:  # torch's own, for a device that is not there
            raise NumericsError(f"no {device} here ({error})") from error
        self._predictor = _OneAtATime(predictor)
        self.model_id = self._predictor.model_id
        self.numerics = predictor.numerics
        # loads its models (about 200 MB) when the first page is read, once for all chunks
        self._reader = PageEngines(numerics=predictor.numerics)

    def digitise(
        self, items: Iterable[ScanInput], config: DigitiseConfig
    ) -> Iterator[DigitisedLog | FailedScan]:
        """One result per item, in order; strips of many logs share a batch."""
        from veernet_core.pipeline import digitise_many

        return digitise_many(items, self._predictor, config, self._reader, page_workers())

    def judge(self, log: DigitisedLog, policy: GatePolicy) -> DigitisedLog:
        """The log with its verdicts under this policy."""
        from veernet_core.pipeline import judge

        return judge(log, policy)

    def canary_logs(self) -> Sequence[CanaryLog]:
        """Drawn logs with known truth, to be digitised before a run's own."""
        from veernet_core.evaluation.canary import canary_logs

        return canary_logs()


class _OneAtATime:
    """A predictor that several threads share."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._lock, self._release = threading.Lock(), Release()
        self.model_id: str = predictor.model_id
        self.numerics: str = predictor.numerics

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        with self._lock:
            self._release()
            return self._predictor.predict(strips)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._predictor, name)


def page_workers() -> int:
    """Pages read at once in one process: half the cores, four at most (memory)."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


@dataclass(frozen=True, slots=True)
class PlannedWith:
    """What of an engine a plan needs."""

    model_id: str
    numerics: str
    decoder_check: str = DEFAULT_CHECK


def known_engine(model: str | None, device: str, precision: str, fixed: str) -> PlannedWith | None:
    """What the shipped network on a CPU gives where a destination says how it computes.

    None: the network must be loaded to know.

    Parameters
    ----------
    fixed : str
        The destination's numerics, ``float32 torch cpu``; empty where no run has fixed them.
    """
    kind = fixed.rpartition(" ")[2]
    same = precision == AUTO or precision == fixed.partition(" ")[0]
    if model or os.environ.get(TEST_ENGINE_VARIABLE) or device not in (AUTO, "cpu"):
        return None
    if kind != "cpu" or not same:
        return None
    content = bundle_bytes()
    return None if content is None else PlannedWith(hashlib.sha256(content).hexdigest()[:12], fixed)


_LOCK = threading.Lock()
_LOADED: dict[tuple[str, str, str], Engine] = {}


def get_engine(model: str | None, device: str = "auto", numerics: str = AUTO) -> Engine:
    """The engine of this process; the first caller loads it, others wait.

    Parameters
    ----------
    model : str or None
        URI of a model bundle; None takes the shipped one.
    device : str
        As for ``load_predictor``.
    numerics : str
        How results must be computed (``float32 torch cpu``, or the precision alone); the machine chooses
        the rest, and with ``auto`` the precision too.

    Raises
    ------
    BundleError
        Where the bundle is missing or damaged.
    NumericsError
        Where this machine computes otherwise.
    """
    stand_in = os.environ.get(TEST_ENGINE_VARIABLE, "")
    key = (stand_in or model or "", device, numerics)
    with _LOCK:
        if key not in _LOADED:
            loaded = _stand_in(stand_in) if stand_in else CoreEngine(model, device, numerics)
            asked = [] if numerics == AUTO else numerics.split()
            if loaded.numerics.split()[: len(asked)] != asked:
                raise NumericsError(f"this machine computes with {loaded.numerics}, not {numerics}")
            _LOADED[key] = loaded
        return _LOADED[key]


def _stand_in(name: str) -> Engine:
    module, _, function = name.partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)()
    return engine


def _bundle_bytes(model: str | None) -> bytes | None:
    if model is None:
        return None
    folder, _, name = model.rpartition("/")
    return ObjectStore(folder or ".").get(name)
