"""The sidecar: what a person, or another program, gives of a scan; its format is read and written here alone.

In: the bytes of ``<stem>.sidecar.json``. Out: `Sidecar`, checked field by field; and back. A malformed sidecar
is an error that names file, field, value and remedy; it is never half-used, so unknown keys are errors too.
Parts of it that other sources give are made by `forms`, put together by `merge` and compared by `ranges`.
Does not belong here: files and folders, and what becomes of what is given (`sections`).

The contract, every field optional::

    {"well": {"uwi", "name", "company", "field", "county", "state", "country", "service_company",
              "date", "location", "elevation_kb", "elevation_df", "elevation_gl", "datum"},
     "sections": [
       {"section_id": "main", "row_top": 18100, "row_bottom": 37000,
        "depth": {"unit": "ft", "anchors": [[18342.0, 7200.0], [20310.5, 7300.0]]},
        "tracks": [
          {"track_id": "T1", "left_px": 715.0, "right_px": [[18100, 1210.0], [37000, 1216.5]],
           "curves": [{"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150,
                       "scale": "linear", "style": "solid", "wrap": "one",
                       "colour": "#007f00"}]}]}]}

A backup scale is a further curve of the same mnemonic with its own ``left`` and ``right``: both are one
measurement, followed from the end of the finer scale along the coarser, and come out as one curve.
Curves of one mnemonic on one scale are different curves; the later ones get a number (``RES_2``).

Extensions:

- section ``"depth_column": {"left_px": ..., "right_px": ...}`` (numbers or knots): anchors were
  measured on its centre. Without it the depth column is the wide gap between two tracks; a section
  without such a gap takes the left border of its first track.
- section ``"depth": {"unit": ..., "top": 7200, "bottom": 9400}`` without anchors: the range the
  archive's index gives. It is a prior for whoever finds the depth, never an axis.
- curve ``"points": [[row, px], ...]``: positions known to lie on the curve.
- ``"turn_deg": 0 | 90 | 180 | 270``: clockwise turn that brings the page upright. All rows and
  columns of the sidecar are pixels of the page after this turn.
- ``"dpi"``: resolution, one number or ``[down, across]``.
- curve and depth ``"source": "sidecar" | "header" | "template" | "guess"`` (default ``sidecar``):
  who says so. Drafts written by a machine carry it; what is still marked ``template`` or ``guess`` is
  never accepted, only reviewed. ``"confidence"`` beside it is for the reader.
- curve ``left_px``, ``right_px``, ``per_division``, ``scale_points``, ``wrap_start``, ``null_rows``,
  ``redrawn`` and ``backup_of``: see `additions`.
- ``"edited": [{"who", "when", "what"}]``: who changed the sidecar.
- track ``"borders_confirmed": true``: the borders are meant as they are, also where a line is printed beside
  one; without it no curve of such a track is accepted.
- section ``"skip": true``: this stretch of the page is not to be digitised.
- ``"read"``: whatever a machine saw, for people to look at; never used.
"""

from veernet_core.page.known.sidecar.model import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.known.sidecar.parse import parse_sidecar
from veernet_core.page.known.sidecar.write import sidecar_json

__all__ = [
    "Knots",
    "Sidecar",
    "SidecarCurve",
    "SidecarDepth",
    "SidecarSection",
    "SidecarTrack",
    "parse_sidecar",
    "sidecar_json",
]
