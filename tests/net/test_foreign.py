# SPDX-License-Identifier: Apache-2.0
"""Traffic of others during a throughput test, judged by the emulator's log."""
import csv
import json
import sys

import pytest
from linkemu import A4, B4, B6, ip, probe_command

PORT = 8080
OTHER = 9999
UDP = 17

# datagrams at an even rate, from the first word on: SEND family address rate_kbit seconds
SEND = """
import socket, sys, time
six, to, kbit = sys.argv[1] == "6", sys.argv[2], float(sys.argv[3])
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
payload, n, start = bytes(972), 0, time.monotonic()
print("going", flush=True)
while time.monotonic() - start < float(sys.argv[4]):
    n += 1
    s.sendto(payload, (to, %d))
    time.sleep(max(0, start + n * 8 * (972 + 28) / kbit / 1000 - time.monotonic()))
""" % OTHER


@pytest.fixture
def line(link, reflector):
    def make(**shape):
        made = link(**shape)
        reflector(made.command("b"), stamp="port = 862;", http=f"port = {PORT};")
        return made

    return make


def others(link, side, to, kbit, family="4", seconds=120):
    child = link.start(side, sys.executable, "-c", SEND, family, to, str(kbit), str(seconds), stdout=-1, text=True)
    assert child.stdout.readline() == "going\n"
    return child


def foreign_rate(link, way):
    """What the log says of the others' packets, at the probe's end, while the test moved its payload."""
    link.set()
    ours, theirs = [], []
    with open(link.log, encoding="ascii") as f:
        for row in csv.reader(f):
            if len(row) < 12 or row[0] != way or row[11] not in ("sent", "copy"):
                continue
            at, size, proto = int(row[3 if way == "down" else 2]), int(row[4]), int(row[6])
            (theirs if proto == UDP else ours).append((at, size))
    # the load: from the first full packet on
    full = [at for at, size in ours if size > 1000] or [at for at, size in ours]
    a, b = min(full), max(full)
    return sum(size for at, size in theirs if a <= at <= b) * 8e9 / (b - a)


def test_an_idle_line_has_no_foreign_traffic_and_ours_is_never_foreign(line, probe):
    made = line(delay_ms=10, rate_kbit=20_000)
    for r in probe("throughput", made, target=f"http://{B4}:{PORT}"):
        assert r["competing_method"] == "capture", r
        assert r["competing_bps"] < 2000, r  # the kernel's own router solicitations are nobody's test
        assert r["interference"] == "none"
    for r in probe("throughput", made, target=f"http://[{B6}]:{PORT}"):
        assert r["competing_bps"] < 2000 and r["interference"] == "none", r


@pytest.mark.parametrize("kbit, word", [(1000, "minor"), (4000, "discarded")])
def test_a_known_flow_of_others_is_reported(line, probe, kbit, word):
    made = line(delay_ms=10, rate_kbit=20_000)
    others(made, "b", A4, kbit)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full", direction="down")
    assert r["error"] is None and r["competing_method"] == "capture", r
    # of what comes down the full queue drops some before we see it: what arrived is the truth
    arrived = foreign_rate(made, "down")
    assert r["competing_way_bps"] == pytest.approx(arrived, rel=0.1), r
    assert arrived == pytest.approx(kbit * 1000, rel=0.25)
    assert r["competing_bps"] >= r["competing_way_bps"] and r["interference"] == word, r


def test_what_goes_the_other_way_does_not_discard_a_result(line, probe):
    made = line(delay_ms=10, rate_kbit=20_000)
    others(made, "a", B4, 2500)
    down, up = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full")
    for r in (down, up):
        assert r["competing_bps"] == pytest.approx(2.5e6, rel=0.1), r
    assert down["competing_way_bps"] < 100_000 and down["interference"] == "none", down
    assert up["competing_way_bps"] == pytest.approx(2.5e6, rel=0.1) and up["interference"] == "discarded", up


@pytest.fixture
def lan(line):
    """A host behind the probe, which is a router then: (link, its namespace, its address)."""
    made = line(delay_ms=10, rate_kbit=20_000)
    ns = made.a + "l"
    ip("netns", "add", ns)
    try:
        ip("link", "add", "v0", "netns", made.a, "type", "veth", "peer", "name", "v1", "netns", ns)
        for where, dev, address in ((made.a, "v0", "10.78.0.1"), (ns, "v1", "10.78.0.2")):
            ip("-n", where, "addr", "add", f"{address}/24", "dev", dev)
            ip("-n", where, "link", "set", dev, "up")
        ip("-n", ns, "route", "add", "default", "via", "10.78.0.1")
        ip("-n", made.b, "route", "add", "10.78.0.0/24", "via", A4)
        made.run("a", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        yield made, ns, "10.78.0.2"
    finally:
        ip("netns", "del", ns)


def test_on_a_router_the_traffic_of_the_house_is_traffic_of_others(lan, probe):
    made, _, host = lan
    others(made, "b", host, 4000)
    down, up = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full")
    assert down["competing_way_bps"] == pytest.approx(4e6, rel=0.25) and down["interference"] == "discarded", down
    assert up["competing_bps"] == pytest.approx(4e6, rel=0.1), up
    assert up["competing_way_bps"] < 100_000 and up["interference"] == "none", up


def test_without_the_right_to_capture_the_counters_tell(line):
    made = line(delay_ms=10, rate_kbit=20_000)
    other = others(made, "b", A4, 4000)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    done = made.run("a", *nobody, *probe_command("throughput", target=f"http://{B4}:{PORT}", mode="full", direction="down"))
    (r,) = [json.loads(x) for x in done.stdout.splitlines()]
    assert r["competing_method"] == "counters", r
    assert r["competing_way_bps"] == pytest.approx(foreign_rate(made, "down"), rel=0.2), r
    assert r["interference"] == "discarded"
    other.terminate()
    other.wait()
    done = made.run("a", *nobody, *probe_command("throughput", target=f"http://{B4}:{PORT}"))
    for r in [json.loads(x) for x in done.stdout.splitlines()]:
        assert r["competing_method"] == "counters" and r["interference"] == "none", r
