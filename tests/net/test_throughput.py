# SPDX-License-Identifier: Apache-2.0
"""Throughput over an emulated link, judged by the emulator's log of the bytes that went through."""
import csv
import http.server
import json
import threading

import pytest
from linkemu import B4, B6

PORT = 8080
TCP = 6
CLASSES = [2.5, 5, 15, 40]
# payload in 1500 bytes: IPv4 and IPv6 headers, TCP with timestamps
PAYLOAD = {4: 1448 / 1500, 6: 1428 / 1500}


def class_of(mbit):
    for low, high in zip([0] + CLASSES, CLASSES + [1e9]):
        if low <= mbit < high:
            return f"<{high:g}" if not low else f">={low:g}" if high == 1e9 else f"{low:g}-{high:g}"
    raise AssertionError(mbit)


def carried(link, slot_ms=250):
    """Bytes of TCP that came out of the link, and the bit rate of the busiest slot, by direction."""
    link.set()
    total = {"up": 0, "down": 0}
    rates = {"up": {}, "down": {}}
    with open(link.log, encoding="ascii") as f:
        for row in csv.reader(f):
            # the log is written on: its last line may be cut short
            if len(row) < 12 or row[11] not in ("sent", "copy") or row[6] != str(TCP):
                continue
            way, out, size = row[0], int(row[3]), int(row[4])
            total[way] += size
            slot = out // (slot_ms * 1_000_000)
            rates[way][slot] = rates[way].get(slot, 0) + size
    return total, {w: max(r.values(), default=0) * 8000 / slot_ms for w, r in rates.items()}


@pytest.fixture
def line(link, reflector):
    def make(**shape):
        made = link(**shape)
        reflector(made.command("b"), stamp="enabled = false;", http=f"port = {PORT};")
        return made

    return make


def check_line(record):
    assert record["error"] is None, record
    assert record["tcp_min_rtt_us"] > 0 and record["tcp_bytes_sent"] > 0
    assert record["http_version"] == "1.1" and record["tls"] is False
    assert record["iface"] == "em0"


@pytest.mark.parametrize("direction", ["down", "up"])
@pytest.mark.parametrize("mbit", [1, 5, 20, 50])
def test_a_full_test_finds_the_rate_of_the_link(line, probe, mbit, direction):
    made = line(delay_ms=20, rate_kbit=mbit * 1000)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full", direction=direction)
    check_line(r)
    # so long that a packet more or less does not matter
    total, fastest = carried(made, 1000 if mbit == 1 else 250)
    assert fastest[direction] == pytest.approx(mbit * 1e6, rel=0.03)
    assert r["rate_bps"] == pytest.approx(fastest[direction] * PAYLOAD[4], rel=0.03)
    assert r["direction"] == direction and r["stop_reason"] in ("decided", "time")
    assert r["rate_class"] == class_of(r["rate_bps"] / 1e6)
    # what is counted went over the link, and the counters of the interface agree with the log
    assert r["bytes"] <= total[direction]
    assert r["bytes_" + direction] == pytest.approx(total[direction], rel=0.15, abs=60000)
    # a 10-second test would move ten seconds' worth
    if mbit >= 5:
        # a quiet line takes a quarter (tests/bench); when the processors are shared the rate wavers, and it may take longer
        assert total[direction] < 0.75 * mbit * 1e6 / 8 * 10
    assert r["idle_p50_us"] == pytest.approx(40000, abs=6000)
    assert r["loaded_p50_us"] > 30000
    assert len(r["sub_bps"]) >= 5 and max(r["sub_bps"]) < 1.3 * mbit * 1e6


@pytest.mark.parametrize("direction", ["down", "up"])
@pytest.mark.parametrize("mbit", [1, 4, 10, 20, 60])
def test_a_cheap_test_finds_the_class_for_little(line, probe, mbit, direction):
    made = line(delay_ms=25, rate_kbit=mbit * 1000)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", direction=direction)
    check_line(r)
    total, _ = carried(made)
    assert r["rate_class"] == class_of(mbit * PAYLOAD[4])
    assert r["rate_bps"] == pytest.approx(mbit * 1e6 * PAYLOAD[4], rel=0.06)
    assert r["bytes"] <= 5_000_000
    # the cap is on payload: headers, handshakes and round trips come on top
    assert total["up"] + total["down"] <= 5_000_000 * 1.12


@pytest.mark.parametrize("direction", ["down", "up"])
@pytest.mark.parametrize("cap", [200_000, 1_000_000])
def test_the_cap_in_bytes_is_never_exceeded(line, probe, cap, direction):
    made = line(delay_ms=10, rate_kbit=100_000)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full", direction=direction, max_bytes=cap)
    assert r["error"] is None and r["stop_reason"] == "bytes"
    # uploads are counted with their requests' heads
    assert 0.2 * cap < r["bytes"] <= cap + 4 * 300
    total, _ = carried(made)
    assert total[direction] <= cap * 1.12 + 30_000


def test_the_cap_in_seconds_is_kept(line, probe):
    made = line(delay_ms=20, rate_kbit=4950)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", direction="down", max_seconds=1, mode="full",
                 classes="4.78")
    assert r["stop_reason"] == "time"
    assert r["sub_ms"] * len(r["sub_bps"]) <= 1100
    assert r["duration_ms"] < 3500  # with the idle round trips before


def test_loss_and_a_long_way_do_not_change_the_class(line, probe):
    made = line(delay_ms=100, jitter_ms=10, loss=0.3, rate_kbit=8000)
    for r in probe("throughput", made, target=f"http://{B4}:{PORT}"):
        assert r["error"] is None
        assert r["rate_class"] in ("2.5-5", "5-15"), r  # what TCP makes of it
        assert r["bytes"] <= 5_000_000


def test_one_record_for_each_direction_and_each_family(line, probe):
    made = line(delay_ms=10, down_rate_kbit=20_000, up_rate_kbit=3000)
    down, up = probe("throughput", made, target=f"http://[{B6}]:{PORT}")
    assert (down["direction"], up["direction"]) == ("down", "up")
    assert (down["family"], up["family"]) == (6, 6)
    assert (down["rate_class"], up["rate_class"]) == ("15-40", "2.5-5")


def test_round_trips_under_load_show_the_queue(line, probe):
    made = line(delay_ms=20, rate_kbit=5000, queue_kb=125)  # 200 ms of queue
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", mode="full", direction="up")
    assert r["idle_p50_us"] == pytest.approx(40000, abs=6000)
    assert 120_000 < r["loaded_p95_us"] < 320_000
    assert r["rpm"] == pytest.approx(60e6 / r["loaded_p50_us"], rel=0.01)


def test_librespeed_servers_are_spoken_to(line, probe):
    made = line(delay_ms=10, rate_kbit=20_000)
    down, up = probe("throughput", made, target=f"http://{B4}:{PORT}", server="librespeed")
    assert down["error"] is None and up["error"] is None
    assert down["rate_class"] == up["rate_class"] == "15-40"
    assert down["method"] == "librespeed"


def test_a_busy_server_is_not_a_slow_line(link, reflector, probe):
    made = link(delay_ms=10, rate_kbit=20_000)
    reflector(made.command("b"), stamp="enabled = false;", http=f"port = {PORT}; transfers = 1; retry_s = 33;")
    busy = made.start("a", "curl", "-s", "-o", "/dev/null", "--limit-rate", "20k", f"http://{B4}:{PORT}/down?seconds=20")
    try:
        # the reflector lets nobody else in while that runs
        for _ in range(50):
            r = probe("throughput", made, target=f"http://{B4}:{PORT}", direction="down")[0]
            if r["error"]:
                break
        assert r["error"] == "busy"
        assert r["busy_retry_s"] == 33 and r["limited_by"] == "server"
        assert r["rate_bps"] is None and r["http_status"] == 503
    finally:
        busy.terminate()


def test_a_link_that_dies_under_the_test_gives_what_was_measured(line, probe):
    made = line(delay_ms=20, rate_kbit=2000)
    timer = threading.Timer(2, made.set, kwargs={"down": 1})
    timer.start()
    # a bound where the rate is: undecided to the end
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", direction="down", classes="1.93")
    timer.join()
    assert r["stop_reason"] == "idle", r
    assert r["rate_bps"] == pytest.approx(1.93e6, rel=0.1)
    assert r["bytes"] > 50_000


def test_no_server_is_an_error_and_no_rate(link, probe):
    made = link(delay_ms=5)
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}")
    assert r["error"] == "unreachable"
    assert r["rate_bps"] is None
    (r,) = probe("throughput", made, target="http://203.0.113.7:80")
    assert r["error"] == "unreachable"


class Odd(http.server.BaseHTTPRequestHandler):
    """A server that is no throughput server."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_server_of_another_kind_is_an_error(probe):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (r,) = probe("throughput", None, target=f"http://127.0.0.1:{server.server_port}", direction="down")
    server.shutdown()
    server.server_close()
    assert r["error"] == "http_status", json.dumps(r)
    assert r["http_status"] == 404


def test_a_run_that_is_cancelled_tells_what_it_has(line, probe):
    made = line(delay_ms=10, rate_kbit=4990)
    # a bound where the rate is, and a limit from outside
    (r,) = probe("throughput", made, target=f"http://{B4}:{PORT}", direction="down", classes="4.817", limit_s=2, iface="em0")
    assert r["stop_reason"] == "cancelled"
    assert r["rate_bps"] == pytest.approx(4.99e6 * PAYLOAD[4], rel=0.05)
    assert r["iface"] == "em0"
