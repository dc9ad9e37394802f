# SPDX-License-Identifier: Apache-2.0
"""A broker and a collector in folders of their own, for tests."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

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


def listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """more: further lines of its configuration, for instance those of TLS."""

    def __init__(self, folder, more="", name="mosquitto"):
        path = os.environ["PATH"] + ":/usr/sbin"
        self.program = shutil.which("mosquitto", path=path)
        if not self.program or not shutil.which("mosquitto_pub"):
            pytest.skip("mosquitto and mosquitto-clients are not installed")
        self.port = free_port()
        self.conf = folder / f"{name}.conf"
        self.log = folder / f"{name}.log"
        self.conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                             f"max_queued_messages 100000\n{more}")
        self.child = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen([self.program, "-c", str(self.conf)], stdout=log, stderr=log)
        assert wait_for(lambda: listening(self.port)), self.log.read_text()

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
