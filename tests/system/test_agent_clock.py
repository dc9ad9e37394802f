# SPDX-License-Identifier: Apache-2.0
"""A wall clock that jumps: records keep their order, UTC that cannot be is unknown, round trips stay what they were."""

import datetime
import os
import subprocess

import pytest

from agent_tools import AGENT, OUT, Agent, until

YEAR = 365 * 86400


@pytest.fixture
def offset(tmp_path, monkeypatch):
    """offset(seconds) sets the wall clock of agents that start or run in this test."""
    if not AGENT.exists():
        pytest.skip(f"{AGENT} is not built")
    library = OUT / "shim/world.so"
    if not library.exists():
        pytest.skip(f"{library} is not built")
    if b"san.so" in subprocess.run(["ldd", AGENT], capture_output=True, check=True).stdout:
        pytest.skip("a sanitizer wants to be the first library")
    file = tmp_path / "offset"

    def set_offset(seconds):
        file.with_suffix(".new").write_text(f"{seconds}\n")
        os.replace(file.with_suffix(".new"), file)

    set_offset(0)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("WORLD_CLOCK", str(file))
    return set_offset


def rounds(agent):
    return [r for r in agent.records() if r["kind"] == "latency"]


def more_rounds(agent, n):
    """The records of the next n rounds that began from now on."""
    seen = len(rounds(agent)) + 1  # one may be under way
    assert until(lambda: len(rounds(agent)) >= seen + n, 20), agent.log.read_text()
    return rounds(agent)[seen:seen + n]


def test_a_clock_that_jumps_by_fifty_years_spoils_nothing(tmp_path, offset):
    agent = Agent(tmp_path, journal="sync_s = 0;", tests="""
        { kind = "latency"; target = "127.0.0.1"; method = "icmp"; interval_s = 1; count = 3; interval_ms = 10;
          timeout_ms = 500; }""")
    agent.start()
    try:
        assert all(r["utc"] for r in more_rounds(agent, 1))
        for jump in (50 * YEAR, -50 * YEAR):
            offset(jump)
            for r in more_rounds(agent, 2):
                assert r["clock"]["source"] == "none", r
                # the journal knows when this boot began from before the jump
                utc = datetime.datetime.fromisoformat(r["utc"].replace("Z", "+00:00"))
                assert abs((utc - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 30
        offset(0)
        assert more_rounds(agent, 1)[0]["clock"]["source"] == "manual"
        records = agent.records()
    finally:
        assert agent.stop() == 0
    monos = [r["mono_ns"] for r in records if r["kind"] == "latency"]
    assert monos == sorted(monos)
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    for r in records:
        if r["kind"] == "latency":
            assert r["error"] is None and r["sent"] == 3
            assert r["received"] + (r["discarded"] or 0) >= 1
            assert r["rtt_max_us"] is None or 0 < r["rtt_max_us"] < 400000


def test_an_agent_that_starts_in_1976_says_that_it_does_not_know_the_time(tmp_path, offset):
    offset(-50 * YEAR)
    agent = Agent(tmp_path, journal="sync_s = 0;", health="interval_s = 10;")
    agent.start()
    try:
        first = until(agent.records)[0]
        assert first["utc"] is None and first["clock"]["source"] == "none"
        assert agent.status()["clock"] == {"utc": None, "source": "none"}
    finally:
        assert agent.stop() == 0
