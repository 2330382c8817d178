"""Damage of a scan as the depths of a section: rows that could not be read, in the words of their findings.

In: findings and a section. Out: lines of text for files that hold samples but no findings. What is damaged
does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from veernet_core.datatypes import Finding, Section

DAMAGE = ("missing_rows", "damaged_rows")
"""Codes of findings whose rows were not read, or not for certain."""


def damage_lines(findings: Iterable[Finding], section: Section) -> list[str]:
    """A line for every finding of damage that lies on a section, with its depths.

    Parameters
    ----------
    findings : iterable of Finding
    section : Section
        With a depth axis; without one nothing can be told.
    """
    if section.depth is None:
        return []
    lines = []
    for finding in findings:
        if finding.code not in DAMAGE or finding.rows is None:
            continue
        first = max(float(finding.rows[0]), section.row_top)
        last = min(float(finding.rows[1]) + 1.0, section.row_bottom)
        if first >= last:
            continue
        top, base = section.depth.depth_at(np.array([first, last]))
        unit = section.depth.unit.upper()
        lines.append(f"{finding.message} In this section: {top:.1f} to {base:.1f} {unit}.")
    return lines
