# SPDX-License-Identifier: Apache-2.0
"""The reflector's HTTP server: endpoints, LibreSpeed's way of asking, limits."""
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
import zlib

import pytest


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def server(reflector):
    """server("transfer_mb = 5;") starts one on loopback: ask(method, path, body)."""

    def make(more=""):
        port = free_port()
        reflector(stamp="enabled = false;", http=f'address = "127.0.0.1"; port = {port}; {more}')

        def ask(method, path, body=None, headers=None):
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            data = r.read()
            c.close()
            return r, data

        ask.port = port
        return ask

    return make


def test_down_gives_exactly_the_bytes_that_were_asked_for(server):
    ask = server()
    for n in (0, 1, 65536, 3333333):
        r, data = ask("GET", f"/down?bytes={n}")
        assert r.status == 200 and len(data) == n == int(r.headers["Content-Length"])
        assert "no-store" in r.headers["Cache-Control"]
    assert len(zlib.compress(data)) > 0.99 * len(data), "it must not compress"


def test_down_never_gives_more_than_the_limit(server):
    r, data = server("transfer_mb = 2;")("GET", "/down?bytes=999999999999")
    assert r.status == 200 and len(data) == 2000000


def test_down_by_time_ends_in_time(server):
    ask = server("transfer_mb = 100000; client_mb_hour = 100000;")
    c = http.client.HTTPConnection("127.0.0.1", ask.port, timeout=20)
    start = time.monotonic()
    c.request("GET", "/down?seconds=1")
    r = c.getresponse()
    total = 0
    while data := r.read(1 << 16):
        total += len(data)
        time.sleep(0.0005)
    c.close()
    assert 0.8 < time.monotonic() - start < 4
    assert total > 1000000


@pytest.mark.parametrize("query", ["", "?bytes=", "?bytes=-1", "?bytes=1e6", "?bytes=99999999999999999999", "?seconds=x"])
def test_a_query_that_is_no_number_is_refused(server, query):
    r, _ = server()("GET", "/down" + query)
    assert r.status == 400


def test_up_counts_what_came(server):
    ask = server()
    for n in (0, 1, 5000000):
        r, data = ask("POST", "/up", bytes(n))
        assert r.status == 200 and json.loads(data) == {"bytes": n}


def test_up_of_unknown_length_is_counted_too(server):
    r, data = server()("POST", "/up", iter([b"a" * 1000, b"b" * 2000]))
    assert r.status == 200 and json.loads(data) == {"bytes": 3000}


def test_up_beyond_the_limit_is_told_so(server):
    r, data = server("transfer_mb = 1;")("POST", "/up", bytes(1500000))
    assert r.status == 413


def test_ping_and_health(server):
    ask = server()
    assert ask("GET", "/ping")[0].status == 204
    r, data = ask("GET", "/healthz")
    assert r.status == 200 and json.loads(data)["status"] == "ok"


@pytest.mark.parametrize("prefix", ["", "/backend"])
def test_a_librespeed_client_finds_what_it_asks_for(server, prefix):
    ask = server()
    r, data = ask("GET", prefix + "/garbage.php?ckSize=2&cors=true&r=0.123")
    assert r.status == 200 and len(data) == 2 << 20
    assert r.headers["Content-Type"] == "application/octet-stream"
    assert r.headers["Access-Control-Allow-Origin"] == "*"
    assert len(ask("GET", prefix + "/garbage.php")[1]) == 4 << 20
    r, data = ask("POST", prefix + "/empty.php?r=0.5", bytes(100000))
    assert r.status == 200 and data == b""
    assert ask("GET", prefix + "/empty.php?cors=true")[0].status == 200
    r, data = ask("GET", prefix + "/getIP.php?isp=true")
    assert json.loads(data) == {"processedString": "127.0.0.1", "rawIspInfo": ""}
    r, _ = ask("OPTIONS", prefix + "/empty.php", headers={"Access-Control-Request-Method": "POST"})
    assert r.status in (200, 204) and "POST" in r.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in r.headers["Access-Control-Allow-Headers"]


def test_unknown_paths_and_methods_are_told_apart(server):
    ask = server()
    assert ask("GET", "/etc/passwd")[0].status == 404
    assert ask("DELETE", "/down")[0].status == 405
    assert ask("POST", "/ping", b"x" * 100000)[0].status in (405, 413)


def hold(port):
    """A download that is begun and not read: it occupies a place."""
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.sendall(b"GET /down?bytes=100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
    s.recv(1000)
    return s


def test_too_many_at_once_are_told_to_come_back(server):
    ask = server("client_transfers = 2; retry_s = 7;")
    held = [hold(ask.port) for _ in range(2)]
    for method, path, body in (("GET", "/down?bytes=5", None), ("POST", "/up", b"x")):
        r, data = ask(method, path, body)
        assert r.status == 503 and r.headers["Retry-After"] == "7" and json.loads(data)["error"] == "busy"
    assert ask("GET", "/ping")[0].status == 204
    for s in held:
        s.close()
    end = time.monotonic() + 5
    while ask("GET", "/down?bytes=5")[0].status != 200:
        assert time.monotonic() < end, "places are not given back"
        time.sleep(0.05)


def test_the_overall_limit_shows_in_health(server):
    ask = server("transfers = 1;")
    s = hold(ask.port)
    assert ask("GET", "/healthz")[0].status == 503
    s.close()


def test_an_hours_allowance_is_an_end(server):
    ask = server("client_mb_hour = 2;")
    assert ask("GET", "/down?bytes=1900000")[0].status == 200
    assert ask("POST", "/up", bytes(200000))[0].status in (200, 413)
    assert ask("GET", "/down?bytes=1")[0].status == 503


def test_a_hundred_clients_that_hang_up_leave_no_place_taken(server):
    ask = server("transfers = 200; client_transfers = 200;")
    threads = [threading.Thread(target=lambda: hold(ask.port).close()) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    end = time.monotonic() + 5
    while json.loads(ask("GET", "/healthz")[1])["transfers"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_https_serves_the_same(reflector, tmp_path):
    port = free_port()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"], check=True,
                   capture_output=True)
    reflector(stamp="enabled = false;",
              http=f'address = "127.0.0.1"; port = 0; tls_port = {port}; certificate = "{cert}"; certificate_key = "{key}";')
    context = ssl.create_default_context(cafile=str(cert))
    context.check_hostname = False
    c = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    c.request("GET", "/down?bytes=100000")
    assert len(c.getresponse().read()) == 100000
    c.close()
