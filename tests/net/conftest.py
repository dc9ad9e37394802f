# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the network tests: `link`, a made link; `reflector`, a phusong-reflector in a namespace."""
import json
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import linkemu  # noqa: E402
from linkemu import BUILD, probe_command  # noqa: E402


@pytest.fixture
def link(tmp_path):
    """link(delay_ms=20, up_loss=5, ...) makes a link; all made are gone after the test."""
    why = linkemu.unavailable()
    if why:
        pytest.skip(why)
    made = []

    def make(**shape):
        made.append(linkemu.Link(BUILD, str(tmp_path), **shape))
        return made[-1]

    yield make
    for one in made:
        one.close()


def reflector_conf(folder, stamp="", http="enabled = false;", top=""):
    path = os.path.join(str(folder), "reflector.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"{top}\nstamp = {{ {stamp} }};\nhttp = {{ {http} }};\n")
    return path


class Reflector:
    def __init__(self, command, conf):
        self.child = subprocess.Popen([*command, f"{BUILD}/phusong-reflector", "run", "-c", conf],
                                      stderr=subprocess.PIPE, text=True)
        self.said = []
        # the last thing said before it serves; a reflector that cannot start closes stderr instead
        for line in self.child.stderr:
            self.said.append(line)
            if "reflector: ready" in line:
                break
        else:
            raise AssertionError("the reflector did not start: " + "".join(self.said))

    def close(self):
        if self.child.poll() is None:
            self.child.terminate()
        self.child.stderr.close()
        return self.child.wait(10)


@pytest.fixture
def reflector(tmp_path):
    """reflector(command=[...], stamp="port = 8862;") starts one."""
    running = []

    def make(command=(), **sections):
        running.append(Reflector(command, reflector_conf(tmp_path, **sections)))
        return running[-1]

    yield make
    for one in running:
        one.close()


@pytest.fixture
def probe():
    """probe(kind, link=..., key=value) runs a probe, on side a of the link, and gives its records."""

    def run(kind, link=None, **words):
        command = probe_command(kind, **words)
        if link:
            command = link.command("a", *command)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run
