# SPDX-License-Identifier: Apache-2.0
"""The verdict on IPv6, in networks that really are so: probe - r1 - r2 - server, with a fake name server
beside the reflector."""
import itertools
import json
import os
import subprocess
import sys
import time

import pytest
from conftest import BUILD, probe_command, reflector_conf
from linkemu import ip, unavailable, wait_for

NAME = "reflector.test"
SERVER4, SERVER6 = "198.51.100.2", "2001:db8:3::2"
_numbers = itertools.count()

# Answers A and AAAA; argv: address, then name=address words.  A name with no address of a family has
# none; other names do not exist.  "silent" as the only word: never answers.
RESOLVER = r'''
import ipaddress, socket, struct, sys
table = {}
for word in sys.argv[2:]:
    name, _, address = word.partition("=")
    table.setdefault(name, []).append(ipaddress.ip_address(address) if address else None)
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("ready", flush=True)
while True:
    m, peer = s.recvfrom(512)
    labels, at = [], 12
    while m[at]:
        labels.append(m[at + 1:at + 1 + m[at]].decode()); at += 1 + m[at]
    qtype = struct.unpack(">H", m[at + 1:at + 3])[0]
    question = m[12:at + 5]
    name = ".".join(labels).lower()
    if "silent" in table:
        continue
    found = [a for a in table.get(name, []) if a and a.version == {1: 4, 28: 6}.get(qtype)]
    rcode = 0 if name in table else 3
    answer = b"".join(struct.pack(">HHHIH", 0xc00c, qtype, 1, 60, len(a.packed)) + a.packed for a in found)
    s.sendto(m[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(found), 0, 0) + question + answer, peer)
'''


class Net:
    """probe (p), two routers (r1, r2) and a server (s) in a row; everything works over both families."""

    def __init__(self, folder):
        tag = f"{os.getpid() % 100000}-{next(_numbers)}"
        self.ns = {k: f"ps{k}{tag}" for k in ("p", "r1", "r2", "s")}
        self.children = []
        self.folder = str(folder)
        for ns in self.ns.values():
            ip("netns", "add", ns)
            ip("-n", ns, "link", "set", "lo", "up")
        self.cable("p", "r1", "10.61.1", "2001:db8:1::")
        self.cable("r1", "r2", "10.61.2", "2001:db8:2::")
        self.cable("r2", "s", "198.51.100", "2001:db8:3::")
        for r in ("r1", "r2"):
            self.run(r, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.route("p", "10.61.1.1", "2001:db8:1::1")
        self.route("r1", "10.61.2.2", "2001:db8:2::2")
        self.route("r2", "10.61.2.1", "2001:db8:2::1")
        self.route("s", "198.51.100.1", "2001:db8:3::1")

    def cable(self, a, b, four, six):
        """a gets .2 towards the probe's end and .1 elsewhere: the near end is always the gateway of the outer one."""
        first, second = ("2", "1") if a == "p" else ("1", "2")
        ip("link", "add", f"to{b}", "netns", self.ns[a], "type", "veth", "peer", "name", f"to{a}", "netns", self.ns[b])
        for end, other, last in ((a, b, first), (b, a, second)):
            # segments as long as on a wire: a link must not see more than its MTU
            self.ip(end, "link", "set", f"to{other}", "gso_max_segs", "1", "up")
            self.ip(end, "addr", "add", f"{four}.{last}/24", "dev", f"to{other}")
            self.ip(end, "addr", "add", f"{six}{last}/64", "dev", f"to{other}", "nodad")

    def route(self, end, four, six):
        self.ip(end, "route", "add", "default", "via", four)
        self.ip(end, "-6", "route", "add", "default", "via", six)

    def ip(self, end, *words):
        return ip("-n", self.ns[end], *words)

    def run(self, end, *words):
        return subprocess.run(["ip", "netns", "exec", self.ns[end], *words], check=True, capture_output=True, text=True)

    def start(self, end, *words):
        child = subprocess.Popen(["ip", "netns", "exec", self.ns[end], *words], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def serve(self, *names, resolver=SERVER4):
        child = self.start("s", sys.executable, "-c", RESOLVER, resolver, *names)
        assert child.stdout.readline() == "ready\n", child.stderr.read()
        child = self.start("s", f"{BUILD}/phusong-reflector", "run", "-c",
                           reflector_conf(self.folder, stamp="port = 862;", http="port = 8080;"))
        for line in child.stderr:
            if "ready" in line:
                return
        raise AssertionError("the reflector did not start")

    def narrow(self, mtu):
        """The cable between the routers takes less than those at the ends."""
        self.ip("r1", "link", "set", "tor2", "mtu", str(mtu))
        self.ip("r2", "link", "set", "tor1", "mtu", str(mtu))

    def hush(self):
        """The routers send no ICMPv6 of their own."""
        for r in ("r1", "r2"):
            self.ip(r, "-6", "rule", "add", "pref", "10", "iif", "lo", "ipproto", "ipv6-icmp", "blackhole")

    def measure(self, dns=SERVER4, **words):
        words = {"target": f"http://{NAME}:8080", "dns": dns, "timeout_ms": 2000, **words}
        # neighbours and duplicate address detection settle
        wait_for(lambda: "tentative" not in self.ip("p", "-6", "addr").stdout)
        done = subprocess.run(["ip", "netns", "exec", self.ns["p"], *probe_command("ipv6", **words)],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(records) == 1
        return records[0]

    def close(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(10)
            child.stdout.close()
            child.stderr.close()
        for ns in self.ns.values():
            subprocess.run(["ip", "netns", "del", ns], capture_output=True, check=False)


@pytest.fixture
def net(tmp_path):
    why = unavailable()
    if why:
        pytest.skip(why)
    made = Net(tmp_path)
    yield made
    made.close()


BOTH = (f"{NAME}={SERVER4}", f"{NAME}={SERVER6}")


def test_where_both_families_work_it_works(net):
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "works", r
    assert (r["v4_address"], r["v6_address"]) == ("private", "global")
    assert r["v4_route"] and r["v6_route"] and r["v4_dns"] and r["v6_dns"] and r["v4_udp"] and r["v6_udp"]
    assert r["v4_tcp_us"] > 0 and r["v6_tcp_us"] > 0 and r["v4_http_us"] > 0 and r["v6_http_us"] > 0
    assert r["v6_pmtu"] == 1500
    assert r["v4_error"] is None and r["v6_error"] is None
    assert r["nat64_prefix"] is None and r["clat"] is False


def test_a_narrow_path_that_says_so_works(net):
    net.narrow(1400)
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "works", r
    assert r["v6_pmtu"] == 1400


def test_a_narrow_path_that_says_nothing_is_a_black_hole(net):
    net.narrow(1400)
    net.hush()
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "pmtud_black_hole", r
    assert r["v6_udp"] is True
    assert r["v6_tcp_us"] > 0 and r["v6_http_us"] > 0
    assert r["v6_pmtu"] == 1400
    assert "vanish" in r["v6_error"]


def test_without_an_address_there_is_none(net):
    net.ip("p", "-6", "addr", "del", "2001:db8:1::2/64", "dev", "tor1")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "none", r
    assert r["v6_address"] == "link_local"
    assert r["v4_http_us"] > 0


def test_without_ipv6_at_all_there_is_none(net):
    net.run("p", "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "none", r
    assert r["v6_address"] == "none"


def test_local_addresses_alone_are_ula_only(net):
    net.ip("p", "-6", "addr", "del", "2001:db8:1::2/64", "dev", "tor1")
    net.ip("p", "-6", "addr", "add", "fd61::2/64", "dev", "tor1", "nodad")
    net.ip("p", "-6", "route", "replace", "default", "via", "fe80::1", "dev", "tor1")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "ula_only", r
    assert r["v6_address"] == "ula"


def test_an_address_without_a_way_out_is_no_route(net):
    net.ip("p", "-6", "route", "del", "default")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "no_route", r
    assert r["v6_route"] is False
    assert r["v6_error"].startswith("route:")


def test_a_silent_name_server_is_dns_broken(net):
    net.serve("silent")
    r = net.measure()
    assert r["verdict"] == "dns_broken", r
    assert r["v6_route"] is True
    assert r["v6_dns"] is None  # nobody said that there is none
    assert r["v6_error"].startswith("dns:")


def test_a_name_server_that_hides_the_address_is_dns_broken(net):
    net.serve(f"{NAME}={SERVER4}")
    r = net.measure(v6=SERVER6)
    assert r["verdict"] == "dns_broken", r
    assert r["v6_dns"] is False
    assert r["v6_http_us"] > 0


def test_a_target_without_ipv6_says_nothing_about_the_line(net):
    net.serve(f"{NAME}={SERVER4}")
    r = net.measure()
    assert r["verdict"] is None
    assert r["error"] == "no_server"


def test_udp_without_tcp_is_broken(net):
    net.ip("r1", "-6", "rule", "add", "pref", "10", "ipproto", "tcp", "blackhole")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "broken", r
    assert r["v6_udp"] is True and r["v6_tcp_us"] is None
    assert r["v6_error"].startswith("tcp:")


def test_nothing_behind_the_router_is_broken(net):
    net.ip("r1", "-6", "route", "replace", "blackhole", "2001:db8:3::/64")
    net.serve(*BOTH)
    r = net.measure()
    assert r["verdict"] == "broken", r
    assert r["v6_udp"] is False
    assert r["v4_http_us"] > 0


def test_only_ipv6_with_a_nat64_prefix_is_v6only(net):
    net.ip("p", "addr", "del", "10.61.1.2/24", "dev", "tor1")
    net.serve(*BOTH, "ipv4only.arpa=64:ff9b::c000:aa", "ipv4only.arpa=64:ff9b::c000:ab", resolver=SERVER6)
    r = net.measure(dns=f"[{SERVER6}]:53")
    assert r["verdict"] == "v6only_nat64", r
    assert r["nat64_prefix"] == "64:ff9b::/96"
    assert r["v4_address"] == "none"


def test_a_translator_on_the_line_is_seen(net):
    net.ip("p", "addr", "del", "10.61.1.2/24", "dev", "tor1")
    net.ip("p", "tuntap", "add", "clat", "mode", "tun")
    net.ip("p", "addr", "add", "192.0.0.4/32", "dev", "clat")
    net.ip("p", "link", "set", "clat", "up")
    net.serve(*BOTH, "ipv4only.arpa=2001:db8:64::192.0.0.170", resolver=SERVER6)
    r = net.measure(dns=f"[{SERVER6}]:53")
    assert r["verdict"] == "v6only_nat64", r
    assert r["clat"] is True
    assert r["nat64_prefix"] == "2001:db8:64::/96"


def test_a_reflector_that_is_down_is_not_the_fault_of_ipv6(net):
    child = net.start("s", sys.executable, "-c", RESOLVER, SERVER4, *BOTH)
    assert child.stdout.readline() == "ready\n"
    begun = time.monotonic()
    r = net.measure()
    assert r["verdict"] is None and r["error"] == "no_server", r
    assert time.monotonic() - begun < 15
