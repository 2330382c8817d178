"""Fetch the browser libraries that the dashboard ships: ``python -m flows.dashboard.fetch_libraries``.

In: npm and the versions named here. Out: ``flows/dashboard/library/``. Pages load nothing from elsewhere.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

from flows.dashboard.places import MAP
from flows.dashboard.us_map import us_map

LIBRARIES = {
    "openseadragon@6.1.1": {
        "package/build/openseadragon/openseadragon.min.js": "openseadragon.min.js",
        "package/LICENSE.txt": "openseadragon.LICENSE.txt",
    },
    "us-atlas@3.0.1": {
        "package/counties-10m.json": MAP,
        "package/LICENSE": "us-atlas.LICENSE.txt",
    },
}
"""Package and version, and which of its files are kept under which name; the map is made smaller."""
FOLDER = Path(__file__).parent / "library"


def fetch() -> None:
    """Write the files of all libraries, without links to source maps.

    Raises
    ------
    subprocess.CalledProcessError
        npm failed.
    """
    FOLDER.mkdir(exist_ok=True)
    for package, wanted in LIBRARIES.items():
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["npm", "pack", package], cwd=place, check=True, capture_output=True)
            with tarfile.open(next(Path(place).glob("*.tgz"))) as packed:
                for member, name in wanted.items():
                    content = packed.extractfile(member)
                    assert content is not None
                    data = content.read()
                    (FOLDER / name).write_bytes(us_map(data) if name == MAP else _bare(data))


def _bare(data: bytes) -> bytes:
    """A file without links to source maps."""
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines if b"sourceMappingURL" not in line)


if __name__ == "__main__":
    fetch()
