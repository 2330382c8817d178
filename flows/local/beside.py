"""What lies beside a scan on this machine's disk: its sidecar, its registration file, other scans of its name.

In: the path of a scan. Out: bytes, or an error where it cannot be told whose a file is. What the file holds
does not belong here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from storage.dra import DRA_SUFFIX
from storage.scans import SIDECAR_SUFFIX, is_scan, page_of_stem, shared_sidecar
from veernet_core.errors import SidecarError
from veernet_core.page.raster.file_pages import count_pages


def sidecar_beside(scan: Path) -> bytes | None:
    """The sidecar of a scan: ``x.tif.sidecar.json``, else ``x.sidecar.json``; None where there is none.

    Parameters
    ----------
    scan : Path
        Of a page of a file the path that the page would have as a file.

    Raises
    ------
    SidecarError
        It cannot be read, or may as well be that of another scan.
    """
    own = scan.with_name(scan.name + SIDECAR_SUFFIX)
    chosen = own if _is_there(own) else scan.with_name(scan.stem + SIDECAR_SUFFIX)
    if not _is_there(chosen):
        return None
    data = _read(chosen)
    rivals = sorted(_rivals(scan, chosen.name.removesuffix(SIDECAR_SUFFIX)))
    if rivals:
        raise shared_sidecar(str(chosen), [scan.name, *rivals])
    return data


def registration_beside(scan: Path) -> bytes | None:
    """The registration file (DRA) of a scan, which names its scan itself; None where there is none.

    Raises
    ------
    SidecarError
        It cannot be read.
    """
    beside = scan.with_name(scan.stem + DRA_SUFFIX)
    return _read(beside) if _is_there(beside) else None


def scans_of_stem(scan: Path) -> list[Path]:
    """Scans of the same stem in the folder of a scan, itself among them where it is there."""
    return [scan.with_name(name) for name in _by_stem(scan.parent).get(scan.stem, ())]


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _read(path: Path) -> bytes:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise SidecarError(
            "is a pipe or a device, no file", str(path), "Make it a file, or remove it."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise SidecarError(
            f"cannot be read: {error.strerror}",
            str(path),
            "Make it a file that can be read, or remove it.",
        ) from error


def _rivals(scan: Path, base: str) -> Iterator[str]:
    """Names of other scans of the folder that would take the sidecar called after ``base``."""
    names = _by_stem(scan.parent)
    for name in {*names.get(base, ()), *(n for n in names.get(Path(base).stem, ()) if n == base)}:
        own = scan.with_name(name + SIDECAR_SUFFIX)
        if name != scan.name and (name == base or not _is_there(own)):
            yield name
    file, page = page_of_stem(Path(base).stem if is_scan(base) else base)
    for name in names.get(file, ()) if page > 1 else ():
        called = Path(name).with_stem(f"{Path(name).stem}-p{page}").name
        fits = called == base or Path(called).stem == base
        if called != scan.name and fits and _pages(scan.with_name(name)) >= page:
            own = scan.with_name(called + SIDECAR_SUFFIX)
            if called == base or not _is_there(own):
                yield f"page {page} of {name}"


def _pages(path: Path) -> int:
    try:
        return count_pages(path.read_bytes())
    except OSError:
        return 1


def _by_stem(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """Names of the scans of a folder by their stems."""
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=16)
def _listed(folder: Path, modified_ns: int) -> Mapping[str, tuple[str, ...]]:
    """As ``_by_stem``; listed again when the folder has changed."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in folder.iterdir():
        if is_scan(path.name):
            found[path.stem].append(path.name)
    return {stem: tuple(sorted(names)) for stem, names in found.items()}
