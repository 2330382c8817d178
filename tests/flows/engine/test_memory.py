"""Large blocks that were freed are kept: taking and freeing them again brings no new pages from the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import resource, sys
import numpy as np
from flows.engine.memory import keep_freed_blocks

assert sys.argv[1] == "as it is" or (keep_freed_blocks() and keep_freed_blocks())
def used():
    block = np.ones(12_000_000)  # 96 MB
    del block
used()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    used()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    command = [sys.executable, "-c", _SCRIPT, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a parameter of glibc")
def test_freed_blocks_are_used_again() -> None:
    assert faults("kept") < 50
    assert faults("as it is") > 200


_HOLES = """
import numpy as np
from pathlib import Path
from flows.engine.memory import Release, keep_freed_blocks

def held_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
keep_freed_blocks()
release = Release(every=3)
given = []
for _ in range(4):
    blocks = [np.ones(1_000_000) for _ in range(40)]  # 320 MB
    last = blocks.pop()
    del blocks
    before = held_mb()
    release()
    given.append(round(before - held_mb()))
print(*given)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a function of glibc")
def test_holes_below_what_is_in_use_are_given_back() -> None:
    command = [sys.executable, "-c", _HOLES]
    given = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    first, second, third, fourth = map(int, given.split())
    assert min(first, fourth) > 250
    assert max(second, third) < 20
