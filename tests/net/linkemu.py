# SPDX-License-Identifier: Apache-2.0
"""A link between two network namespaces, and the emulator's log of what happened to each packet."""
import csv
import functools
import itertools
import os
import statistics
import subprocess
import time

A4, B4, A6, B6 = "10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"
BUILD = os.path.abspath(os.environ.get("PHUSONG_O", os.path.join(os.path.dirname(__file__), "../../build")))
_numbers = itertools.count()


def probe_command(kind, **words):
    return [f"{BUILD}/tools/probe_run", kind, *(f"{k}={v}" for k, v in words.items())]


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@functools.cache
def unavailable():
    """Why links cannot be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    name = f"ps-try-{os.getpid()}"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        ip("netns", "exec", name, "true")
    except (OSError, subprocess.CalledProcessError) as e:
        return f"ip netns does not work here: {getattr(e, 'stderr', '') or e}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None


class Link:
    """Namespace a is the probe's side, b the server's; "up" is from a to b.  Shapes are the keys of
    tests/tools/linkemu.c: delay_ms=20, up_loss=5, down_rate_kbit=2000 ..."""

    def __init__(self, build, folder, seed=1, **shape):
        tag = f"{os.getpid() % 100000}-{next(_numbers)}"
        self.a, self.b = f"psa{tag}", f"psb{tag}"
        self.log = os.path.join(folder, f"link-{tag}.csv")
        self.children = []
        self.emulator = None
        try:
            for ns in (self.a, self.b):
                ip("netns", "add", ns)
            self.emulator = subprocess.Popen(
                [f"{build}/tools/linkemu", f"a={self.a}:em0", f"b={self.b}:em0", f"log={self.log}", f"seed={seed}"]
                + self.words(shape),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert self.emulator.stdout.readline() == "ready\n", "the link emulator did not start"
            for ns, four, six in ((self.a, A4, A6), (self.b, B4, B6)):
                ip("-n", ns, "addr", "add", f"{four}/24", "dev", "em0")
                ip("-n", ns, "addr", "add", f"{six}/64", "dev", "em0", "nodad")
                ip("-n", ns, "link", "set", "lo", "up")
                ip("-n", ns, "link", "set", "em0", "up")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def words(shape):
        out = []
        for key, value in shape.items():
            way, _, rest = key.partition("_")
            out.append(f"{way}.{rest}={value}" if way in ("up", "down") and rest else f"{key}={value}")
        return out

    def set(self, **shape):
        """Changes the link now; without shapes it flushes the log."""
        self.emulator.stdin.write(" ".join(self.words(shape)) + "\n")
        self.emulator.stdin.flush()
        assert self.emulator.stdout.readline() == "ok\n"

    def command(self, side, *words):
        return ["ip", "netns", "exec", self.a if side == "a" else self.b, *words]

    def run(self, side, *words, timeout=60, **more):
        return subprocess.run(self.command(side, *words), capture_output=True, text=True, timeout=timeout, **more)

    def start(self, side, *words, **more):
        child = subprocess.Popen(self.command(side, *words), **more)
        self.children.append(child)
        return child

    def packets(self):
        """Every line of the log, numbers as int."""
        self.set()
        with open(self.log, encoding="ascii") as f:
            # on a busy link the emulator may be in the middle of the last line
            whole = f.read().rpartition("\n")[0]
        rows = list(csv.DictReader(whole.splitlines()))
        for r in rows:
            for k, v in r.items():
                if k not in ("dir", "what"):
                    r[k] = int(v)
        return rows

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.emulator:
            self.emulator.stdin.close()
            self.emulator.stdout.close()
            self.emulator.wait(5)
        for ns in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", ns], capture_output=True, check=False)


class Truth:
    """What the log says about one run: requests by `request(row)`, replies by `reply(row)`, which give the
    sequence number or None."""

    def __init__(self, rows, request, reply):
        ups = [(request(r), r) for r in rows if r["dir"] == "up" and request(r) is not None]
        downs = [(reply(r), r) for r in rows if r["dir"] == "down" and reply(r) is not None]
        arrived = [(s, r) for s, r in downs if r["what"] in ("sent", "copy")]
        arrived.sort(key=lambda x: x[1]["out_ns"])
        self.sent = len({s for s, r in ups})
        there = {s for s, r in ups if r["what"] in ("sent", "copy")}
        back = {s for s, r in arrived}
        self.received = len(back)
        self.lost_up = self.sent - len(there)
        self.lost_down = len(there) - len(back)
        self.duplicates = len(arrived) - len(back)
        self.reordered, highest, seen = 0, -1, set()
        for s, _ in arrived:
            if s in seen:
                continue
            seen.add(s)
            self.reordered += s < highest
            highest = max(highest, s)
        first_up = {}
        for s, r in sorted(ups, key=lambda x: x[1]["out_ns"]):
            if r["what"] in ("sent", "copy"):
                first_up.setdefault(s, r)
        self.rtt_us = {}
        for s, r in arrived:
            if s not in self.rtt_us:
                up = first_up[s]
                self.rtt_us[s] = (up["out_ns"] - up["in_ns"] + r["out_ns"] - r["in_ns"]) / 1000

    def median(self):
        return statistics.median_low(self.rtt_us.values())

    def quantile(self, q):
        values = sorted(self.rtt_us.values())
        return values[max(0, -(-int(q * 1000) * len(values) // 1000) - 1)]


def stamp_truth(rows, port):
    return Truth(rows,
                 lambda r: r["tag"] if r["proto"] == 17 and r["b"] == port else None,
                 lambda r: r["far_tag"] if r["proto"] == 17 and r["a"] == port else None)


def echo_truth(rows):
    return Truth(rows,
                 lambda r: r["tag"] if (r["proto"], r["a"]) in ((1, 8), (58, 128)) else None,
                 lambda r: r["tag"] if (r["proto"], r["a"]) in ((1, 0), (58, 129)) else None)


def wait_for(check, seconds=5.0):
    """Waits until check() is true; says whether it became so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.02)
    return False
