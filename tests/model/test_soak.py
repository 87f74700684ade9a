"""A short soak over real engines; `make soak` runs the long one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the soak reads /proc, which Linux has")
def test_engines_are_swapped_asked_and_killed_and_nothing_fails_grows_or_stays_behind(tmp_path):
    seen = tmp_path / "seen.json"

    words = ["--swaps", "16", "--seconds", "5", "--json", str(seen)]
    soak = subprocess.run([sys.executable, SOAK, *words], capture_output=True, text=True, check=False)

    assert soak.returncode == 0, soak.stderr
    found = json.loads(seen.read_text())
    assert len(found["swaps"]) == 16
    assert found["n_requests"] > 0
    assert found["kills"]
    # What an engine had to itself is the system's again: its end frees it whole.
    assert all(load["after"] <= load["loaded"] - load["engine_own"] / 2 for load in found["memory"])
