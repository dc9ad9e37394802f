# SPDX-License-Identifier: Apache-2.0
"""Whose fault it is: local servers that behave like portals, broken services and silent hosts."""
import http.server
import socket
import ssl
import subprocess
import threading

import pytest


PAGES = {
    "/refresh": '<html><head><META content="0; URL=https://www.topup.test/pay?msisdn=84912345678" http-equiv="Refresh"></head></html>',
    "/told": "<html><body>Tài khoản của quý khách đã HẾT TIỀN. Vui lòng nạp thêm.</body></html>",
    "/long": "x" * 100000 + "hết tiền",
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        if self.path in PAGES:
            body = PAGES[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        status = int(self.path.strip("/") or 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://login.test/")
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = []

    def make(context=None):
        one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            one.socket = context.wrap_socket(one.socket, server_side=True)
        threading.Thread(target=one.serve_forever, daemon=True).start()
        made.append(one)
        return f"{'https' if context else 'http'}://127.0.0.1:{one.server_port}"

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


@pytest.fixture
def silent():
    """A host that accepts and never says anything."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        yield f"http://127.0.0.1:{s.getsockname()[1]}"


def certificate(folder, name):
    cert, key = f"{folder}/{name}.pem", f"{folder}/{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", key, "-out", cert, "-subj", "/CN=test", "-addext", f"subjectAltName=IP:{name}"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


@pytest.mark.parametrize("status, expect, verdict", [
    (204, 204, "ok"), (200, 0, "ok"), (200, 204, "captive_portal"), (302, 204, "captive_portal"),
    (511, 0, "captive_portal"), (500, 204, "service"), (404, 0, "service")])
def test_the_answer_decides(server, probe, status, expect, verdict):
    (r,) = probe("service", target=f"{server()}/{status}", expect=expect)
    assert r["verdict"] == verdict
    assert r["http_status"] == status
    assert r["error"] is None
    assert r["tcp_us"] > 0 and r["first_byte_us"] > 0 and r["total_us"] >= r["tcp_us"]


@pytest.mark.parametrize("path, settings, portal, host", [
    ("/302", {}, "login", "login.test"),
    ("/302", {"credit_hosts": "*.topup.test"}, "login", "login.test"),
    ("/302", {"credit_hosts": "*.topup.test,LOGIN.*"}, "credit", "login.test"),
    ("/refresh", {}, "login", "www.topup.test"),
    ("/refresh", {"credit_hosts": "*.topup.test"}, "credit", "www.topup.test"),
    ("/told", {"credit_hosts": "*"}, "login", None),
    ("/told", {"credit_answers": "đã HẾT TIỀN*nạp thêm"}, "credit", None),
    ("/told", {"credit_answers": "hết hạn"}, "login", None),
    ("/long", {"credit_answers": "hết tiền"}, "login", None),  # only the beginning of a page is looked at
])
def test_whose_portal_it_is(server, probe, path, settings, portal, host):
    (r,) = probe("service", target=f"{server()}{path}", expect=204, **settings)
    assert (r["verdict"], r["portal"], r["portal_host"], r["expected"]) == ("captive_portal", portal, host, 204)
    assert r["failed_at"] == "answer"
    assert "84912345678" not in str(r)


def test_what_is_no_portal_names_none(server, probe):
    for status in (204, 500):
        (r,) = probe("service", target=f"{server()}/{status}", expect=204, credit_answers="x")
        assert r["portal"] is None and r["portal_host"] is None
        assert r["failed_at"] == (None if status == 204 else "answer")


def test_the_first_step_that_failed_is_told(server, silent, probe, tmp_path):
    with socket.socket() as s:  # bound, not listening: refused
        s.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{s.getsockname()[1]}"
        # what the control target did is another matter
        assert probe("service", target=nobody, control=f"{server()}/204")[0]["failed_at"] == "connect"
    assert probe("service", target=silent, timeout_ms=300)[0]["failed_at"] == "answer"
    assert probe("service", target=silent.replace("http", "https"), timeout_ms=300)[0]["failed_at"] == "tls"
    assert probe("service", target="http://service.test/", dns="127.0.0.1:9", timeout_ms=300)[0]["failed_at"] == "dns"
    (r,) = probe("service", target="http://[2001:db8::1]/", iface="lo", timeout_ms=300)
    assert r["failed_at"] in ("route", "connect") and r["verdict"] == "network"


def test_a_control_target_tells_the_network_from_the_service(server, silent, probe):
    with socket.socket() as s:  # bound, not listening: refused
        s.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{s.getsockname()[1]}"
        assert probe("service", target=nobody, control=f"{server()}/204")[0]["verdict"] == "service"
        assert probe("service", target=nobody, control=nobody)[0]["verdict"] == "network"
    (r,) = probe("service", target=silent, timeout_ms=500)
    assert r["verdict"] == "service"
    assert r["error_text"]


def test_a_silent_name_server_is_the_network(probe):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        (r,) = probe("service", target="http://service.test/", dns=f"127.0.0.1:{s.getsockname()[1]}", timeout_ms=500)
    assert r["verdict"] == "network"
    assert r["duration_ms"] < 1000


def test_certificates_are_checked(server, probe, tmp_path):
    good, cert = certificate(tmp_path, "127.0.0.1")
    (r,) = probe("service", target=f"{server(good)}/200", ca_file=cert)
    assert r["verdict"] == "ok" and r["tls"] is True and r["tls_us"] > 0
    assert r["certificate"] is None and r["failed_at"] is None
    (r,) = probe("service", target=f"{server(good)}/200")
    assert (r["verdict"], r["certificate"], r["failed_at"]) == ("certificate", "untrusted", "tls")
    other, cert = certificate(tmp_path, "127.0.0.9")
    (r,) = probe("service", target=f"{server(other)}/200", ca_file=cert)
    assert (r["verdict"], r["certificate"], r["failed_at"]) == ("certificate", "name", "tls")


def test_throughput_over_tls_checks_the_certificate(reflector, probe, tmp_path):
    _, cert = certificate(tmp_path, "127.0.0.1")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    reflector(stamp="enabled = false;", http=f'port = 0; tls_port = {port}; certificate = "{cert}"; '
              f'certificate_key = "{tmp_path}/127.0.0.1.key"; address = "127.0.0.1";')
    (r,) = probe("throughput", target=f"https://127.0.0.1:{port}", direction="down", ca_file=cert)
    assert r["error"] is None and r["tls"] is True and r["method"] == "https"
    (r,) = probe("throughput", target=f"https://127.0.0.1:{port}", direction="down")
    assert r["error"] == "certificate" and r["rate_bps"] is None
