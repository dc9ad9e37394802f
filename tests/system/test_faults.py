# SPDX-License-Identifier: Apache-2.0
"""Every fault has its own label and no other: the real agent beside a simulated modem, with real brokers, reflectors and
collectors, is broken in one place at a time, and mended.  What is judged is the whole sequence of states and causes in its
records.  The rows run beside each other, each in a folder and on addresses of its own."""

import concurrent.futures
import contextlib
import dataclasses
import functools
import itertools
import json
import os
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import ps1  # noqa: E402
from agent_tools import AGENT, OUT, REFLECTOR, TOP, Agent, free_port, until  # noqa: E402
from collector_tools import COLLECTOR, Broker, Collector  # noqa: E402
from fault_servers import Names, Web  # noqa: E402
from test_agent_clock import YEAR  # noqa: E402

pytestmark = pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists() or not REFLECTOR.exists(),
                                reason=f"{AGENT.parent} has no programs")

AT_ONCE = 9  # rows; most of their time is waiting
WAIT_S = 60  # for a label, on a busy machine
SANITIZED = AGENT.exists() and b"san.so" in subprocess.run(["ldd", AGENT], capture_output=True, check=False).stdout
FINE = ("ok", "none")
_numbers = itertools.count(1)


def spawn(*argv, **more):
    return subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def end(child):
    if child and child.poll() is None:
        child.terminate()
        child.wait(20)


class World:
    """What surrounds one agent.  Its addresses are 127.77.N.*: all are this machine, and different hosts to a test."""

    def __init__(self, folder, row):
        self.folder, self.row, self.n = folder, row, next(_numbers)
        self.ends = contextlib.ExitStack()
        self.agent = self.collector = self.broker = self.reflector = None
        self.inside = []  # prefix of commands that run where the agent is
        self.env = None
        self.root = folder / "root"

    def address(self, last):
        return f"127.77.{self.n}.{last}"

    # --- what is there ---
    def start(self):
        self.modem()
        # not of the range that others are given from: it must be free again when a reflector comes back
        self.port = 20000 + os.getpid() % 300 * 30 + self.n
        self.reflect()
        self.names = self.closing(Names(self.address(9), self.address(2)))
        self.web = self.closing(Web(self.address(2)))
        if self.row.broker:
            self.broker = Broker(self.folder, at=self.address(1))
            self.ends.callback(self.broker.close)
        if self.row.collector:
            self.collector = Collector(self.folder, [f"mqtt://{self.broker.at}:{self.broker.port}"], register="open")
            self.collector.start()
            self.ends.callback(self.collector.stop)
        self.row.prepare(self)
        self.agent = Agent(self.folder, agent=self.agent_section(), tests=self.tests(), **self.sections())
        self.ends.callback(self.agent.stop)
        self.start_agent()

    def closing(self, thing):
        self.ends.callback(thing.close)
        return thing

    def modem(self):
        self.link = self.folder / "modem"
        self.sim = subprocess.Popen([sys.executable, str(TOP / "tests/sim/atsim.py"), "--link", str(self.link), "--hold",
                                     str(TOP / "tests/data/scenarios/faults.json")], stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, text=True)
        self.ends.callback(end, self.sim)
        assert until(self.link.exists)

    def go(self, phase):
        self.sim.stdin.write(f"go {phase}\n")
        self.sim.stdin.flush()

    def reflect(self, prefix=()):
        conf = self.folder / "reflector.conf"
        conf.write_text(f"stamp = {{ port = {self.port}; }};\nhttp = {{ enabled = false; }};\n")
        self.reflector = spawn(*prefix, REFLECTOR, "run", "-c", conf)
        self.ends.callback(end, self.reflector)

    def start_agent(self):
        with open(self.agent.log, "ab") as log:
            self.agent.process = subprocess.Popen([*self.inside, str(AGENT), "run", "-c", str(self.agent.conf)], stderr=log,
                                                  env=self.env)

    def reboot(self):
        """As if the power had been away."""
        self.agent.kill()
        self.agent.new_boot()
        self.start_agent()

    def sensor(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".new").write_text(text)
        os.replace(file.with_suffix(".new"), file)

    # --- its configuration ---
    def agent_section(self):
        return f'dns = "{self.names.server}"; iface = "{self.row.iface}";'

    def targets(self):
        return [self.address(3), self.address(4)]

    def tests(self):
        tests = [f'kind = "signal"; interval_s = 1; limit_s = 20; port = "{self.link}"; timeout_s = 12;',
                 f'kind = "operators"; when = "unserved"; interval_s = 1; limit_s = 40; port = "{self.link}"; timeout_s = 30;']
        for i, target in enumerate(self.targets()):
            tests.append(f'kind = "latency"; name = "echo{i}"; interval_s = 1; target = "{target}:{self.port}"; count = 3; '
                         "interval_ms = 10; timeout_ms = 400;")
        for name in ("first", "second") if self.row.web else ():
            tests.append(f'kind = "service"; name = "{name}"; interval_s = 1; target = "http://{name}.test:{self.web.port}/ping"; '
                         'expect = 204; timeout_ms = 700; credit_hosts = [ "*.topup.test" ];')
        return ", ".join(f"{{ {t} }}" for t in tests)

    def sections(self):
        brokers = f'"mqtt://{self.broker.at}:{self.broker.port}"' if self.broker else ""
        return {"access": "heartbeat_s = 2; absent_rounds = 2; hung_rounds = 2; rounds = 2; scans = 3; scan_span_s = 2; stale_s = 60; "
                          f"collector_after_s = {self.row.patience_s}; receipt_after_s = {self.row.patience_s if self.row.collector else 600};",
                "budget": "month_mb = 0; idle_down_kbps = 0; idle_up_kbps = 0;",
                "health": f'interval_s = 3600; warn_s = 1; root = "{self.root}";',
                "journal": "sync_s = 1;",
                "uplink": f"brokers = [ {brokers} ]; gather_s = 1; resend_s = 1; stop_s = {10 if self.collector else 0};"}

    # --- what it says ---
    def told(self):
        """(state, cause) of each change, by the log: cheap enough to be asked often."""
        return re.findall(r"^access: (?:\w+: )?(\w+), (\w+): ", self.agent.log.read_text(), re.M)

    def wait_for(self, label, after=0):
        assert until(lambda: label in self.told()[after:], WAIT_S, 0.2), (label, self.agent.log.read_text())
        return len(self.told())

    def changes(self):
        """The same by the records that are on the medium, or at the collector when there is one."""
        if not self.collector:
            return [r for r in self.agent.records() if r["kind"] == "access" and not r["heartbeat"]]
        names = {96: "from_state", 103: "cause", 104: "from_cause"}  # fields.h
        return [{"state": STATES[state], **{names[k]: v for k, v in body[-1].items() if k in names}}
                for _, state, body in self.collector.raw(3) if body[-1].get(ps1.HEARTBEAT) is not True]


STATES = ["unknown", "ok", "power_lost", "modem_absent", "modem_hung", "sim_missing", "sim_locked", "no_service", "limited_service",
          "denied", "attached_no_ip", "ip_no_internet", "captive_or_no_credit", "collector_down"]  # state.h


# --- the faults ------------------------------------------------------------------------------------------------------
@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    label: tuple  # None: the fault makes none
    fault: callable
    mend: callable
    prepare: callable = lambda w: None
    check: callable = lambda w: None  # when all is over
    broker: bool = True
    collector: bool = False
    patience_s: int = 8  # with a broker or collector that does not answer; a busy machine has slow ones
    web: bool = True
    iface: str = ""


def modem(name, state, cause):
    return Row(name, (state, cause), lambda w: w.go(name), lambda w: w.go("served"), web=False)


def portal(where):
    return lambda w: setattr(w.web, "portal", where)


def names(mode):
    return lambda w: setattr(w.names, "mode", mode)


def stop_reflector(w):
    end(w.reflector)


def one_target(w):
    """Beside the reflector that fails, one that does not."""
    other = free_port()
    conf = w.folder / "other.conf"
    conf.write_text(f"stamp = {{ port = {other}; }};\nhttp = {{ enabled = false; }};\n")
    w.ends.callback(end, spawn(REFLECTOR, "run", "-c", conf))
    w.targets = lambda: [f"{w.address(3)}", f"{w.address(4)}:{other}#"]
    first = w.tests
    w.tests = lambda: first().replace(f"#:{w.port}", "")


def cut_power(w):
    w.reboot()


def brown_out(w):
    w.sensor("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n")
    assert until((w.agent.state / "power").exists, WAIT_S), w.agent.log.read_text()
    assert until(lambda: any(r["kind"] == "health" and r["under_voltage"] for r in w.agent.records()), WAIT_S)
    w.agent.kill()
    w.sensor("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0\n")
    w.agent.new_boot()
    w.start_agent()


def watchdog(w):
    w.agent.kill()
    w.sensor("sys/class/watchdog/watchdog0/bootstatus", "32\n")  # WDIOF_CARDRESET
    w.agent.new_boot()
    w.start_agent()


def healthy_voltage(w):
    w.sensor("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0\n")


def no_clock(w):
    if SANITIZED:
        pytest.skip("a sanitizer wants to be the first library")
    (w.folder / "offset").write_text(f"{-50 * YEAR}\n")
    w.env = {**os.environ, "LD_PRELOAD": str(OUT / "shim/world.so"), "WORLD_CLOCK": str(w.folder / "offset")}


def time_is_unknown(w):
    assert all(r["clock"]["source"] == "none" and r["utc"] is None for r in w.agent.records())


def status_says_so(w):
    assert until(lambda: w.agent.status() and w.agent.status()["clock"]["source"] == "none")


def only_the_host_is_kept(w):
    found = [r for r in w.agent.records() if r["kind"] == "service" and r["portal"]]
    assert found and {(r["portal"], r["portal_host"]) for r in found} == {("credit", "www.topup.test")}
    assert "84912345678" not in json.dumps(w.agent.records())


def names_are_what_failed(w):
    failed = [r for r in w.agent.records() if r["kind"] == "service" and r["verdict"] == "network"]
    assert failed and {r["failed_at"] for r in failed} == {"dns"}


def the_target_is_named(w):
    told = [r["evidence"] for r in w.agent.records() if r["kind"] == "access" and r["cause"] == "target_down"]
    assert told and all(e.startswith(f"latency {w.address(3)}:{w.port} fails, ") and e.endswith(" works") for e in told), told


# --- a line of its own: the agent in one namespace, the far end in another --------------------------------------------------------
FAR = ["203.0.113.1", "203.0.113.2"]  # TEST-NET-3


@functools.cache
def no_namespaces():
    """Why they cannot be made here, or None."""
    name = f"pf-try-{os.getpid()}"
    try:
        for words in (["netns", "add", name], ["link", "add", "pf-try0", "netns", name, "type", "veth", "peer", "name", "pf-try1", "netns", name]):
            subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as e:
        return f"network namespaces with a veth cannot be made here: {getattr(e, 'stderr', '') or e}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


def line(w):
    if no_namespaces():
        pytest.skip(no_namespaces())
    w.near, w.far = f"pfa{os.getpid()}-{w.n}", f"pfb{os.getpid()}-{w.n}"
    for ns in (w.near, w.far):
        ip("netns", "add", ns)
        w.ends.callback(ip, "netns", "del", ns, check=False)
        ip("-n", ns, "link", "set", "lo", "up")
    ip("link", "add", "wwan0", "netns", w.near, "type", "veth", "peer", "name", "far0", "netns", w.far)
    for ns, device, address in ((w.near, "wwan0", "10.78.0.2/24"), (w.far, "far0", "10.78.0.1/24")):
        ip("-n", ns, "addr", "add", address, "dev", device)
        ip("-n", ns, "link", "set", device, "up")
    for address in FAR:
        ip("-n", w.far, "addr", "add", f"{address}/32", "dev", "lo")
    ip("-n", w.near, "route", "add", "default", "via", "10.78.0.1")
    end(w.reflector)
    w.reflect(["ip", "netns", "exec", w.far])
    w.inside = ["ip", "netns", "exec", w.near]
    w.targets = lambda: FAR


def no_address(w):
    ip("-n", w.near, "addr", "flush", "dev", "wwan0")


def address_again(w):
    ip("-n", w.near, "addr", "add", "10.78.0.2/24", "dev", "wwan0")
    ip("-n", w.near, "route", "add", "default", "via", "10.78.0.1")


def no_route(w):
    ip("-n", w.near, "route", "del", "default")


def route_again(w):
    ip("-n", w.near, "route", "add", "default", "via", "10.78.0.1")


def dead_line(w):
    """Nothing comes back, and nothing says why."""
    ip("-n", w.far, "route", "add", "blackhole", "10.78.0.2/32")


def line_again(w):
    ip("-n", w.far, "route", "del", "blackhole", "10.78.0.2/32")


ALONE = {"broker": False, "web": False, "prepare": line, "iface": "wwan0"}
ROWS = [
    Row("dns", ("ip_no_internet", "dns"), names("dead"), names("good"), check=names_are_what_failed),
    modem("hung", "modem_hung", "no_answer"),
    Row("collector", ("collector_down", "receipts"), lambda w: w.collector.stop(), lambda w: w.collector.start(), collector=True,
        patience_s=4),
    Row("broker", ("collector_down", "broker"), lambda w: w.broker.close(), lambda w: w.broker.start(), collector=True, patience_s=4),
    Row("healthy", None, lambda w: time.sleep(5), lambda w: None, collector=True),
    modem("gone", "modem_absent", "port_gone"),
    modem("sim_missing", "sim_missing", "missing"),
    modem("pin", "sim_locked", "pin"),
    modem("denied", "denied", "no_suitable_cells"),
    modem("search", "no_service", "no_cell"),
    modem("emergency", "limited_service", "emergency_only"),
    modem("others", "limited_service", "other_networks"),
    Row("no_address", ("attached_no_ip", "no_address"), no_address, address_again, **ALONE),
    # bound to an interface Linux asks the neighbours instead: by the routing table
    Row("no_route", ("ip_no_internet", "route"), no_route, route_again, **{**ALONE, "iface": ""}),
    Row("dead_line", ("ip_no_internet", "unreachable"), dead_line, line_again, **ALONE),
    Row("portal", ("captive_or_no_credit", "portal"), portal("http://login.test/"), portal(None)),
    Row("credit", ("captive_or_no_credit", "no_credit"), portal("http://www.topup.test/pay?msisdn=84912345678"), portal(None),
        check=only_the_host_is_kept),
    Row("reflector", ("ok", "target_down"), stop_reflector, lambda w: w.reflect(), prepare=one_target, check=the_target_is_named),
    Row("clock", None, status_says_so, lambda w: None, prepare=no_clock, check=time_is_unknown),
    Row("power", ("power_lost", "cut"), cut_power, lambda w: None),
    Row("brown_out", ("power_lost", "brown_out"), brown_out, lambda w: None, prepare=healthy_voltage),
    Row("watchdog", ("power_lost", "watchdog"), watchdog, lambda w: None),
]


def play(row, folder):
    """Breaks it, mends it, and gives the changes that were recorded."""
    w = World(folder, row)
    with w.ends:
        w.start()
        seen = w.wait_for(FINE)
        row.fault(w)
        if row.label:
            seen = w.wait_for(row.label, seen)
        time.sleep(2.5)  # whatever else it might be taken for has its chance
        row.mend(w)
        if w.told()[-1] != FINE:
            w.wait_for(FINE, len(w.told()))
        time.sleep(1)
        assert w.agent.stop() == 0, w.agent.log.read_text()
        row.check(w)
        return w.told(), w.changes()


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """All rows that are wanted, beside each other."""
    wanted = [i.callspec.params["row"] for i in request.session.items if i.fspath == request.node.fspath and hasattr(i, "callspec")]
    no_namespaces()  # asked here, once: two rows that ask at the same moment would disturb each other
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield {row.name: pool.submit(play, row, tmp_path_factory.mktemp(row.name)) for row in wanted}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_has_its_own_label_and_no_other(outcomes, row):
    told, changes = outcomes[row.name].result()
    labels = [(c["state"], c["cause"]) for c in changes]
    assert labels == told, "the records say what the log said"
    # each change follows from the one before; a new start begins anew
    for before, now in itertools.pairwise(changes):
        assert (now["from_state"], now["from_cause"]) in ((before["state"], before["cause"]), ("unknown", "start"))
    assert [label for label in labels if label != FINE and label[0] != "unknown"] == ([row.label] if row.label else []), labels
    assert FINE in labels and labels[-1] == FINE


def test_no_two_faults_share_a_label():
    labels = [row.label for row in ROWS if row.label]
    assert len(labels) == len(set(labels))
