"""Two versions of veernet on the same scans, in turn: processor and wall seconds, medians, and where time goes.

    python tests/benchmarks/side_by_side.py --before OLD/bin/veernet --after NEW/bin/veernet --scans DIR -o OUT

Each version runs in an environment of its own (``OLD`` and ``NEW`` are virtual environments; for figures to
quote, ``--before`` is commit 9169ec0). Two sets are digitised: the pages of ``pages.txt`` with nothing but the
page, and the scans of ``tests/data/sidecars`` with the geometry given. Every repeat runs a set with one version
and then with the other, so that whatever else the machine does meets both. Processor seconds are those of the
command and of all processes it started; cores busy are processor over wall seconds. OUT gets
``side_by_side.json``, ``side_by_side.md`` and ``where_time_goes.png``. Does not belong here: whether the
curves are right (``veernet evaluate``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
SIDECARS = HERE.parent / "data" / "sidecars"
STAGES = {
    "veernet_core.page.raster": "decoding",
    "veernet_core.page": "page reading",
    "veernet_core.strips": "cutting strips",
    "veernet_core.net.layout": "page reading",
    "veernet_core.net.prints": "page reading",
    "veernet_core.net": "network",
    "veernet_core.curve": "tracing and judging",
    "veernet_core": "the rest",
    "storage": "writing",
    "flows": "the rest",
}
"""Share of the picture by module; the longest beginning that fits decides."""
_DEAREST = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost: seconds, MB, and how many curves it traced on every log."""

    processor_s: float
    wall_s: float
    peak_mb: float
    curves: Mapping[str, int]


def read_stems(path: Path) -> list[str]:
    """Stems of a list, one a line; ``#`` begins a remark."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def lay_out(stems: Sequence[str], scans: Sequence[Path], sidecars: Path | None, to: Path) -> Path:
    """A folder with links to the scans of these stems, and their sidecars where a folder of them is given.

    Raises
    ------
    FileNotFoundError
        A scan or its sidecar is missing.
    """
    to.mkdir(parents=True)
    known = {path.stem: path for folder in scans for path in sorted(folder.glob("*.tif"))}
    for stem in stems:
        if stem not in known:
            raise FileNotFoundError(f"{stem}.tif is in none of {', '.join(map(str, scans))}")
        (to / f"{stem}.tif").symlink_to(known[stem].resolve())
        if sidecars is not None:
            name = f"{stem}.sidecar.json"
            shutil.copy(sidecars / name, to / name)
    return to


def run_once(command: Sequence[str], scans: Path, out: Path) -> Cost:
    """Digitise a folder and measure the command with all its processes."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "digitise", str(scans), "-o", str(out)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if process.returncode not in (0, 1):  # 1: some scans failed, which a table of curves shows
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    curves = curves_of(out)
    if not curves:  # a command that could not start ends with 1 as well
        raise RuntimeError(f"{' '.join(command)} wrote no log")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, curves)


def curves_of(out: Path) -> dict[str, int]:
    """Traced curves of every log of a folder of results."""
    counts = {}
    for record in sorted(out.glob("logs/*/log.json")):
        document = json.loads(record.read_text(encoding="utf-8"))
        counts[record.parent.name] = len(list(_curves(document)))
    return counts


def _curves(document: Mapping[str, object]) -> Iterator[object]:
    """Curves lie in the log or in its sections' tracks, by version."""
    own = document.get("curves")
    if isinstance(own, list):
        yield from own
        return
    for section in document.get("sections", []):  # type: ignore[attr-defined]
        for track in section.get("tracks", []):
            yield from track.get("curves", [])


def alternate(
    commands: Mapping[str, Sequence[str]], scans: Path, repeats: int, work: Path
) -> dict[str, list[Cost]]:
    """Costs of every command, by name; each repeat runs all of them once, in order."""
    costs: defaultdict[str, list[Cost]] = defaultdict(list)
    for repeat in range(repeats):
        for name, command in commands.items():
            out = work / f"{name}-{repeat}"
            costs[name].append(run_once(command, scans, out))
            shutil.rmtree(out, ignore_errors=True)
            print(f"{scans.name}: {name} {costs[name][-1].processor_s:.1f} s", flush=True)
    return dict(costs)


def table(name: str, costs: Mapping[str, Sequence[Cost]]) -> str:
    """Markdown: medians of both versions, seconds a curve, and the ratio of processor seconds."""
    lines = [
        f"### {name}",
        "",
        "| | processor s | wall s | cores busy | curves | processor s a curve | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    middle = {who: median(c.processor_s for c in runs) for who, runs in costs.items()}
    for who, runs in costs.items():
        curves = sum(runs[0].curves.values())
        wall, peak = median(c.wall_s for c in runs), max(c.peak_mb for c in runs)
        each = f"{middle[who] / curves:.1f}" if curves else "–"
        busy = median(c.processor_s / c.wall_s for c in runs)
        lines.append(
            f"| {who} | {middle[who]:.1f} | {wall:.1f} | {busy:.2f} | {curves} | {each} | {peak:.0f} |"
        )
    first, *_, last = middle
    lines += ["", f"Processor seconds of {first} over {last}: {middle[first] / middle[last]:.2f}"]
    untraced = [
        f"{stem} ({who})"
        for who, runs in costs.items()
        for stem, curves in runs[0].curves.items()
        if not curves
    ]
    if untraced:
        lines.append(f"Without a curve: {', '.join(untraced)}.")
    return "\n".join(lines)


# ---- where time goes ---------------------------------------------------------------------------


def sampled(command: Sequence[str], scans: Path, work: Path) -> Counter[str]:
    """How often each function was seen at work while a version digitised a folder."""
    counts, out = work / "counts.json", work / "sampled"
    python = str(Path(command[0]).parent / "python")
    script = [python, str(HERE / "sampled.py"), str(counts), *command]
    subprocess.run([*script, "digitise", str(scans), "-o", str(out)], stdout=subprocess.DEVNULL)
    shutil.rmtree(out, ignore_errors=True)
    return Counter(json.loads(counts.read_text(encoding="utf-8")))


def stage_of(function: str) -> str:
    """The stage that ``module:function`` belongs to."""
    module = function.partition(":")[0] + "."
    fitting = [name for name in STAGES if module.startswith(name + ".")]
    return STAGES[max(fitting, key=len)] if fitting else "the rest"


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Share of every stage, the order of ``STAGES`` kept."""
    total = sum(counts.values()) or 1
    by_stage = Counter[str]()
    for function, n in counts.items():
        by_stage[stage_of(function)] += n
    return {stage: by_stage[stage] / total for stage in dict.fromkeys(STAGES.values())}


def dearest(counts: Mapping[str, int], processor_s: float) -> str:
    """Markdown: the functions seen most often, with their share of the processor seconds."""
    total = sum(counts.values()) or 1
    lines = ["| function | share | processor s |", "|---|---|---|"]
    for function, n in Counter(counts).most_common(_DEAREST):
        lines.append(f"| `{function}` | {n / total:.1%} | {n / total * processor_s:.1f} |")
    return "\n".join(lines)


def draw(seconds: Mapping[str, Mapping[str, float]], title: str, to: Path) -> None:
    """One bar for each version, its stages one after another, processor seconds."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1.6 + 0.7 * len(seconds)), layout="constrained")
    for stage in dict.fromkeys(STAGES.values()):
        begins = [sum(_before(own, stage)) for own in seconds.values()]
        widths = [own.get(stage, 0.0) for own in seconds.values()]
        axes.barh(list(seconds), widths, left=begins, label=stage)
    axes.invert_yaxis()
    axes.set_xlabel("processor seconds")
    axes.set_title(title)
    figure.legend(ncols=4, fontsize="small", loc="outside lower center")
    figure.savefig(to, dpi=110)
    pyplot.close(figure)


def _before(own: Mapping[str, float], stage: str) -> Iterator[float]:
    for name in dict.fromkeys(STAGES.values()):
        if name == stage:
            return
        yield own.get(name, 0.0)


def report(
    commands: Mapping[str, Sequence[str]], sets: Sequence[Path], repeats: int, out: Path, work: Path
) -> None:
    """Measure every set, sample the first one, and write what came out."""
    texts, numbers = [], {}
    for scans in sets:
        costs = alternate(commands, scans, repeats, work)
        numbers[scans.name] = {who: [asdict(c) for c in runs] for who, runs in costs.items()}
        texts.append(table(scans.name, costs))
        if scans == sets[0]:
            first = {who: median(c.processor_s for c in runs) for who, runs in costs.items()}
    seconds = {}
    for who, command in commands.items():
        counts = sampled(command, sets[0], work)
        seconds[who] = {stage: s * first[who] for stage, s in shares(counts).items()}
        texts.append(f"### Ten dearest functions, {who}\n\n{dearest(counts, first[who])}")
    out.mkdir(parents=True, exist_ok=True)
    draw(seconds, f"Where time goes: {sets[0].name}", out / "where_time_goes.png")
    document = {"costs": numbers, "stages": seconds}
    (out / "side_by_side.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    (out / "side_by_side.md").write_text("\n\n".join(texts) + "\n", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--before", required=True, help="console script of the older version")
    parser.add_argument("--after", required=True, help="console script of the newer version")
    parser.add_argument(
        "--scans", type=Path, action="append", required=True, help="folder of scans"
    )
    parser.add_argument("--pages", type=Path, default=HERE / "pages.txt", help="list of stems")
    parser.add_argument("--given", type=Path, help="list of stems instead of all with sidecars")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without-given", action="store_true", help="only the pages by themselves")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args(arguments)
    commands = {"before": [args.before], "after": [args.after]}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sets = [lay_out(read_stems(args.pages), args.scans, None, work / "nothing but the page")]
        if not args.without_given:
            stems = sorted(p.name.split(".")[0] for p in SIDECARS.glob("*.sidecar.json"))
            stems = stems if args.given is None else read_stems(args.given)
            sets.append(lay_out(stems, args.scans, SIDECARS, work / "geometry given"))
        report(commands, sets, args.repeats, args.out, work)
    print((args.out / "side_by_side.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
