"""A real Prefect server, workers, a bucket and a receiver of posts, set up as the runbook says.

One server serves all tests of this file: its start and its set-up are most of their time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple

import pytest
from batch_support import DRILLS, s3_server, scan_bytes, write_archive
from prefect_site import Server, prefect_server, process, s3_environment, worker

from storage.objects import ObjectStore

ROOT = DRILLS.parents[1]
NIGHT = """
import sys, time
from pathlib import Path
from prefect import flow
from flows.archive.alarm import tell
from flows.archive.report import RunReport

@flow
def night():
    report = RunReport("20240506T0200", 10, 0, 10, done=4, failed=6,
                       canary={"healthy": False, "broken": ["solid/r2"]})
    assert tell(report, "s3://well-logs/digitised")
    while not Path(sys.argv[1]).exists():
        time.sleep(0.5)
    raise OSError("the disk is full")

night()
"""
LATE_S = 10
pytestmark = [pytest.mark.server, pytest.mark.slow]


class Site(NamedTuple):
    """A server that is set up, the folder of its logs, and the client of a bucket."""

    server: Server
    folder: Path
    s3: Any


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`prefect deploy` has been run, and a process worker waits."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as (endpoint, client):
        extra = {
            **s3_environment(endpoint),
            "VEERNET_TEST_ENGINE": "cheap_engine:engine",
            "PYTHONPATH": f"{ROOT}:{DRILLS}",
            "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
        }
        with prefect_server(folder, extra) as server:
            server.set_up()
            with worker(server, folder):
                yield Site(server, folder, client)


def test_the_server_knows_the_deployments(site: Site) -> None:
    found = {d["name"]: d for d in site.server.ask("/deployments/filter")}
    assert set(found) == {"nightly", "on-demand", "shard"}
    (schedule,) = found["nightly"]["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "0 2 * * *"
    assert found["nightly"]["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    names = {found["name"] for found in site.server.ask("/automations/filter")}
    assert "veernet: mark dead runs" in names


def test_impossible_parameters_are_refused_before_anything_starts(site: Site) -> None:
    (deployment,) = site.server.ask(
        "/deployments/filter", {"deployments": {"name": {"any_": ["on-demand"]}}}
    )
    answer = site.server.ask(
        f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"min_r2": 2}}
    )
    assert "maximum" in json.dumps(answer)


def test_deployment_run_over_a_bucket(site: Site) -> None:
    """`prefect deployment run`, to the end, from S3 to S3."""
    site.s3.create_bucket(Bucket="well-logs")
    source, dest = ObjectStore("s3://well-logs/scans"), ObjectStore("s3://well-logs/digitised")
    for number in range(6):
        source.put(f"a/well-{number}.tif", scan_bytes(number))
    source.put("a/crash.tif", scan_bytes(99))
    site.server.cli(
        "deployment", "run", "veernet-archive/on-demand", "--watch",
        "--param", "chunk_logs=4", "--param", "max_tries=1",
        timeout_s=240,
    )  # fmt: skip
    keys = {info.key for info in dest.listing()}
    assert {k.split("/")[1] for k in keys if k.startswith("logs/")} == {
        f"well-{n}" for n in range(6)
    }
    assert {"verdicts.parquet", "failures.parquet", "dashboard/index.html"} <= keys
    made = dict(artifacts(site.server, "s3://well-logs/scans"))
    assert {
        "veernet-run",
        "veernet-failures",
        "veernet-dashboard",
        "veernet-progress",
    } <= made.keys()
    assert "| done | 6 |" in made["veernet-run"]
    assert "decoder_crashed" in made["veernet-failures"]


def artifacts(server: Server, source: str) -> list[tuple[str, Any]]:
    """Keys and data of the artifacts of the run over a source."""
    names = {"flow_runs": {"name": {"any_": [f"digitise what is new in {source}"]}}}
    within = [run["id"] for run in server.ask("/flow_runs/filter", names)]
    found = server.ask("/artifacts/filter", {"flow_runs": {"id": {"any_": within}}})
    return [(artifact["key"], artifact["data"]) for artifact in found]


def test_shards_run_on_another_pool(site: Site, tmp_path: Path) -> None:
    """The archive run waits on the CPU pool while the GPU pool's worker runs the shards."""
    write_archive(tmp_path / "scans", 9)
    with worker(site.server, site.folder, "veernet-gpu"):
        site.server.cli(
            "deployment", "run", "veernet-archive/on-demand", "--watch",
            "--param", f"source={tmp_path}/scans", "--param", f"dest={tmp_path}/out",
            "--param", "shard_deployment=veernet-shard/shard", "--param", "shard_logs=5",
            "--param", "accelerator_limit=veernet-accelerator",
            timeout_s=400,
        )  # fmt: skip
    names = {run["name"] for run in site.server.ask("/flow_runs/filter")}
    tasks = {run["name"] for run in site.server.ask("/task_runs/filter")}
    assert {"digitise scans 1 to 5 of 9", "digitise scans 6 to 9 of 9"} <= names
    assert f"digitise what is new in {tmp_path}/scans" in names
    assert {"read and trace scans 6 to 9 of 9", "write the results of scans 1 to 5 of 9"} <= tasks
    made = artifacts(site.server, f"{tmp_path}/scans")
    assert 100.0 in [float(data) for key, data in made if key == "veernet-progress"]
    assert len(list((tmp_path / "out" / "logs").iterdir())) == 9


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """Address of a local receiver of posts, and what it got."""
    got: Queue[dict[str, Any]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()


def test_a_receiver_hears_of_a_bad_night(
    site: Site, tmp_path: Path, receiver: tuple[str, Queue[dict[str, Any]]]
) -> None:
    """A run that tells of a collapsed canary and lost scans, is late, and then fails."""
    url, got = receiver
    server, go_on = site.server, tmp_path / "go-on"
    setup = [sys.executable, str(ROOT / "deploy" / "setup_server.py"), "--tell", url,
             "--late-h", str(LATE_S / 3600)]  # fmt: skip
    for _ in range(2):  # may be run again
        subprocess.run(setup, env=server.environment, cwd=ROOT, check=True, timeout=180)
    names = sorted(found["name"] for found in server.ask("/automations/filter"))
    assert names == ["veernet: mark dead runs", "veernet: tell of a bad night",
                     "veernet: tell of a run that does not end"]  # fmt: skip
    night = [sys.executable, "-c", NIGHT, str(go_on)]
    logs = [site.folder / "server.log", tmp_path / "night.log"]
    with process(night, server.environment, logs[1]):
        first = {post["event"]: post for post in (heard(got, logs), heard(got, logs))}
        go_on.touch()
        failed = heard(got, logs)
    assert first.keys() == {"veernet.bad-night", "veernet.late"}
    bad, late = first["veernet.bad-night"], first["veernet.late"]
    assert "6 of 10 scans have no result." in bad["text"]
    assert "canary has collapsed (solid/r2)" in bad["text"]
    assert failed["event"] == "prefect.flow-run.Failed"
    assert "the disk is full" in failed["text"]
    assert bad["run"] == late["run"] == failed["run"]
    # the server may tell of a failure twice, and of a late run again on a slow machine: of nothing else
    told = {(heard_of["event"], heard_of["run"]) for heard_of in (late, failed)}
    assert {(more["event"], more["run"]) for more in got.queue} <= told


def heard(got: Queue[dict[str, Any]], logs: list[Path]) -> dict[str, Any]:
    """The next post; where none comes, what server and run said."""
    try:
        return got.get(timeout=120)
    except Empty:
        raise AssertionError("\n".join(log.read_text()[-3000:] for log in logs)) from None
