"""Map: tiles, first view and memory with 100,000 hamlets, beside one GeoJSON of everything"""
# SPDX-License-Identifier: Apache-2.0
# A generated registry, about thirty hamlets in each of the 3,321 communes, statuses by lot.  Times are those of a client on
# loopback that takes gzip.  Beside it what a map page without tiles would fetch: all hamlets and all boundaries at once.
import csv
import gzip
import http.client
import json
import math
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
from collector_tools import Collector, free_port, listening, wait_for  # noqa: E402

HAMLETS = int(os.environ.get("MAP_HAMLETS", 100_000))
SPOTS = 40  # hamlets looked at on each zoom
TARGETS = {"tile cold p95 ms": 100, "tile cached p95 ms": 20, "tile largest kB": 50, "first view kB": 150, "RSS MB": 64}


def places(source):
    """(code, name, commune, province, lat, lon)"""
    with open(ROOT / "config/vn/communes_2026-04-30.csv", newline="", encoding="utf-8") as f:
        communes = list(csv.DictReader(f))
    for i in range(HAMLETS):
        c = communes[i % len(communes)]
        spread = math.sqrt(float(c["area_km2"] or 10)) / 111 / 3
        yield (f"{c['commune_code']}-{i // len(communes):03}", f"Thôn {i // len(communes) + 1} {c['name_vi']}", c["commune_code"],
               c["province_code"], float(c["lat"]) + source.uniform(-spread, spread), float(c["lon"]) + source.uniform(-spread, spread))


def fill(collector, folder, source):
    """The registry by import, the statuses as copies of one real row."""
    def hamlets(name, rows):
        with open(folder / name, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([["hamlet_code", "hamlet", "commune_code", "lat", "lon"],
                                     *[[c, n, k, f"{a:.6f}", f"{o:.6f}"] for c, n, k, _, a, o in rows]])
        done = collector.run("import", "hamlets", folder / name, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    rows = list(places(source))
    collector.run("import", "units", ROOT / "config/vn")
    hamlets("one.csv", rows[:1])
    collector.run("judge")
    began = time.monotonic()
    hamlets("all.csv", rows)
    took = time.monotonic() - began
    with sqlite3.connect(f"{collector.data}/agg.db") as db:
        names = [c[1] for c in db.execute("PRAGMA table_info(status)")]
        template = dict(zip(names, db.execute("SELECT * FROM status WHERE plmn='*'").fetchone()))
        for code, _, commune, province, _, _ in rows:
            row = dict(template, hamlet=code, commune=commune, province=province, status=source.choices(range(7), (4, 5, 6, 10, 60, 10, 5))[0])
            db.execute(f"INSERT OR REPLACE INTO status VALUES({','.join('?' * len(names))})", [row[n] for n in names])
    return rows, took


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path):
        """(milliseconds, bytes on the wire without headers, ETag, body)"""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = self.connection.getresponse()
        data = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, (path, answer.status)
        body = gzip.decompress(data) if answer.getheader("Content-Encoding") == "gzip" else data
        return took, len(data), answer.getheader("ETag"), body


def tile_of(lat, lon, z):
    n = 2 ** z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * n), int(y * n)


def p95(values):
    return sorted(values)[int(len(values) * 0.95)]


def tiles(client, rows, source):
    print(f"{'zoom':>4} {'layer':8} {'tiles':>5} {'cold p50':>9} {'p95':>7} {'cached p50':>11} {'p95':>7} {'largest kB':>11}")
    every = {"cold": [], "cached": [], "bytes": []}
    for z in range(4, 15):
        spots = {tile_of(r[4], r[5], z) for r in source.sample(rows, SPOTS)}
        for layer in ("units", "hamlets"):
            cold, cached, sizes = [], [], []
            for x, y in spots:
                path = f"/tiles/{layer}/{z}/{x}/{y}.mvt"
                took, n, _, _ = client.get(path)
                cold.append(took)
                sizes.append(n)
                cached.append(client.get(path)[0])
            print(f"{z:4} {layer:8} {len(spots):5} {sorted(cold)[len(cold) // 2]:9.2f} {p95(cold):7.2f} "
                  f"{sorted(cached)[len(cached) // 2]:11.2f} {p95(cached):7.2f} {max(sizes) / 1000:11.1f}")
            every["cold"] += cold
            every["cached"] += cached
            every["bytes"] += sizes
    return p95(every["cold"]), p95(every["cached"]), max(every["bytes"]) / 1000


def first_view(client):
    """What a browser fetches for / at the zoom that shows the country."""
    total, seen, page = 0, set(), client.get("/")
    waiting = [m for m in re.findall(r'(?:src|href)="(/static/[^"]+)"', page[3].decode())]
    total += page[1]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        _, n, _, body = client.get(path)
        total += n
        if path.endswith(".js"):
            base = path.rsplit("/", 1)[0]
            for name in re.findall(r"""(?:from|import)\s*['"](\.{0,2}/[^'"]+)['"]""", body.decode()):
                waiting.append(name if name.startswith("/") else os.path.normpath(f"{base}/{name}"))
    parts = total
    for layer in ("units", "hamlets"):
        for x in range(24, 27):
            for y in range(13, 16):  # zoom 5: both archipelagos are in it
                total += client.get(f"/tiles/{layer}/5/{x}/{y}.mvt")[1]
    return total / 1000, parts / 1000, len(seen)


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(rf"{key}:\s+(\d+)", text)[1]) / 1024 for key in ("VmRSS", "VmHWM")]


def cpu(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def renewal(collector, client, row):
    """Seconds from a status being written until the tile shows it, and the processor time of it."""
    path = "/tiles/hamlets/12/{}/{}.mvt".format(*tile_of(row[4], row[5], 12))
    before, used = client.get(path)[2], cpu(collector.child.pid)
    with sqlite3.connect(f"{collector.data}/agg.db", timeout=30) as db:
        db.execute("UPDATE status SET status=(status+1)%5 WHERE hamlet=? AND plmn='*'", (row[0],))
    began = time.monotonic()
    slowest = 0
    while client.get(path)[2] == before and time.monotonic() - began < 60:
        slowest = max(slowest, client.get("/healthz")[0])
        time.sleep(0.02)
    return time.monotonic() - began, cpu(collector.child.pid) - used, slowest


def everything(client):
    """One file of all hamlets and the boundaries: compressed size in kB, seconds until it is there."""
    began, features, path = time.monotonic(), [], "/collections/hamlets/items?limit=10000"
    while path:
        page = json.loads(client.get(path)[3])
        features += page["features"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b"".join((ROOT / "config/vn" / name).read_bytes() for name in ("provinces.geojson", "communes.geojson"))
    return len(gzip.compress(text, 6)) / 1000, time.monotonic() - began


def main():
    source = random.Random(7)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-map-"))
    collector = Collector(folder, [], http=free_port(), profiles=("vn-4g-2019.conf",))
    try:
        rows, imported = fill(collector, folder, source)
        began = time.monotonic()
        with open(collector.log, "ab") as log:
            collector.child = subprocess.Popen([collector.program, "serve", "-c", collector.conf], stderr=log)
        assert wait_for(lambda: listening(collector.http), 60), collector.log.read_text()
        print(f"{HAMLETS} hamlets: imported in {imported:.1f} s, served {time.monotonic() - began:.1f} s after start")
        client = Client(collector.http)
        view, parts, files = first_view(client)
        cold, cached, largest = tiles(client, rows, source)
        wait, used, slowest = renewal(collector, client, rows[HAMLETS // 2])
        rss, most = memory(collector.child.pid)
        whole, took = everything(client)
        got = {"tile cold p95 ms": cold, "tile cached p95 ms": cached, "tile largest kB": largest, "first view kB": view, "RSS MB": rss}
        for name, value in got.items():
            print(f"{name:20} {value:8.1f}   target {TARGETS[name]:4}   {'met' if value <= TARGETS[name] else 'MISSED'}")
        print(f"first view: {parts:.0f} kB of it page and {files} files; RSS at most {most:.0f} MB")
        print(f"a changed status is in the tiles after {wait:.2f} s, {used:.2f} s of processor; the slowest other answer meanwhile {slowest:.0f} ms")
        for path in ("/", "/provinces/08", "/api/v1/provinces", "/api/v1/provinces/08/hamlets", "/metrics", "/api/v1/probes"):
            times = [client.get(path) for _ in range(5)]
            print(f"{path:32} {sorted(t[0] for t in times)[2]:7.1f} ms {times[0][1] / 1000:8.1f} kB")
        print(f"instead, one GeoJSON of everything: {whole:.0f} kB compressed in {took:.1f} s; "
              f"the first view is 1/{whole / view:.0f} of it, a tile at most 1/{whole / largest:.0f}")
        return 0
    finally:
        collector.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
