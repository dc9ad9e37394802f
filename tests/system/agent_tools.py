# SPDX-License-Identifier: Apache-2.0
"""An agent in a folder of its own, for tests: configuration, process, commands."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get("PHUSONG_O", "build")).resolve()
AGENT = OUT / "phusong-agent"
REFLECTOR = OUT / "phusong-reflector"


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*words, timeout=30):
    return subprocess.run([str(AGENT), *map(str, words)], text=True, capture_output=True, timeout=timeout)


def until(what, seconds=15, every=0.1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(every)
    return what()


class Agent:
    """tests, uplink, access ...: the text of those sections."""

    def __init__(self, folder, **sections):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.boot = self.folder / "boot_id"
        self.conf = self.folder / "agent.conf"
        self.log = self.folder / "agent.log"
        self.process = None
        self.new_boot()
        self.write(**sections)

    def new_boot(self):
        self.boot.write_text(f"{uuid.uuid4()}\n")

    def write(self, tests="", agent="", **sections):
        text = (f'agent = {{ state = "{self.state}"; boot_id_file = "{self.boot}"; start_delay_s = 0; '
                f'simulated = true; {agent} }};\n')
        for name, body in sections.items():
            text += f"{name} = {{ {body} }};\n"
        self.conf.write_text(text + f"tests = ( {tests} );\n")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(AGENT), "run", "-c", str(self.conf)], stderr=log)
        assert until(self.status), self.log.read_text()
        return self

    def status(self):
        done = run("status", "-c", self.conf, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def records(self):
        done = run("journal", "-c", self.conf, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def states(self):
        return [r["state"] for r in self.records() if r["kind"] == "access" and not r["heartbeat"]]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        if not self.process:
            return 0
        self.process.terminate()
        status = self.process.wait(timeout=20)
        self.process = None
        return status
