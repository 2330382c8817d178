"""One scan from bytes to sections, without anything to read a page with, and with a reading given."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import Dpi, ScanInput, ScanRef
from veernet_core.errors import DecodeError, GeometryError, ReadingError, SidecarError
from veernet_core.page import scan as scans
from veernet_core.page.scan import prepare, read_scan

WIDTH, HEIGHT = 600, 900
CURVE = {"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150}
SECTION = {
    "section_id": "main", "row_top": 100, "row_bottom": 800,
    "depth": {"unit": "ft", "anchors": [[150, 1000], [750, 1100]]},
    "tracks": [{"track_id": "T1", "left_px": 100, "right_px": 500, "curves": [CURVE]}],
}  # fmt: skip


def page_bytes(dpi: tuple[int, int] | None = (200, 200)) -> bytes:
    ink = np.full((HEIGHT, WIDTH), 255, np.uint8)
    ink[:, [100, 500]] = 0
    ink[120:300, 300] = 0
    sink = io.BytesIO()
    Image.fromarray(ink).save(sink, "PNG", **({"dpi": dpi} if dpi else {}))
    return sink.getvalue()


def item(sidecar: Mapping[str, Any] | None, data: bytes | None = None) -> ScanInput:
    data = page_bytes() if data is None else data
    text = None if sidecar is None else json.dumps(sidecar).encode()
    return ScanInput(ScanRef("/in/a.png", "a", "00" * 32, len(data)), data, text)


def test_a_scan_with_everything_given_is_ready_to_trace() -> None:
    log = prepare(
        item({"well": {"name": "A 1"}, "sections": [SECTION], "dpi": 200}), DigitiseConfig()
    )
    assert log.well.name == "A 1"
    assert (log.raster.height_px, log.raster.width_px) == (HEIGHT, WIDTH)
    (section,) = log.sections
    assert section.depth is not None
    assert section.depth.depth_at(np.array([450.0]))[0] == pytest.approx(1050)
    assert [spec.mnemonic for spec in section.tracks[0].curves] == ["GR"]
    assert log.dpi == 200
    assert log.findings == ()


def test_the_resolution_down_the_page_may_be_another_one() -> None:
    fax = {"sections": [SECTION], "dpi": [98, 204]}
    log = prepare(item(fax), DigitiseConfig())
    assert (log.dpi, log.dpi_down) == (204, 98)
    assert log.rows_per_in == 98


def test_without_sidecar_and_reader_nothing_is_found_and_said_so() -> None:
    scan = read_scan(item(None), DigitiseConfig(), None)
    assert scan.given is None
    assert scan.reading is None
    assert scan.known.sections == ()
    assert [f.code for f in scan.findings] == ["no_geometry"]


def test_a_page_that_lies_on_its_side_is_turned_before_it_is_measured() -> None:
    turned = {"turn_deg": 90, "sections": [{**SECTION, "row_bottom": 580}]}
    turned["sections"][0]["depth"] = {"unit": "ft", "anchors": [[150, 1000], [550, 1100]]}
    scan = read_scan(item(turned), DigitiseConfig(), None)
    assert (scan.raster.height_px, scan.raster.width_px) == (WIDTH, HEIGHT)
    ink = scan.raster.read_ink(0, WIDTH)
    assert (ink[100] > 128).mean() > 0.9 or (ink[WIDTH - 1 - 100] > 128).mean() > 0.9


def test_a_section_beyond_the_page_and_a_faulty_sidecar_are_refused_by_name() -> None:
    beyond = {"sections": [{**SECTION, "row_bottom": 9000}]}
    with pytest.raises(GeometryError) as caught:
        prepare(item(beyond), DigitiseConfig())
    assert caught.value.where.startswith("a.sidecar.json: sections[0]")
    with pytest.raises(SidecarError) as refused:
        prepare(item({"sections": 3}), DigitiseConfig())
    assert refused.value.where == "a.sidecar.json: sections"


def test_bytes_that_are_no_scan_are_refused_before_the_sidecar_is_read() -> None:
    with pytest.raises(DecodeError) as caught:
        prepare(item({"sections": 3}, b"nothing"), DigitiseConfig())
    assert "a.png" in caught.value.where


def test_the_unit_of_the_run_is_used_where_the_sidecar_has_none() -> None:
    unitless = {**SECTION, "depth": {"anchors": [[150, 1000], [750, 1100]]}}
    assert prepare(item({"sections": [unitless]}), DigitiseConfig()).sections[0].depth is None
    metres = prepare(item({"sections": [unitless]}), DigitiseConfig(depth_unit="m"))
    assert metres.sections[0].depth is not None
    assert metres.sections[0].depth.unit == "m"


class Reader:
    """Stands in for an OCR engine: what is printed above given tracks cannot be read."""


def test_a_reading_that_fails_costs_nothing_where_all_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Dpi] = []

    def fails(raster: object, sections: object, dpi: Dpi, reader: object) -> None:
        seen.append(dpi)
        raise ReadingError("the engine is gone", "a.png")

    monkeypatch.setattr(scans.reading, "read_page", lambda *_: None)
    monkeypatch.setattr(scans.reading, "read_given", fails)
    given = item({"sections": [SECTION], "dpi": [98, 204]})
    log = prepare(given, DigitiseConfig(), Reader())  # type: ignore[arg-type]
    assert [f.code for f in log.findings] == ["not_cross_checked"]
    assert "the engine is gone" in log.findings[0].message
    assert len(log.sections) == 1
    assert seen == [Dpi(98, 204)]


def test_what_is_noted_in_a_sidecar_is_a_finding() -> None:
    noted = [{"code": "sources_contradict", "message": "The index and the sidecar differ."}]
    scan = read_scan(item({"noted": noted, "sections": [SECTION]}), DigitiseConfig(), None)
    assert [(f.code, f.message) for f in scan.findings] == [
        ("sources_contradict", "The index and the sidecar differ.")
    ]


def test_another_step_may_read_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def read(given: ScanInput, config: DigitiseConfig, reader: object) -> scans.ReadScan:
        calls.append(given.ref.stem)
        return read_scan(given, config, None)

    log = prepare(item({"sections": [SECTION]}), DigitiseConfig(), read=read)
    assert calls == ["a"]
    assert len(log.sections) == 1
