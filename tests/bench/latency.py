"""Round trips: phusong (STAMP, ICMP), fping and ping over one emulated link, beside its log and the wire"""
# SPDX-License-Identifier: Apache-2.0
# Error = what a tool says minus what happened to its own packets, for the median and the 99th percentile.
# "log": the emulator's times, which leave out what the kernel takes to hand a packet to it and back.
# "wire": a capture on the sender's interface with the kernel's times, the far end's holding time taken off.
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../net"))
from linkemu import B4, Link, echo_truth, stamp_truth, unavailable  # noqa: E402

PORT = 8862
COUNT, INTERVAL_MS = 200, 10


def capture():
    """In the sender's namespace: each packet with the kernel's time, until stdin ends; then JSON."""
    import threading
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL: what leaves is seen, too
    s.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.settimeout(0.1)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    rows = []
    while not over.is_set():
        try:
            data, ancillary, _, _ = s.recvmsg(2048, 256)
        except socket.timeout:
            continue
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == 35:
                sec, ns = struct.unpack("=qq", value)
                rows.append((sec * 10**9 + ns, data[:80].hex()))
    print(json.dumps(rows))


def wire_rtts(rows):
    """us, of STAMP and echo packets."""
    sent, out = {}, []
    for t, text in rows:
        p = bytes.fromhex(text)
        body = p[(p[0] & 15) * 4:] + bytes(40)
        if p[0] >> 4 != 4:
            continue
        if p[9] == 1 and body[0] in (8, 0):
            key = body[4:8]
            held = 0
        elif p[9] == 17 and PORT in struct.unpack(">HH", body[:4]):
            reply = struct.unpack(">H", body[:2])[0] == PORT
            body8 = body[8:]
            key = body8[24:28] if reply else body8[:4]
            held = 0
            if reply:
                t3, t2 = (int.from_bytes(body8[at:at + 8], "big") for at in (4, 16))
                held = (t3 - t2) / 2**32 * 1e9
            key = (b"s", key)
            body = b"\0" if reply else b"\x08"
        else:
            continue
        if body[0] == 8:
            sent[key] = t
        elif key in sent:
            out.append((t - sent.pop(key) - held) / 1000)
    return out


def quantile(values, q):
    v = sorted(values)
    return v[max(0, -(-int(q * 1000) * len(v) // 1000) - 1)]


def tool_phusong(method):
    def run(link, build):
        target = f"{B4}:{PORT}" if method == "stamp" else B4
        done = link.run("a", f"{build}/tools/probe_run", "latency", f"target={target}", f"method={method}",
                        f"count={COUNT}", f"interval_ms={INTERVAL_MS}", "timeout_ms=1000")
        r = json.loads(done.stdout)
        return r["rtt_p50_us"], r["rtt_p99_us"]
    return run


def tool_of(words, pattern):
    def run(link, _):
        text = link.run("a", *words).stdout
        values = [float(v) * 1000 for v in re.findall(pattern, text)]
        return quantile(values, 0.5), quantile(values, 0.99)
    return run


TOOLS = [
    ("phusong stamp", tool_phusong("stamp"), lambda rows: stamp_truth(rows, PORT)),
    ("phusong icmp", tool_phusong("icmp"), echo_truth),
    ("fping", tool_of(["fping", "-c", str(COUNT), "-p", str(INTERVAL_MS), "-t", "1000", B4], r"bytes, ([\d.]+) ms"), echo_truth),
    ("ping", tool_of(["ping", "-c", str(COUNT), "-i", str(INTERVAL_MS / 1000), B4], r"time=([\d.]+) ms"), echo_truth),
]


def measure(link, build, tool, truth_of):
    before = len(link.packets())
    cap = subprocess.Popen(link.command("a", sys.executable, os.path.abspath(__file__), "--capture"),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    cap.stdout.readline()
    p50, p99 = tool(link, build)
    time.sleep(0.2)
    rows, _ = cap.communicate("", timeout=20)
    wire = wire_rtts(json.loads(rows))
    truth = truth_of(link.packets()[before:])
    return (p50, p99, p50 - truth.median(), p99 - truth.quantile(0.99),
            p50 - quantile(wire, 0.5), p99 - quantile(wire, 0.99))


def table(link, build, title):
    print(f"{title}\n{'':14} {'median':>9} {'p99':>9}   {'error against log':>19}   {'against the wire':>19}   (us)")
    out = {}
    for name, tool, truth_of in TOOLS:
        if name in ("fping", "ping") and subprocess.run(["which", name], capture_output=True, check=False).returncode:
            print(f"{name:14} not installed")
            continue
        r = measure(link, build, tool, truth_of)
        out[name] = r
        print(f"{name:14} {r[0]:9.0f} {r[1]:9.0f}   {r[2]:9.1f} {r[3]:9.1f}   {r[4]:9.1f} {r[5]:9.1f}", flush=True)
    return out


def main():
    why = unavailable()
    if why:
        print(f"skipped: {why}")
        return 0
    build = os.path.abspath(os.environ.get("PHUSONG_O", "build"))
    folder = os.path.join(build, "bench")
    os.makedirs(folder, exist_ok=True)
    link = Link(build, folder, delay_ms=20)
    try:
        conf = os.path.join(folder, "reflector.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"stamp = {{ port = {PORT}; }};\nhttp = {{ enabled = false; }};\n")
        link.start("b", f"{build}/phusong-reflector", "run", "-c", conf, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        idle = table(link, build, f"idle, 20 ms each way, {COUNT} packets every {INTERVAL_MS} ms")
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
        try:
            busy = table(link, build, "every CPU busy")
        finally:
            for h in hogs:
                h.kill()
                h.wait()
        for name, rows, target in (("idle", idle, 50), ("busy", busy, 200)):
            error = abs(rows["phusong stamp"][4])
            verdict = "met" if error <= target else "MISSED"
            others = ", ".join(f"{abs(rows[n][4]) / max(error, 0.1):.0f} x {n}" for n in ("fping", "ping") if n in rows)
            print(f"{name}: median error against the wire {error:.1f} us, target {target} us: {verdict}"
                  f"{'; others are larger by ' + others if others else ''}")
    finally:
        link.close()
    return 0


if __name__ == "__main__":
    if "--capture" in sys.argv:
        capture()
    else:
        sys.exit(main())
