"""How many machines an archive needs, for how long and at what price, from measured seconds.

    python deploy/plan.py --cpu-s 32 --scans 1000000 --days 7
    python deploy/plan.py --measured OUT/side_by_side.json --scans 1000000

Seconds are processor seconds of one scan, start-up included: given, or taken from what
``tests/benchmarks/side_by_side.py`` wrote (its newer version, nothing but the page). Prices are list prices of
one region, to be replaced by one's own with ``--machine NAME:CORES:USD_PER_HOUR``. Storage and requests are
in ``deploy/README.md``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PAGES = "nothing but the page"


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of machine: how many scans it works on at once, and what it costs."""

    name: str
    cores: int
    usd_per_h: float


@dataclass(frozen=True, slots=True)
class Need:
    """What an archive needs of one kind of machine."""

    machine: Machine
    core_days: float
    machines: int
    usd_per_1000: float


MACHINES = (
    Machine("c7a.4xlarge (16 AMD cores, no AMX)", 16, 0.821),
    Machine("c7i.4xlarge (8 Intel cores of two threads)", 8, 0.714),
    Machine("2 cores of one's own", 2, 0.0),
)
"""List prices of US East, USD. What AMX gains on the second kind is not counted: it was not measured."""


def need(machine: Machine, cpu_s: float, scans: int, days: float, busy: float) -> Need:
    """Machines that digitise ``scans`` in ``days``, where a share ``busy`` of their cores' time is work.

    Raises
    ------
    ValueError
        Of a time, a share or a number that is not positive.
    """
    if min(cpu_s, scans, days, busy, machine.cores) <= 0:
        raise ValueError("seconds, scans, days, share and cores are to be more than 0")
    core_s = cpu_s * scans / busy
    machine_h = core_s / machine.cores / 3600
    return Need(
        machine,
        core_s / 86_400,
        math.ceil(machine_h / (24 * days)),
        machine_h * machine.usd_per_h / scans * 1000,
    )


def measured_cpu_s(path: Path) -> float:
    """Processor seconds of a scan: the median run of the newer version over its number of scans."""
    runs = json.loads(path.read_text(encoding="utf-8"))["costs"][PAGES]["after"]
    return float(median(run["processor_s"] / len(run["curves"]) for run in runs))


def table(needs: Sequence[Need], days: float) -> str:
    """Markdown, one line a kind of machine."""
    lines = [
        f"| machine | core-days | machines for {days:g} days | USD per 1,000 scans |",
        "|---|---|---|---|",
    ]
    for own in needs:
        price = f"{own.usd_per_1000:.2f}" if own.usd_per_1000 else "–"
        lines.append(f"| {own.machine.name} | {own.core_days:,.0f} | {own.machines:,} | {price} |")
    return "\n".join(lines)


def _machine(text: str) -> Machine:
    name, cores, price = text.rsplit(":", 2)
    return Machine(name, int(cores), float(price))


def main(arguments: Sequence[str]) -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    seconds = parser.add_mutually_exclusive_group(required=True)
    seconds.add_argument("--cpu-s", type=float, help="processor seconds of a scan")
    seconds.add_argument("--measured", type=Path, help="side_by_side.json")
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--busy", type=float, default=0.9, help="share of the cores' time in use")
    parser.add_argument("--machine", type=_machine, action="append", metavar="NAME:CORES:USD")
    args = parser.parse_args(arguments)
    cpu_s = args.cpu_s if args.measured is None else measured_cpu_s(args.measured)
    kinds = args.machine or MACHINES
    needs = [need(kind, cpu_s, args.scans, args.days, args.busy) for kind in kinds]
    print(f"{args.scans:,} scans of {cpu_s:.1f} processor seconds, cores busy {args.busy:.0%}\n")
    print(table(needs, args.days))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
