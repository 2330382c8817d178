"""Registration files: what they state becomes a sidecar, and nothing is half-used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.dra import DraError, parse_dra, sidecar_of_dra
from veernet_core.page.known.sidecar import parse_sidecar

GOOD = """\
FILE,1.0,FEET,"Acme Rasters, Inc."
WELL,150530006900,"Smith, John #1","NE SW 12-3S-4W"
LOG,smith1.tif,"5 INCH, MAIN",5,2500,210,4000,2600,1890,5000
DPTH,2500,1000,4000
DPTH,2600,1002,5000.5
DPTH,2550,1001,4500
CURV,210,3500,1890,3990
HEAD,0,0,2016,3000
"""


def sidecar(text: str, scan: str = "smith1.tif") -> dict[str, Any]:
    return sidecar_of_dra(parse_dra(text.encode(), "smith1.dra"), scan)


def test_a_registration_becomes_a_sidecar() -> None:
    stated = sidecar(GOOD)
    assert stated["well"] == {"uwi": "15-053-00069", "name": "Smith, John #1", "state": "Kansas"}
    (section,) = stated["sections"]
    assert section["depth"] == {
        "unit": "ft",
        "anchors": [[4000.0, 2500.0], [4500.0, 2550.0], [5000.5, 2600.0]],
    }
    assert (section["row_top"], section["row_bottom"]) == (4000.0, 5000.0)
    parsed = parse_sidecar(json.dumps(stated).encode(), "smith1.sidecar.json")
    assert parsed.sections[0].section_id == "5 INCH MAIN"
    assert parsed.well.name == "Smith, John #1"


def test_rectangles_are_kept() -> None:
    (log,) = parse_dra(GOOD.encode(), "smith1.dra").logs
    assert log.header == (0.0, 0.0, 2016.0, 3000.0)
    assert log.curve_inserts == ((210.0, 3500.0, 1890.0, 3990.0),)
    assert log.vertical_scale == "5"


def test_corners_serve_where_points_are_missing() -> None:
    few = "\n".join(line for line in GOOD.splitlines() if not line.startswith("DPTH,25"))
    (section,) = sidecar(few)["sections"]
    assert section["depth"]["anchors"] == [[4000.0, 2500.0], [5000.0, 2600.0]]


def test_the_scan_is_found_by_its_stem_in_any_case_and_folder() -> None:
    text = GOOD.replace("smith1.tif", r"C:\logs\SMITH1.TIFF")
    assert len(sidecar(text)["sections"]) == 1


def test_several_sections_get_names_of_their_own() -> None:
    again = 'LOG,smith1.tif,"5 INCH, MAIN",2,100,210,6000,2600,1890,9000\n'
    sections = sidecar(GOOD + again)["sections"]
    assert [s["section_id"] for s in sections] == ["5 INCH MAIN 1", "5 INCH MAIN 2"]


def test_other_images_and_wells_of_one_file_are_passed_over() -> None:
    other = "WELL,,Other,\nLOG,other.tif,MAIN,5,10,0,10,20,100,200\n"
    assert sidecar(GOOD + other) == sidecar(GOOD)
    assert sidecar(GOOD + other, "other.tif")["well"] == {"name": "Other"}


def test_metres_and_latin1() -> None:
    text = GOOD.replace("FEET", "Meters").replace("Smith, John", "Müller")
    stated = sidecar_of_dra(parse_dra(text.encode("latin-1"), "smith1.dra"), "smith1.tif")
    assert stated["sections"][0]["depth"]["unit"] == "m"
    assert stated["well"]["name"] == "Müller #1"


def test_an_unstated_unit_stays_unstated() -> None:
    (section,) = sidecar(GOOD.replace("FEET", ""))["sections"]
    assert "unit" not in section["depth"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("FILE,1.0,FEET", "FILE,1.0,FURLONGS", "FURLONGS"),
        ("FILE,", "FIEL,", "FILE record"),
        ("DPTH,2600,1002,5000.5", "DPTH,2600,1002,abc", "abc"),
        ("DPTH,2600,1002,5000.5", "DPTH,2600,1002", "4 fields"),
        ("DPTH,2600,1002,5000.5", "DPTH,2400,1002,5000.5", "must increase"),
        ("DPTH,2600,1002,5000.5", "DPTH,2700,1002,5000.5", "corner"),
        ("LOG,smith1.tif", "LOGG,smith1.tif", "LOGG"),
        (",1890,5000", "", "10 fields"),
        (",1890,5000", ",1890,3000", "increase downwards"),
        (",1890,5000", ",1890,nan", "nan"),
        ("smith1.tif", "jones2.tif", "jones2.tif"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_used(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(DraError, match=complaint) as caught:
        sidecar(GOOD.replace(old, new))
    assert caught.value.remedy
    assert "smith1.dra" in caught.value.where


def test_an_empty_file_is_an_error() -> None:
    with pytest.raises(DraError, match="no records"):
        parse_dra(b"", "x.dra")


def test_two_wells_for_one_image_are_refused() -> None:
    twice = GOOD + "WELL,,Other,\nLOG,smith1.tif,REPEAT,5,10,0,10,20,100,200\n"
    with pytest.raises(DraError, match="several wells"):
        sidecar(twice)
