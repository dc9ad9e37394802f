# SPDX-License-Identifier: Apache-2.0
"""From the modem to the map with the real programs: broker, reflector, collector, agent; only the modem is simulated."""
import base64
import getpass
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import ps1  # noqa: E402
from agent_tools import AGENT, REFLECTOR, TOP, Agent, run  # noqa: E402
from collector_tools import BUILD, COLLECTOR, Broker, Collector, free_port, wait_for  # noqa: E402

pytestmark = pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists(), reason=f"{BUILD} has no programs")

HAMLET = "T-01273"
PROFILES = ("vn-4g-2019.conf",)
# probes/core/state.h, record.h
ACCESS, OK, POWER_LOST, NO_SERVICE = 3, 1, 2, 7
ACCESS_CONF = ('heartbeat_s = 2; hung_rounds = 2; rounds = 1; survey = "modem"; scans = 2; scan_span_s = 2; stale_s = 20; '
               "absent_rounds = 2;")


class Modem:
    """The simulated modem; its phases change by go()."""

    def __init__(self, folder):
        self.link = folder / "modem"
        self.child = subprocess.Popen(
            [sys.executable, str(TOP / "tests/sim/atsim.py"), "--link", str(self.link), "--hold",
             str(TOP / "tests/data/scenarios/day.json")], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert wait_for(self.link.exists)

    def go(self, phase):
        self.child.stdin.write(f"go {phase}\n")
        self.child.stdin.flush()

    def close(self):
        self.child.terminate()
        self.child.wait()


class Line:
    """Everything between the modem and the map, in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.broker = Broker(folder)
        self.modem = Modem(folder)
        self.reflector, self.port = None, free_port()
        self.collector = None
        self.agent = None

    def serve(self, brokers=None, **more):
        more = {"register": "closed", "http": free_port(), "profiles": PROFILES, **more}
        self.collector = Collector(self.folder, brokers or self.broker.port, **more)
        hamlets = self.folder / "hamlets.csv"
        hamlets.write_text(f"hamlet_code,hamlet,commune_code,lat,lon\n{HAMLET},Sông Hiến,01273,22.663864,106.231622\n")
        self.collector.run("import", "units", TOP / "config/vn")
        self.collector.run("import", "operators", TOP / "config/vn/plmn_452.csv")
        self.collector.run("import", "hamlets", hamlets)
        self.collector.start()
        return self.collector

    def reflect(self):
        conf = self.folder / "reflector.conf"
        conf.write_text(f'stamp = {{ address = "127.0.0.1"; port = {self.port}; }};\n'
                        f'http = {{ address = "127.0.0.1"; port = {self.port}; }};\n')
        self.reflector = subprocess.Popen([str(REFLECTOR), "run", "-c", str(conf)], stderr=subprocess.DEVNULL)

    def measure(self, brokers=None, start=True):
        """An agent with the modem, and with the reflector when there is one."""
        tests = f'{{ kind = "signal"; interval_s = 1; limit_s = 4; port = "{self.modem.link}"; timeout_s = 2; }}'
        if self.reflector:
            tests += (f', {{ kind = "latency"; interval_s = 2; target = "127.0.0.1:{self.port}"; count = 5; interval_ms = 20; '
                      f'timeout_ms = 500; }}')
        urls = [f"mqtt://127.0.0.1:{self.broker.port}"] if brokers is None else brokers
        sections = {"tests": tests, "journal": "sync_s = 0;", "access": ACCESS_CONF, "health": "interval_s = 10;",
                    "uplink": f"brokers = {json.dumps(urls)}; gather_s = 1; resend_s = 2; stop_s = 10;"}
        if self.agent:
            self.agent.write(**sections)
        else:
            self.agent = Agent(self.folder, **sections)
        if start:
            self.agent.start()
        return self.agent

    def identity(self):
        """Its id, told by the key it made."""
        assert wait_for((self.agent.state / "identity.pem").exists)
        der = subprocess.run(["openssl", "pkey", "-in", str(self.agent.state / "identity.pem"), "-pubout", "-outform", "DER"],
                             capture_output=True, check=True).stdout
        return base64.b32encode(hashlib.sha256(der[-32:]).digest()[:16]).decode().rstrip("=").lower()

    def register(self):
        probe = self.identity()
        self.collector.run("probe", "add", probe, "--hamlet", HAMLET, "--simulated")
        return probe

    def made(self):
        done = subprocess.run([str(BUILD / "tools/journal_position"), str(self.agent.state / "journal")], capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout)["made"]

    def raw(self, kind=None):
        return self.collector.raw(kind)

    def transitions(self):
        """States of access records that are no heartbeats, in order."""
        return [state for _, state, body in self.raw(ACCESS) if body[-1].get(ps1.HEARTBEAT) is not True]

    def accounted(self, probe):
        """After the agent ended: nothing missing, nothing doubled."""
        made = self.made()
        told = self.collector.probe(probe)
        assert told["received"] + told["skipped"] + told["dropped"] == made and told["missing"] == 0, (made, told)
        check = self.collector.verify()
        assert check["sound"] and check["twice"] == 0 and check["records"] == told["received"], check
        seqs = [seq for seq, _, _ in self.raw()]
        assert len(seqs) == len(set(seqs)) == told["received"]

    def close(self):
        if self.agent:
            self.agent.stop()
        if self.reflector:
            self.reflector.terminate()
            self.reflector.wait()
        self.modem.close()
        if self.collector:
            self.collector.stop()
        self.broker.close()


@pytest.fixture
def line(tmp_path):
    one = Line(tmp_path)
    yield one
    one.close()


def test_records_come_to_the_map_and_a_lost_network_arrives_as_access_records(line):
    collector = line.serve()
    line.reflect()
    line.measure()
    probe = line.register()
    assert wait_for(lambda: OK in line.transitions(), 30), line.agent.log.read_text()
    line.modem.go("search")
    assert wait_for(lambda: NO_SERVICE in line.transitions(), 30)
    states = line.transitions()
    assert states.index(OK) < states.index(NO_SERVICE)
    assert {1, 3, 4, 10} <= {body[0] for _, _, body in line.raw()}, "signal, access, latency and health came"
    line.agent.stop()
    line.accounted(probe)
    seen = collector.json(f"/api/v1/probes/{probe}")
    assert seen["hamlet"] == HAMLET and seen["ledger"]["stored"] == line.made() - seen["ledger"]["skipped"]
    assert seen["simulated"] and seen["missing_ranges"] == []
    assert (seen["access"]["state"], seen["access"]["cause"]) == ("no_service", "no_cell")
    for page in ("/probes", f"/hamlets/{HAMLET}"):
        assert "không có sóng: dò nhiều lần không thấy trạm nào" in collector.get(page)[2].decode()
        assert "no signal: repeated searches found no cell" in collector.get(page, Cookie="lang=en")[2].decode()
    # a minute is not enough evidence to judge a hamlet by, and the answer says so
    assert wait_for(lambda: collector.json(f"/api/v1/hamlets/{HAMLET}")["judgements"], 20)
    hamlet = collector.json(f"/api/v1/hamlets/{HAMLET}")
    assert hamlet["status"] == "unmeasured" and hamlet["judgements"][0]["reason"]["vi"]


def test_a_stick_carries_what_no_broker_could_and_the_broker_doubles_nothing(line):
    collector = line.serve()
    agent = line.measure(brokers=[])
    probe = line.register()
    assert wait_for(lambda: len(agent.records()) >= 8, 30)
    stick = line.folder / "stick.psx"
    done = run("export", "-c", agent.conf, stick)
    assert done.returncode == 0, done.stderr
    first = collector.run("import", "journal", stick).stdout
    again = collector.run("import", "journal", stick).stdout
    stored = int(first.split(" records new")[0].split()[-1])
    assert stored >= 8 and ", 0 there already" in first
    assert f" 0 records new, {stored} there already" in again
    assert agent.status()["journal"]["waiting"] >= stored, "only a receipt frees the journal"
    agent.stop()
    agent = line.measure()
    assert wait_for(lambda: agent.status()["uplink"]["receipts"] >= 1, 20)
    assert wait_for(lambda: agent.status()["journal"]["waiting"] <= 3, 20)
    agent.stop()
    line.accounted(probe)
    assert collector.probe(probe)["repeated"] >= 2 * stored  # the second stick, then the broker


def test_a_power_cut_is_recorded_and_turns_no_hamlet_red(line):
    collector = line.serve()
    agent = line.measure()
    probe = line.register()
    assert wait_for(lambda: OK in line.transitions(), 30), agent.log.read_text()
    agent.kill()
    agent.new_boot()
    agent.start()
    assert wait_for(lambda: POWER_LOST in line.transitions(), 30)
    agent.stop()
    line.accounted(probe)
    assert NO_SERVICE not in line.transitions()
    assert wait_for(lambda: collector.json(f"/api/v1/hamlets/{HAMLET}")["judgements"], 20)
    hamlet = collector.json(f"/api/v1/hamlets/{HAMLET}")
    assert {hamlet["status"]} | {j["status"] for j in hamlet["judgements"]} <= {"unmeasured", "silent", "covered"}


def test_a_collector_killed_in_the_middle_loses_and_doubles_nothing(line):
    collector = line.serve()
    agent = line.measure()
    probe = line.register()
    for _ in range(3):
        before = agent.status()["uplink"]["receipts"]
        assert wait_for(lambda: agent.status()["uplink"]["receipts"] > before, 30)
        collector.stop(signal.SIGKILL)
        time.sleep(1.5)  # records are made and published meanwhile
        collector.start()
    assert wait_for(lambda: agent.status()["journal"]["waiting"] <= 3, 30)
    agent.stop()
    line.accounted(probe)


def make_authority(folder):
    """A throw-away authority and a certificate of 127.0.0.1."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=test {name}")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "broker.key", "-out",
            "broker.csr", "-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-copy_extensions", "copyall", "-out", "broker.pem")
    # the folder is the test's alone, so mosquitto must stay who we are
    return f"user {getpass.getuser()}\ncafile {folder}/ca.pem\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker.key\n"


@pytest.fixture
def secret(tmp_path):
    one = Broker(tmp_path, make_authority(tmp_path), name="tls")
    yield one
    one.close()


def test_brokers_with_tls_and_two_at_once(line, secret):
    collector = line.serve([f"mqtt://127.0.0.1:{line.broker.port}", f"mqtts://127.0.0.1:{secret.port}"],
                           ingest=f'ca_file = "{line.folder}/ca.pem";', register="open")
    # the agent speaks TLS to one broker, a second implementation speaks to the other
    line.measure(start=False)
    line.agent.write(tests=f'{{ kind = "signal"; interval_s = 1; port = "{line.modem.link}"; timeout_s = 2; }}',
                     journal="sync_s = 0;", access=ACCESS_CONF,
                     uplink=f'brokers = [ "mqtts://127.0.0.1:{secret.port}" ]; ca_file = "{line.folder}/ca.pem"; gather_s = 1; '
                            "resend_s = 2; stop_s = 10;")
    line.agent.start()
    plain = ps1.Probe(61)
    listener = ps1.Listener(line.broker.port)
    try:
        line.broker.publish(plain.topic(), plain.heartbeats(1, 20))
        topic, (_, receipt) = listener.next()
        assert topic == plain.topic("receipt") and receipt[6] == [[1, 20]]
    finally:
        listener.close()
    assert wait_for(lambda: line.agent.status()["uplink"]["receipts"] >= 1, 20), line.agent.log.read_text()
    text = collector.get("/metrics")[2].decode()
    assert "phusong_ingest_brokers 2\n" in text and "phusong_ingest_brokers_connected 2\n" in text
    line.agent.stop()
    assert collector.probe(line.identity())["missing"] == 0 and collector.probe(plain.text)["received"] == 20


def test_a_broker_whose_certificate_is_of_another_authority_gets_nothing(tmp_path, secret):
    collector = Collector(tmp_path, [f"mqtts://127.0.0.1:{secret.port}"], ingest=f'ca_file = "{tmp_path}/other.pem";')
    with open(collector.log, "ab") as log:
        collector.child = subprocess.Popen([collector.program, "serve", "-c", collector.conf], stderr=log)
    try:
        assert wait_for(lambda: collector.said(str(secret.port)) > 0, 15), collector.log.read_text()
        time.sleep(1)
        assert collector.said(": connected") == 0
        assert collector.child.poll() is None
    finally:
        collector.stop()


def test_an_unregistered_probe_waits_and_is_taken_in_when_it_is_added(line):
    collector = line.serve()
    agent = line.measure()
    probe = line.identity()
    assert wait_for(lambda: collector.quarantine().get("unknown_probe", 0) >= 2, 30), agent.log.read_text()
    status = agent.status()
    assert status["uplink"]["receipts"] == 0 and status["journal"]["waiting"] == len(agent.records())
    assert collector.get(f"/api/v1/probes/{probe}")[0] == 404
    collector.run("probe", "add", probe, "--hamlet", HAMLET)
    collector.run("quarantine", "replay")
    assert collector.probe(probe)["received"] > 0
    assert wait_for(lambda: agent.status()["uplink"]["receipts"] >= 1, 30), agent.log.read_text()
    assert wait_for(lambda: agent.status()["journal"]["waiting"] <= 3, 30)
    agent.stop()
    line.accounted(probe)
    assert collector.quarantine().get("unknown_probe", 0) == 0
