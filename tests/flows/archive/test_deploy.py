"""The deployment as it ships: what its files say, and a real server, worker, bucket and run."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from batch_support import DRILLS, s3_server, scan_bytes, write_archive
from prefect_site import Server, prefect_server, s3_environment, worker

from flows import wording
from flows.archive.params import ArchiveParams
from flows.cli.batch import EMBEDDED_SERVER
from storage.objects import ObjectStore

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


@pytest.mark.server
def test_deployment_run_over_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`prefect deploy`, a process worker, `prefect deployment run`, to the end, from S3 to S3."""
    with s3_server(monkeypatch) as (endpoint, client):
        client.create_bucket(Bucket="well-logs")
        source, dest = ObjectStore("s3://well-logs/scans"), ObjectStore("s3://well-logs/digitised")
        for number in range(6):
            source.put(f"a/well-{number}.tif", scan_bytes(number))
        source.put("a/crash.tif", scan_bytes(99))
        extra = {
            **s3_environment(endpoint),
            "VEERNET_TEST_ENGINE": "cheap_engine:engine",
            "PYTHONPATH": f"{ROOT}:{DRILLS}",
        }
        with prefect_server(tmp_path, extra) as server:
            server.set_up()
            check_schedule(server)
            check_schema(server)
            with worker(server, tmp_path):
                server.cli(
                    "deployment", "run", "veernet-archive/on-demand", "--watch",
                    "--param", "chunk_logs=4", "--param", "max_tries=1",
                    timeout_s=240,
                )  # fmt: skip
        keys = {info.key for info in dest.listing()}
        assert {k.split("/")[1] for k in keys if k.startswith("logs/")} == {
            f"well-{n}" for n in range(6)
        }
        assert {"verdicts.parquet", "failures.parquet", "dashboard/index.html"} <= keys
        check_artifacts_were_made(server_facts(tmp_path))


def check_schedule(server: Server) -> None:
    found = {d["name"]: d for d in server.ask("/deployments/filter")}
    assert set(found) == {"nightly", "on-demand", "shard"}
    (schedule,) = found["nightly"]["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "0 2 * * *"
    assert found["nightly"]["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert server.ask("/automations/filter")[0]["name"] == "veernet: mark dead runs"


def check_schema(server: Server) -> None:
    """The server refuses a run with impossible parameters before anything starts."""
    (deployment,) = server.ask(
        "/deployments/filter", {"deployments": {"name": {"any_": ["on-demand"]}}}
    )
    answer = server.ask(
        f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"min_r2": 2}}
    )
    assert "maximum" in json.dumps(answer)


def server_facts(folder: Path) -> list[tuple[str, str]]:
    """Artifacts in the server's database, once it has ended."""
    with sqlite3.connect(folder / "prefect" / "prefect.db") as db:
        return db.execute("select key, data from artifact where key is not null").fetchall()


def check_artifacts_were_made(artifacts: list[tuple[str, str]]) -> None:
    made = dict(artifacts)
    assert {
        "veernet-run",
        "veernet-failures",
        "veernet-dashboard",
        "veernet-progress",
    } <= made.keys()
    assert "| done | 6 |" in json.loads(made["veernet-run"])
    assert "decoder_crashed" in made["veernet-failures"]


@pytest.mark.server
@pytest.mark.slow
def test_shards_run_on_another_pool(tmp_path: Path) -> None:
    """The archive run waits on the CPU pool while the GPU pool's worker runs the shards."""
    write_archive(tmp_path / "scans", 9)
    extra = {"VEERNET_TEST_ENGINE": "cheap_engine:engine", "PYTHONPATH": f"{ROOT}:{DRILLS}"}
    with prefect_server(tmp_path, extra) as server:
        server.set_up()
        with worker(server, tmp_path), worker(server, tmp_path, "veernet-gpu"):
            server.cli(
                "deployment", "run", "veernet-archive/on-demand", "--watch",
                "--param", f"source={tmp_path}/scans", "--param", f"dest={tmp_path}/out",
                "--param", "shard_deployment=veernet-shard/shard", "--param", "shard_logs=5",
                "--param", "accelerator_limit=veernet-accelerator",
                timeout_s=400,
            )  # fmt: skip
        names = {run["name"] for run in server.ask("/flow_runs/filter")}
        tasks = {run["name"] for run in server.ask("/task_runs/filter")}
    assert {"digitise scans 1 to 5 of 9", "digitise scans 6 to 9 of 9"} <= names
    assert f"digitise what is new in {tmp_path}/scans" in names
    assert {"read and trace scans 6 to 9 of 9", "write the results of scans 1 to 5 of 9"} <= tasks
    progress = [float(data) for key, data in server_facts(tmp_path) if key == "veernet-progress"]
    assert 100.0 in progress
    assert len(list((tmp_path / "out" / "logs").iterdir())) == 9
