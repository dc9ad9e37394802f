# SPDX-License-Identifier: Apache-2.0
"""The plan in the running daemon: events, windows, suppressions, and what status and records say of them."""

import datetime
import re

import pytest

from agent_tools import AGENT, Agent, free_port, run, until

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")

# nothing listens there: fails at once, which is a result
TARGET = '127.0.0.1:1'


def latency(name, more):
    return (f'{{ kind = "latency"; name = "{name}"; target = "{TARGET}"; count = 1; interval_ms = 1; timeout_ms = 10; {more} }}')


def write(probe, tests, events="", suppressions="", **sections):
    probe.write(tests=", ".join(tests), journal="sync_s = 0;", **sections)
    with open(probe.conf, "a") as f:
        f.write(f"events = ( {events} );\nsuppressions = ( {suppressions} );\n")


def test_the_daemon_follows_its_plan(tmp_path):
    """All at once, for each needs a second or two: what happens at its time, what is left out, and why."""
    agent = Agent(tmp_path)
    soon = datetime.datetime.now().astimezone() + datetime.timedelta(seconds=7)
    closed = (datetime.datetime.now() + datetime.timedelta(hours=2)).strftime("%H:%M")
    closes = (datetime.datetime.now() + datetime.timedelta(hours=3)).strftime("%H:%M")
    write(agent, [
        latency("steady", "interval_s = 1;"),
        latency("started", 'event = "boot";'),
        latency("alone", 'event = "alone";'),
        latency("once", 'event = "soon";'),
        latency("each-second", 'event = "each-second";'),
        latency("later", f'interval_s = 1; windows = [ "{closed}-{closes}" ];'),
        latency("heavy-one", 'interval_s = 1; tags = [ "heavy" ];'),
    ], events=f'''
        {{ kind = "startup"; name = "boot"; random_spread_s = 0; }},
        {{ kind = "controller_lost"; name = "alone"; random_spread_s = 0; }},
        {{ kind = "one_off"; name = "soon"; time = "{soon.isoformat(timespec='seconds')}"; random_spread_s = 0;
           cycle_interval_s = 3600; }},
        {{ kind = "calendar"; name = "each-second"; minute = "*"; second = "*"; random_spread_s = 0; }}''',
          suppressions='{ name = "days"; match = [ "hea*" ]; windows = [ "00:00-24:00" ]; }',
          agent="controller_timeout_s = 3;")
    try:
        agent.start()
        assert until(lambda: {"started", "alone", "once", "each-second"} <= {r.get("test") for r in agent.records()}, 30)
        tests = {t["name"]: t for t in agent.status()["tests"]}
        records = agent.records()
    finally:
        assert agent.stop() == 0
    of = {name: [r for r in records if r.get("test") == name] for name in tests}
    assert len(of["started"]) == 1 and of["started"][0]["schedule_event"] == "boot"
    assert len(of["alone"]) == 1 and of["alone"][0]["schedule_event"] == "alone"
    assert len(of["once"]) == 1 and of["once"][0]["cycle_number"] == soon.astimezone(datetime.timezone.utc).strftime("%Y%m%d.%H0000")
    assert tests["once"]["next_s"] is None and tests["each-second"]["event"] == "each-second"
    assert tests["each-second"]["invocations"] >= 2
    assert of["steady"] and of["steady"][0]["schedule_event"] is None
    assert not of["later"] and tests["later"]["waits_for"] == "window"
    assert 6000 < tests["later"]["next_s"] < 11000
    assert not of["heavy-one"] and tests["heavy-one"]["suppressions"] >= 1 and tests["heavy-one"]["suppressed"] == "days"
    begun = [r for r in records if r["kind"] == "event" and r["event"] == "suppression"]
    assert [(r["step"], r["outcome"]) for r in begun] == [("days", "begun")]
    lost = [r for r in records if r["kind"] == "event" and r["step"] == "controller"]
    assert [r["outcome"] for r in lost] == ["failed"]


def test_status_says_what_is_suppressed_and_cut(tmp_path):
    agent = Agent(tmp_path)
    # a test that may cost more than its share of the month never starts
    write(agent, budget="month_mb = 12; telemetry_mb = 0;", tests=[f'{{ kind = "throughput"; target = "http://127.0.0.1:{free_port()}"; interval_s = 1; mode = "full"; }}',
                  latency("steady", "interval_s = 1;")],
          suppressions='{ name = "for-good"; match = [ "steady" ]; }')
    try:
        agent.start()
        assert until(lambda: agent.status()["tests"][1]["suppressions"] >= 1)
        assert until(lambda: agent.status()["tests"][0]["suppressions"] >= 1)
        status = agent.status()
        assert status["budget"]["cut"] == ["throughput"] and status["tests"][0]["cut"] is True
        assert status["budget"]["sims"][0]["in_use"] and status["budget"]["sims"][0]["sim"] is None
        assert status["budget"]["gather_s"] == 30
        (x,) = status["suppressions"]
        assert x["name"] == "for-good" and x["active"] and x["left_s"] is None and not x["ordered"]
        vi, en = (run("status", "-c", agent.conf, "--lang", lang).stdout for lang in ("vi", "en"))
        assert re.search(r"Cut: +no allowance left for throughput", en) and re.search(r"Suppressed: +for-good", en)
        assert "Ngừng đo:" in vi and "Tạm dừng:" in vi
        records = agent.records()
        cut = [r for r in records if r["kind"] == "event" and r["event"] == "budget"]
        assert [(r["step"], r["outcome"]) for r in cut] == [("throughput", "begun")] and "can cost" in cut[0]["detail"]
        assert not [r for r in records if r["kind"] == "throughput"]
        health = [r for r in records if r["kind"] == "health"]
        assert health[0]["budget_cut"] == "throughput"
    finally:
        agent.stop()
