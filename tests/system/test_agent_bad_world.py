# SPDX-License-Identifier: Apache-2.0
"""Name servers that never answer, brokers that refuse, hang or lie: the agent measures on and keeps what it has."""

import contextlib
import re
import socket
import subprocess
import threading

import pytest

from agent_tools import AGENT, Agent, free_port, until

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")

SANITIZED = AGENT.exists() and b"san.so" in subprocess.run(["ldd", AGENT], capture_output=True, check=False).stdout
STEADY = """{ kind = "latency"; name = "steady"; target = "127.0.0.1"; method = "icmp"; interval_s = 1; count = 2;
              interval_ms = 10; timeout_ms = 300; }"""


def rounds(agent, name):
    return [r for r in agent.records() if r["kind"] == "latency" and r["test"] == name]


def measures_on(agent, n=4):
    """The next n rounds arrive and are good, at their pace."""
    seen = len(rounds(agent, "steady"))
    assert until(lambda: len(rounds(agent, "steady")) >= seen + n, 4 * n), agent.log.read_text()
    for r in rounds(agent, "steady")[seen:]:
        assert r["error"] is None and r["received"] == 2 and r["lag_us"] < 300000


def test_a_name_server_that_never_answers_holds_nothing_up(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        agent = Agent(tmp_path)
        agent.write(agent=f'dns = "127.0.0.1:{silent.getsockname()[1]}";', journal="sync_s = 0;", tests=STEADY + """,
            { kind = "latency"; name = "named"; target = "reflector.test"; interval_s = 1; count = 2; timeout_ms = 300; }""")
        agent.start()
        try:
            measures_on(agent)
            named = until(lambda: rounds(agent, "named"), 20)
            assert named and named[0]["error"] == "dns" and "no name server answered" in named[0]["error_text"]
            measures_on(agent, 2)
        finally:
            assert agent.stop() == 0


@contextlib.contextmanager
def broker(says):
    """Accepts and answers every connection with these bytes, None: with nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    held.append(listening.accept()[0])
                    if says is not None:
                        held[-1].recv(4096)
                        held[-1].sendall(says)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()


# what is never whole is given up after the 20 s that a connection may take
@pytest.mark.parametrize("name, says, told", [
    ("refuses the connection", "closed port", True),
    ("hangs", None, False),
    ("refuses the probe", b"\x20\x03\x00\x87\x00", True),  # MQTT 5 3.2.2.2: not authorized
    ("says it knows the session and then garbage", b"\x20\x03\x01\x00\x00\xff\xff\xff\xff\xff", True),
    ("announces 256 MB in its CONNACK", b"\x20\xff\xff\xff\x7f\x00\x00", False),
    ("speaks HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
])
def test_a_bad_broker_is_told_and_nothing_is_lost(tmp_path, name, says, told):
    with contextlib.ExitStack() as stack:
        port = free_port() if says == "closed port" else stack.enter_context(broker(says))
        agent = Agent(tmp_path)
        agent.write(journal="sync_s = 0;", tests=STEADY,
                    uplink=f'brokers = [ "mqtt://127.0.0.1:{port}" ]; stop_s = 1; gather_s = 0;')
        agent.start()
        try:
            measures_on(agent)
            assert not told or until(lambda: agent.status()["uplink"]["problem"], 10), name
            status = agent.status()
            assert status["uplink"]["last_receipt_age_s"] is None and status["journal"]["dropped"] == 0
            records = agent.records()
            assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
            rss = re.search(r"^VmRSS:\s*(\d+)", open(f"/proc/{agent.process.pid}/status", encoding="ascii").read(), re.M)
            assert int(rss.group(1)) < 32 * 1024 or SANITIZED, name
        finally:
            assert agent.stop() == 0
