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
