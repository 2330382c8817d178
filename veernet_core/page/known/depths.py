"""The depth axis of a section: given, or read."""

from __future__ import annotations

from veernet_core.datatypes import (
    DepthAxis,
    DepthUnit,
    Source,
)
from veernet_core.errors import GeometryError
from veernet_core.page.known.geometry import (
    array_of,
    require_anchors_on_page,
)
from veernet_core.page.known.sidecar import (
    SidecarSection,
)
from veernet_core.page.known.tracks import PageCheck
from veernet_core.page.results import (
    DepthFound,
)


def given_axis(
    section: SidecarSection, unit: DepthUnit | None, where: str, page: PageCheck
) -> DepthAxis | None:
    """The axis through given anchors; ``unit`` serves where none is given with them."""
    given = section.depth
    if given is None:
        return None
    by_person = given.source == "sidecar"
    if by_person:
        require_anchors_on_page(given.anchors, where, page.raster.height_px)
    unit = given.unit if given.unit is not None else unit
    if not given.anchors or unit is None:
        return None
    axis = None
    with page.dropping(by_person, section.section_id):
        try:
            axis = DepthAxis(unit, array_of(given.anchors), given.residual, given.source)
        except GeometryError as error:
            raise GeometryError(error.message, where=f"{where}.depth.anchors") from error
    return axis


def read_axis(found: DepthFound, unit: DepthUnit | None, min_confidence: float) -> DepthAxis | None:
    """The axis that was read, in the given unit."""
    if found.axis is None:
        return None
    sure = found.confidence >= min_confidence and (unit or found.unit_source != "guess")
    source: Source = "header" if sure else "guess"
    return DepthAxis(unit or found.axis.unit, found.axis.anchors, found.residual, source)


def sure_unit(found: DepthFound | None) -> DepthUnit | None:
    """The unit that was read, not guessed."""
    if found is None or found.unit_source in (None, "guess"):
        return None
    return found.unit
