"""Throughput: error of the rate and bytes spent, beside iperf3 and curl over the same emulated link"""
# SPDX-License-Identifier: Apache-2.0
# The truth is the emulator's log: what the link carried in its busiest second, as payload of 1500-byte packets.
import csv
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../net"))
from linkemu import B4, Link, unavailable  # noqa: E402

PORT, IPERF_PORT = 8080, 5201
RATES = [float(r) for r in os.environ.get("RATES", "1,5,20,50,100").split(",")]
PAYLOAD = 1448 / 1500
TEN_S = 10


def phusong(mode, direction):
    def run(link, build):
        done = link.run("a", f"{build}/tools/probe_run", "throughput", f"target=http://{B4}:{PORT}", f"mode={mode}",
                        f"direction={direction}")
        return json.loads(done.stdout)["rate_bps"]
    return run


def iperf3(direction):
    def run(link, _):
        server = link.start("b", "iperf3", "-s", "-1", "-p", str(IPERF_PORT), stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        words = ["-R"] if direction == "down" else []
        done = link.run("a", "iperf3", "-c", B4, "-p", str(IPERF_PORT), "-t", str(TEN_S), "-P", "4", "-J", *words)
        server.wait(20)
        return json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"]
    return run


def curl(direction):
    """What a script would do: one stream for ten seconds."""
    def run(link, _):
        words = ["-s", "-o", "/dev/null", "-m", str(TEN_S)]
        if direction == "down":
            words += ["-w", "%{speed_download}", f"http://{B4}:{PORT}/down?bytes=200000000"]
        else:
            words += ["-w", "%{speed_upload}", "-T", "/dev/zero", "-X", "POST", "-H", "Expect:", f"http://{B4}:{PORT}/up"]
        return float(link.run("a", "curl", *words).stdout) * 8
    return run


TOOLS = [("phusong cheap", phusong, "cheap"), ("phusong full", phusong, "full"), ("iperf3 -t 10 -P 4", iperf3, None),
         ("curl -m 10", curl, None)]


class Log:
    """The log from where it was read to last."""

    def __init__(self, path):
        self.file = open(path, encoding="ascii")

    def read(self, link, direction):
        """Bytes that went through since the last call, both directions, and the rate of the busiest slot of one."""
        link.set()
        spent, slots = 0, {}
        for row in csv.reader(line for line in self.file if line.endswith("\n")):
            if len(row) < 12 or row[11] not in ("sent", "copy"):
                continue
            spent += int(row[4])
            if row[0] == direction:
                slot = int(row[3]) // 500_000_000
                slots[slot] = slots.get(slot, 0) + int(row[4])
        return spent, max(slots.values(), default=0) * 16


def measure(build, folder, mbit, direction):
    link = Link(build, folder, delay_ms=20, rate_kbit=int(mbit * 1000))
    rows = {}
    try:
        conf = os.path.join(folder, "throughput.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"stamp = {{ enabled = false; }};\nhttp = {{ port = {PORT}; }};\n")
        link.start("b", f"{build}/phusong-reflector", "run", "-c", conf, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        log = Log(link.log)
        log.read(link, direction)
        for name, tool, mode in TOOLS:
            if tool in (iperf3, curl) and not shutil.which(name.split()[0]):
                print(f"{name}: not installed")
                continue
            begun = time.monotonic()
            rate = (tool(mode, direction) if mode else tool(direction))(link, build)
            seconds = time.monotonic() - begun
            time.sleep(1)  # what is still in the queue
            spent, _ = log.read(link, direction)
            truth = mbit * 1e6 * PAYLOAD
            rows[name] = (rate, (rate - truth) / truth, spent, seconds)
            print(f"{mbit:5g} {direction:4} {name:18} {rate / 1e6:9.3f} {100 * rows[name][1]:8.2f} {spent / 1e6:10.2f} {seconds:7.1f}",
                  flush=True)
    finally:
        link.close()
    return rows


def main():
    why = unavailable()
    if why:
        print(f"skipped: {why}")
        return 0
    build = os.path.abspath(os.environ.get("PHUSONG_O", "build"))
    folder = os.path.join(build, "bench")
    os.makedirs(folder, exist_ok=True)
    print(f"{'Mbit/s':>5} {'':4} {'':18} {'found':>9} {'error %':>8} {'MB spent':>10} {'s':>7}")
    worst, share, cheap = 0.0, 0.0, 0
    for mbit in RATES:
        for direction in ("down", "up"):
            rows = measure(build, folder, mbit, direction)
            full = rows["phusong full"]
            worst = max(worst, abs(full[1]))
            cheap = max(cheap, rows["phusong cheap"][2])
            if "iperf3 -t 10 -P 4" in rows:
                share = max(share, full[2] / rows["iperf3 -t 10 -P 4"][2])
    print(f"full: worst error {100 * worst:.2f} %, target 3 %: {'met' if worst <= 0.03 else 'MISSED'}; "
          f"at most {share:.2f} of iperf3's bytes, target 0.25: {'met' if share <= 0.25 else 'MISSED'}")
    print(f"cheap: at most {cheap / 1e6:.2f} MB with all headers, target 5 MB of payload: {'met' if cheap <= 5.6e6 else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
