"""LAS and CSV: text beyond ASCII, and curves in review."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pandas as pd
from factories import GR, judge, make_curve, make_log, only
from hypothesis import given
from hypothesis import strategies as st
from las_support import WELL, conforms, read

from storage.las import las_bytes, text_findings
from storage.section_table import csv_bytes
from veernet_core.datatypes import DigitisedLog, WellInfo


def lines_of(data: bytes | None) -> list[str]:
    assert data is not None
    return data.decode("ascii").split("\r\n")


def test_the_file_has_the_shape_that_readers_of_other_languages_take() -> None:
    log = make_log()
    long = replace(log.well, company="Anglo-Persian " * 12)
    lines = lines_of(las_bytes(replace(log, well=long), "main"))
    titles = [line for line in lines if line.startswith("~")]
    assert titles == [
        "~Version", "~Well", "~Curve", "~Parameter", "~Other", "~A DEPT       GR      ILD"
    ]  # fmt: skip
    header = [line for line in lines[: lines.index("~Other")] if not line.startswith("~")]
    for line in header:
        assert re.match(r"[A-Z]+\.\w*\s{4,}(?:\S.*)? : ", line), line
        assert len(line.split(":")) == 2
    assert max(len(line) for line in header if not line.startswith("COMP")) < 72
    assert re.match(r"\w{1,8}:", lines[lines.index("~Other") + 1])


def cyrillic() -> DigitisedLog:
    curves = [
        judge(make_curve(replace(GR, mnemonic=name, unit=unit)))
        for name, unit in [("ГК", "мкР/ч"), ("ПС", "мВ"), ("GK", "GAPI"), ("ГК", "мкР/ч")]
    ]
    log = replace(only(make_log(), *curves), well=WELL)
    return replace(log, scan=replace(log.scan, stem="Скв 12 №7"))


def exact_texts(other: str) -> dict[str, str]:
    found = re.findall(r'^Exact text of (.*): (".*")$', other, re.MULTILINE)
    return {what: json.loads(text) for what, text in found}


def test_text_beyond_ascii_is_transliterated_and_comes_back_exactly() -> None:
    data = las_bytes(cyrillic(), "main")
    assert data is not None
    assert conforms(data)
    las = read(data)
    assert las.keys() == ["DEPT", "GK", "PS", "GK_2", "GK_3"]
    assert las.well["WELL"].value == "Skvazhina 12-bis"
    assert las.well["FLD"].value == "DaQing"
    assert las.curves["PS"].unit == "mV"
    exact = exact_texts(las.other)
    stated = {"WELL": WELL.name, "COMP": WELL.company, "FLD": WELL.field_name, "STAT": WELL.state,
              "SRVC": WELL.service_company}  # fmt: skip
    assert {key: exact[key] for key in stated} == stated
    assert [exact[f"curve {name}"] for name in ("GK", "PS", "GK_3")] == ["ГК", "ПС", "ГК"]
    assert exact["unit of GK"] == "мкР/ч"
    assert exact["SCAN"] == "Скв 12 №7"
    assert "CNTY" not in exact
    assert "curve GK_2" in exact


def test_text_that_las_cannot_hold_is_a_finding() -> None:
    found = text_findings(cyrillic())
    assert {f.code for f in found} == {"text_transliterated"}
    assert [f.mnemonic for f in found] == [None, "ГК", "ПС", "ГК"]
    assert "WELL Skvazhina 12-bis" in found[0].message
    assert "ГК is written as GK [mkR/ch]" in found[1].message
    assert all(f.remedy and f.severity == "info" for f in found)
    assert text_findings(make_log()) == ()


def test_csv_has_the_exact_names() -> None:
    data = csv_bytes(cyrillic(), "main")
    assert data is not None
    assert list(pd.read_csv(io.BytesIO(data)).columns) == ["DEPT", "ГК", "ПС", "GK", "ГК_2"]
    names = ['a "b", c', "x\ny", "\ud800"]
    named = [replace(make_curve(GR), spec=replace(GR, mnemonic=name)) for name in names]
    odd = only(make_log(), *map(judge, named))
    frame = pd.read_csv(io.BytesIO(csv_bytes(odd, "main") or b""))
    assert list(frame.columns)[:3] == ["DEPT", *names[:2]]


@given(st.text(max_size=30))
def test_any_text_comes_back_exactly(text: str) -> None:
    log = replace(make_log(), well=WellInfo(uwi="1", name=text))
    data = las_bytes(log, "main")
    las = read(data)
    line = next(row for row in lines_of(data) if row.startswith("WELL."))
    written = (
        line.partition(".")[2].rpartition(" : ")[0].strip()
    )  # the reader takes "00" for a number
    back = exact_texts(las.other).get("WELL", written)
    assert " ".join(back.split()) == " ".join(text.split())


def test_curves_in_review_are_marked_in_every_header_line() -> None:
    data = las_bytes(make_log(), "main", decision="review")
    assert data is not None
    assert conforms(data)
    lines = lines_of(data)
    header = [line for line in lines[: lines.index("~Other")] if not line.startswith("~")]
    assert len(header) > 15
    assert all(line.endswith(" (IN REVIEW, NOT ACCEPTED)") for line in header)
    las = read(data)
    assert las.keys() == ["DEPT", "CALI"]
    assert "wait for a person's decision" in las.other
    assert las_bytes(make_log(), "repeat", decision="review") is None
