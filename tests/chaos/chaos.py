#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Agents, a broker and a collector under random kills, power cuts, network cuts, clock jumps and sick modems.

    chaos.py [--events 500] [--probes 6] [--seed N] [--keep]

At the end everything is healed, and then must hold:
  nothing lost       every record that was promised to be on flash at some power cut is at the collector, with the same bytes
  nothing doubled    each number once; no number was ever given to two records
  all told           numbers that never arrived are told by gap records: none is missing
  nothing mislabelled  every access state was true shortly before it was told; power_lost after power cuts only
Exit status 1 when one does not.  What happened is printed; with --keep the folder stays.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/shim"))
import cbor2  # noqa: E402
import powercut  # noqa: E402

BUILD = pathlib.Path(os.environ.get("PHUSONG_O", TOP / "build")).resolve()
AGENT, REFLECTOR, COLLECTOR = (BUILD / f"phusong-{p}" for p in ("agent", "reflector", "collector"))
POSITION, WORLD = BUILD / "tools/journal_position", BUILD / "shim/world.so"
YEAR = 365 * 86400
# a state may be told so long after the world stopped being so: rounds of the modem, tests, a restart
LATE_S = 8
# the journal's sync_s, and what a test lasts and a busy machine takes besides
SYNC_S, SYNC_LATE_S = 2, 6
STATES = ("unknown ok power_lost modem_absent modem_hung sim_missing sim_locked no_service limited_service denied "
          "attached_no_ip ip_no_internet captive_or_no_credit collector_down").split()
ACCESS, HEARTBEAT_FIELD = 3, 98


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds=30, every=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(every)
    return bool(what())


def reachable(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Gate(threading.Thread):
    """The network between one agent and the broker: open, refused, a hole that takes all and gives nothing, or one that breaks
    after so many bytes."""

    def __init__(self, broker_port):
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port, self.broker_port = self.listening.getsockname()[1], broker_port
        self.mode, self.left = "open", 0
        self.pairs = {}
        self.start()

    def drop(self):
        for s in list(self.pairs):
            s.close()
        self.pairs.clear()

    def set(self, mode, left=0):
        self.mode, self.left, self.changed = mode, left, True

    def run(self):
        self.changed = False
        while True:
            if self.changed:
                self.changed = False
                if self.mode in ("refused", "hole"):
                    self.drop()
            ready = select.select([self.listening, *self.pairs], [], [], 0.05)[0]
            for s in ready:
                if s is self.listening:
                    self.accept()
                elif s in self.pairs:
                    self.pump(s)

    def accept(self):
        near = self.listening.accept()[0]
        if self.mode == "refused":
            near.close()
            return
        if self.mode == "hole":
            self.pairs[near] = None
            return
        far = socket.socket()
        if far.connect_ex(("127.0.0.1", self.broker_port)):
            near.close()
            far.close()
            return
        self.pairs[near], self.pairs[far] = far, near

    def pump(self, s):
        other = self.pairs[s]
        try:
            data = s.recv(65536)
            breaks = self.mode == "breaks" and len(data) > self.left
            if other:
                other.sendall(data[:self.left] if breaks else data)
            self.left -= len(data)
            if data and not breaks:
                return
            self.mode = "open" if breaks else self.mode
        except OSError:
            pass
        for one in (s, other):
            if one:
                self.pairs.pop(one, None)
                one.close()


class Process:
    """A program that is killed and started again."""

    def __init__(self, name, command, ready):
        self.name, self.command, self.ready, self.child = name, command, ready, None
        self.down = []  # [from, to]: real boot time

    def start(self):
        with open(f"{self.name}.log", "ab") as log:
            self.child = subprocess.Popen(self.command, stdout=log, stderr=log)
        assert wait_for(self.ready), f"{self.name} does not start"
        if self.down:
            self.down[-1][1] = time.clock_gettime(time.CLOCK_BOOTTIME)

    def stop(self, how=signal.SIGTERM):
        if how == signal.SIGKILL:
            self.down.append([time.clock_gettime(time.CLOCK_BOOTTIME), None])
        self.child.send_signal(how)
        self.child.wait(60)


class Modem:
    def __init__(self, folder):
        self.port = folder / "modem"
        self.child = subprocess.Popen(
            [sys.executable, str(TOP / "tests/sim/atsim.py"), "--link", str(self.port), "--hold", str(TOP / "tests/data/scenarios/day.json")],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        with open(TOP / "tests/data/scenarios/day.json", encoding="utf-8") as f:
            self.phases = {p["name"]: p["truth"]["state"] for p in json.load(f)["phases"]}
        self.truth = [(time.clock_gettime(time.CLOCK_BOOTTIME), "ok")]
        assert wait_for(self.port.exists)

    def go(self, phase):
        self.child.stdin.write(f"go {phase}\n")
        self.child.stdin.flush()
        self.truth.append((time.clock_gettime(time.CLOCK_BOOTTIME), self.phases[phase]))

    def close(self):
        self.child.terminate()
        self.child.wait()


class Device:
    """One probe: its flash, its boots, its network, its modem."""

    def __init__(self, folder, number, broker_port, reflector_port, seed):
        self.folder = folder / f"probe{number}"
        self.state = self.folder / "state"
        self.state.mkdir(parents=True)
        self.random = random.Random(seed)
        self.gate, self.modem = Gate(broker_port), Modem(self.folder)
        self.cut_times = [(time.clock_gettime(time.CLOCK_BOOTTIME), "open")]
        self.process = self.pid = None
        self.boots = {}  # boot id -> real boot time minus the agent's
        self.after_cut = set()  # boots that began after a power cut
        self.cuts = self.kills = 0
        self.promised = {}  # number -> hash of a record that was on flash for certain
        self.seen = {}  # number -> hash of any record that ever was in the journal
        self.wrong = []
        (self.folder / "agent.conf").write_text(f"""
agent = {{ state = "{self.state}"; boot_id_file = "{self.folder}/boot_id"; start_delay_s = 0; simulated = true; }};
uplink = {{ brokers = [ "mqtt://127.0.0.1:{self.gate.port}" ]; gather_s = 1; resend_s = 2; stop_s = 10; }};
journal = {{ sync_s = {SYNC_S}; segment_kb = 16; size_mb = 4; }};
access = {{ heartbeat_s = 3; rounds = 1; absent_rounds = 2; hung_rounds = 2; survey = "modem"; scans = 2; scan_span_s = 1;
           stale_s = 30; collector_after_s = 2; }};
health = {{ interval_s = 10; }};
tests = (
  {{ kind = "signal"; interval_s = 1; limit_s = 4; port = "{self.modem.port}"; timeout_s = 2; }},
  {{ kind = "latency"; interval_s = 1; target = "127.0.0.1:{reflector_port}"; count = 3; interval_ms = 10; timeout_ms = 1500; }},
  {{ kind = "latency"; name = "echo"; interval_s = 1; target = "127.0.0.1"; method = "icmp"; count = 2; interval_ms = 10;
     timeout_ms = 1500; }} );
""")
        (self.folder / "clock").write_text("0\n")
        self.new_boot()

    def new_boot(self):
        boot = uuid.uuid4()
        (self.folder / "boot_id").write_text(f"{boot}\n")
        self.boot = boot.bytes
        self.uptime = self.random.randint(4, 60)
        self.boots[self.boot] = round(time.clock_gettime(time.CLOCK_BOOTTIME)) - self.uptime

    def start(self):
        """In a time namespace, where the boot began a short while ago."""
        self.world = powercut.World(self.state)
        log = self.folder / "world.log"
        log.unlink(missing_ok=True)
        environment = {**os.environ, "LD_PRELOAD": str(WORLD), "WORLD_CLOCK": str(self.folder / "clock"),
                       "WORLD_ROOT": str(self.state), "WORLD_LOG": str(log)}
        back = -self.boots[self.boot]
        with open(self.folder / "agent.log", "ab") as out:
            self.process = subprocess.Popen(
                ["unshare", "--time", f"--boottime={back}", f"--monotonic={back}", str(AGENT), "run", "-c",
                 str(self.folder / "agent.conf")], stderr=out, env=environment)

    def end(self, how):
        self.process.send_signal(how)
        status = self.process.wait(60)
        self.world.play(self.folder / "world.log")
        self.wrong += self.world.wrong
        return status

    def read(self, files):
        """number -> (hash, time since boot) of every record in a journal that has these files."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            powercut.put(folder, files)
            if not os.path.isdir(f"{folder}/journal"):
                return {}
            done = subprocess.run([str(POSITION), "--records", f"{folder}/journal"], capture_output=True, text=True, check=True)
        return {int(n): (digest, int(mono) / 1e9) for n, digest, mono in (line.split() for line in done.stdout.splitlines())}

    def remember(self, files, promised):
        found = self.read(files)
        for number, (digest, _) in found.items():
            if self.seen.setdefault(number, digest) != digest:
                self.wrong.append(f"number {number} was given to two records")
            if promised:
                self.promised[number] = digest
        return found

    def kill(self):
        self.end(signal.SIGKILL)
        self.kills += 1
        self.remember({name: file.now() for name, file in self.world.names.items()}, promised=True)
        self.start()

    def power_cut(self):
        self.end(signal.SIGKILL)
        self.cuts += 1
        at = time.clock_gettime(time.CLOCK_BOOTTIME) - self.boots[self.boot]
        promised = self.remember(self.world.promised(), promised=True)
        written = self.read({name: file.now() for name, file in self.world.names.items()})
        for number, (_, mono) in written.items():
            if number not in promised and mono < at - SYNC_S - SYNC_LATE_S:
                self.wrong.append(f"record {number} was not on flash {at - mono:.1f} s after it was made")
        left = self.world.cut(self.random)
        self.remember(left, promised=False)
        powercut.put(self.state, left)
        self.new_boot()
        self.after_cut.add(self.boot)
        self.start()

    def reboot(self):
        if self.end(signal.SIGTERM):
            self.wrong.append("the agent did not end well on SIGTERM")
        self.remember({name: file.now() for name, file in self.world.names.items()}, promised=True)
        self.new_boot()
        self.start()

    def network(self, mode):
        self.gate.set(mode, self.random.randint(1, 4000))
        self.cut_times.append((time.clock_gettime(time.CLOCK_BOOTTIME), mode))

    def clock(self, offset):
        new = self.folder / "clock.new"
        new.write_text(f"{offset}\n")
        os.replace(new, self.folder / "clock")

    def one(self):
        """One random thing happens."""
        what = self.random.choices(
            ["kill", "power cut", "reboot", "network", "clock", "modem"], [3, 6, 1, 8, 4, 6])[0]
        if what == "kill":
            self.kill()
        elif what == "power cut":
            self.power_cut()
        elif what == "reboot":
            self.reboot()
        elif what == "network":
            self.network(self.random.choice(["open", "open", "breaks", "breaks", "refused", "refused", "hole"]))
        elif what == "clock":
            self.clock(self.random.choice([0, 0, -3600, 86400, 50 * YEAR, -50 * YEAR]))
        else:
            self.modem.go(self.random.choice(["served", "served", "weak", "search", "limited", "denied", "sim_missing", "hung", "gone"]))
        return what

    def heal(self):
        self.network("open")
        self.clock(0)
        self.modem.go("served")

    def status(self):
        done = subprocess.run([str(AGENT), "status", "-c", str(self.folder / "agent.conf"), "--json"], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    def made(self):
        done = subprocess.run([str(POSITION), str(self.state / "journal")], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["made"]


class Chaos:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.counts = collections.Counter()
        self.lock, self.done = threading.Lock(), False
        port, reflector_port = free_port(), free_port()
        (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        (folder / "reflector.conf").write_text(f'stamp = {{ address = "127.0.0.1"; port = {reflector_port}; }};\nhttp = {{ enabled = false; }};\n')
        (folder / "collector.conf").write_text(
            f'data = "{folder}/data";\nboundaries = "{TOP}/config/vn";\ningest = {{ brokers = ["mqtt://127.0.0.1:{port}"]; '
            f'register = "open"; group_ms = 20; }};\nhttp = {{ port = 0; }};\ntruth = {{ profiles = []; }};\n')
        mosquitto = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        self.broker = Process(f"{folder}/broker", [mosquitto, "-c", str(folder / "mosquitto.conf")], lambda: reachable(port))
        self.collector = Process(f"{folder}/collector", [str(COLLECTOR), "serve", "-c", str(folder / "collector.conf")],
                                 lambda: True)
        self.reflector = Process(f"{folder}/reflector", [str(REFLECTOR), "run", "-c", str(folder / "reflector.conf")], lambda: True)
        for p in (self.broker, self.collector, self.reflector):
            p.start()
        seeds = random.Random(options.seed)
        self.devices = [Device(folder, i, port, reflector_port, seeds.random()) for i in range(options.probes)]
        self.random = random.Random(seeds.random())

    def count(self, what):
        with self.lock:
            self.counts[what] += 1
            self.done = self.done or sum(self.counts.values()) >= self.options.events
            return not self.done

    def live(self, device):
        while self.count(device.one()):
            time.sleep(device.random.uniform(0.05, 1.5))

    def servers(self):
        going = True
        while going:
            time.sleep(self.random.uniform(0.3, 2.5))
            process, what = self.random.choice([(self.broker, "broker killed"), (self.collector, "collector killed")])
            process.stop(signal.SIGKILL)
            time.sleep(self.random.uniform(0, 2))
            process.start()
            going = self.count(what)

    def run(self):
        for d in self.devices:
            d.start()
        threads = [threading.Thread(target=self.guarded, args=(self.live, d)) for d in self.devices]
        threads.append(threading.Thread(target=self.guarded, args=(self.servers,)))
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for d in self.devices:
            d.heal()
        for d in self.devices:
            if not wait_for(lambda d=d: (s := d.status()) and s["state"] == "ok" and s["journal"]["waiting"] < 8, 60, 0.3):
                d.wrong.append(f"did not heal: {d.status()}")
        for d in self.devices:
            d.end(signal.SIGTERM)
        for p in (self.collector, self.broker, self.reflector):
            p.stop()

    def guarded(self, what, *args):
        try:
            what(*args)
        except Exception as e:  # a thread that dies must be seen
            with self.lock:
                self.done = True
            self.devices[0].wrong.append(f"the test itself failed: {e!r}")
            raise

    # --- what must hold at the end ---------------------------------------------------------------------
    def stored(self):
        """probe id -> {number: (kind, boot, time since boot, state, body)}"""
        names, found = {}, collections.defaultdict(dict)
        with sqlite3.connect(f"{self.folder}/data/meta.db") as db:
            names = dict(db.execute("SELECT number, id FROM probe"))
        for path in sorted((self.folder / "data/raw").glob("*.db")):
            with sqlite3.connect(path) as db:
                if not db.execute("SELECT 1 FROM sqlite_master WHERE name='record'").fetchone():
                    continue
                for probe, seq, kind, state, boot, mono, body in db.execute(
                        "SELECT probe, seq, kind, state, boot, mono_ns, body FROM record"):
                    if seq in found[names[probe]]:
                        self.devices[0].wrong.append(f"record {seq} of {names[probe]} is stored twice")
                    found[names[probe]][seq] = (kind, boot, mono, state, body)
        return found

    def custody(self, probe):
        done = subprocess.run([str(COLLECTOR), "probe", "show", probe, "--json", "-c", str(self.folder / "collector.conf")],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def check(self):
        stored, wrong, total = self.stored(), [], collections.Counter()
        for d in self.devices:
            probe = identity(d)
            records = stored[probe]
            wrong += [f"{d.folder.name}: {w}" for w in d.wrong]
            for number, digest in d.promised.items():
                if number not in records:
                    wrong.append(f"{d.folder.name}: record {number} was on flash and is lost")
                elif fnv(records[number][4]) != digest:
                    wrong.append(f"{d.folder.name}: record {number} is another one at the collector")
            for number, digest in d.seen.items():
                if number in records and fnv(records[number][4]) != digest:
                    wrong.append(f"{d.folder.name}: number {number} was given twice")
            told, made = self.custody(probe), d.made()
            if told["missing"] or told["received"] + told["skipped"] + told["dropped"] != made:
                wrong.append(f"{d.folder.name}: {made} made, but {told}")
            wrong += [f"{d.folder.name}: {w}" for w in self.labels(d, records)]
            total.update(made=made, stored=told["received"], skipped=told["skipped"], dropped=told["dropped"],
                         missing=told["missing"], promised=len(d.promised), power_cuts=d.cuts, kills=d.kills)
        verify = subprocess.run([str(COLLECTOR), "verify", "--json", "-c", str(self.folder / "collector.conf")],
                                capture_output=True, text=True, check=True)
        if not json.loads(verify.stdout)["sound"]:
            wrong.append(f"the store is not sound: {verify.stdout}")
        return wrong, total

    def labels(self, d, records):
        """Every transition of the access state against what the world was like."""
        boots = {int.from_bytes(b[:8], "big", signed=True): b for b in d.boots}
        lost = collections.Counter()
        for number, (kind, boot, mono, state, body) in sorted(records.items()):
            if kind != ACCESS or cbor2.loads(body)[-1].get(HEARTBEAT_FIELD):
                continue
            began = boots.get(boot)
            if began is None:
                yield f"record {number} is of a boot that never was"
                continue
            at, word = mono / 1e9 + d.boots[began], STATES[state]
            if word == "power_lost":
                lost[began] += 1
                if began not in d.after_cut:
                    yield f"record {number}: power_lost, but the power was there"
            elif word != "unknown" and word not in self.truths(d, at):
                yield f"record {number}: {word}, but the world was {sorted(self.truths(d, at))}"
        for began, times in lost.items():
            if times > 1:
                yield f"power_lost told {times} times for one boot"

    def truths(self, d, at):
        """All states that would have been true at some moment shortly before."""
        true = during(d.modem.truth, at)
        if "ok" in true:
            broken = during(d.cut_times, at) - {"open"}
            down = [(a, b) for p in (self.broker, self.collector) for a, b in p.down if a <= at and (b or at) >= at - LATE_S]
            if broken or down:
                true.add("collector_down")
        return true


def during(history, at):
    """What a history says of the time between LATE_S before and that moment."""
    found = set()
    for (since, what), (until, _) in zip(history, [*history[1:], (float("inf"), None)]):
        if since <= at + 1 and until >= at - LATE_S:
            found.add(what)
    return found


def fnv(data):
    h = 14695981039346656037
    for byte in data:
        h = ((h ^ byte) * 1099511628211) & 0xffffffffffffffff
    return f"{h:016x}"


def identity(device):
    der = subprocess.run(["openssl", "pkey", "-in", str(device.state / "identity.pem"), "-pubout", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    import base64
    import hashlib
    return base64.b32encode(hashlib.sha256(der[-32:]).digest()[:16]).decode().rstrip("=").lower()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--events", type=int, default=500)
    p.add_argument("--probes", type=int, default=6)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--keep", action="store_true")
    options = p.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-chaos-"))
    chaos = Chaos(folder, options)
    began = time.monotonic()
    try:
        chaos.run()
        wrong, total = chaos.check()
    finally:
        for d in chaos.devices:
            d.modem.close()
            if d.process and d.process.poll() is None:
                d.process.kill()
        for one in (chaos.broker, chaos.collector, chaos.reflector):
            if one.child.poll() is None:
                one.child.kill()
    print(f"seed {options.seed}, {time.monotonic() - began:.0f} s, {sum(chaos.counts.values())} events: "
          + ", ".join(f"{n} {what}" for what, n in sorted(chaos.counts.items())))
    print(", ".join(f"{n} {what}" for what, n in total.items()))
    for line in wrong[:40]:
        print("WRONG:", line)
    lost = sum("lost" in w for w in wrong)
    print(f"{lost} lost, {sum('twice' in w or 'two records' in w for w in wrong)} doubled, "
          f"{sum(', but the ' in w for w in wrong)} mislabelled, {len(wrong)} wrong in all")
    if options.keep or wrong:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
