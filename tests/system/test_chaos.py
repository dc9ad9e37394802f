# SPDX-License-Identifier: Apache-2.0
"""Five hundred random kills, power cuts, network cuts, clock jumps and sick modems; tests/chaos/chaos.py says what must hold."""

import shutil
import subprocess
import sys

import pytest

from agent_tools import AGENT, OUT, TOP


@pytest.mark.skipif(not (OUT / "shim/world.so").exists(), reason="the programs are not built, or with sanitizers")
def test_five_hundred_events_lose_double_and_mislabel_nothing():
    if b"san.so" in subprocess.run(["ldd", AGENT], capture_output=True, check=True).stdout:
        pytest.skip("a sanitizer wants to be the first library")
    if not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
        pytest.skip("mosquitto is not installed")
    done = subprocess.run([sys.executable, str(TOP / "tests/chaos/chaos.py"), "--events", "500"], capture_output=True, text=True,
                          timeout=400, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "0 lost, 0 doubled, 0 mislabelled, 0 wrong" in done.stdout
