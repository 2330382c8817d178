"""The deployment as it ships: what its files say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import wording
from flows.archive.params import ArchiveParams
from flows.cli.batch import EMBEDDED_SERVER

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "prefect.yaml").read_text())
    return loaded


def test_entrypoints_are_modules_and_parameters_are_known(project: dict[str, Any]) -> None:
    for deployment in project["deployments"]:
        assert re.fullmatch(r"flows\.archive\.batch\.\w+", deployment["entrypoint"])
        if deployment["entrypoint"].endswith("archive"):
            ArchiveParams(**deployment["parameters"])


def test_the_nightly_run_has_a_schedule_and_waits_for_its_slot(project: dict[str, Any]) -> None:
    nightly = next(d for d in project["deployments"] if d["name"] == "nightly")
    (schedule,) = nightly["schedules"]
    assert (schedule["cron"], schedule["timezone"]) == ("0 2 * * *", "UTC")
    assert nightly["concurrency_limit"]["limit"] == 1
    assert nightly["concurrency_limit"]["collision_strategy"] == "ENQUEUE"
    assert nightly["parameters"]["catch_up_days"] > 0


def test_the_flow_takes_what_the_schema_states() -> None:
    from flows.archive.batch import archive

    parameters = set(archive.parameters.properties)
    assert parameters == set(ArchiveParams.model_fields)
    schema = archive.parameters.properties["min_r2"]
    assert (schema["minimum"], schema["maximum"]) == (0, 1)
    assert all(entry["description"] for entry in archive.parameters.properties.values())
    form = sorted(archive.parameters.properties.values(), key=lambda entry: entry["position"])
    groups = [entry["title"].split(": ")[0] for entry in form]
    assert list(dict.fromkeys(groups)) == list(wording.GROUPS), "groups in order"
    assert groups == sorted(groups, key=list(wording.GROUPS).index), "each in one piece"
    assert form[0]["title"] == "Scans: source"
    assert (
        archive.parameters.properties["stall_limit_s"]["title"] == "Workers: stall limit, seconds"
    )


def test_compose_gives_the_server_the_settings_it_needs() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    given = compose["services"]["server"]["environment"]
    needed = {key for key in EMBEDDED_SERVER if key.endswith("BATCH_SIZE")}
    assert needed <= given.keys()
    published = [p for s in compose["services"].values() for p in s.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_runbook_commands_name_things_that_exist(project: dict[str, Any]) -> None:
    text = (DEPLOY / "README.md").read_text()
    names = {f"veernet-archive/{d['name']}" for d in project["deployments"]}
    for name in re.findall(r"veernet-archive/[\w-]+", text):
        assert name in names
    for path in re.findall(r"deploy/[\w./-]+\.(?:py|yaml)", text):
        assert (ROOT / path).is_file(), path
    options = set(re.findall(r"veernet batch[^\n]*?(--[a-z-]+)", text))
    assert options <= {"--" + name.replace("_", "-") for name in ArchiveParams.model_fields}
