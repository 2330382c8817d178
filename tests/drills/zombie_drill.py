"""Power-cut drill: worker and flow killed together must not cost the next scheduled run.

    python tests/drills/zombie_drill.py [--logs 60]

Starts a server, sets it up as the runbook says, and lets a worker run the nightly deployment. In the
middle the worker and all its children are killed at once. The next run is created at once, as the schedule
would, and a new worker started. Printed: when the dead run was marked Crashed, when the next run
started and ended, and that every log is done once. Takes about ten minutes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from kill_drill import check_exactly_once
from prefect_site import DRILLS, Server, kill_tree, prefect_server, worker
from small_archive import write_archive

LIMIT_S = 1200


def state_of(server: Server, run_id: str) -> str:
    """Name of a run's state."""
    return str(server.read(f"/flow_runs/{run_id}")["state"]["name"])


def create_run(server: Server, source: Path, dest: Path) -> str:
    """A run of the nightly deployment, as its schedule makes them."""
    deployment: dict[str, Any] = server.read("/deployments/name/veernet-archive/nightly")
    parameters = {"source": str(source), "dest": str(dest), "chunk_logs": 4, "catch_up_days": 1}
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
    return str(server.ask(f"/deployments/{deployment['id']}/create_flow_run", body)["id"])


def wait_until(due: Any, what: str) -> None:
    """Poll until ``due()``."""
    end = time.monotonic() + LIMIT_S
    while not due():
        assert time.monotonic() < end, f"timed out: {what}"
        time.sleep(0.5)


def drill(folder: Path, logs: int) -> None:
    """Run the drill in a folder; raises AssertionError where it fails."""
    source, dest = folder / "scans", folder / "out"
    write_archive(source, logs)
    extra = {
        "VEERNET_TEST_ENGINE": "cheap_engine:engine",
        "CHEAP_ENGINE_MS": "200",
        "PYTHONPATH": str(DRILLS),
    }
    with prefect_server(folder, extra) as server:
        server.set_up()
        first = create_run(server, source, dest)
        with worker(server, folder) as victim:
            wait_until(lambda: len(list(dest.glob("logs/*"))) >= logs // 6, "work under way")
            kill_tree(victim)
        killed = time.monotonic()
        done = len(list(dest.glob("logs/*/log.json")))
        print(f"killed with {done} of {logs} logs published; state {state_of(server, first)}")
        second = create_run(server, source, dest)
        with worker(server, folder):
            watch(server, {"dead run": first, "next run": second}, killed)
        states = state_of(server, first), state_of(server, second)
        assert states == ("Crashed", "Completed"), states
    check_exactly_once(dest, logs)
    print(f"all {logs} logs done exactly once")


def watch(server: Server, runs: dict[str, str], since: float) -> None:
    """Print every change of state until the last run has ended."""
    seen: dict[str, str] = {}
    final = ("Completed", "Failed", "Crashed", "Cancelled")

    def ended() -> bool:
        for name, run_id in runs.items():
            state = state_of(server, run_id)
            if seen.get(name) != state:
                print(f"{time.monotonic() - since:6.0f} s  {name}: {state}", flush=True)
                seen[name] = state
        return all(state in final for state in seen.values())

    wait_until(ended, "both runs ended")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--logs", type=int, default=60)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="veernet-zombie-"))
    try:
        drill(folder, options.logs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
