# SPDX-License-Identifier: Apache-2.0
"""The daemon and the line: what waits for others, what is left out, what is stopped when the allowance is used up.

Four agents on lines of their own are started at once, for each has to wait for something."""
import os
import subprocess
import sys

import linkemu
import pytest
from conftest import Reflector, reflector_conf
from linkemu import A4, B4, wait_for
from test_foreign import others

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../system"))
from agent_tools import AGENT, Agent  # noqa: E402

PORT = 8080
AT = f'kind = "throughput"; target = "http://{B4}:{PORT}"; interval_s = 1; direction = "down";'
# a bound where the rate of the line is: undecided to the end
SLOW = AT + " classes = [ 1.93 ]; max_seconds = 30;"
# 1.1 Mbit/s each way
BESIDE = f'kind = "latency"; target = "{B4}:862"; interval_s = 1; count = 100; interval_ms = 10; size = 1400;'
ANY_LINE = "idle_down_kbps = 0; idle_up_kbps = 0;"
AGENTS = {
    "allowance": (2000, f"{{ {SLOW} max_bytes = 2000000; }}",
                  {"budget": f"month_mb = 3; telemetry_mb = 0; cut = [ ]; {ANY_LINE}"}),
    "power": (2000, f"{{ {SLOW} max_bytes = 5000000; }}",
              {"budget": f"month_mb = 100; telemetry_mb = 0; cut = [ ]; {ANY_LINE}"}),
    "own": (20_000, f"{{ {AT} }}, {{ {BESIDE} }}",
            {"budget": ANY_LINE, "uplink": f'brokers = [ "mqtt://{B4}:1883" ]; gather_s = 0; stop_s = 0; resend_s = 1;'}),
    "busy": (20_000, f"{{ {AT} }}", {"budget": "busy_retries = 2; busy_retry_s = 1;"}),
}


def start(agent):
    with open(agent.log, "ab") as log:
        agent.process = subprocess.Popen(agent.link.command("a", str(AGENT), "run", "-c", str(agent.conf)), stderr=log)


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    why = linkemu.unavailable()
    if why:
        pytest.skip(why)
    made, reflectors, links = {}, [], []
    try:
        for name, (kbit, tests, sections) in AGENTS.items():
            folder = tmp_path_factory.mktemp(name)
            links.append(linkemu.Link(linkemu.BUILD, str(folder), delay_ms=10, rate_kbit=kbit))
            reflectors.append(Reflector(links[-1].command("b"), reflector_conf(folder, "port = 862;", f"port = {PORT};")))
            made[name] = Agent(folder, tests=tests, agent='iface = "em0";', journal="sync_s = 0;", **sections)
            made[name].link = links[-1]
        conf = made["own"].folder / "mosquitto.conf"
        conf.write_text("listener 1883 0.0.0.0\nallow_anonymous true\n")
        made["own"].link.start("b", "mosquitto", "-c", str(conf), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        others(made["busy"].link, "b", A4, 300, seconds=15)
        for agent in made.values():
            start(agent)
        for agent in made.values():
            assert wait_for(agent.status, 15), agent.log.read_text()
        yield made
    finally:
        for agent in made.values():
            agent.stop()
        for reflector in reflectors:
            reflector.close()
        for link in links:
            link.close()


def throughputs(agent):
    return [r for r in agent.records() if r["kind"] == "throughput"]


def test_a_test_that_reaches_the_allowance_is_stopped_and_says_so(agents):
    agent = agents["allowance"]
    assert wait_for(lambda: agent.status()["tests"][0]["running"], 30), agent.status()
    others(agent.link, "a", B4, 1500)  # whoever causes it; the acknowledgements still get through
    assert wait_for(lambda: throughputs(agent), 30), agent.status()
    used = agent.status()["budget"]["used"]
    r = throughputs(agent)[0]
    assert r["stop_reason"] == "budget" and r["error"] is None, r
    assert r["bytes"] < 2_000_000
    assert 3_000_000 <= used < 4_000_000  # others go on
    before = agent.status()["tests"][0]["invocations"]
    assert wait_for(lambda: agent.status()["budget"]["cut"] == ["throughput"], 10)
    events = [r for r in agent.records() if r["kind"] == "event" and r["event"] == "budget"]
    assert ("throughput", "begun") in [(r["step"], r["outcome"]) for r in events]
    assert wait_for(lambda: agent.status()["tests"][0]["suppressions"] >= 2, 20)
    assert agent.status()["tests"][0]["invocations"] == before


def test_the_allowance_survives_a_kill_and_a_power_cut_in_the_middle_of_a_test(agents):
    agent = agents["power"]
    assert wait_for(lambda: agent.status()["tests"][0]["running"], 40), agent.status()
    before = agent.status()["budget"]["used"]
    assert wait_for(lambda: agent.status()["budget"]["used"] > before + 300_000, 30)
    agent.kill()
    kept = (agent.state / "budget").read_text()
    pledged, used = int(kept.split("pledge ")[1].split()[0]), int(kept.split("sim ")[1].split()[2])
    assert pledged > 5_000_000, kept
    # the power goes: another boot, and the counters of the interface say nothing of this one
    agent.new_boot()
    agent.write(agent='iface = "em0";', budget="month_mb = 100; telemetry_mb = 0; cut = [ ];")
    start(agent)
    assert wait_for(agent.status, 15)
    assert agent.status()["budget"]["used"] >= used + pledged


def test_what_the_agent_itself_sends_is_not_traffic_of_others(agents):
    """Results to a broker, sent again and again, and a latency test beside it."""
    agent = agents["own"]
    assert wait_for(lambda: agent.status()["uplink"]["connected"], 20)
    sent = agent.status()["uplink"]["bytes_sent"]
    assert wait_for(lambda: len(throughputs(agent)) >= 6, 60), agent.status()
    assert wait_for(lambda: agent.status()["uplink"]["bytes_sent"] > sent, 20)
    assert len([r for r in agent.records() if r["kind"] == "latency" and r["received"]]) >= 3
    for r in throughputs(agent)[1:]:
        assert r["error"] is None and r["competing_method"] == "capture", r
        assert r["competing_bps"] < 3000, r


def test_on_a_busy_line_it_is_put_off_and_left_out_with_a_record_and_runs_when_the_line_is_idle(agents):
    agent = agents["busy"]
    assert wait_for(lambda: throughputs(agent), 40), agent.status()
    r = throughputs(agent)[0]
    assert r["error"] == "busy_line" and r["competing_bps"] == pytest.approx(300_000, rel=0.2), r
    assert r["rate_bps"] is None
    # the others go home
    assert wait_for(lambda: [r for r in throughputs(agent) if not r["error"]], 60), agent.status()
    r = [r for r in throughputs(agent) if not r["error"]][0]
    assert r["competing_method"] == "capture" and r["competing_bps"] < 2000 and r["interference"] == "none", r
