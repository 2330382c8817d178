"""A bad night is told: an event for which ``deploy/setup_server.py --tell`` sets an automation.

In: a run's report. Out: the event ``veernet.bad-night`` where the canary collapsed or too many scans
have no result. Whom an automation tells, and runs that fail or do not end, belong to the server.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from prefect.context import get_run_context
from prefect.events import emit_event
from prefect.exceptions import MissingContextError

from flows.archive.report import RunReport

BAD_NIGHT = "veernet.bad-night"
SHARE_VARIABLE = "VEERNET_TELL_FAILED_SHARE"
"""Environment variable with the share of scans without a result from which on a night is bad."""
_SHARE = 0.1


def what_is_bad(report: RunReport, share: float) -> list[str]:
    """Sentences for people; empty after a good night.

    Parameters
    ----------
    report : RunReport
    share : float
        Of the planned scans, without a result.
    """
    said = []
    if report.canary.get("broken"):
        broken = ", ".join(report.canary["broken"])
        said.append(f"The canary has collapsed ({broken}).")
    if report.planned and report.without_result > share * report.planned:
        said.append(f"{report.without_result} of {report.planned} scans have no result.")
    return said


def tell(report: RunReport, dest: str) -> bool:
    """Send the event where the night was bad; whether it was."""
    said = what_is_bad(report, _share())
    if not said:
        return False
    payload: dict[str, Any] = {"run": report.run_id, "dest": dest, "what": " ".join(said)}
    emit_event(BAD_NIGHT, resource={"prefect.resource.id": f"prefect.flow-run.{_run_id()}",
                                    "prefect.resource.name": report.run_id}, payload=payload)  # fmt: skip
    return True


def _share() -> float:
    """The share in the environment. A wrong one is said and not used: the night's work is done by then."""
    given = os.environ.get(SHARE_VARIABLE, str(_SHARE))
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if 0 <= share <= 1:
        return share
    logging.getLogger(__name__).warning(
        "%s is %r, not a number from 0 to 1; %g is used", SHARE_VARIABLE, given, _SHARE
    )
    return _SHARE


def _run_id() -> str:
    try:
        run = getattr(get_run_context(), "flow_run", None)
    except MissingContextError:
        run = None
    return str(run.id) if run is not None else "none"
