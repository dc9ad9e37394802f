# SPDX-License-Identifier: Apache-2.0
"""From the broker into the database: nothing lost, nothing doubled, nothing foreign believed."""
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import cbor2
import pytest

sys.path.insert(0, os.path.dirname(__file__))
import ps1  # noqa: E402

from collector_tools import COLLECTOR, FEEDER, Broker, Collector, free_port, wait_for  # noqa: E402

REJECT_MALFORMED, REJECT_UNKNOWN_KIND = 1, 2


@pytest.fixture
def broker(tmp_path):
    b = Broker(tmp_path)
    yield b
    b.close()


@pytest.fixture
def collector(tmp_path, broker):
    c = Collector(tmp_path, broker.port).start()
    yield c
    c.stop()


@pytest.fixture
def listener(broker):
    one = ps1.Listener(broker.port)
    yield one
    one.close()


def feed(port, *words, **more):
    return subprocess.Popen([FEEDER, "run", f"mqtt://127.0.0.1:{port}", *[str(w) for w in words]], stdout=subprocess.PIPE,
                            text=True, **more)


def test_a_batch_written_by_another_implementation_is_stored_and_receipted(broker, collector, listener):
    p = ps1.Probe(1)
    broker.publish(p.topic(), p.heartbeats(1, 50))
    topic, (key, receipt) = listener.next()
    assert topic == p.topic("receipt")
    assert receipt[2] == p.id and receipt[3] == p.boot and receipt[6] == [[1, 50]] and receipt[7] == []
    assert abs(receipt[5] - time.time_ns()) < 60 * 10**9
    assert len(key) == 32
    seen = collector.probe(p.text)
    assert seen["received"] == 50 and seen["missing"] == 0 and seen["simulated"]
    assert collector.verify()["records"] == 50


def test_batches_in_any_order_and_twice_are_stored_once(broker, collector, listener):
    p = ps1.Probe(2)
    spans = [(first, first + 9) for first in range(1, 101, 10)] * 2
    random.Random(5).shuffle(spans)
    for first, last in spans:
        broker.publish(p.topic(), p.heartbeats(first, last))
        listener.next()
    seen = collector.probe(p.text)
    assert seen["received"] == 100 and seen["missing"] == 0 and seen["repeated"] == 100
    assert collector.verify()["twice"] == 0


def test_what_is_missing_is_known_until_it_arrives(broker, collector, listener):
    p = ps1.Probe(3)
    for first in (1, 21):
        broker.publish(p.topic(), p.heartbeats(first, first + 9))
        _, (_, receipt) = listener.next()
    assert receipt[6] == [[21, 30]]
    assert "11-20" in collector.run("probe", "show", p.text).stdout
    broker.publish(p.topic(), p.heartbeats(11, 20))
    _, (_, receipt) = listener.next()
    assert receipt[6] == [[1, 30]]
    assert collector.probe(p.text)["missing"] == 0


def spoiled():
    p, other = ps1.Probe(4), ps1.Probe(5)
    good = p.heartbeats(1, 3)
    huge = cbor2.dumps(cbor2.CBORTag(18, []))[:-1] + b"\x84\x58\x26" + b"\0" * 38 + b"\xa0\x5a\x40\x00\x00\x00"
    return {
        "wrong signature": (p.topic(), good[:-1] + bytes([good[-1] ^ 1]), "signature"),
        "changed record": (p.topic(), good.replace(b"wwan0", b"wwan1"), "signature"),
        "someone else's topic": (other.topic(), good, "foreign_id"),
        "someone else's id": (p.topic(), p.heartbeats(1, 3, probe=other.id), "foreign_id"),
        "cut short": (p.topic(), good[:-10], "malformed"),
        "noise": (p.topic(), bytes(range(256)), "malformed"),
        "empty": (p.topic(), b"", "malformed"),
        "1 GB announced": (p.topic(), huge, "malformed"),
        "longer than a batch may be": (p.topic(), good + b"\0" * 300_000, "oversize"),
        "a version of the future": (p.topic(), p.heartbeats(1, 3, version=2), "version"),
        "a receipt as a batch": (p.topic(), p.sign(cbor2.dumps({1: 1, 2: p.id, 3: p.boot, 4: 1, 5: 0, 9: b""}), b"ps1r"),
                                 "signature"),
    }


@pytest.mark.parametrize("name", spoiled().keys())
def test_what_is_not_authentic_is_kept_apart_and_frees_nothing(broker, collector, listener, name):
    topic, message, reason = spoiled()[name]
    broker.publish(topic, message)
    assert wait_for(lambda: collector.quarantine().get(reason) == 1), collector.quarantine()
    good = ps1.Probe(6)
    broker.publish(good.topic(), good.heartbeats(1, 2))
    topic, _ = listener.next()  # the first receipt of all is the good probe's
    assert topic == good.topic("receipt")
    assert collector.verify()["records"] == 2


def test_a_record_that_cannot_be_understood_is_rejected_and_its_neighbours_are_stored(broker, collector, listener):
    p = ps1.Probe(7)
    records = [ps1.record(1), ps1.record(2, kind=99), ps1.record(3),
               cbor2.dumps([3, 4, "not a time", None, [1, None, None], 1, None, None, {}]), ps1.record(5)]
    broker.publish(p.topic(), p.batch(1, records))
    _, (_, receipt) = listener.next()
    assert receipt[6] == [[1, 1], [3, 3], [5, 5]]
    assert sorted(receipt[7]) == [[2, REJECT_UNKNOWN_KIND], [4, REJECT_MALFORMED]]
    assert collector.quarantine()["record"] == 2
    seen = collector.probe(p.text)
    assert seen["received"] == 3 and seen["rejected"] == 2 and seen["missing"] == 0


def test_a_field_of_a_later_version_is_kept(broker, collector, listener):
    p = ps1.Probe(8)
    body = ps1.record(1, fields={ps1.HEARTBEAT: True, 9999: "tomorrow"})
    broker.publish(p.topic(), p.batch(1, [body]))
    _, (_, receipt) = listener.next()
    assert receipt[6] == [[1, 1]]
    raw = [f for f in os.listdir(f"{collector.data}/raw") if f.endswith(".db")]
    found = subprocess.run([sys.executable, "-c", "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("
                            "'SELECT body FROM record').fetchone()[0].hex())", f"{collector.data}/raw/{raw[0]}"],
                           capture_output=True, text=True, check=True).stdout.strip()
    assert bytes.fromhex(found) == body


def test_a_probe_nobody_registered_waits_and_is_taken_in_when_it_is(tmp_path, broker, listener):
    c = Collector(tmp_path, broker.port, register="closed").start()
    try:
        p = ps1.Probe(9)
        broker.publish(p.topic(), p.heartbeats(1, 20))
        assert wait_for(lambda: c.quarantine().get("unknown_probe") == 1)
        c.run("probe", "add", p.text, "--simulated")
        assert wait_for(lambda: c.probe(p.text)["received"] == 20, 15)
        assert c.quarantine()["unknown_probe"] == 0
        broker.publish(p.topic(), p.heartbeats(1, 20))  # it has no receipt yet and sends again
        _, (_, receipt) = listener.next()
        assert receipt[6] == [[1, 20]]
        c.run("probe", "retire", p.text)
        broker.publish(p.topic(), p.heartbeats(21, 25))
        assert wait_for(lambda: c.quarantine().get("unknown_probe") == 1)
    finally:
        c.stop()


def test_the_last_will_of_a_probe_is_seen(broker, collector, listener):
    p = ps1.Probe(10)
    broker.publish(p.topic(), p.heartbeats(1, 1))
    listener.next()
    broker.publish(p.topic("status"), b'{"online":true,"agent":"x"}')
    assert wait_for(lambda: collector.probe(p.text)["online"])
    broker.publish(p.topic("status"), b'{"online":false}')
    assert wait_for(lambda: not collector.probe(p.text)["online"])


def test_a_usb_stick_is_the_same_as_the_broker(broker, collector, listener, tmp_path):
    stick = tmp_path / "export.psx"
    batches = [ps1.Probe(11).heartbeats(first, first + 9) for first in range(1, 101, 10)]
    stick.write_bytes(b"PSX1\n" + b"".join(struct.pack(">I", len(b)) + b for b in batches))
    p = ps1.Probe(11)
    broker.publish(p.topic(), batches[0])
    listener.next()
    said = collector.run("import", "journal", str(stick)).stdout  # while the collector runs
    assert said.startswith("10 batches: 90 records new, 10 there already, 0 rejected")
    assert collector.probe(p.text)["received"] == 100
    stick.write_bytes(stick.read_bytes()[:-7])
    cut = collector.run("import", "journal", str(stick), check=False)
    assert cut.returncode == 1 and "not a whole batch" in cut.stderr
    assert collector.verify()["records"] == 100


def test_five_kills_in_the_middle_of_the_stream_lose_and_double_nothing(broker, collector):
    records, probes = 3000, 8
    feeder = feed(broker.port, probes, records, 25, 6, 3, 100, "shuffle")
    for _ in range(5):
        time.sleep(random.uniform(0.2, 0.6))
        collector.stop(signal.SIGKILL)
        collector.start()
    out, _ = feeder.communicate(timeout=110)
    told = json.loads(out)
    assert told["done"] and told["bad_receipts"] == 0
    check = collector.verify()
    assert check["sound"] and check["records"] == records * probes and check["twice"] == 0
    for line in collector.run("probe", "list", "--json").stdout.splitlines():
        assert json.loads(line)["missing"] == 0


def test_a_full_disk_under_the_database_gives_no_receipt_and_heals(tmp_path, broker):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (not root?)")
    c = Collector(tmp_path, broker.port, data=small / "data")
    feeder = None
    try:
        ballast = small / "ballast"
        ballast.write_bytes(b"\0" * 3_000_000)
        c.start()
        feeder = feed(broker.port, 4, 4000, 100, 6, 1, 60)
        assert wait_for(lambda: c.said("the disk of the database is full") > 0, 20)
        time.sleep(1)
        assert feeder.poll() is None and c.child.poll() is None
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        out, _ = feeder.communicate(timeout=60)
        told = json.loads(out)
        assert told["done"] and told["bad_receipts"] == 0
        check = c.verify()
        assert check["sound"] and check["records"] == 16000 and check["twice"] == 0
    finally:
        if feeder and feeder.poll() is None:
            feeder.kill()
        c.stop()
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_a_full_queue_drops_without_a_receipt_and_the_rest_comes_again(tmp_path, broker):
    c = Collector(tmp_path, broker.port)
    with open(c.conf, encoding="utf-8") as f:
        text = f.read().replace("group_ms = 20;", "group_ms = 20; queue_messages = 16; queue_mb = 1;")
    with open(c.conf, "w", encoding="utf-8") as f:
        f.write(text)
    c.start()
    try:
        feeder = feed(broker.port, 10, 1000, 50, 100, 1, 60)
        out, _ = feeder.communicate(timeout=70)
        told = json.loads(out)
        assert told["done"] and told["resent"] > 0
        check = c.verify()
        assert check["sound"] and check["records"] == 10000
    finally:
        c.stop()


def test_a_second_collector_on_the_same_folder_is_refused(collector):
    second = subprocess.run([COLLECTOR, "serve", "-c", collector.conf], capture_output=True, text=True, timeout=20)
    assert second.returncode == 1 and "another collector serves this folder" in second.stderr


def test_a_backup_while_running_is_sound(broker, collector, tmp_path):
    feeder = feed(broker.port, 4, 20000, 200, 4, 2, 60)
    time.sleep(0.5)
    backup = str(tmp_path / "backup")
    done = threading.Thread(target=feeder.communicate)
    done.start()
    collector.run("backup", backup)
    done.join()
    check = json.loads(subprocess.run([COLLECTOR, "verify", "--json", "--data", backup, "-c", collector.conf],
                                      capture_output=True, text=True, check=True).stdout)
    assert check["sound"] and 0 < check["records"] <= 80000


class OldBroker(threading.Thread):
    """Speaks MQTT 3.1.1 and nothing else, to one client: refuses 5, hands out one batch, keeps what is published."""

    def __init__(self, topic, batch):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.topic, self.batch = topic.encode(), batch
        self.refused, self.published = 0, []

    @staticmethod
    def packet(client):
        kind = client.recv(1)
        if not kind:
            return None, b""
        length, shift = 0, 0
        while True:
            byte = client.recv(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = b""
        while len(body) < length:
            body += client.recv(length - len(body))
        return kind[0], body

    def publish(self, client):
        body = struct.pack(">H", len(self.topic)) + self.topic + b"\0\x01" + self.batch
        length, left = b"", len(body)
        while True:
            left, low = left >> 7, left & 127
            length += bytes([low | (128 if left else 0)])
            if not left:
                break
        client.sendall(b"\x32" + length + body)

    def serve(self, client):
        subscriptions = 0
        while True:
            kind, body = self.packet(client)
            if kind is None:
                return
            if kind == 0x10 and body[6] != 4:  # CONNECT, protocol level
                self.refused += 1
                client.sendall(b"\x20\x02\x00\x01")
                return
            if kind == 0x10:
                client.sendall(b"\x20\x02\x00\x00")
            elif kind == 0x82:  # SUBSCRIBE
                client.sendall(b"\x90\x03" + body[:2] + b"\x01")
                subscriptions += 1
                if subscriptions == 2:
                    self.publish(client)
            elif kind & 0xf0 == 0x30:  # PUBLISH
                n = struct.unpack(">H", body[:2])[0]
                client.sendall(b"\x40\x02" + body[2 + n:4 + n])
                self.published.append((body[2:2 + n].decode(), body[4 + n:]))
            elif kind == 0xc0:
                client.sendall(b"\xd0\x00")

    def run(self):
        while True:
            client, _ = self.socket.accept()
            with client:
                self.serve(client)


class RefusingBroker(threading.Thread):
    """Lets everybody in, in MQTT 5 or 3.1.1, and refuses every subscription."""

    def __init__(self, level):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.level = level

    def run(self):
        while True:
            client, _ = self.socket.accept()
            with client:
                while True:
                    kind, body = OldBroker.packet(client)
                    if kind is None:
                        break
                    if kind == 0x10 and body[6] > self.level:
                        client.sendall(b"\x20\x02\x00\x01")
                        break
                    if kind == 0x10:
                        client.sendall(b"\x20\x03\x00\x00\x00" if self.level == 5 else b"\x20\x02\x00\x00")
                    elif kind == 0x82:
                        client.sendall(b"\x90\x04" + body[:2] + b"\x00\x87" if self.level == 5 else b"\x90\x03" + body[:2] + b"\x80")
                    elif kind == 0xc0:
                        client.sendall(b"\xd0\x00")


@pytest.mark.parametrize("level", [5, 4])
def test_a_broker_that_refuses_the_subscription_is_told_not_taken_for_silence(tmp_path, level):
    broker = RefusingBroker(level)
    broker.start()
    c = Collector(tmp_path, broker.port, http=free_port()).start()
    try:
        assert wait_for(lambda: c.said("refuses to deliver") == 1), open(c.log, encoding="utf-8").read()
        assert wait_for(lambda: b"phusong_ingest_denied_total 3\n" in c.get("/metrics")[2])
        assert b"phusong_ingest_brokers_connected 0\n" in c.get("/metrics")[2]
    finally:
        c.stop()


def test_a_broker_that_knows_only_mqtt_3_1_1_is_spoken_to_in_it(tmp_path):
    p = ps1.Probe(12)
    old = OldBroker(p.topic(), p.heartbeats(1, 5))
    old.start()
    c = Collector(tmp_path, old.port).start()
    try:
        assert wait_for(lambda: old.published)
        topic, message = old.published[0]
        assert topic == p.topic("receipt") and ps1.open_receipt(message)[1][6] == [[1, 5]]
        assert old.refused >= 1 and c.said("MQTT 3.1.1") == 1
    finally:
        c.stop()
