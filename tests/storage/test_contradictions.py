"""What the index, the registration and the sidecar say of a scan is compared; the nearer source wins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.contradictions import depth_contradiction, well_contradictions
from storage.known import known_sidecar
from veernet_core.page.known.sidecar import parse_sidecar

ANCHORED = {"unit": "ft", "anchors": [[100, 7200], [2100, 7300]]}


def prior(top: float | None, bottom: float | None, unit: str | None = "ft") -> dict[str, Any]:
    depth = {"top": top, "bottom": bottom, "unit": unit}
    return {"sections": [{"depth": {k: v for k, v in depth.items() if v is not None}}]}


def anchored(**section: Any) -> dict[str, Any]:
    return {"sections": [{"depth": ANCHORED, **section}]}


@pytest.mark.parametrize(
    ("top", "bottom", "unit", "contradicts"),
    [
        (7000, 8000, "ft", False),
        (7200, 7300, "ft", False),
        (7210, 7290, "ft", False),
        (7000, 8000, None, False),
        (2134, 2438, "m", False),
        (720, 730, "ft", True),
        (72000, 73000, "ft", True),
        (720, 7300, "ft", True),  # one end has lost a digit
        (7200, 73000, "ft", True),
        (7200, 7300, "m", True),
        (2195, 2225, "ft", True),  # metres called feet
        (9000, 9100, "ft", True),
        (720, None, "ft", True),
        (7000, None, "ft", False),
    ],
)
def test_depths(top: float, bottom: float | None, unit: str | None, contradicts: bool) -> None:
    assert bool(depth_contradiction(prior(top, bottom, unit), anchored())) is contradicts


def test_anchors_are_carried_on_to_the_rows_of_the_section() -> None:
    stated = anchored(row_top=100, row_bottom=20100)  # 7200 to 8200 ft
    assert not depth_contradiction(prior(7100, 8250), stated)
    assert depth_contradiction(prior(8100, 9000), stated)


@pytest.mark.parametrize(
    ("one", "other", "wrong"),
    [
        ({"uwi": "15-053-00069"}, {"uwi": "15053000690000"}, False),
        ({"uwi": "15-053-00069"}, {"uwi": "15-053-00070"}, True),
        ({"uwi": "AB 1/2"}, {"uwi": "ab-1-2"}, False),
        ({"name": "SMITH, J. 1"}, {"name": "J. Smith #1"}, False),
        ({"name": "SMITH 1"}, {"name": "SMITH 2"}, True),
        ({"name": "SMITH 1"}, {"name": "JONES 1"}, True),
        ({"name": "SMITH 1"}, {"name": "Smith No. 1A"}, False),
        ({"name": "M\u00dcLLER 1"}, {"name": "Mu\u0308ller 1"}, False),
        ({"county": "Clark"}, {"county": "CLARK COUNTY"}, False),
        ({"county": "Clark"}, {"county": "Ellis"}, True),
        ({"state": "KS"}, {"state": "Kansas"}, False),
        ({"name": "SMITH 1"}, {"county": "Ellis"}, False),
    ],
)
def test_wells(one: dict[str, str], other: dict[str, str], wrong: bool) -> None:
    assert bool(well_contradictions({"well": one}, {"well": other})) is wrong


def noted(indexed: dict[str, Any], person: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    merged = known_sidecar(json.dumps(person).encode(), None, indexed, "a.tif")
    assert merged is not None
    findings = parse_sidecar(merged, "a.sidecar.json").noted
    assert all(f.code == "sources_contradict" and f.severity == "warning" for f in findings)
    return json.loads(merged), [f.message for f in findings]


def test_a_digit_too_few_in_the_index_is_told_and_the_sidecar_is_used() -> None:
    person = {"sections": [{"depth": ANCHORED}, {"section_id": "b"}]}
    stated, messages = noted(prior(720, 730), person)
    assert messages == [
        "The index and the sidecar a.sidecar.json contradict each other: depths 720 to 730 ft"
        " against 7200 to 7300 ft. The sidecar is used."
    ]
    first, second = stated["sections"]
    assert first["depth"] == ANCHORED
    assert second["depth"] == {"unit": "ft"}  # nor is the wrong range used for another section


def test_another_well_is_told() -> None:
    stated, messages = noted({"well": {"uwi": "1", "county": "Clark"}}, {"well": {"uwi": "2"}})
    assert stated["well"] == {"uwi": "2", "county": "Clark"}
    assert len(messages) == 1
    assert "uwi '1' against '2'" in messages[0]


def test_sources_that_agree_note_nothing() -> None:
    stated, messages = noted(prior(7000, 8000), anchored())
    assert messages == []
    assert "noted" not in stated
    assert stated["sections"][0]["depth"]["top"] == 7000
