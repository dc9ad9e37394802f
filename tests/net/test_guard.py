# SPDX-License-Identifier: Apache-2.0
"""The daemon and the line: what waits for others, what is left out, what is stopped when the allowance is used up."""
import os
import subprocess
import sys

import pytest
from linkemu import A4, B4, wait_for
from test_foreign import others

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../system"))
from agent_tools import AGENT, Agent  # noqa: E402

PORT = 8080
NOW = 'interval_s = 1; direction = "down";'


@pytest.fixture
def daemon(link, reflector, tmp_path):
    """daemon(shape, tests, **sections): a line, a reflector at its far end, and the agent at this one."""
    running = []

    def make(shape, tests, **sections):
        made = link(**shape)
        reflector(made.command("b"), stamp="port = 862;", http=f"port = {PORT};")
        agent = Agent(tmp_path, tests=tests.replace("TARGET", f'target = "http://{B4}:{PORT}"'), journal="sync_s = 0;", **sections)
        agent.link = made
        with open(agent.log, "ab") as log:
            agent.process = subprocess.Popen(made.command("a", str(AGENT), "run", "-c", str(agent.conf)), stderr=log)
        running.append(agent)
        assert wait_for(agent.status, 15), agent.log.read_text()
        return agent

    yield make
    for agent in running:
        agent.stop()


def throughputs(agent):
    return [r for r in agent.records() if r["kind"] == "throughput"]


def test_on_a_busy_line_it_is_put_off_and_left_out_with_a_record_and_runs_when_the_line_is_idle(daemon):
    agent = daemon({"delay_ms": 10, "rate_kbit": 20_000}, f'{{ kind = "throughput"; TARGET; {NOW} }}',
                   agent='iface = "em0";', budget="busy_retries = 2; busy_retry_s = 1;")
    other = others(agent.link, "b", A4, 300)
    assert wait_for(lambda: agent.status()["tests"][0]["waits_for"] == "line", 20), agent.status()
    assert wait_for(lambda: throughputs(agent), 20), agent.status()
    r = throughputs(agent)[0]
    assert r["error"] == "busy_line" and r["competing_bps"] == pytest.approx(300_000, rel=0.2), r
    assert r["rate_bps"] is None
    assert agent.status()["tests"][0]["invocations"] == 0
    # the others go home
    other.terminate()
    assert wait_for(lambda: [r for r in throughputs(agent) if not r["error"]], 40), agent.status()
    r = [r for r in throughputs(agent) if not r["error"]][0]
    assert r["competing_method"] == "capture" and r["competing_bps"] < 2000 and r["interference"] == "none", r


def test_what_the_agent_itself_sends_is_not_traffic_of_others(daemon):
    """Results to a broker that are sent again and again, and a latency test beside it: 1.1 Mbit/s each way."""
    beside = f'{{ kind = "latency"; target = "{B4}:862"; interval_s = 1; count = 100; interval_ms = 10; size = 1400; }}'
    agent = daemon({"delay_ms": 10, "rate_kbit": 20_000}, f'{{ kind = "throughput"; TARGET; {NOW} }}, {beside}',
                   agent='iface = "em0";', uplink=f'brokers = [ "mqtt://{B4}:1883" ]; gather_s = 0; stop_s = 0; resend_s = 1;',
                   budget="idle_down_kbps = 0; idle_up_kbps = 0;")
    conf = agent.folder / "mosquitto.conf"
    conf.write_text("listener 1883 0.0.0.0\nallow_anonymous true\n")
    agent.link.start("b", "mosquitto", "-c", str(conf), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert wait_for(lambda: agent.status()["uplink"]["connected"], 20)
    done, sent = len(throughputs(agent)), agent.status()["uplink"]["bytes_sent"]
    assert wait_for(lambda: len(throughputs(agent)) >= done + 4, 40), agent.status()
    assert agent.status()["uplink"]["bytes_sent"] > sent + 2000
    assert len([r for r in agent.records() if r["kind"] == "latency" and r["received"]]) >= 3
    for r in throughputs(agent)[done:]:
        assert r["error"] is None and r["competing_method"] == "capture", r
        assert r["competing_bps"] < 3000, r


def test_a_test_that_reaches_the_allowance_is_stopped_and_says_so(daemon):
    # a class bound where the rate is: undecided to the end; 3 MB are gone long before that
    test = '{ kind = "throughput"; TARGET; interval_s = 1; direction = "down"; classes = [ 1.93 ]; max_bytes = 2000000; max_seconds = 30; }'
    agent = daemon({"delay_ms": 10, "rate_kbit": 2000}, test, agent='iface = "em0";',
                   budget='month_mb = 3; telemetry_mb = 0; cut = [ ]; idle_down_kbps = 0; idle_up_kbps = 0;')
    assert wait_for(lambda: agent.status()["tests"][0]["running"], 30), agent.status()
    others(agent.link, "a", B4, 1500)  # whoever causes it; the acknowledgements still get through
    assert wait_for(lambda: throughputs(agent), 30), agent.status()
    used = agent.status()["budget"]["used"]
    r = throughputs(agent)[0]
    assert r["stop_reason"] == "budget" and r["error"] is None, r
    assert r["bytes"] < 2_000_000
    assert 3_000_000 <= used
    before = agent.status()["tests"][0]["invocations"]
    assert wait_for(lambda: agent.status()["budget"]["cut"] == ["throughput"], 10)
    events = [r for r in agent.records() if r["kind"] == "event" and r["event"] == "budget"]
    assert ("throughput", "begun") in [(r["step"], r["outcome"]) for r in events]
    assert wait_for(lambda: agent.status()["tests"][0]["suppressions"] >= 2, 20)
    assert agent.status()["tests"][0]["invocations"] == before


def test_the_allowance_survives_a_kill_and_a_power_cut_in_the_middle_of_a_test(daemon):
    test = '{ kind = "throughput"; TARGET; interval_s = 1; direction = "down"; classes = [ 1.93 ]; max_bytes = 5000000; max_seconds = 30; }'
    agent = daemon({"delay_ms": 10, "rate_kbit": 2000}, test, agent='iface = "em0";',
                   budget='month_mb = 100; telemetry_mb = 0; cut = [ ]; idle_down_kbps = 0; idle_up_kbps = 0;')
    assert wait_for(lambda: agent.status()["tests"][0]["running"], 30), agent.status()
    assert wait_for(lambda: agent.status()["budget"]["used"] > 500_000, 30)
    agent.kill()
    kept = (agent.state / "budget").read_text()
    pledged = int(kept.split("pledge ")[1].split()[0])
    assert pledged > 5_000_000, kept
    # the power goes: another boot, and the counters of the interface say nothing of this one
    agent.new_boot()
    agent.write(agent='iface = "em0";', budget="month_mb = 100; telemetry_mb = 0; cut = [ ];")
    with open(agent.log, "ab") as log:
        agent.process = subprocess.Popen(agent.link.command("a", str(AGENT), "run", "-c", str(agent.conf)), stderr=log)
    assert wait_for(agent.status, 15)
    assert agent.status()["budget"]["used"] >= pledged
