# SPDX-License-Identifier: Apache-2.0
"""Orders from the collector's command line to a probe and back, over a broker that is not to be trusted."""
import base64
import hashlib
import json
import pathlib
import socket
import sqlite3
import subprocess
import time

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from agent_tools import AGENT, REFLECTOR, Agent, free_port, until
from collector_tools import COLLECTOR, Broker, Collector

pytestmark = pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists() or not REFLECTOR.exists(),
                                reason="the programs are not built")


def public_key(pem):
    key = load_pem_private_key(pathlib.Path(pem).read_bytes(), None)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sealed(key, payload, what=b"ps1o"):
    head = cbor2.dumps({1: -8, 4: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)})
    body = cbor2.dumps(payload)
    return cbor2.dumps(cbor2.CBORTag(18, [head, {}, body, key.sign(cbor2.dumps(["Signature1", head, what, body]))]))


class Line:
    """Broker, collector, reflector, and an agent whose collector key is configured."""

    def __init__(self, folder):
        self.broker = Broker(folder)
        self.collector = Collector(folder, self.broker.port).start()
        self.key = load_pem_private_key((pathlib.Path(self.collector.data) / "identity.pem").read_bytes(), None)
        self.stamp = free_port(socket.SOCK_DGRAM)
        conf = folder / "reflector.conf"
        conf.write_text(f'stamp = {{ port = {self.stamp}; address = "0.0.0.0"; }};\nhttp = {{ enabled = false; }};\n')
        self.reflector = subprocess.Popen([str(REFLECTOR), "run", "-c", str(conf)], stderr=subprocess.DEVNULL)
        self.agent = Agent(folder)
        self.agent.write(
            tests=f'{{ kind = "latency"; target = "127.0.0.1:{self.stamp}"; interval_s = 604800; count = 2; interval_ms = 20; }}',
            uplink=f'brokers = [ "mqtt://127.0.0.1:{self.broker.port}" ]; gather_s = 0; stop_s = 1; '
                   f'collector_key = "{public_key(self.collector.data + "/identity.pem").hex()}";',
            orders=f'targets = [ "127.0.0.2:{self.stamp}", "http://localhost" ]; allow_private = true; runs_hour = 10;')
        # nothing runs by itself within the first hour: what runs here was ordered
        self.agent.conf.write_text(self.agent.conf.read_text().replace("start_delay_s = 0", "start_delay_s = 3600"))
        # known before it came: orders wait for it
        self.agent.state.mkdir(mode=0o700)
        pem = self.agent.state / "identity.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True)
        pem.chmod(0o600)
        self.id = hashlib.sha256(public_key(pem)).digest()[:16]
        self.probe = base64.b32encode(self.id).decode().rstrip("=").lower()
        self.collector.run("probe", "add", self.probe)

    def topic(self, leaf):
        return f"ps1/{self.id[0] >> 4:x}/{self.probe}/{leaf}"

    def order(self, *words):
        return self.collector.run("order", self.probe, *words).stdout.strip()

    def state(self, order):
        o = json.loads(self.collector.run("order", "show", order, "--json").stdout)
        return o["state"], o["word"]

    def close(self):
        self.agent.stop()
        self.collector.stop()
        self.reflector.terminate()
        self.reflector.wait()
        self.broker.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    made = Line(tmp_path_factory.mktemp("orders"))
    yield made
    made.close()


def test_an_order_waits_for_the_probe_and_is_carried_out_and_answered(line):
    first = line.order("run", "latency")
    wrong = line.order("run", "no-such-test")
    assert line.state(first) == ("open", None)
    line.agent.start()
    assert until(lambda: line.state(first) == ("done", "ok"), 40), (line.state(first), line.agent.log.read_text())
    assert until(lambda: line.state(wrong) == ("refused", "no_such_test"), 20), line.state(wrong)
    status = line.agent.status()
    assert status["orders"]["accepted"] == 1 and status["orders"]["refused"] == 1
    test = next(t for t in status["tests"] if t["name"] == "latency")
    assert test["invocations"] == 1 and test["last"]["target"] == f"127.0.0.1:{line.stamp}"


def test_it_is_told_with_the_results_too(line):
    """Event records travel with receipts: the collector has them, whatever became of the reply."""
    database = pathlib.Path(line.collector.data) / "raw"
    orders = {line.state(o): o for o in json_ids(line)}
    done = orders[("done", "ok")]

    def steps():
        bodies = []
        for file in database.glob("*.db"):
            with sqlite3.connect(file) as db:
                bodies += [row[0] for row in db.execute("SELECT body FROM record")]
        fields = [cbor2.loads(b)[8] for b in bodies]
        return [f[354] for f in fields if f.get(352) == "order" and f.get(356) == done]

    assert until(lambda: steps() == ["begun", "ok"], 20), steps()


def json_ids(line):
    return [json.loads(row)["id"] for row in line.collector.run("order", "list", "--json").stdout.splitlines()]


def test_another_target_of_the_local_list(line):
    runs = next(t for t in line.agent.status()["tests"])["invocations"]
    allowed = line.order("run", "latency", "--target", f"127.0.0.2:{line.stamp}")
    assert until(lambda: line.state(allowed) == ("done", "ok"), 30), (line.state(allowed), line.agent.log.read_text())
    test = next(t for t in line.agent.status()["tests"])
    assert test["last"]["target"] == f"127.0.0.2:{line.stamp}"
    assert test["invocations"] == runs, "the schedule's own count is of the schedule's own runs"
    other = line.order("run", "latency", "--target", f"127.0.0.1:{line.stamp}")
    assert until(lambda: line.state(other) == ("refused", "target"), 20), line.state(other)


def test_what_is_suppressed_does_not_run_until_it_is_allowed_again(line):
    silence = line.order("suppress", "latency", "--for", "2h")
    assert until(lambda: line.state(silence) == ("done", "ok"), 30), line.state(silence)
    (held,) = line.agent.status()["suppressions"]
    assert held["name"] == "latency" and held["active"] and held["ordered"] and 7000 < held["left_s"] <= 7200
    run = line.order("run", "latency")
    assert until(lambda: line.state(run)[0] in ("refused", "done"), 20) and line.state(run) != ("done", "ok"), line.state(run)
    assert "suppressed" in json.loads(line.collector.run("order", "show", run, "--json").stdout)["detail"]
    again = line.order("unsuppress", "latency")
    assert until(lambda: line.state(again) == ("done", "ok"), 30), line.state(again)
    assert not line.agent.status()["suppressions"]


def test_another_plan_holds_and_an_empty_one_gives_the_local_plan_back(line):
    plan = line.agent.folder / "plan.txt"
    plan.write_text('tests = ( { name = "latency"; interval_s = 3600; } );\n')
    other = line.order("plan", plan)
    assert until(lambda: line.state(other) == ("done", "ok"), 30), line.state(other)
    status = line.agent.status()
    assert status["replanned"] and status["tests"][0]["interval_s"] == 3600
    plan.write_text("")
    local = line.order("plan", plan)
    assert until(lambda: line.state(local) == ("done", "ok"), 30), line.state(local)
    status = line.agent.status()
    assert not status["replanned"] and status["tests"][0]["interval_s"] == 604800


def test_the_broker_can_repeat_and_forge_and_nothing_happens(line):
    listen = subprocess.Popen(["mosquitto_sub", "-p", str(line.broker.port), "-q", "1", "-t", line.topic("order"), "-F", "%x"],
                              stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    order = line.order("run", "latency")
    assert until(lambda: line.state(order) == ("done", "ok"), 30), line.state(order)
    message = bytes.fromhex(listen.stdout.readline())
    listen.terminate()
    listen.wait()
    before = line.agent.status()
    runs = next(t for t in before["tests"])["invocations"]
    for bad in [message[:-1], b"", b"\xd2\x84\x5b\0\0\0\0\x40\0\0\0", bytes(60000),
                sealed(Ed25519PrivateKey.generate(), {1: 1, 2: line.id}),
                sealed(line.key, {1: 1, 2: bytes(16), 3: bytes(16), 4: 2**62, 5: 1, 6: 2, 7: 5, 8: "agent"}),
                sealed(line.key, {1: 1, 2: line.id, 3: bytes(16), 4: 2**62, 5: 1, 6: 2, 7: 5, 8: "agent"}, b"ps1r")]:
        line.broker.publish(line.topic("order"), bad)
    line.broker.publish(line.topic("order"), message)
    assert until(lambda: line.agent.status()["orders"]["repeated"] > before["orders"]["repeated"], 20)
    after = line.agent.status()
    assert after["orders"]["not_authentic"] + after["orders"]["dropped"] >= before["orders"]["not_authentic"] + 6
    assert after["orders"]["accepted"] == before["orders"]["accepted"]
    assert next(t for t in after["tests"])["invocations"] == runs
    # expired, but signed by the right key and new: refused, with an answer
    line.broker.publish(line.topic("order"), sealed(line.key, {
        1: 1, 2: line.id, 3: bytes(range(16)), 4: time.time_ns() // 1000, 5: 1, 6: 2, 7: 1, 8: "latency"}))
    assert until(lambda: line.agent.status()["orders"]["refused"] > after["orders"]["refused"], 20)


def test_a_reply_that_is_not_the_probes_changes_nothing(line):
    order = line.order("run", "latency")
    assert until(lambda: line.state(order) == ("done", "ok"), 30)
    number = base64.b32decode(order.upper() + "=" * (-len(order) % 8))
    stranger = Ed25519PrivateKey.generate()
    line.broker.publish(line.topic("reply"), sealed(stranger, {1: 1, 2: line.id, 3: number, 4: 3, 5: "failed"}, b"ps1a"))
    line.broker.publish(line.topic("reply"), b"rubbish")
    time.sleep(1)
    assert line.state(order) == ("done", "ok")


def test_an_order_survives_a_restart_of_the_collector(line):
    line.collector.stop()
    order = line.order("run", "latency")
    line.collector.start()
    assert until(lambda: line.state(order) == ("done", "ok"), 30), line.state(order)


def test_a_restart_ends_the_agent_cleanly_and_is_answered_by_the_next(line):
    order = line.order("restart", "agent")
    assert until(lambda: line.agent.process.poll() is not None, 30), line.state(order)
    assert line.agent.process.wait() == 0
    assert line.state(order) == ("accepted", "accepted")
    line.agent.process = None
    line.agent.start()
    assert until(lambda: line.state(order) == ("done", "ok"), 30), line.state(order)
    again = line.order("restart", "agent")
    assert until(lambda: line.state(again) == ("refused", "too_often"), 20), line.state(again)


def test_it_is_in_the_audit_log(line):
    assert line.collector.verify()["audit_entries"] > 10
    retired = line.collector.run("probe", "retire", line.probe)
    assert retired.returncode == 0
    refused = line.collector.run("order", line.probe, "run", "latency", check=False)
    assert refused.returncode == 1 and "retired" in refused.stderr


def test_all_probes_can_be_told_at_once(line):
    other = "a" * 26
    line.collector.run("probe", "add", other)
    done = line.collector.run("order", "all", "suppress", "*", "--for", "1h", "--json")
    assert [json.loads(row)["probe"] for row in done.stdout.splitlines()] == [other], "the other one is retired"


def test_wrong_words_are_told(line):
    for words in ([], ["latency"], ["run"], ["suppress", "latency"], ["plan", "/no/such/file"], ["restart", "world"],
                  ["run", "latency", "--expires", "soon"], ["run", "latency", "--for", "2h"], ["run", "x" * 49]):
        done = line.collector.run("order", line.probe, *words, check=False)
        assert done.returncode == 2, (words, done.stderr)
