# SPDX-License-Identifier: Apache-2.0
"""What the collector answers on HTTP: documented shapes, polite refusals, and nothing that brings it down."""
import csv
import gzip
import http.client
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import ps1  # noqa: E402
from collector_tools import COLLECTOR, FEEDER, ROOT, Broker, Collector, free_port, wait_for  # noqa: E402

pytestmark = pytest.mark.skipif(not COLLECTOR.exists(), reason=f"{COLLECTOR} is not built")

HAMLET, PROVINCE, COMMUNE = "T-0001", "04", "01273"
SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
VALUES = {"province": PROVINCE, "hamlet": HAMLET, "collection": "hamlets", "layer": "hamlets", "z": "7", "x": "101", "y": "55",
          "scope": PROVINCE, "format": "csv"}
FILES = {"/static/{file}": "/static/style.css", "/static/lib/{file}": "/static/lib/leaflet.js"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A collector with three hamlets, and one probe with records."""
    folder = tmp_path_factory.mktemp("http")
    broker = Broker(folder)
    c = Collector(folder, broker.port, http=free_port(), profiles=("vn-4g-2019.conf",))
    hamlets = folder / "hamlets.csv"
    with open(hamlets, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([["hamlet_code", "hamlet", "commune_code", "lat", "lon"],
                                 [HAMLET, "Sông <Hiến> & \"bạn\"", COMMUNE, "22.663864", "106.231622"],
                                 ["T-0002", "Nà Cạn", COMMUNE, "22.66", "106.25"], ["T-0003", "Không toạ độ", COMMUNE, "", ""]])
    c.run("import", "units", ROOT / "config/vn")
    c.run("import", "operators", ROOT / "config/vn/plmn_452.csv")
    c.run("import", "hamlets", hamlets)
    probe = ps1.Probe(71)
    c.run("probe", "add", probe.text, "--hamlet", HAMLET)
    c.start()
    broker.publish(probe.topic(), probe.heartbeats(1, 20))
    assert wait_for(lambda: c.probe(probe.text)["received"] == 20)
    assert wait_for(lambda: c.json(f"/api/v1/hamlets/{HAMLET}")["judgements"], 20)
    c.probe_id, c.broker_port = probe.text, broker.port
    yield c
    assert c.child.poll() is None, "the collector lives"
    c.stop()
    broker.close()
    # with PHUSONG_O a build under a sanitizer this is its verdict
    said = [line for line in c.log.read_text(errors="replace").splitlines() if "Sanitizer" in line or "runtime error" in line]
    assert not said, said


def ask(c, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", c.http, timeout=30)
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


def filled(c, pattern):
    if pattern in FILES:
        return FILES[pattern]
    return re.sub(r"\{(\w+)\}", lambda m: c.probe_id if m[1] == "probe" else VALUES[m[1]], pattern)


def conforms(value, schema, document, at="$"):
    """The part of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for part in schema.get("allOf", ()):
        conforms(value, part, document, at)
    if value is None:
        assert schema.get("nullable"), f"{at} is null"
        return
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in schema:
        assert isinstance(value, types[schema["type"]]) and not (schema["type"] == "integer" and isinstance(value, bool)), \
            f"{at}: {value!r} is no {schema['type']}"
    assert value in schema.get("enum", [value]), f"{at}: {value!r}"
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), f"{at}: {set(schema['required']) - set(value)} is missing"
        for key, one in value.items():
            more = schema.get("additionalProperties")
            known = schema.get("properties", {}).get(key, more if isinstance(more, dict) else None)
            if known:
                conforms(one, known, document, f"{at}.{key}")
    if isinstance(value, list):
        for i, one in enumerate(value):
            conforms(one, schema.get("items", {}), document, f"{at}[{i}]")


def test_the_openapi_document_lists_exactly_the_table_of_endpoints(served):
    document = served.json("/api/v1/openapi.json")
    assert document["openapi"].startswith("3.0")
    assert {e["path"] for e in served.json("/api/v1")} == set(document["paths"])
    names = set(document["components"]["schemas"])
    assert set(re.findall(r'#/components/schemas/(\w+)', json.dumps(document))) <= names
    assert set(re.findall(r'#/components/parameters/(\w+)', json.dumps(document))) <= set(document["components"]["parameters"])


def test_each_documented_path_answers_in_the_documented_shape(served):
    document = served.json("/api/v1/openapi.json")
    for pattern, path in document["paths"].items():
        if "get" not in path:
            continue  # test_enroll.py
        status, headers, body = served.get(filled(served, pattern))
        assert status == 200, pattern
        (type_, media), = path["get"]["responses"]["200"]["content"].items()
        assert type_ == "*/*" or headers.get_content_type() == type_, pattern
        if "json" in type_:
            conforms(json.loads(body), media["schema"], document, pattern)


def test_each_answer_carries_the_protecting_headers(served):
    for pattern in [e["path"] for e in served.json("/api/v1")] + ["/nothing", "/api/v1/nothing"]:
        _, headers, _ = served.get(filled(served, pattern))
        assert {k: headers[k] for k in SECURITY} == SECURITY, pattern
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_an_unchanged_answer_is_304_and_head_is_get_without_the_body(served):
    for pattern in [e["path"] for e in served.json("/api/v1") if e["method"] == "GET"]:
        if pattern in ("/metrics",):
            continue
        path = filled(served, pattern)
        status, headers, body = served.get(path)
        etag = headers["ETag"]
        assert etag.startswith('W/"')
        again, empty = ask(served, "GET", path, **{"If-None-Match": f'"other", {etag}'})
        assert again.status == 304 and empty == b"" and again.getheader("ETag") == etag, pattern
        head, empty = ask(served, "HEAD", path)
        assert head.status == status and empty == b"" and head.getheader("Content-Length") == str(len(body)), pattern
        assert ask(served, "GET", path, **{"If-None-Match": 'W/"00"'})[0].status == 200


def test_gzip_is_given_to_who_takes_it(served):
    for path in ("/", "/static/lib/leaflet.js", "/api/v1/provinces", "/tiles/units/5/25/13.mvt"):
        plain, body = ask(served, "GET", path)
        for _ in range(2):  # the second comes from the cache
            packed, data = ask(served, "GET", path, **{"Accept-Encoding": "br, gzip"})
            assert packed.getheader("Content-Encoding") == "gzip" and gzip.decompress(data) == body
            assert len(data) < len(body) and "Accept-Encoding" in packed.getheader("Vary")
        assert plain.getheader("Content-Encoding") is None
        refused, data = ask(served, "GET", path, **{"Accept-Encoding": "gzip;q=0"})
        assert refused.getheader("Content-Encoding") is None and data == body


@pytest.mark.parametrize("path,status", [
    ("/api/v1/hamlets/none", 404), ("/api/v1/probes/none", 404), ("/api/v1/provinces/99/hamlets", 404), ("/api/v1/nothing", 404),
    ("/collections/none", 404), ("/collections/hamlets/items/none", 404), ("/collections/hamlets/items?limit=0", 400),
    ("/collections/hamlets/items?limit=abc", 400), ("/collections/hamlets/items?limit=", 400),
    ("/collections/hamlets/items?offset=-1", 400), ("/collections/hamlets/items?bbox=1,2,3", 400),
    ("/collections/hamlets/items?bbox=nan,0,1,1", 400), ("/collections/hamlets/items?status=red", 400),
    ("/collections/hamlets/items?limit=99999999", 200), ("/api/v1/probes?limit=0", 400), ("/api/v1/probes?limit=1", 200),
    ("/api/v1/probes?offset=9", 200)])
def test_programs_are_told_in_json_what_is_wrong(served, path, status):
    got, headers, body = served.get(path)
    assert got == status
    if status >= 400:
        assert headers.get_content_type() == "application/problem+json" and json.loads(body)["status"] == status


@pytest.mark.parametrize("path,status", [
    ("/hamlets/none", 404), ("/provinces/99", 404), ("/reports/99.csv", 404), ("/reports/04.exe", 404), ("/nothing", 404),
    ("/tiles/units/5/99/0.mvt", 404), ("/tiles/units/99/0/0.mvt", 404), ("/tiles/none/0/0/0.mvt", 404),
    ("/tiles/units/-1/0/0.mvt", 404), ("/static/../main.c", 404), ("/static/%2e%2e%2fmain.c", 404), ("/probes?offset=x", 400),
    ("/" + "a" * 300, 414), ("/reports/04.csv%0d%0aSet-Cookie:%20x=1", 404), ("/hamlets/%00", 404)])
def test_people_are_told_on_a_page_what_is_wrong(served, path, status):
    got, headers, _ = served.get(path)
    assert got == status and headers.get_content_type() == "text/html" and headers.get("Set-Cookie") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_only_reading_is_allowed(served, method):
    answer, _ = ask(served, method, "/api/v1/summary", body=b"x" * 1000 if method in ("POST", "PUT", "PATCH") else None)
    assert answer.status == 405 and answer.getheader("Allow") == "GET, HEAD"


def test_a_huge_body_is_refused_before_it_is_sent(served):
    with socket.create_connection(("127.0.0.1", served.http), timeout=10) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert b" 405 " in s.recv(4096)


def test_text_from_outside_is_text_on_the_page(served):
    _, _, body = served.get(f"/hamlets/{HAMLET}")
    assert "Sông &lt;Hiến&gt; &amp; &quot;bạn&quot;".encode() in body and "<Hiến>".encode() not in body


def brands_of_a_judgement_about(c, plmn):
    with sqlite3.connect(f"{c.data}/agg.db", timeout=20) as db:
        row = list(db.execute("SELECT * FROM status WHERE hamlet=? AND plmn='*'", (HAMLET,)).fetchone())
        row[2] = plmn
        db.execute(f"INSERT OR REPLACE INTO status VALUES({','.join('?' * len(row))})", row)
    return {j["operator"]: j["operator_name"] for j in c.json(f"/api/v1/hamlets/{HAMLET}")["judgements"]}


def test_operators_have_their_brand_beside_the_number(served):
    # the worker may judge in between and take the row away
    assert wait_for(lambda: brands_of_a_judgement_about(served, "45204").get("45204") == "Viettel")
    assert brands_of_a_judgement_about(served, "45204").get("*", "there") is None
    assert "Viettel (45204)" in served.get(f"/hamlets/{HAMLET}")[2].decode()


def test_a_chosen_language_stays_and_only_known_ones_do(served):
    _, headers, body = served.get("/?lang=en")
    assert headers["Set-Cookie"].startswith("lang=en;") and b'<html lang="en">' in body
    assert b'<html lang="en">' in served.get("/probes", Cookie="lang=en")[2]
    for evil in ("xx", "%0d%0aX:1", "v" * 5000):
        status, headers, body = served.get(f"/?lang={evil}")
        assert status in (200, 414, 431, 413) and headers.get("Set-Cookie") is None and headers.get("X") is None


def test_filters_page_by_page_show_each_hamlet_once(served):
    seen, path = [], f"/collections/hamlets/items?limit=1&province={PROVINCE}"
    while path:
        page = served.json(path)
        assert page["numberMatched"] == 3
        seen += [f["id"] for f in page["features"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert seen == ["T-0001", "T-0002", "T-0003"]
    assert [f["id"] for f in served.json("/collections/hamlets/items?bbox=106.24,22,107,23")["features"]] == ["T-0002"]


def test_a_new_hamlet_is_on_the_map_soon(served, tmp_path):
    before = served.get("/tiles/hamlets/14/12994/7146.mvt")[1]["ETag"]
    more = tmp_path / "more.csv"
    more.write_text(f"hamlet_code,hamlet,commune_code,lat,lon\nT-0004,Nà Mới,{COMMUNE},22.664,106.232\n")
    served.run("import", "hamlets", more)
    assert wait_for(lambda: served.get("/api/v1/hamlets/T-0004")[0] == 200, 5)
    assert before


def test_two_reports_at_once_do_not_hold_the_map_up(served):
    answers = []
    def report():
        answers.append(served.get("/reports/all.html"))
    threads = [threading.Thread(target=report) for _ in range(6)]
    for t in threads:
        t.start()
    began = time.monotonic()
    assert served.get("/healthz")[0] == 200 and time.monotonic() - began < 5
    for t in threads:
        t.join()
    assert {a[0] for a in answers} <= {200, 503} and any(a[0] == 200 for a in answers)
    assert all(a[1]["Retry-After"] for a in answers if a[0] == 503)


def test_all_endpoints_from_eight_threads_while_probes_deliver_and_lists_change(served, tmp_path):
    paths = [filled(served, e["path"]) for e in served.json("/api/v1") if e["method"] == "GET"]
    paths += [f"/tiles/{layer}/{z}/{int(0.794 * 2 ** z)}/{int(0.436 * 2 ** z)}.mvt" for layer in ("units", "hamlets") for z in range(0, 15)]
    probes = 12
    for seed in range(probes):
        name = subprocess.run([FEEDER, "id", str(seed)], capture_output=True, text=True, check=True).stdout.strip()
        served.run("probe", "add", name, "--hamlet", HAMLET, "--simulated")
    feeder = subprocess.Popen([FEEDER, "run", f"mqtt://127.0.0.1:{served.broker_port}", str(probes), "2000", "50", "4", "2", "90"],
                              stdout=subprocess.PIPE, text=True)
    bad, ending = [], threading.Event()

    def reader(seed):
        source = random.Random(seed)
        while not ending.is_set():
            path = source.choice(paths)
            status, _, _ = served.get(path, **({"Accept-Encoding": "gzip"} if source.random() < 0.5 else {}))
            if status != 200 and not (status == 503 and path.startswith("/reports")):
                bad.append((path, status))

    threads = [threading.Thread(target=reader, args=(seed,)) for seed in range(8)]
    for t in threads:
        t.start()
    more = tmp_path / "more.csv"
    for n in range(4):
        more.write_text(f"hamlet_code,hamlet,commune_code,lat,lon\nT-1{n:03},Thôn {n},{COMMUNE},22.66{n},106.23\n")
        served.run("import", "hamlets", more)
        time.sleep(1.5)
    done = json.loads(feeder.communicate(timeout=100)[0])
    ending.set()
    for t in threads:
        t.join()
    assert done["done"] and not bad, bad[:5]
    assert served.verify()["sound"]


def garbage(source):
    kind = source.randrange(6)
    noise = bytes(source.randrange(256) for _ in range(source.randrange(1, 120)))
    if kind == 0:
        return noise
    if kind == 1:
        return b"GET /" + noise.replace(b"\n", b"") + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    if kind == 2:
        path = "/".join(source.choice(["tiles", "api", "v1", "hamlets", "units", "%00", "..", "{}", "-1", "9" * 30, "%ff", "", "collections",
                                       "reports", "all.html.html", "static", "lib"]) for _ in range(source.randrange(1, 8)))
        return f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    if kind == 3:
        query = "&".join(f"{source.choice(['limit', 'bbox', 'lang', 'offset', 'status', '%'])}={source.choice(['', '-1', '1e9', '%', 'a' * 99, '1,2,3,4'])}"
                         for _ in range(source.randrange(1, 40)))
        return f"GET /collections/hamlets/items?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    if kind == 4:
        return b"GET / HTTP/1.1\r\n" + b"".join(b"%c: %s\r\n" % (65 + i % 26, noise.replace(b"\r", b"").replace(b"\n", b"")) for i in range(source.randrange(60))) + b"\r\n"
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + source.choice([b"ffffffffffffffff\r\n", b"-1\r\n", b"5\r\nabc", noise])


def test_malformed_requests_bring_nothing_down(served):
    """PHUSONG_GARBAGE=n sends n of them instead of some thousands."""
    count = int(os.environ.get("PHUSONG_GARBAGE", 3000))
    source = random.Random(42)
    for i in range(0, count, 20):
        try:
            with socket.create_connection(("127.0.0.1", served.http), timeout=10) as s:
                s.settimeout(0.002)
                for _ in range(20):
                    s.sendall(garbage(source))
                    try:
                        while s.recv(65536):
                            pass
                    except TimeoutError:
                        pass
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert served.get("/healthz")[0] == 200 and served.child.poll() is None


def test_slow_readers_and_writers_do_not_keep_others_waiting(served):
    slow = []
    for _ in range(60):
        s = socket.create_connection(("127.0.0.1", served.http), timeout=10)
        s.sendall(b"GET / HTTP/1.1\r\nHost: ")
        slow.append(s)
    began = time.monotonic()
    assert served.get("/healthz")[0] == 200
    assert time.monotonic() - began < 1
    for s in slow:
        s.close()
