#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole line on loopback: broker, reflector, collector, one agent with a simulated modem, and a fleet of simulated
probes.  Everything lies under one throw-away folder and ends with this program.

    demo.py BUILD        DEMO_SECONDS=n ends it after n seconds, else Ctrl-C; DEMO_KEEP=1 keeps the folder;
                         DEMO_EVERY=n takes every nth place only

It ends with the ledger: what became of every record.  Exit status 1 when one is missing or was stored twice.
"""
import base64
import csv
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timezone

TOP = pathlib.Path(__file__).resolve().parents[2]
FLEET_WORKERS = 2
DAY_SECONDS = 62  # the modem's scenario
STATUSES = ("no_signal", "partial", "unstable", "weak", "covered", "unmeasured", "silent")

# What the simulated hamlets are like, in hundredths; the order of places.csv decides which is which.
MIXTURE = (("covered", 38), ("weak", 12), ("unstable", 14), ("no_signal", 13), ("partial", 7), ("gsm_only", 4), ("limited", 3),
           ("power_lost", 4), ("no_credit", 3), ("modem_hung", 2))
OPERATORS = ("45204", "45202", "45201")


def say(text):
    print(f"demo: {text}", flush=True)


class Demo:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-demo-"))  # below TMPDIR
        self.processes = {}
        self.began = time.monotonic()
        self.ports = {name: free_port() for name in ("mqtt", "http", "reflector")}
        self.ports["stamp"] = free_port(socket.SOCK_DGRAM)
        self.fleet = []
        self.agent_id = None
        self.ending = False

    # --- programs -----------------------------------------------------------------------------------------
    def program(self, name):
        return str(self.build / name)

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "ab")
        # a session of its own: Ctrl-C at the terminal is for the demo, which ends its programs in order
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=TOP, start_new_session=True)
        log.close()

    def stop(self, name, sig=signal.SIGTERM, wait=20):
        process = self.processes.pop(name, None)
        if not process:
            return
        process.send_signal(sig)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def call(self, *command):
        done = subprocess.run(command, cwd=TOP, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"demo: {' '.join(map(str, command[:4]))} ...: {done.stdout}{done.stderr}")
        return done.stdout

    def collector(self, *words):
        return self.call(self.program("phusong-collector"), *words, "-c", str(self.folder / "collector.conf"))

    # --- configurations ------------------------------------------------------------------------------------
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def configure(self):
        p = self.ports
        self.write("mosquitto.conf", f"listener {p['mqtt']} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                   "message_size_limit 270000\nmax_queued_messages 20000\nmax_inflight_messages 100\nset_tcp_nodelay true\n")
        self.write("reflector.conf", f"""
stamp = {{ address = "127.0.0.1"; port = {p['stamp']}; }};
http = {{ address = "127.0.0.1"; port = {p['reflector']}; transfer_mb = 40; }};
""")
        self.write("collector.conf", f"""
data = "{self.folder}/data";
boundaries = "{TOP}/config/vn";
ingest = {{ brokers = [ "mqtt://127.0.0.1:{p['mqtt']}" ]; register = "closed"; }};
http = {{ listen = "127.0.0.1"; port = {p['http']}; }};
truth = {{ profiles = [ "{TOP}/config/profiles/vn-4g-2019.conf", "{TOP}/config/profiles/vn-5g-2021.conf" ]; }};
""")
        self.write("agent.conf", f"""
agent = {{ state = "{self.folder}/agent"; start_delay_s = 0; simulated = true; }};
place = {{ lat = {self.home['lat']}; lon = {self.home['lon']}; accuracy_m = 20; }};
uplink = {{ brokers = [ "mqtt://127.0.0.1:{p['mqtt']}" ]; gather_s = 1; resend_s = 3; stop_s = 15; }};
journal = {{ sync_s = 0; }};
budget = {{ month_mb = 0; idle_down_kbps = 0; idle_up_kbps = 0; }};
access = {{ heartbeat_s = 5; hung_rounds = 2; rounds = 1; survey = "modem"; scans = 2; scan_span_s = 2; stale_s = 20;
	collector_after_s = 3; }};
health = {{ interval_s = 10; }};
tests = (
	{{ kind = "signal"; interval_s = 1; limit_s = 4; port = "{self.folder}/modem"; timeout_s = 2; }},
	{{ kind = "latency"; interval_s = 3; target = "127.0.0.1:{p['stamp']}"; count = 10; interval_ms = 20; timeout_ms = 500; }},
	{{ kind = "throughput"; interval_s = 20; target = "http://127.0.0.1:{p['reflector']}"; max_bytes = 3000000; max_seconds = 2; }},
	{{ kind = "ipv6"; interval_s = 15; target = "http://127.0.0.1:{p['reflector']}"; stamp_port = {p['stamp']}; timeout_ms = 500; }},
	{{ kind = "service"; interval_s = 3; target = "http://127.0.0.1:{p['reflector']}/ping"; expect = 204; timeout_ms = 1000; }}
);
""")

    # --- hamlets and probes -----------------------------------------------------------------------------------
    def plan(self):
        """One hamlet for each place, and what its probes live through."""
        with open(TOP / "tests/demo/places.csv", newline="") as f:
            places = list(csv.DictReader(f))
        self.home = places[44]  # the real agent lives here
        every = int(os.environ.get("DEMO_EVERY") or 1)
        wheel = [kind for kind, share in MIXTURE for _ in range(share)]
        for i, place in enumerate(places):
            place["code"] = f"D-{place['former_code']}"
            place["name"] = f"Trung tâm {place['former_name']} (cũ)"
            place["kind"] = None if place is self.home else wheel[i * 37 % len(wheel)]
        return [p for i, p in enumerate(places) if i % every == 0 or p is self.home]

    def import_lists(self, places):
        self.collector("import", "units", f"{TOP}/config/vn")
        self.collector("import", "operators", f"{TOP}/config/vn/plmn_452.csv")
        self.collector("import", "hamlets", f"{TOP}/config/vn/hamlets_reported_tuyen_quang.csv")
        rows = [("hamlet_code", "hamlet", "commune_code", "former_commune_code", "lat", "lon")]
        rows += [(p["code"], p["name"], p["commune_code"], p["former_code"], p["lat"], p["lon"]) for p in places]
        self.collector("import", "hamlets", self.csv_file("hamlets.csv", rows))
        rows = [("hamlet_code", "cluster_code", "cluster", "lat", "lon")]
        rows += [(p["code"], "C1", "Cụm xa", f"{float(p['lat']) + .012:.6f}", f"{float(p['lon']) + .01:.6f}")
                 for p in places if p["kind"] == "partial"]
        self.collector("import", "clusters", self.csv_file("clusters.csv", rows))

    def csv_file(self, name, rows):
        with open(self.folder / name, "w", newline="", encoding="utf-8") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)
        return str(self.folder / name)

    def register(self, places):
        end = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for i, p in enumerate(places):
            if p is self.home:
                continue
            plmn = OPERATORS[i % len(OPERATORS)]
            points = [("covered", "reference"), ("no_signal", "cluster")] if p["kind"] == "partial" else [(p["kind"], "reference")]
            for kind, role in points:
                seed = f"{p['code']}-{role}"
                spec = f"{seed},{p['lat']},{p['lon']},{plmn},{kind},14,{end}"
                self.fleet.append({"seed": seed, "spec": spec, "hamlet": p["code"], "role": role})
        ids = self.call(self.program("tools/fleet"), "id", *[f["seed"] for f in self.fleet]).split()
        for f, probe in zip(self.fleet, ids):
            f["probe"] = probe
            cluster = ("--cluster", "C1") if f["role"] == "cluster" else ()
            self.collector("probe", "add", probe, "--hamlet", f["hamlet"], "--role", f["role"], *cluster, "--simulated")
        self.agent_id = self.make_identity()
        self.collector("probe", "add", self.agent_id, "--hamlet", self.home["code"], "--role", "reference", "--simulated")

    def make_identity(self):
        """The agent's key, made beforehand, so that its id can be registered before it starts."""
        state = self.folder / "agent"
        state.mkdir(mode=0o700)
        key = state / "identity.pem"
        self.call("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key))
        key.chmod(0o600)
        der = subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        return base64.b32encode(hashlib.sha256(der[-32:]).digest()[:16]).decode().rstrip("=").lower()

    # --- the day ----------------------------------------------------------------------------------------------
    def start_broker(self):
        self.start("mosquitto", shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin") or "mosquitto",
                   "-c", str(self.folder / "mosquitto.conf"))
        wait_for(lambda: connectable(self.ports["mqtt"]), 10, "the broker")

    def start_agent(self):
        self.start("agent", self.program("phusong-agent"), "run", "-c", str(self.folder / "agent.conf"))

    def start_all(self):
        self.start_broker()
        self.start("reflector", self.program("phusong-reflector"), "run", "-c", str(self.folder / "reflector.conf"))
        self.start("collector", self.program("phusong-collector"), "serve", "-c", str(self.folder / "collector.conf"))
        wait_for(lambda: self.get("/healthz"), 15, "the collector")
        self.start("modem", sys.executable, str(TOP / "tests/sim/atsim.py"), "--link", str(self.folder / "modem"), "--repeat",
                   str(TOP / "tests/data/scenarios/day.json"))
        wait_for(lambda: (self.folder / "modem").exists(), 10, "the simulated modem")
        self.start_agent()
        for i in range(FLEET_WORKERS):
            specs = [f["spec"] for f in self.fleet[i::FLEET_WORKERS]]
            self.start(f"fleet{i}", self.program("tools/fleet"), "run", str(self.folder / f"fleet{i}"),
                       f"mqtt://127.0.0.1:{self.ports['mqtt']}", *specs)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['http']}{path}", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def events(self, seconds):
        """What happens when: (second, what to say, what to do)."""
        day = min(seconds, DAY_SECONDS)
        broker_off, broker_on, agent_killed = 0.3 * day, 0.3 * day + min(8, 0.12 * day), 0.6 * day
        return [
            (broker_off, "the broker goes away", lambda: self.stop("mosquitto", signal.SIGKILL)),
            (broker_on, "the broker is back", self.start_broker),
            (agent_killed, "the agent is killed (SIGKILL)", lambda: self.stop("agent", signal.SIGKILL)),
            (agent_killed + 2, "the agent starts again", self.start_agent),
        ]

    def live(self, seconds):
        begin = time.monotonic()
        events = self.events(seconds or DAY_SECONDS)
        while not self.ending and (not seconds or time.monotonic() - begin < seconds or events):
            while events and time.monotonic() - begin >= events[0][0]:
                _, text, action = events.pop(0)
                say(f"{time.monotonic() - begin:4.0f} s  {text}")
                action()
            self.check_alive()
            time.sleep(0.2)
        for _, _, action in [e for e in events if e[2] == self.start_broker and "mosquitto" not in self.processes]:
            action()

    def check_alive(self):
        for name, process in list(self.processes.items()):
            if process.poll() is not None and not (name.startswith("fleet") and process.returncode == 0):
                raise SystemExit(f"demo: {name} ended with status {process.returncode}:\n{self.tail(name)}")

    def tail(self, name):
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:])

    # --- the end -------------------------------------------------------------------------------------------------
    def finish(self):
        """Lets everything arrive, then compares what was made with what is stored."""
        for name in [n for n in self.processes if n.startswith("fleet")]:
            say(f"waiting for the {name} of simulated probes to deliver")
            self.processes[name].wait(240)
        if "agent" not in self.processes:
            self.start_agent()
            time.sleep(2)
        self.stop("agent", wait=40)
        made = self.records_made()
        wait_for(lambda: self.arrived() >= sum(made.values()), 30, "the last records", fatal=False)
        wait_for(lambda: self.judged(), 60, "the last judgement", fatal=False)
        return self.ledger(made)

    def records_made(self):
        made = {}
        for i in range(FLEET_WORKERS):
            for line in (self.folder / f"fleet{i}.log").read_text().splitlines():
                if line.startswith("{"):
                    row = json.loads(line)
                    made[row["probe"]] = row["made"]
        position = json.loads(self.call(self.program("tools/journal_position"), str(self.folder / "agent/journal")))
        made[self.agent_id] = position["made"]
        return made

    def probes(self):
        return json.loads(self.get("/api/v1/probes") or "[]")

    def arrived(self):
        return sum(p["ledger"]["stored"] + p["ledger"]["skipped"] + p["ledger"]["dropped"] for p in self.probes())

    def judged(self):
        counts = json.loads(self.get("/api/v1/summary") or "{}").get("by_status", {})
        return sum(n for s, n in counts.items() if s not in ("unmeasured",)) >= len({f["hamlet"] for f in self.fleet}) * 0.85

    def ledger(self, made):
        probes = {p["id"]: p for p in self.probes()}
        verify = json.loads(self.collector("verify", "--json"))
        total = {"made": sum(made.values()), "stored": 0, "dropped": 0, "skipped": 0, "repeated": 0, "rejected": 0}
        for probe in made:
            for key in ("stored", "dropped", "skipped", "repeated", "rejected"):
                total[key] += probes[probe]["ledger"][key]
        total["made"] -= total["skipped"]  # numbers without a record
        total["missing"] = total["made"] - total["stored"] - total["dropped"] - total["rejected"]
        total["doubled"] = verify["twice"]
        total["quarantined"] = self.quarantined()
        say(f"ledger of {len(made)} probes, {len(made) - 1} of them simulated:")
        for key, text in (("made", "records made"), ("stored", "stored"), ("missing", "missing"), ("doubled", "doubled"),
                          ("dropped", "dropped on a device, told by gap records"), ("skipped", "numbers skipped after a kill, told"), ("rejected", "rejected"),
                          ("quarantined", "quarantined"), ("repeated", "delivered again and recognised")):
            print(f"  {total[key]:>9}  {text}")
        counts = json.loads(self.get("/api/v1/summary"))["by_status"]
        say("statuses on the map: " + ", ".join(f"{s} {counts[s]}" for s in STATUSES))
        return total["missing"] == 0 and total["doubled"] == 0

    def quarantined(self):
        lines = (self.get("/metrics") or "").splitlines()
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith("phusong_quarantine{"))

    def close(self):
        for name in list(self.processes):
            self.stop(name, wait=10)
        if os.environ.get("DEMO_KEEP"):
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connectable(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds, what, fatal=True):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            if fatal:
                raise SystemExit(f"demo: {what} did not come within {seconds} s")
            say(f"{what} did not come within {seconds} s")
            return
        time.sleep(0.2)


def main():
    demo = Demo(sys.argv[1] if len(sys.argv) > 1 else "build")
    seconds = float(os.environ.get("DEMO_SECONDS") or 0)

    def end(_signo, _frame):
        demo.ending = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    good = False
    try:
        places = demo.plan()
        demo.configure()
        say("importing 34 provinces, 3,321 communes, the reported hamlets and the demo's places")
        demo.import_lists(places)
        demo.register(places)
        demo.start_all()
        address = f"http://127.0.0.1:{demo.ports['http']}/"
        say(f"{len(demo.fleet)} simulated probes deliver 14 days; the agent's modem lives through a day in {DAY_SECONDS} s")
        say(f"the map is at {address}" + ("" if seconds else "   (Ctrl-C ends)"))
        demo.live(seconds)
        good = demo.finish()
    finally:
        demo.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
