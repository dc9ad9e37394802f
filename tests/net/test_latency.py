# SPDX-License-Identifier: Apache-2.0
"""Latency over an emulated link, judged by the emulator's log of what happened to each packet."""
import json
import os
import shutil
import subprocess

import pytest
from linkemu import A4, B4, B6, BUILD, echo_truth, stamp_truth

PORT = 8862
TARGET = {4: f"{B4}:{PORT}", 6: f"[{B6}]:{PORT}"}
HOST = {4: B4, 6: B6}
# what a wake-up of the emulator, which its log does not contain, may add: a busy machine, not an idle one
TOLERANCE_US = 1500


@pytest.fixture
def measured(link, reflector, probe):
    """One STAMP run over a link of that shape: its record, and the truth."""

    def run(family, count=40, interval_ms=10, words=None, **shape):
        made = link(**shape)
        reflector(made.command("b"), stamp=f"port = {PORT};")
        records = probe("latency", made, target=TARGET[family], count=count, interval_ms=interval_ms,
                        timeout_ms=1000, **(words or {}))
        assert len(records) == 1
        assert records[0]["error"] is None, records[0]
        return records[0], stamp_truth(made.packets(), PORT)

    return run


def check_counts(record, truth):
    assert record["sent"] == truth.sent
    assert record["received"] == truth.received
    # a run ends with its last answer: a double of that one may come too late
    assert truth.duplicates - record["duplicates"] in (0, 1)
    assert record["reordered"] == truth.reordered


def check_delays(record, truth):
    assert record["stamps"] == "kernel"
    assert truth.median() <= record["rtt_p50_us"] <= truth.median() + TOLERANCE_US
    assert min(truth.rtt_us.values()) <= record["rtt_min_us"] <= min(truth.rtt_us.values()) + TOLERANCE_US
    assert record["rtt_p95_us"] == pytest.approx(truth.quantile(0.95), abs=2 * TOLERANCE_US)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("delay_ms, jitter_ms", [(0, 0), (20, 0), (20, 5), (150, 0)])
def test_the_round_trip_is_what_the_link_did(measured, family, delay_ms, jitter_ms):
    record, truth = measured(family, delay_ms=delay_ms, jitter_ms=jitter_ms)
    check_counts(record, truth)
    check_delays(record, truth)
    assert record["family"] == family and record["address"] == HOST[family]
    assert record["lost_up"] == 0 and record["lost_down"] == 0
    assert record["packet_bytes"] == (72 if family == 4 else 92)
    if not jitter_ms:
        assert record["jitter_us"] < TOLERANCE_US
    else:
        assert 1000 < record["ipdv_p95_us"] < 10000


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("up_loss, down_loss", [(10, 0), (0, 10), (5, 5), (40, 20)])
@pytest.mark.parametrize("seed", [1, 2])
def test_loss_is_exact_to_the_packet_and_direction(measured, family, up_loss, down_loss, seed):
    record, truth = measured(family, count=100, interval_ms=5, delay_ms=5, up_loss=up_loss, down_loss=down_loss,
                             seed=seed)
    check_counts(record, truth)
    assert truth.lost_up + truth.lost_down > 0
    assert (record["lost_up"], record["lost_down"]) == (truth.lost_up, truth.lost_down)


@pytest.mark.parametrize("up_dup, down_dup", [(20, 0), (0, 20), (10, 10)])
def test_doubles_are_counted_and_are_no_loss(measured, up_dup, down_dup):
    record, truth = measured(4, count=100, interval_ms=5, delay_ms=5, up_dup=up_dup, down_dup=down_dup)
    check_counts(record, truth)
    assert truth.duplicates > 0
    assert record["lost_up"] == 0 and record["lost_down"] == 0


def test_reordering_is_counted_as_it_happened(measured):
    record, truth = measured(4, count=100, interval_ms=5, delay_ms=5, down_reorder=10, down_reorder_ms=18)
    check_counts(record, truth)
    assert truth.reordered > 0


def test_doubles_loss_and_reordering_together_keep_the_counts(measured):
    record, truth = measured(6, count=100, interval_ms=5, delay_ms=5, loss=5, down_dup=5, reorder=5, reorder_ms=18)
    check_counts(record, truth)
    assert record["lost_up"] + record["lost_down"] == truth.lost_up + truth.lost_down


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("loss", [0, 10])
def test_echo_measures_any_host(link, probe, family, loss):
    made = link(delay_ms=20, loss=loss)
    record, = probe("latency", made, target=HOST[family], method="icmp", count=40, interval_ms=10, timeout_ms=1000)
    truth = echo_truth(made.packets())
    check_counts(record, truth)
    check_delays(record, truth)
    assert record["lost_up"] is None and record["lost_down"] is None
    assert record["packet_bytes"] == (84 if family == 4 else 104)


def records_of_one_instance(made, count, *words):
    """Several runs of the same probe, as the daemon makes them: the sockets stay open in between."""
    child = made.start("a", f"{BUILD}/phusong-agent", "test", "latency", *words, "interval_ms=10", "timeout_ms=500",
                       "--follow", "--json", stdout=subprocess.PIPE, text=True)
    with child.stdout:
        return [json.loads(child.stdout.readline()) for _ in range(count)]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("socket", ["ping", "raw"])
def test_a_second_echo_run_of_the_same_sockets_hears_its_replies(link, family, socket):
    made = link()
    groups = "0 2147483647" if socket == "ping" else "1 0"
    made.run("a", "sysctl", "-qw", f"net.ipv4.ping_group_range={groups}", check=True)
    records = records_of_one_instance(made, 3, HOST[family], "method=icmp", "count=3")
    for record in records:
        assert record["error"] is None and record["address"] == HOST[family], record
        assert record["received"] == record["sent"] == 3, record
    # the kernel switches its stamps of arrivals on from a work queue: on a busy machine the first reply may be faster
    assert [record["stamps"] for record in records[1:]] == ["kernel", "kernel"], records


@pytest.mark.parametrize("family", [4, 6])
def test_a_second_stamp_run_of_the_same_probe_hears_its_replies(link, reflector, family):
    made = link()
    reflector(made.command("b"), stamp=f"port = {PORT};")
    for record in records_of_one_instance(made, 3, TARGET[family], "count=3"):
        assert record["error"] is None and record["received"] == record["sent"] == 3


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("socket", ["ping", "raw"])
def test_an_address_that_changed_between_two_runs_is_no_obstacle(link, family, socket):
    made = link()
    groups = "0 2147483647" if socket == "ping" else "1 0"
    made.run("a", "sysctl", "-qw", f"net.ipv4.ping_group_range={groups}", check=True)
    child = made.start("a", f"{BUILD}/phusong-agent", "test", "latency", HOST[family], "method=icmp", "count=2",
                       "interval_ms=10", "timeout_ms=500", "--follow", "--json", stdout=subprocess.PIPE, text=True)
    with child.stdout:
        first = json.loads(child.stdout.readline())
        made.run("a", "ip", f"-{family}", "addr", "flush", "dev", "em0", check=True)
        new = "10.77.0.9/24" if family == 4 else "fd77::9/64"
        made.run("a", "ip", "addr", "add", new, "dev", "em0", *(["nodad"] if family == 6 else []), check=True)
        second = json.loads(child.stdout.readline())
    assert (first["received"], second["received"]) == (2, 2)


def test_a_dead_link_is_a_result_with_nothing_received(link, probe):
    made = link(down=1)
    record, = probe("latency", made, target=TARGET[4], count=5, interval_ms=10, timeout_ms=300)
    assert record["error"] is None
    assert record["sent"] == 5 and record["received"] == 0
    assert record["rtt_p50_us"] is None and record["lost_up"] is None


def test_a_host_without_a_reflector_is_no_loss_but_an_error(link, probe):
    record, = probe("latency", link(), target=TARGET[6], count=5, interval_ms=10, timeout_ms=300)
    assert record["error"] == "no_server"
    assert record["sent"] is None


def test_without_a_route_nothing_is_measured(link, probe):
    record, = probe("latency", link(), target="192.0.2.1", count=5)
    assert record["error"] == "no_route"


def test_an_outage_in_the_middle_is_loss_of_its_length(link, reflector, probe):
    import threading
    import time

    made = link(delay_ms=5)
    reflector(made.command("b"), stamp=f"port = {PORT};")

    def outage():
        time.sleep(0.6)
        made.set(up_down=1)
        time.sleep(0.4)
        made.set(up_down=0)

    t = threading.Thread(target=outage)
    t.start()
    record, = probe("latency", made, target=TARGET[4], count=100, interval_ms=20, timeout_ms=500)
    t.join()
    truth = stamp_truth(made.packets(), PORT)
    assert truth.lost_up > 5
    assert (record["lost_up"], record["lost_down"]) == (truth.lost_up, 0)


def test_larger_packets_are_padded_to_the_size_asked_for(measured):
    record, truth = measured(4, count=10, words={"size": 1200})
    check_counts(record, truth)
    assert record["packet_bytes"] == 1200


def test_authenticated_packets_need_the_right_key(link, reflector, probe):
    made = link(delay_ms=5)
    reflector(made.command("b"), stamp=f'port = {PORT}; key = "right";')
    words = {"target": TARGET[4], "count": 5, "interval_ms": 10, "timeout_ms": 300}
    assert probe("latency", made, key="right", **words)[0]["received"] == 5
    assert probe("latency", made, key="wrong", **words)[0]["received"] == 0
    assert probe("latency", made, **words)[0]["received"] == 0


def test_two_probes_at_once_have_sessions_of_their_own(link, reflector, probe):
    from concurrent.futures import ThreadPoolExecutor

    made = link(delay_ms=5, up_loss=20)
    reflector(made.command("b"), stamp=f"port = {PORT};")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(probe, "latency", made, target=TARGET[4], count=50, interval_ms=5, timeout_ms=500)
                for _ in range(2)]
        records = [run.result()[0] for run in runs]
    for record in records:
        assert record["lost_down"] == 0
        assert record["lost_up"] == record["sent"] - record["received"] > 0
    assert A4 != B4


def test_a_name_is_reached_at_the_family_that_has_a_route(link, reflector, probe, tmp_path):
    """The system's own table of names gives IPv6 first; this line has lost IPv6."""
    made = link(delay_ms=5)
    reflector(made.command("b"), stamp=f"port = {PORT};")
    made.run("a", "ip", "-6", "addr", "flush", "dev", "em0")
    hosts = f"/etc/netns/{made.a}"

    os.makedirs(hosts)
    try:
        with open(f"{hosts}/hosts", "w", encoding="ascii") as f:
            f.write(f"{B6} both.test\n{B4} both.test\n")
        record, = probe("latency", made, target=f"both.test:{PORT}", count=3, interval_ms=10, timeout_ms=500)
    finally:
        shutil.rmtree(hosts)
    assert record["error"] is None and record["family"] == 4 and record["received"] == 3
