# SPDX-License-Identifier: Apache-2.0
"""STAMP on the wire, with scapy's codec as the other end; and strangers who send rubbish."""
import json
import os
import random
import socket
import subprocess
import threading
import time

import pytest
from linkemu import BUILD, probe_command

stamp = pytest.importorskip("scapy.contrib.stamp", reason="needs python3-scapy")

NTP_1970 = 2208988800


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def served(reflector):
    """A reflector on loopback: its port."""

    def make(more=""):
        port = free_port()
        made = reflector(stamp=f'address = "127.0.0.1"; port = {port}; {more}')
        return port, made

    return make


def ask(port, packet, timeout=2.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect(("127.0.0.1", port))
        s.send(bytes(packet))
        return s.recv(4096)


def request(seq=5, ssid=0x1234):
    return stamp.STAMPSessionSenderTestUnauthenticated(
        seq=seq, ts=time.time(), err_estimate=stamp.ErrorEstimate(S=1, Z=0, scale=3, multiplier=9), ssid=ssid)


def test_the_reflector_answers_scapys_sender_field_by_field(served):
    port, _ = served()
    sent = request()
    before = time.time()
    answer = ask(port, sent)
    assert len(answer) == len(bytes(sent)) == 44
    r = stamp.STAMPSessionReflectorTestUnauthenticated(answer)
    assert r.seq == 0 and r.seq_sender == 5 and r.ssid == 0x1234
    assert bytes(answer)[28:36] == bytes(sent)[4:12], "the sender's time must come back as it was"
    assert (r.err_estimate_sender.S, r.err_estimate_sender.scale, r.err_estimate_sender.multiplier) == (1, 3, 9)
    seconds = [int.from_bytes(answer[at:at + 8], "big") / 2**32 - NTP_1970 for at in (16, 4)]
    assert before - 0.001 <= seconds[0] <= seconds[1] <= time.time() + 0.001
    assert r.err_estimate.Z == 0 and r.err_estimate.multiplier > 0
    assert r.ttl_sender == 64
    assert answer[38:40] == b"\0\0" and answer[41:44] == b"\0\0\0"


def test_each_session_has_its_own_numbers(served):
    port, _ = served()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect(("127.0.0.1", port))
        seqs = []
        for ssid in (1, 1, 2, 1, 2):
            s.send(bytes(request(seq=9, ssid=ssid)))
            seqs.append(int.from_bytes(s.recv(100)[:4], "big"))
    assert seqs == [0, 1, 0, 2, 1]


def test_the_sender_speaks_as_scapy_reads(tmp_path):
    """A reflector made of scapy, stateless: the probe measures, and knows that loss cannot be split."""
    requests = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)

        def serve():
            for _ in range(5):
                data, peer = s.recvfrom(4096)
                q = stamp.STAMPSessionSenderTestUnauthenticated(data)
                requests.append((data, q))
                now = time.time()
                s.sendto(bytes(stamp.STAMPSessionReflectorTestUnauthenticated(
                    seq=q.seq, ts=now, err_estimate=stamp.ErrorEstimate(S=0, Z=0, scale=0, multiplier=1), ssid=q.ssid,
                    ts_rx=now, seq_sender=q.seq, ts_sender=q.ts, err_estimate_sender=q.err_estimate,
                    ttl_sender=255)), peer)

        t = threading.Thread(target=serve)
        t.start()
        done = subprocess.run(probe_command("latency", target=f"127.0.0.1:{s.getsockname()[1]}", count=5,
                                            interval_ms=10, timeout_ms=1000, stateful="false"),
                              capture_output=True, text=True, timeout=30, check=False)
        t.join()
    record = json.loads(done.stdout)
    assert [q.seq for _, q in requests] == [0, 1, 2, 3, 4]
    assert len({q.ssid for _, q in requests}) == 1 and requests[0][1].ssid != 0
    for data, q in requests:
        assert len(data) == 44 and data[16:] == bytes(28)
        assert abs(int.from_bytes(data[4:12], "big") / 2**32 - NTP_1970 - time.time()) < 30
        assert q.err_estimate.Z == 0
    assert record["received"] == 5 and record["lost_up"] is None
    assert 0 < record["rtt_p50_us"] < 100000


def test_a_hundred_thousand_malformed_packets_change_nothing(served):
    """It lives, never answers with more than it was asked with, and still serves the next one."""
    port, made = served("source_pps = 1000000; overall_pps = 1000000;")
    rng = random.Random(7)
    sizes = [1, 14, 43, 44, 60, 300, 1472]
    socks = {}
    for size in sizes:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", port))
        s.setblocking(False)
        socks[size] = s
    asked = answered = 0

    def drain(size, s):
        nonlocal answered
        while True:
            try:
                got = s.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            assert len(got) <= size
            answered += len(got)

    pool = rng.randbytes(1 << 16)
    for i in range(100000):
        size = sizes[i % len(sizes)]
        n = size if i % 3 else rng.randrange(0, size + 1)
        at = rng.randrange(0, len(pool) - 1500)
        try:
            socks[size].send(pool[at:at + n])
            asked += n
        except BlockingIOError:
            pass
        if i % 64 == 0:
            for size, s in socks.items():
                drain(size, s)
    time.sleep(0.2)
    for size, s in socks.items():
        drain(size, s)
        s.close()
    assert 0 < answered <= asked
    assert made.child.poll() is None
    assert len(ask(port, request())) == 44


def test_a_flood_from_one_source_is_limited(served):
    port, _ = served("source_pps = 100;")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        s.setblocking(False)
        got = 0
        start = time.monotonic()
        for i in range(3000):
            s.send(bytes(44))
            if i % 50 == 0:
                time.sleep(0.005)
            try:
                while s.recv(100):
                    got += 1
            except BlockingIOError:
                pass
        took = time.monotonic() - start
    assert 90 <= got <= 100 + 100 * took + 1


def test_packets_too_large_for_an_ethernet_are_not_answered(served):
    port, _ = served()
    with pytest.raises(socket.timeout):
        ask(port, bytes(request()) + bytes(5000), timeout=0.5)


def test_configuration_errors_name_file_line_and_key(tmp_path):
    conf = tmp_path / "bad.conf"
    conf.write_text('stamp = {\n  port = 99999;\n  colour = "red";\n};\nhttp = {\n  address = "here";\n};\n')
    done = subprocess.run([f"{BUILD}/phusong-reflector", "check", "-c", str(conf)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2
    assert f"{conf}:2: stamp.port" in done.stderr
    assert f"{conf}:3:" in done.stderr and "colour" in done.stderr


def test_the_configuration_that_is_shipped_is_good_and_complete():
    conf = os.path.join(os.path.dirname(__file__), "../../config/reflector.conf")
    done = subprocess.run([f"{BUILD}/phusong-reflector", "check", "-c", conf], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    printed = subprocess.run([f"{BUILD}/phusong-reflector", "check", "--print-config", "-c", conf],
                             capture_output=True, text=True, check=False).stdout
    shipped = open(conf, encoding="utf-8").read()
    for line in printed.splitlines():
        key = line.strip().split(" ")[0]
        if " = " in line and key.isidentifier():
            assert f"{key} =" in shipped, f"{key} is missing in reflector.conf"
