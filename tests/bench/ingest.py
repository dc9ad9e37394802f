"""Ingest: records a second from probe to durable and receipted, beside one commit for each row"""
# SPDX-License-Identifier: Apache-2.0
# Everything on one machine: mosquitto, the collector, and the probes (tests/tools/feeder), which count a record when its
# receipt came back.  Beside it what a script with sqlite3 does that commits each record as it comes, without any broker.
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.abspath(os.environ.get("PHUSONG_O", os.path.join(ROOT, "build")))
NAIVE = 5000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def naive(folder, rows, text):
    """Records a second of: JSON in, INSERT, COMMIT, each by itself."""
    db = sqlite3.connect(os.path.join(folder, "naive.db"), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE m(probe TEXT, seq INTEGER, at INTEGER, rsrp REAL, body TEXT, PRIMARY KEY(probe, seq))")
    began = time.monotonic()
    for i in range(rows):
        r = json.loads(text)
        db.execute("INSERT OR IGNORE INTO m VALUES(?,?,?,?,?)", ("p%d" % (i % 40), i, r["mono_ns"], r["rsrp_dbm"], text))
    return rows / (time.monotonic() - began)


def of_process(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        ticks = sum(int(v) for v in f.read().rsplit(")", 1)[1].split()[11:13])
    return peak / 1024, ticks / os.sysconf("SC_CLK_TCK")


def run(folder, probes, records, days, what):
    port = free_port()
    with open(f"{folder}/m.conf", "w", encoding="ascii") as f:
        f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 100000\n"
                # with the default of 20 messages and Nagle's algorithm the collector mostly waits for the broker
                "max_inflight_messages 100\nset_tcp_nodelay true\n")
    with open(f"{folder}/c.conf", "w", encoding="ascii") as f:
        f.write(f'data = "{folder}/{days}";\ningest = {{ brokers = ["mqtt://127.0.0.1:{port}"]; register = "open"; }};\n'
                "http = { port = 0; };\ntruth = { profiles = []; };\n")
    broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/m.conf"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    collector = subprocess.Popen([f"{BUILD}/phusong-collector", "serve", "-c", f"{folder}/c.conf"], stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    out = subprocess.run([f"{BUILD}/tools/feeder", "run", f"mqtt://127.0.0.1:{port}", str(probes), str(records), "200", "8",
                          str(days), "180"], capture_output=True, text=True).stdout
    told = json.loads(out)
    peak, cpu = of_process(collector.pid)
    collector.send_signal(signal.SIGTERM)
    collector.wait(20)
    broker.terminate()
    broker.wait()
    check = json.loads(subprocess.run([f"{BUILD}/phusong-collector", "verify", "--json", "-c", f"{folder}/c.conf"],
                                      capture_output=True, text=True).stdout)
    sound = told["done"] and check["sound"] and check["records"] == probes * records and not check["twice"]
    print(f"{what}: {probes * records} records of {probes} probes in {told['seconds']:.1f} s: {told['records_per_s']:.0f}/s durable and "
          f"receipted, {told['bytes'] / probes / records:.0f} B each on the wire; collector {peak:.0f} MB at most, "
          f"{cpu / told['seconds']:.2f} cores; {'none lost, none twice' if sound else 'NOT SOUND'}")
    return told["records_per_s"], sound


def main():
    folder = tempfile.mkdtemp(prefix="phusong-bench-")
    text = json.dumps({"v": 1, "kind": "signal", "seq": 1, "mono_ns": 60 * 10**9, "rat": "LTE", "plmn": "45204", "band": 3,
                       "arfcn": 1300, "pci": 7, "cell": 123456789, "rsrp_dbm": -101.0, "sinr_db": 4.0, "registration": "home"})
    try:
        if not shutil.which("mosquitto"):
            print("skipped: mosquitto is not installed")
            return 0
        rate = naive(folder, NAIVE, text)
        print(f"a commit for each row (Python, sqlite3, WAL, synchronous=FULL, no broker): {rate:.0f}/s")
        live, sound = run(folder, 50, 10000, 1, "one day")
        back, sound2 = run(folder, 34, 50000, 30, "30 days of backlog")
        print(f"ratio to a commit for each row: {live / rate:.1f} (one day), {back / rate:.1f} (backlog)")
        return 0 if sound and sound2 else 1
    finally:
        shutil.rmtree(folder)


sys.exit(main())
