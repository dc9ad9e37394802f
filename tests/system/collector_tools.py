# SPDX-License-Identifier: Apache-2.0
"""A broker and a collector in folders of their own, for tests."""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

import cbor2
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PHUSONG_O", ROOT / "build")).resolve()
COLLECTOR = BUILD / "phusong-collector"
FEEDER = BUILD / "tools/feeder"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds=10, every=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(every)
    return bool(what())


def listening(port, at="127.0.0.1"):
    with socket.socket() as s:
        return s.connect_ex((at, port)) == 0


class Broker:
    """more: further lines of its configuration, for instance those of TLS; at: its address."""

    def __init__(self, folder, more="", name="mosquitto", at="127.0.0.1"):
        path = os.environ["PATH"] + ":/usr/sbin"
        self.program = shutil.which("mosquitto", path=path)
        if not self.program or not shutil.which("mosquitto_pub"):
            pytest.skip("mosquitto and mosquitto-clients are not installed")
        self.port, self.at = free_port(), at
        self.conf = folder / f"{name}.conf"
        self.log = folder / f"{name}.log"
        self.conf.write_text(f"listener {self.port} {at}\nallow_anonymous true\npersistence false\n"
                             f"max_queued_messages 100000\n{more}")
        self.child = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen([self.program, "-c", str(self.conf)], stdout=log, stderr=log)
        assert wait_for(lambda: listening(self.port, self.at)), self.log.read_text()

    def publish(self, topic, message):
        how = ["-s"] if message else ["-n"]
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, *how], input=message, check=True)

    def close(self):
        if self.child:
            self.child.terminate()
            self.child.wait()
            self.child = None


class Collector:
    """brokers: URLs, or the port of one; profiles: files of config/profiles."""

    def __init__(self, folder, brokers, register="open", data=None, http=0, ingest="", profiles=(), build=BUILD):
        if isinstance(brokers, int):
            brokers = [f"mqtt://127.0.0.1:{brokers}"]
        self.program = str(build / "phusong-collector")
        self.data = str(data or folder / "data")
        self.conf = str(folder / "collector.conf")
        self.log = folder / "collector.log"
        self.http = http
        self.brokers = len(brokers)
        urls = ", ".join(f'"{u}"' for u in brokers)
        files = ", ".join(f'"{ROOT}/config/profiles/{p}"' for p in profiles)
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'data = "{self.data}";\nboundaries = "{ROOT}/config/vn";\n'
                    f'ingest = {{ brokers = [{urls}]; register = "{register}"; group_ms = 20; {ingest} }};\n'
                    f'http = {{ listen = "127.0.0.1"; port = {http}; }};\ntruth = {{ profiles = [{files}]; }};\n')
        self.child = None

    def start(self, seconds=20):
        before = self.said("connected")
        with open(self.log, "a", encoding="utf-8") as log:
            self.child = subprocess.Popen([self.program, "serve", "-c", self.conf], stderr=log)
        assert wait_for(lambda: self.said("connected") >= before + self.brokers, seconds), self.log.read_text()
        if self.http:
            assert wait_for(lambda: listening(self.http), seconds), self.log.read_text()
        return self

    def said(self, word):
        return self.log.read_text(encoding="utf-8").count(word) if self.log.exists() else 0

    def stop(self, how=signal.SIGTERM):
        if self.child and self.child.poll() is None:
            self.child.send_signal(how)
        return self.child.wait(60) if self.child else 0

    def run(self, *words, check=True):
        return subprocess.run([self.program, *map(str, words), "-c", self.conf], capture_output=True, text=True, check=check)

    def verify(self):
        return json.loads(self.run("verify", "--json").stdout)

    def probe(self, name):
        return json.loads(self.run("probe", "show", name, "--json").stdout)

    def raw(self, kind=None):
        """Rows of the raw files, decoded: (seq, state, fields)."""
        rows = []
        for name in sorted(os.listdir(f"{self.data}/raw")):
            if name.endswith(".db"):
                with sqlite3.connect(f"{self.data}/raw/{name}", timeout=20) as db:
                    if db.execute("SELECT 1 FROM sqlite_master WHERE name='record'").fetchone():  # else just being made
                        rows += db.execute("SELECT seq, kind, state, body FROM record").fetchall()
        return [(seq, state, cbor2.loads(body)) for seq, k, state, body in sorted(rows) if kind in (None, k)]

    def quarantine(self):
        counts = {}
        for line in self.run("quarantine").stdout.splitlines():
            words = line.split()
            if len(words) > 2 and words[2] == "kept,":
                counts[words[0]] = int(words[1])
        return counts

    def get(self, path, **headers):
        """(status, headers, body), also of a refusal."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()

    def json(self, path):
        status, _, body = self.get(path)
        assert status == 200, (path, status, body)
        return json.loads(body)
