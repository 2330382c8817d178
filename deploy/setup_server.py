"""Create on a Prefect server what the deployments need; may be run again at any time.

    PREFECT_API_URL=http://server:4200/api python deploy/setup_server.py [--gpu-slots 1] [--tell URL]

- work pools ``veernet-cpu`` and ``veernet-gpu`` (process workers),
- the global concurrency limit ``veernet-accelerator`` that shards may occupy,
- the automation that marks dead runs: one whose heartbeats stop is set to Crashed, which frees the
  slot of its deployment. It needs ``PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30`` where flows run,
- with ``--tell URL`` the automations that post to a webhook after a bad night: the canary has collapsed, more
  than ``VEERNET_TELL_FAILED_SHARE`` (0.1, set where flows run) of the scans have no result, a run failed, or
  has not ended after ``--late-h`` hours.
"""

from __future__ import annotations

import argparse
import contextlib
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
    WorkPoolCreate,
)
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from pydantic import SecretStr

HEARTBEAT_S = 30
ZOMBIE_AUTOMATION = "veernet: mark dead runs"
BAD_NIGHT_AUTOMATION = "veernet: tell of a bad night"
LATE_AUTOMATION = "veernet: tell of a run that does not end"
_TOLD = (
    '{% set said = event.payload.what or event.resource["prefect.state-message"] or "" %}'
    '{"text": {{ (event.event ~ ", " ~ event.resource["prefect.resource.name"] ~ ": " ~ said) | tojson }},'
    ' "event": {{ event.event | tojson }}, "run": {{ event.resource.id | tojson }}}'
)
"""What the webhook gets; ``text`` is what chat programs show."""
_LATE = (
    '{"text": "A run has not ended after %s hours: {{ labels["prefect.resource.id"] }}",'
    ' "event": "veernet.late", "run": {{ labels["prefect.resource.id"] | tojson }}}'
)
ACCELERATOR_LIMIT = "veernet-accelerator"
WORK_POOLS = ("veernet-cpu", "veernet-gpu")


def create_pools(client: SyncPrefectClient) -> None:
    """Work pools of process workers."""
    for name in WORK_POOLS:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            continue


def set_accelerator_limit(client: SyncPrefectClient, slots: int) -> None:
    """How many shards may use an accelerator at once."""
    try:
        client.read_global_concurrency_limit_by_name(ACCELERATOR_LIMIT)
    except ObjectNotFound:
        client.create_global_concurrency_limit(
            GlobalConcurrencyLimitCreate(name=ACCELERATOR_LIMIT, limit=slots)
        )
    else:
        client.update_global_concurrency_limit(
            ACCELERATOR_LIMIT, GlobalConcurrencyLimitUpdate(limit=slots)
        )


def zombie_automation(heartbeat_s: int) -> Automation:
    """Set a flow run to Crashed when three heartbeats in a row are missing."""
    return Automation(
        name=ZOMBIE_AUTOMATION,
        description="A run killed together with its worker would stay Running for ever.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                "prefect.flow-run.heartbeat",
                "prefect.flow-run.Completed",
                "prefect.flow-run.Failed",
                "prefect.flow-run.Cancelled",
                "prefect.flow-run.Crashed",
            },
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=3 * heartbeat_s),
        ),
        actions=[
            ChangeFlowRunState(
                name=None,
                state=StateType.CRASHED,
                force=False,
                message="No heartbeat: the process and its worker died. The ledger knows what is left.",
            )
        ],
    )


def set_automation(heartbeat_s: int) -> None:
    """Create the automation, or replace it."""
    _replace(zombie_automation(heartbeat_s))


def alarm_automations(hook: UUID, late_h: float) -> list[Automation]:
    """Post to a webhook after a bad night, and where a run does not end."""
    runs = ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]})
    failed = {f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut")}
    ended = failed | {f"prefect.flow-run.{state}" for state in ("Completed", "Cancelled")}
    bad = failed | {"veernet.bad-night"}
    told = CallWebhook(block_document_id=hook, payload=_TOLD)
    return [
        Automation(
            name=BAD_NIGHT_AUTOMATION,
            description="The canary collapsed, too many scans have no result, or a run failed.",
            trigger=EventTrigger(expect=bad, match=runs, for_each={"prefect.resource.id"},
                                 posture=Posture.Reactive, threshold=1, within=timedelta(0)),
            actions=[told],
        ),
        Automation(
            name=LATE_AUTOMATION,
            description=f"A run has not ended {late_h:g} hours after it began.",
            trigger=EventTrigger(after={"prefect.flow-run.Running"}, expect=ended, match=runs,
                                 for_each={"prefect.resource.id"}, posture=Posture.Proactive,
                                 threshold=1, within=timedelta(hours=late_h)),
            actions=[CallWebhook(block_document_id=hook, payload=_LATE % f"{late_h:g}")],
        ),
    ]  # fmt: skip


def set_alarm(url: str, late_h: float) -> None:
    """Create the webhook and its automations, or replace them."""
    webhook = Webhook(method="POST", url=SecretStr(url))
    hook = cast(UUID, webhook.save("veernet-alarm", overwrite=True))
    for automation in alarm_automations(hook, late_h):
        _replace(automation)


def _replace(automation: Automation) -> None:
    with contextlib.suppress(ValueError):
        cast(Automation, Automation.read(name=automation.name)).delete()
    automation.create()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gpu-slots", type=int, default=1)
    parser.add_argument("--heartbeat-s", type=int, default=HEARTBEAT_S)
    parser.add_argument("--tell", metavar="URL", help="webhook that hears of bad nights")
    parser.add_argument("--late-h", type=float, default=12.0, help="a run ends within, hours [12]")
    options = parser.parse_args()
    with get_client(sync_client=True) as client:
        create_pools(client)
        set_accelerator_limit(client, options.gpu_slots)
    set_automation(options.heartbeat_s)
    if options.tell:
        set_alarm(options.tell, options.late_h)
    print("work pools, accelerator limit and automation are set")


if __name__ == "__main__":
    main()
