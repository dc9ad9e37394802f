# SPDX-License-Identifier: Apache-2.0
"""The README's main command, as a newcomer types it."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = os.environ.get("PHUSONG_O", "build")


def processes_of(folder):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if folder in (entry / "cmdline").read_text():
                    found.append(entry.name)
            except OSError:
                pass
    return found


@pytest.fixture
def place():
    """A short path of this test's own: a socket's path has 107 bytes, and another demo may run at the same time."""
    with tempfile.TemporaryDirectory(prefix="psd-", dir="/tmp") as where:
        yield pathlib.Path(where)


def test_the_readme_names_the_two_commands():
    text = (TOP / "README.md").read_text()
    assert "make demo" in text and "make check" in text


def test_make_demo_loses_nothing_doubles_nothing_and_leaves_nothing_behind(place):
    done = subprocess.run(["make", "--no-print-directory", f"O={OUT}", "demo"], cwd=TOP, text=True, capture_output=True, timeout=580,
                          env={**os.environ, "DEMO_SECONDS": "64", "DEMO_EVERY": "2", "TMPDIR": str(place)})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    ledger = {text: int(n) for n, text in re.findall(r"^\s+(\d+)  (.*)$", done.stdout, re.M)}
    assert ledger["records made"] > 100_000
    assert ledger["missing"] == ledger["doubled"] == ledger["quarantined"] == 0
    assert ledger["stored"] == ledger["records made"]
    for status in ("no_signal", "partial", "unstable", "weak", "covered", "unmeasured", "silent"):
        assert int(re.search(rf"\b{status} (\d+)", done.stdout).group(1)) > 0
    assert not processes_of(str(place))
    assert not list(place.iterdir())


def test_ctrl_c_ends_the_demo_in_order(place):
    process = subprocess.Popen(["/usr/bin/python3", "tests/demo/demo.py", OUT], cwd=TOP, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(place), "DEMO_EVERY": "10"}, start_new_session=True)
    try:
        for line in process.stdout:
            if "Ctrl-C ends" in line:
                break
        time.sleep(5)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=400)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert "statuses on the map" in output
    assert not processes_of(str(place))
    assert not list(place.iterdir())
