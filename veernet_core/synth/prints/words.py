"""What drawn print says: ends of scales, units, and lines of forms and notes."""

from __future__ import annotations

from veernet_core.datatypes import Rng
from veernet_core.domain.curve_kinds import curve_kinds

NUMBERS = (
    "0", "150", "100", "0.2", "2000", "6", "16", "2", "3", "45", "-15", "-160", "-80", "40", "20",
    "1.95", "2.95", "-10", "30", "10", "-0.15", "0.45", "140", "1.0", ".1", "1000", "200", "+.25",
    "-.25", "500", "0.0", "3.0", "240", "1", "5", "25", "50", "-20", "80", "-40", "60", "2.7", "8",
    "14", "6\"", "16\"", "1.", "100.", "-999",
)  # fmt: skip
UNITS = (
    "API UNITS", "API", "GAPI", "OHM-M", "OHMS M2/M", "MILLIVOLTS", "MV", "INCHES", "IN", "(%)",
    "PERCENT", "G/CC", "GRAMS/CC", "US/FT", "USEC/FT", "MICROSECONDS", "LBF", "FT/MIN", "min/ft", "ppm",
    "units", "deg F", "(gapi)", "HOLE DIAM. IN INCHES", "LIMESTONE MATRIX", "----", "V/V", "UNITS",
    "CPS", "COUNTS/SEC", "%", "in", "psi",
)  # fmt: skip
LINES = (
    "COMPANY", "WELL", "FIELD", "COUNTY", "STATE", "Permanent Datum", "Log Measured From",
    "Drilling Measured From", "Run No.", "Depth-Driller", "Depth-Logger", "Btm. Log Interval",
    "Casing-Driller", "Type Fluid in Hole",
    "All interpretations are opinions based on inferences from electrical or other", "REMARKS:",
    "MAIN PASS", "REPEAT SECTION", "Equip. No.", "Recorded By", "Witnessed By", "Max. Rec. Temp.",
    "Rm @ Meas. Temp.", "DEPTHS", "Logged: 12-Mar-1998", "Database File:", "Dataset Pathname",
    "5 INCH MAIN LOG", "RUN NO. 2", "1:240", "DEPTH", "sh, gy, sft", "ls wh crm, vf xln",
    "dolo, tan, fri", "NO SHOWS", "SCALE CHANGE", "TOOL ZERO", "CASING @ 1204",
    "Charted by: Depth in Feet scaled 1:240", "BACKUP SCALE", "SECOND READING", "FILE 5",
    "LOGGED TD 9340", "FEET", "LITH", "TIME MARK EVERY 60 SEC", "CABLE SPEED", "STANDOFF = 0.5 IN",
    "8 3/4 in @ 4500 ft",
)  # fmt: skip
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXZ"


def any_name(rng: Rng) -> str:
    """Name or mnemonic of a curve, letters without meaning, or a line of a form."""
    roll = rng.random()
    if roll < 0.55:
        kind = curve_kinds()[int(rng.integers(len(curve_kinds())))]
        name = str(rng.choice(kind.names)) if rng.random() < 0.6 and kind.names else kind.mnemonic
        return name.upper() if rng.random() < 0.6 else name
    if roll < 0.75:
        letters = "".join(rng.choice(list(_LETTERS), int(rng.integers(1, 6))))
        return letters + (str(rng.integers(1, 99)) if rng.random() < 0.3 else "")
    return str(rng.choice(LINES))


def any_number(rng: Rng) -> str:
    """An end of a scale, or any number."""
    if rng.random() < 0.7:
        return str(rng.choice(NUMBERS))
    value = float(rng.uniform(-200, 3000))
    return f"{value:.{int(rng.integers(0, 3))}f}"
