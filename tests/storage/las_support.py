"""Logs as LAS files, read by a library."""

from __future__ import annotations

import lascheck
import lasio

from veernet_core.datatypes import WellInfo


def read(data: bytes | None) -> lasio.LASFile:
    assert data is not None
    return lasio.read(data.decode("ascii").replace("\r\n", "\n"))


def conforms(data: bytes) -> bool:
    checked = lascheck.read(data.decode("ascii").replace("\r\n", "\n"))
    checked.check_conformity()
    return bool(checked.check_conformity()) and not checked.get_non_conformities()


WELL = WellInfo(
    uwi="15-053-00069", name="Скважина 12-бис", company="ООО Нефть", field_name="大庆",
    county="Ellsworth", state="Größe ~1", country="USA", service_company="مرحبا 10:30",
    date="1962-04-17",
)  # fmt: skip
