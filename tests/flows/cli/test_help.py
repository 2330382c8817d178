"""Help that can be relied on: units, defaults, and the same words for the same option in every command."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from two_sources import UWI, two_scans

from flows import wording
from flows.archive.params import ArchiveParams
from flows.cli import main as cli
from flows.cli.options import count
from flows.dashboard import build_dashboard
from veernet_core.config import OPTIONS

UNITS = {
    *wording.UNITS.values(), "TILES", "JOBS", "THREADS", "STEPS", "STRIPS", "DRAWN", "RUNS", "PAGES",
    "SHEETS", "BLOCKS", "FOLDS", "ROUNDS", "MINUTES", "PX", "DPI", "RATE", "NUMBER",
}  # fmt: skip
"""What a number may be said to be; ``NUMBER``: it has no unit (a seed, a port)."""
AFTER = r"(\s?%|,000|[ -](ft|m|px|dpi|inch|letters|to|decimals|minutes|cores|strips|with)\b|:)"
"""What follows a number inside a sentence of help."""
ANYWHERE = {"--out", "--model", "--index", "--precision"}
"""Options that are a URI in one command and a file in another, or have fewer choices in one."""


def parser_of(name: str) -> argparse.ArgumentParser:
    place = next(place for command, place, _ in cli.COMMANDS if command == name)
    module, _, function = place.partition(":")
    parser = cli._Parser(prog=f"veernet {name}")
    getattr(importlib.import_module(f"flows.cli.{module}"), function)(parser)
    return parser


def options_of(name: str) -> list[argparse.Action]:
    actions = parser_of(name)._actions
    return [
        a
        for a in actions
        if a.help != argparse.SUPPRESS and not isinstance(a, argparse._HelpAction)
    ]


COMMANDS = [name for name, _, _ in cli.COMMANDS]
EVERY = [
    pytest.param(name, action, id=f"{name} {action.option_strings[-1:] or [action.dest]}")
    for name in COMMANDS
    for action in options_of(name)
]


def is_number(name: str, action: argparse.Action) -> bool:
    if name == "batch" and action.dest in ArchiveParams.model_fields:
        schema = ArchiveParams.model_json_schema()["properties"][action.dest]
        kinds = {part.get("type") for part in (schema, *schema.get("anyOf", ()))}
        return bool(kinds & {"number", "integer"})
    return action.type in (int, float, count)


def shown(action: argparse.Action) -> str:
    text = cli._Help("veernet")._expand_help(action)
    return " ".join(text.split())


@pytest.mark.parametrize(("name", "action"), EVERY)
def test_every_help_line_says_units_and_defaults(name: str, action: argparse.Action) -> None:
    text = shown(action)
    assert len(text) > 10, "no help"
    said = re.sub(r"\[[^\]]*\]$", "", text)
    for number in re.finditer(r"(?<![\w.,<])\d[\d.,]*(?![\w>])", said):
        assert re.match(AFTER, said[number.end() :]), f"{number[0]} of what? {text}"
    if not is_number(name, action):
        return
    assert action.metavar in UNITS, f"no unit: {text}"
    if not action.required:
        has_default = re.search(r"\[-?\d[\d.e+]*\]$", text) or re.search(r"none: |if omitted", text)
        assert has_default, f"no default: {text}"


def test_an_option_has_one_form_in_all_commands() -> None:
    forms: dict[str, set[tuple[Any, ...]]] = {}
    for name in COMMANDS:
        parser = parser_of(name)
        groups = {id(a): g.title for g in parser._action_groups for a in g._group_actions}
        for action in parser._actions:
            if action.help == argparse.SUPPRESS:
                continue
            for flag in action.option_strings:
                if flag.startswith("--") and flag not in ANYWHERE:
                    choices = action.metavar or (
                        action.choices and f"{{{','.join(action.choices)}}}"
                    )
                    forms.setdefault(flag, set()).add((groups[id(action)], choices))
    assert {flag: found for flag, found in forms.items() if len(found) > 1} == {}


def test_help_loads_nothing_that_takes_seconds() -> None:
    code = (
        "import sys; from flows.cli import main\n"
        "for name, _, _ in main.COMMANDS: assert main.main([name, '--help']) == 0, name\n"
        "print(sorted({'torch', 'scipy', 'pyarrow', 'prefect', 'cv2', 'rasterio'} & set(sys.modules)),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "completion"])
def test_every_command_speaks_to_programs(name: str) -> None:
    assert any("--json" in action.option_strings for action in options_of(name))


def test_numbers_of_digitising_and_of_runs_have_units() -> None:
    assert {n for n, o in OPTIONS.items() if o.kind == "number"} <= wording.UNITS.keys()
    assert {name for names in wording.GROUPS.values() for name in names} == set(
        ArchiveParams.model_fields
    )


@pytest.mark.parametrize("name", ["wells", "inspect", "evaluate", "digitise"])
def test_commands_say_what_they_are_for(name: str) -> None:
    assert len(parser_of(name).description or "") > 180


def test_wells_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_scans(tmp_path)
    assert cli.main(["wells", str(tmp_path), "--uwi", UWI, "--uwi", "no", "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        {"uwi": UWI, "folder": str(tmp_path / "wells" / UWI)},
        {"uwi": "no", "folder": None},
    ]
    assert cli.main(["wells", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_dashboard_says_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_scans(tmp_path)
    assert cli.main(["dashboard", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "dashboard" / "index.html")
    assert f"building the dashboard of {tmp_path}" in said.err
    assert cli.main(["dashboard", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.main(["dashboard", str(tmp_path), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["logs"], row["curves"], row["failed"]) == (2, 4, 0)


def test_serve_says_at_once_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import uvicorn

    from flows.dashboard import serve

    two_scans(tmp_path)
    order: list[str] = []
    build = serve.build_in

    def watched(*args: Any, **options: Any) -> str:
        said = capsys.readouterr()
        order.append(said.err)
        assert "http://127.0.0.1:8000/" in said.out, "the address first"
        return build(*args, **options)

    monkeypatch.setattr(serve, "build_in", watched)
    answers: list[Any] = []

    def run(server: uvicorn.Server) -> None:
        answers.append(server.config.app)
        assert server.config.app.done.wait(60)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    assert cli.main(["dashboard", str(tmp_path), "--serve"]) == 0
    assert "building the pages" in order[0], "said before the work begins"
    assert answers[0].whole is not None


def test_pages_are_counted_while_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.dashboard import overview

    store = two_scans(tmp_path)
    monkeypatch.setattr(overview, "_SAY_EVERY_S", -1.0)
    said: list[str] = []
    overview.build_in(store, say=said.append)
    assert said == ["0 of 2 pages of logs are written", "1 of 2 pages of logs are written"]
    assert build_dashboard(tmp_path).is_file()


def test_inspect_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.tif").write_bytes(b"no image")
    argv = ["inspect", str(tmp_path / "broken.tif"), "-o", str(tmp_path / "drafts")]
    assert cli.main([*argv, "--json"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["scan"] for line in out] == [str(tmp_path / "broken.tif")]
    assert cli.main([*argv, "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "broken.tif" in said.err
