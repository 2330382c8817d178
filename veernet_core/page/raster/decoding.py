"""From the bytes of a file to a `Raster`: one door for every format.

In: bytes and a name. Out: `datatypes.Raster`, read by windows of rows, with polarity, bit depth,
orientation and the tone of the paper normalised once, here. Expected trouble (damaged strips,
further pages, a negative) is a `Finding`.
Does not belong here: the codecs (`gdal_pixels`, `pdf_pixels`), geometry, files and folders.

Memory: bilevel pages are decoded once and kept at one bit a pixel (3,300 x 240,000: 99 MB); grey
and colour pages are decoded by chunks of rows of which about 100 MB are kept. Any thread may read.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8, Dpi, Finding, Raster
from veernet_core.errors import DecodeError, EmptyFileError, TooLargeError, UnsupportedFormatError
from veernet_core.page.raster.gdal_pixels import GdalPixels
from veernet_core.page.raster.pdf_pixels import PdfPixels
from veernet_core.page.raster.pillow_pixels import pillow_facts, pillow_pixels
from veernet_core.page.raster.pixels import (
    PAPER,
    Damage,
    OrientedPixels,
    PackedPixels,
    PixelSource,
    can_turn,
    check_limits,
    merge_damage,
)
from veernet_core.page.raster.tiff import TiffPage, read_pages, with_byte_counts
from veernet_core.page.raster.tiff_pages import has_lost_pages

_SIGNATURES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("tiff", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    ("png", (b"\x89PNG\r\n\x1a\n",)),
    ("jpeg", (b"\xff\xd8\xff",)),
)
_SAMPLE_BANDS, _SAMPLE_ROWS = 16, 128
_CHROMA = 48
_MIN_COLOUR_SHARE = 2e-4
_MAX_DAMAGE_FINDINGS = 20
_MOST_NAMED = 10


def open_raster(data: bytes, name: str, limits: RasterLimits | None = None) -> Raster:
    """Open a scan from its bytes.

    Parameters
    ----------
    data : bytes
        TIFF (bilevel, grey, palette, RGB, CMYK, alpha, 16-bit; strips or tiles; any GDAL codec),
        PNG, JPEG, or a PDF with one page; told apart by content.
    name : str
        File name for messages.
    limits : RasterLimits, optional
        Size guards, checked before pixels are decoded.

    Returns
    -------
    Raster
        Of several TIFF pages the tallest one. ``read_ink`` is scaled so that the commonest bright
        tone (the paper) is 0 and the darkest half per cent is 255; ``read_rgb`` is balanced so that
        the paper is white. Both raise ValueError for rows outside the page. ``drain_findings``
        gives each finding once.

    Raises
    ------
    EmptyFileError, UnsupportedFormatError, DecodeError, TooLargeError
    """
    limits = limits or RasterLimits()
    if not data:
        raise EmptyFileError("the file holds no bytes", where=name)
    opened = _open_source(data, _sniff(data, name), name, limits)
    reader = _Reader(opened, name)
    return Raster(
        height_px=opened.source.height_px,
        width_px=opened.source.width_px,
        is_colour=reader.levels.is_colour,
        dpi_tag=opened.dpi,
        read_ink=reader.read_ink,
        read_rgb=reader.read_rgb,
        drain_findings=reader.drain_findings,
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    source: PixelSource
    dpi: Dpi | None
    findings: tuple[Finding, ...]


def _sniff(data: bytes, name: str) -> str:
    for kind, starts in _SIGNATURES:
        if data.startswith(starts):
            return kind
    if b"%PDF-" in data[:1024]:
        return "pdf"
    raise UnsupportedFormatError(f"no known image format (starts with {data[:8]!r})", where=name)


def _open_source(data: bytes, kind: str, name: str, limits: RasterLimits) -> _Opened:
    if kind == "pdf":
        page = PdfPixels(data, name, limits)
        return _upright(page, 1, page.dpi, [])
    if kind == "tiff":
        return _open_tiff(data, name, limits)
    source, findings = _decode(data, kind, name, limits, None)
    orientation, dpi = pillow_facts(data, kind)
    return _upright(source, orientation, dpi, findings)


def _open_tiff(data: bytes, name: str, limits: RasterLimits) -> _Opened:
    pages = [page for page in read_pages(data) if not page.is_reduced]
    if not pages:
        source, findings = _decode(data, "tiff", name, limits, None)
        return _upright(source, 1, None, findings)
    page = max(pages, key=lambda p: (p.height_px, p.width_px, -p.directory))
    check_limits(page.height_px, page.width_px, name, limits)
    if not len(page.offsets):
        raise DecodeError(
            "the list of its strips is not in the file",
            where=name,
            remedy="Copy the scan again from its source: the file is cut short.",
        )
    original = data
    counted = with_byte_counts(data, page.directory)
    if counted is not data:
        data = counted
        page = next(p for p in read_pages(data) if p.directory == page.directory)
    source, findings = _decode(data, "tiff", name, limits, page)
    if len(pages) > 1:
        findings.append(_pages_finding(page, pages))
    if has_lost_pages(original):
        findings.append(Finding.of("pages_missing"))
    orientation = page.orientation if 1 <= page.orientation <= 8 else 1
    return _upright(source, orientation, page.dpi, findings)


def _decode(
    data: bytes, kind: str, name: str, limits: RasterLimits, page: TiffPage | None
) -> tuple[PixelSource, list[Finding]]:
    """Open with rasterio; with Pillow what rasterio refuses."""
    try:
        source = GdalPixels(data, name, limits, page)
        return source, [Finding.of("palette_lost")] if source.is_read_by_codes else []
    except (TooLargeError, UnsupportedFormatError):
        raise
    except DecodeError as refusal:
        first = refusal
    try:
        frame = 0 if page is None else page.directory - 1
        second_source = pillow_pixels(data, kind, name, limits, frame)
    except TooLargeError:
        raise
    except DecodeError as second:
        raise DecodeError(f"{first.message}; {second.message}", where=name) from second
    finding = Finding.of(
        "second_decoder",
        f"rasterio refused the file ({first.message}); Pillow decoded it.",
    )
    return second_source, [finding]


def _upright(
    source: PixelSource,
    orientation: int,
    dpi: Dpi | None,
    findings: list[Finding],
) -> _Opened:
    """Honour the orientation and pack bilevel pages."""
    if orientation != 1 and can_turn(source, orientation):
        source = OrientedPixels(source, orientation)
        if dpi is not None and orientation >= 5:
            dpi = dpi.turned
    elif orientation != 1:
        findings = [*findings, _orientation_finding(orientation)]
    if source.is_bilevel and not isinstance(source, PackedPixels):
        source = PackedPixels.from_source(source)
    return _Opened(source, dpi, tuple(findings))


# ---- tones -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Levels:
    """What counts as paper and as ink on this page.

    ``balance`` [channels, 256] maps samples so that the paper is 255; ``to_ink`` [256] maps
    balanced luminance to ink.
    """

    balance: U8
    to_ink: U8
    is_colour: bool
    dark_share: float


_PLAIN_INK: U8 = np.arange(255, -1, -1).astype(np.uint8)


def _bilevel_levels(source: PackedPixels) -> _Levels:
    balance = np.arange(256).astype(np.uint8)[None]
    return _Levels(balance, _PLAIN_INK, False, source.ink_share())


def _measure_levels(source: PixelSource) -> _Levels:
    """Paper, ink and colour from bands of rows spread over the page."""
    sample = _sample(source)
    identity = np.tile(np.arange(256).astype(np.uint8), (source.channels, 1))
    luminance = _luminance(sample)
    dark_share = float((luminance < 128).mean())
    if dark_share > 0.5:  # a negative has no paper to measure
        return _Levels(identity, _PLAIN_INK, _is_colour(sample), dark_share)
    flat = sample.reshape(-1, source.channels)
    paper = [_paper_tone(flat[:, channel]) for channel in range(source.channels)]
    balance = np.stack([_stretch(0, tone) for tone in paper])
    balanced = _apply(sample, balance)
    ink_tone = min(128, int(np.percentile(_luminance(balanced), 0.5)))
    to_ink: U8 = np.uint8(255) - _stretch(ink_tone, 255)
    return _Levels(balance, to_ink, _is_colour(balanced), dark_share)


def _sample_bands(source: PixelSource) -> list[tuple[int, int]]:
    step = max(_SAMPLE_ROWS, source.height_px // _SAMPLE_BANDS)
    starts = range(0, source.height_px, step)
    return [(row, min(row + _SAMPLE_ROWS, source.height_px)) for row in starts]


def _sample_rows(source: PixelSource) -> NDArray[np.int64]:
    return np.concatenate([np.arange(a, b) for a, b in _sample_bands(source)])


def _sample(source: PixelSource) -> U8:
    return np.concatenate([source.read(a, b) for a, b in _sample_bands(source)])


def _paper_tone(values: U8) -> int:
    """The commonest bright tone; steady against noise by a window of five tones."""
    counts = np.bincount(values, minlength=256).astype(np.float64)
    smooth = np.convolve(counts, np.ones(5), mode="same")[128:]
    if not smooth.any():
        return PAPER
    tone = 128 + int(np.argmax(smooth))
    window = np.arange(max(tone - 2, 128), min(tone + 3, 256))
    return int(window[np.argmax(counts[window])])


def _stretch(black: int, white: int) -> U8:
    """Table that maps ``black`` to 0 and ``white`` to 255."""
    scaled = (np.arange(256) - black) * (255.0 / max(1, white - black))
    table: U8 = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    return table


def _apply(tone: U8, balance: U8) -> U8:
    if (balance == np.arange(256)).all():
        return tone
    if tone.ndim == 2:
        return np.asarray(cv2.LUT(tone, balance[0]), dtype=np.uint8)
    return np.asarray(cv2.LUT(tone, np.ascontiguousarray(balance.T)[None]), dtype=np.uint8)


def _luminance(tone: U8) -> U8:
    return tone if tone.ndim == 2 else np.asarray(cv2.cvtColor(tone, cv2.COLOR_RGB2GRAY), np.uint8)


def _is_colour(tone: U8) -> bool:
    if tone.ndim == 2:
        return False
    chroma = tone.max(axis=2) - tone.min(axis=2)
    return bool((chroma > _CHROMA).mean() > _MIN_COLOUR_SHARE)


# ---- reading ---------------------------------------------------------------------------------


class _Reader:
    """The callables of a `Raster`; a lock lets any thread read."""

    def __init__(self, opened: _Opened, name: str) -> None:
        self._source = opened.source
        self._lock = threading.Lock()
        self._findings = list(opened.findings)
        self._reported = 0
        if isinstance(self._source, PackedPixels):
            self.levels = _bilevel_levels(self._source)
        else:
            self.levels = _measure_levels(self._source)
        if self.levels.dark_share > 0.5:
            self._findings.append(_dark_finding(self.levels.dark_share))
        damage = merge_damage(self._source.take_damage())
        self._note(damage)
        self._require_pixels(damage, name)

    def read_ink(self, row0: int, row1: int) -> U8:
        """Ink of rows ``row0 <= row < row1``."""
        if row0 == row1:  # OpenCV has no idea of an empty image
            return self.read_rgb(row0, row1)[..., 0]
        luminance = _luminance(_apply(self._read(row0, row1), self.levels.balance))
        return np.asarray(cv2.LUT(luminance, self.levels.to_ink), dtype=np.uint8)

    def read_rgb(self, row0: int, row1: int) -> U8:
        """Balanced colour of rows ``row0 <= row < row1``."""
        tone = self._read(row0, row1)
        tone = _apply(tone, self.levels.balance) if tone.size else tone
        return tone if tone.ndim == 3 else np.repeat(tone[..., None], 3, axis=2)

    def drain_findings(self) -> tuple[Finding, ...]:
        """Findings since the last call."""
        with self._lock:
            self._note(merge_damage(self._source.take_damage()))
            findings, self._findings = self._findings, []
        return tuple(findings)

    def _read(self, row0: int, row1: int) -> U8:
        height = self._source.height_px
        if not 0 <= row0 <= row1 <= height:
            raise ValueError(f"rows {row0}..{row1} outside the page of {height} rows")
        with self._lock:
            return self._source.read(row0, row1)

    def _note(self, damage: list[Damage]) -> None:
        room = max(0, _MAX_DAMAGE_FINDINGS - self._reported)
        self._findings += [_damage_finding(d, self._source.height_px) for d in damage[:room]]
        self._reported += len(damage)
        if damage[room:]:
            self._findings.append(_more_damage_finding(damage[room:]))

    def _require_pixels(self, damage: list[Damage], name: str) -> None:
        """Refuse a page of which nothing that was looked at could be decoded."""
        lost = np.zeros(self._source.height_px, dtype=np.bool_)
        for d in damage:
            lost[d.first : d.last] |= d.kind != "doubtful"
        rows = slice(None) if self._source.is_bilevel else _sample_rows(self._source)
        if lost[rows].all():
            raise DecodeError("no row of it could be decoded", where=name)


# ---- findings --------------------------------------------------------------------------------


def _damage_finding(damage: Damage, height_px: int) -> Finding:
    last = damage.last - 1
    if damage.kind == "missing":
        message = f"Rows {damage.first}-{last} of {height_px} are not in the file; left blank."
    elif damage.kind == "doubtful":
        message = f"Rows {damage.first}-{last} may hold wrong pixels: their checksum does not hold."
    else:
        message = f"Rows {damage.first}-{last} are damaged and could not be decoded; left blank."
    return Finding.of(
        "missing_rows" if damage.kind == "missing" else "damaged_rows",
        message,
        rows=(damage.first, last),
    )


def _more_damage_finding(rest: list[Damage]) -> Finding:
    rows = sum(d.last - d.first for d in rest)
    return Finding.of(
        "damaged_rows",
        f"{len(rest)} further runs of rows ({rows} rows) could not be decoded; left blank.",
        rows=(rest[0].first, rest[-1].last - 1),
    )


def _dark_finding(share: float) -> Finding:
    return Finding.of(
        "dark_page",
        f"{100 * share:.0f} % of the page is dark: a negative, or a wrong polarity tag.",
    )


def _pages_finding(page: TiffPage, pages: list[TiffPage]) -> Finding:
    left = [(n, p) for n, p in enumerate(pages, 1) if p is not page]
    number = pages.index(page) + 1
    named = ", ".join(f"page {n} ({p.width_px} x {p.height_px})" for n, p in left[:_MOST_NAMED])
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    return Finding.of(
        "pages_ignored",
        f"The file holds {len(pages)} pages; read was page {number} ({page.width_px} x"
        f" {page.height_px}), {len(left)} ignored: {named}{more}.",
    )


def _orientation_finding(orientation: int) -> Finding:
    return Finding.of(
        "orientation_ignored",
        f"The page lies on its side (orientation {orientation}) and is too large to turn.",
    )
