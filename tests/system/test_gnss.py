# SPDX-License-Identifier: Apache-2.0
"""The daemon with a GNSS receiver: on a terminal, behind the real gpsd, stale, moved, and as a clock."""

import collections
import datetime
import functools

import pytest

from agent_tools import AGENT, Agent, run, until
from gnss_tools import UTC, Gpsd, Receiver
from test_agent_clock import YEAR, offset  # noqa: F401  a fixture

soon = functools.partial(until, seconds=40)  # the machine may be busy
pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")

EACH_SECOND = '{ kind = "signal"; port = "/dev/no-such-port"; interval_s = 1; }'
HERE = (22.8234, 104.9836)


@pytest.fixture
def receiver(tmp_path):
    r = Receiver(tmp_path / "gps")
    yield r
    r.close()


@pytest.fixture
def make_agent(tmp_path):
    made = []

    def make(**sections):
        made.append(Agent(tmp_path, tests=EACH_SECOND, journal="sync_s = 0;", **sections))
        return made[-1].start()

    yield make
    for a in made:
        a.stop()


def newest(agent, kind="signal"):
    """Every field None while there is no such record."""
    return collections.defaultdict(lambda: None, ([r for r in agent.records() if r["kind"] == kind] or [{}])[-1])


def events(agent):
    return [(r["event"], r["step"], r["outcome"]) for r in agent.records() if r["kind"] == "event" and r["event"] != "recovery"]


def near(place, lat, lon, metres=2.0):
    return place and abs(place["lat"] - lat) * 111000 < metres and abs(place["lon"] - lon) * 102000 < metres


def test_a_moved_probe_says_so_and_says_when_it_is_back(make_agent, receiver):
    agent = make_agent(place=f"lat = {HERE[0]}; lon = {HERE[1]};", gnss=f'source = "{receiver.link}"; moved_s = 1;')
    assert soon(lambda: agent.status()["gnss"]["fix"] == "3d"), agent.log.read_text()
    assert agent.status()["gnss"]["distance_m"] < 3 and not events(agent)
    receiver.lat += 0.05
    assert soon(lambda: ("place", "moved", "begun") in events(agent)), agent.status()["gnss"]
    moved = newest(agent, "event")
    assert 5540 < moved["distance_m"] < 5580 and "5" in moved["detail"]
    r = soon(lambda: (r := newest(agent))["fix"] == "moved" and r)
    assert r["place"]["source"] == "surveyed" and near(r["place"], *HERE), "a surveyed place wins"
    receiver.lat = HERE[0]
    assert soon(lambda: ("place", "moved", "ended") in events(agent)), agent.status()["gnss"]
    assert soon(lambda: newest(agent)["fix"] is None)


def test_behind_gpsd_the_fix_is_the_place_while_it_lasts(make_agent, receiver, tmp_path):
    gpsd = Gpsd(tmp_path, receiver)
    try:
        agent = make_agent(gnss=f'source = "gpsd://127.0.0.1:{gpsd.port}"; age_s = 2;')
        r = soon(lambda: (r := newest(agent))["place"] and r["satellites"] and r)
        assert r, (agent.status()["gnss"], agent.log.read_text())
        assert near(r["place"], *HERE) and r["place"]["source"] == "gnss" and 5 < r["place"]["accuracy_m"] < 40
        assert r["fix"] == "3d" and r["hdop"] > 0 and abs(r["speed_mps"] - 1.4) < 0.1
        assert -2000 <= r["fix_age_ms"] <= 2000
        gpsd.stop()
        assert soon(lambda: newest(agent)["place"] is None)
        assert soon(lambda: agent.status()["gnss"]["problem"])
        assert newest(agent)["fix"] in ("stale", "no_data")
        gpsd.start()
        assert soon(lambda: newest(agent)["place"]), agent.log.read_text()
        assert agent.status()["gnss"]["problem"] is None
    finally:
        gpsd.stop()


def test_a_fix_that_is_only_repeated_is_no_place_also_after_a_restart(make_agent, receiver):
    receiver.fix = False
    agent = make_agent(gnss=f'source = "{receiver.link}"; age_s = 1;')
    assert soon(lambda: newest(agent)["fix"] == "no_fix"), agent.status()["gnss"]
    receiver.fix = True
    assert soon(lambda: newest(agent)["place"]), agent.log.read_text()
    receiver.freeze()
    assert soon(lambda: newest(agent)["fix"] == "stale")
    assert agent.status()["gnss"]["problem"] is None, "it talks all the time"
    assert agent.stop() == 0
    before = len(agent.records())
    agent.start()
    later = soon(lambda: (r := [r for r in agent.records()[before:] if r["kind"] == "signal"]) and len(r) >= 4 and r)
    assert all(r["place"] is None and r["fix"] in ("no_data", "unproven") for r in later)
    receiver.frozen = None
    assert soon(lambda: newest(agent)["place"])


def test_a_machine_that_knows_no_time_learns_it_from_gnss(make_agent, receiver, offset):  # noqa: F811
    offset(-50 * YEAR)
    receiver.silent = True
    agent = make_agent(gnss=f'source = "{receiver.link}";')
    first = soon(lambda: (r := newest(agent))["kind"] and r)
    assert first["utc"] is None and first["clock"]["source"] == "none"
    receiver.silent = False
    r = soon(lambda: (r := newest(agent))["clock"]["source"] == "gnss" and r)
    assert r, agent.log.read_text()
    assert 1000000 <= r["clock"]["error_us"] < 1100000, "a second, and what the crystals drift"
    utc = datetime.datetime.fromisoformat(r["utc"].replace("Z", "+00:00"))
    assert abs((utc - datetime.datetime.now(UTC)).total_seconds()) < 5
    first = soon(lambda: (r := [r for r in agent.records() if r["seq"] == first["seq"]][0])["utc"] and r)
    assert first and first["clock"]["source"] == "none", "the boot's earlier records get their time, too"


def test_a_receiver_that_missed_a_rollover_gives_its_place_and_no_time(make_agent, receiver, offset):  # noqa: F811
    offset(-50 * YEAR)
    receiver.shift = -datetime.timedelta(weeks=1024)
    agent = make_agent(gnss=f'source = "{receiver.link}";')
    assert soon(lambda: (agent.status()["gnss"] or {}).get("date") == "rolled_over"), agent.status()["gnss"]
    assert soon(lambda: newest(agent)["place"])
    assert newest(agent)["clock"]["source"] == "none" and newest(agent)["utc"] is None
    assert "1024 weeks behind" in agent.log.read_text()


def test_coordinates_are_told_as_exactly_as_was_set(make_agent):
    agent = make_agent(place=f"lat = {HERE[0]}; lon = {HERE[1]}; accuracy_m = 10; decimals = 2;")
    place = soon(lambda: newest(agent)["place"])
    assert (place["lat"], place["lon"]) == (22.82, 104.98) and place["accuracy_m"] > 700


def test_a_source_that_cannot_be_is_named_with_its_line(tmp_path):
    agent = Agent(tmp_path, tests='{ kind = "signal"; port = "/dev/ttyUSB2"; }', gnss='source = "ttyUSB1";')
    done = run("check", "-c", agent.conf)
    assert done.returncode == 2 and 'agent.conf:2: gnss.source: "ttyUSB1" is neither gpsd' in done.stderr
    agent.write(tests='{ kind = "signal"; port = "/dev/ttyUSB2"; }', gnss='source = "/dev/ttyUSB2@9600";')
    done = run("check", "-c", agent.conf)
    assert done.returncode == 2 and "is the modem's port of tests[0], too" in done.stderr
