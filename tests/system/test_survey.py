# SPDX-License-Identifier: Apache-2.0
"""phusong-agent survey with a simulated modem: behind gpsd, with a slow modem, without positions; and what the collector
makes of it.  The walks go on side by side, once for all tests."""

import datetime
import json
import os
import pathlib
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

from agent_tools import AGENT, TOP, Agent, free_port, run, until
from collector_tools import COLLECTOR
from gnss_tools import UTC, Receiver, gpsd_program, moment

SIM, DAY = TOP / "tests/sim/atsim.py", TOP / "tests/data/scenarios/day.json"
ENOUGH = 4  # samples, and of them with a place

pytestmark = pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists(), reason="the programs are not built")


def modem(folder, answers=None):
    """A served one, but for some answers."""
    scenario = json.loads(DAY.read_text())
    scenario["phases"] = scenario["phases"][:1]
    scenario["phases"][0]["answers"].update(answers or {})
    path = folder / "scenario.json"
    path.write_text(json.dumps(scenario))
    child = subprocess.Popen([sys.executable, str(SIM), str(path), "--link", str(folder / "modem"), "--hold"],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert until((folder / "modem").is_symlink)
    return child


class Walk:
    """A survey that goes on until end()."""

    def __init__(self, folder, *words, answers=None, **sections):
        folder.mkdir(exist_ok=True)
        self.enough, self.places = 2 if answers else ENOUGH, "--name" in words
        self.modem = modem(folder, answers)
        self.agent = Agent(folder, tests=sections.pop("tests", f'{{ kind = "signal"; port = "{folder / "modem"}"; }}'),
                           journal="sync_s = 0;", **sections)
        self.out = folder / "out.txt"
        with open(self.out, "w", encoding="utf-8") as out:
            self.child = subprocess.Popen([str(AGENT), "survey", "-c", str(self.agent.conf), *map(str, words)], stdout=out,
                                          stderr=subprocess.STDOUT)

    def so_far(self):
        done = run("journal", "-c", self.agent.conf, "--json")
        signals = [r for r in map(json.loads, done.stdout.splitlines()) if r["kind"] == "signal"]
        return len(signals) >= self.enough and (not self.places or sum(bool(r["place"]) for r in signals) >= ENOUGH)

    def end(self, how=signal.SIGINT):
        if self.child.poll() is None:
            self.child.send_signal(how)
        self.status = self.child.wait(20)
        self.modem.stdin.close()
        self.modem.wait(10)
        self.text = self.out.read_text(encoding="utf-8")
        self.records = self.agent.records()
        self.signals = [r for r in self.records if r["kind"] == "signal"]
        self.last = self.records[-1]
        monos = [r["mono_ns"] / 1e9 for r in self.signals]
        self.steps = [b - a for a, b in zip(monos, monos[1:])]
        return self


def gpsfake(folder, log):
    """Debian's, feeding the log to the real gpsd.  Four sentences a second."""
    port = free_port()
    program = gpsd_program("gpsfake")
    gpsd_program("gpsd")
    with open(folder / "gpsfake.log", "w", encoding="utf-8") as out:
        child = subprocess.Popen([program, "-q", "-n", "-c", "0.25", "-P", str(port), str(log)], stdout=out, stderr=out,
                                 start_new_session=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    return child, port


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    top = tmp_path_factory.mktemp("walks")
    log = top / "walk.nmea"
    begin = datetime.datetime.now(UTC).replace(microsecond=0)
    log.write_text("".join(moment(begin + datetime.timedelta(seconds=i), 22.8234 + i * 2e-4, 104.9836, speed_mps=22)
                           for i in range(300)))
    feeder, port = gpsfake(top, log)
    receiver = Receiver(top / "gps")
    try:
        going = {
            "gpsd": Walk(top / "a", "--gnss", f"gpsd://127.0.0.1:{port}", "--name", "Bản Phố", "--lang", "vi",
                         gnss="age_s = 30;", place="lat = 10.0; lon = 106.0;"),
            "slow": Walk(top / "b", "--lang", "en", answers={'AT+QENG="servingcell"': "hang"},
                         gnss=f'source = "{receiver.link}";'),
            "none": Walk(top / "c", "--gnss", "none", "--port", top / "c/modem", "--lang", "en", tests=""),
        }
        assert until(lambda: all(w.so_far() for w in going.values()), 60, 0.5), [w.out.read_text() for w in going.values()]
        yield {name: walk.end({"slow": signal.SIGTERM, "none": signal.SIGHUP}.get(name, signal.SIGINT)) for name, walk in going.items()}
    finally:
        receiver.close()
        os.killpg(feeder.pid, signal.SIGTERM)
        feeder.wait(10)


def test_every_second_has_its_record_with_place_and_name(walks):
    w = walks["gpsd"]
    assert w.status == 0, w.text
    assert abs(sum(w.steps) - len(w.steps) - w.last["rounds_skipped"]) < 1.5, w.text
    placed = [r for r in w.signals if r["place"]]
    lats = [r["place"]["lat"] for r in placed]
    assert lats == sorted(lats) and lats[-1] > lats[0] and 22.82 < lats[0] < 22.83
    for r in placed:
        assert r["place"]["source"] == "gnss" and r["fix"] == "3d" and r["place"]["accuracy_m"] > 0
        assert r["satellites"] and r["hdop"] and abs(r["speed_mps"] - 22) < 0.2 and r["fix_age_ms"] is not None
    for r in w.signals:
        assert r["survey"] == "Bản Phố" and r["rsrp_dbm"] == -84 and r["error"] is None
        assert r["place"] or r["fix"] in ("no_data", "unproven", "no_fix", "no_time")
    assert any(r["raw"] for r in w.signals) and sum(bool(r["raw"]) for r in w.signals) <= 2
    assert w.signals[-1]["state"] == "ok"


def test_the_end_adds_up(walks):
    w = walks["gpsd"]
    assert (w.last["event"], w.last["step"], w.last["outcome"]) == ("survey", "end", "ended")
    assert w.last["samples"] == len(w.signals) and w.last["samples_placed"] == sum(bool(r["place"]) for r in w.signals)
    assert 22 <= w.last["distance_m"] <= 22.3 * (sum(w.steps) + 2)
    assert 'Khảo sát "Bản Phố"' in w.text and "MÔ PHỎNG" in w.text
    assert f"Xong: {len(w.signals)} mẫu" in w.text and "trung vị -84" in w.text and "█" in w.text
    assert [r["seq"] for r in w.records] == list(range(1, len(w.records) + 1))


def test_a_round_that_takes_longer_costs_seconds_and_they_are_told(walks):
    w = walks["slow"]
    assert w.status == 0, w.text
    assert min(w.steps) > 2.9, "rounds are not queued"
    assert w.last["rounds_skipped"] >= 2 * len(w.signals)
    assert f"{w.last['rounds_skipped']} seconds skipped: the round before was not over" in w.text
    assert all(r["duration_ms"] >= 2900 for r in w.signals)


def test_without_gnss_records_are_kept_and_say_so(walks):
    w = walks["none"]
    assert w.status == 0, w.text
    assert all(r["place"] is None and r["fix"] == "none" and r["survey"] == "survey" for r in w.signals)
    assert "no GNSS: records have no position" in w.text and w.last["samples_placed"] == 0


def test_the_daemon_goes_on_with_the_journal_and_the_collector_takes_it_all(walks, tmp_path):
    w = walks["gpsd"]
    w.agent.start()
    try:
        assert until(lambda: len(w.agent.records()) > len(w.records))
        done = run("survey", "--gnss", "none", "-c", w.agent.conf, "--lang", "en")
        assert done.returncode == 2 and "another agent uses this journal" in done.stderr
        assert "Stop it for the survey" in done.stderr
        probe = w.agent.status()["probe"]
    finally:
        assert w.agent.stop() == 0
    records = w.agent.records()
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    assert [r["boot_reason"] for r in records if r["kind"] == "health"] == ["unknown", "clean"]
    assert run("export", "-c", w.agent.conf, tmp_path / "stick.psx").returncode == 0
    collect = [str(COLLECTOR), "--data", str(tmp_path / "data")]
    for words in (("probe", "add", probe), ("import", "journal", str(tmp_path / "stick.psx"))):
        subprocess.run([collect[0], *words, *collect[1:]], check=True, capture_output=True)
    rows = stored(tmp_path / "data")
    assert len(rows) == len(records)
    by_seq = {r["seq"]: r for r in rows}
    for r in w.signals:
        row = by_seq[r["seq"]]
        assert row["bits"] & 256, "it counts for no hamlet"
        assert row["place_source"] == (2 if r["place"] else None)
        if r["place"]:
            assert row["lat_e7"] == round(r["place"]["lat"] * 1e7) and row["accuracy_m"] == r["place"]["accuracy_m"]
    last = by_seq[records[-1]["seq"]]
    assert last["place_source"] == 1 and not last["bits"] & 256, "the daemon's own place again"


def stored(data):
    rows = []
    for file in sorted(pathlib.Path(data).glob("raw/raw-*.db")):
        db = sqlite3.connect(file)
        db.row_factory = sqlite3.Row
        rows += db.execute("SELECT * FROM record ORDER BY seq").fetchall()
        db.close()
    return rows


def test_what_is_not_known_is_asked_for(tmp_path):
    agent = Agent(tmp_path)
    for words, answer in (((), "which receiver?"), (("--gnss", "none"), "which modem?"),
                          (("--gnss", "ttyUSB1"), "is neither gpsd"), (("--gnss", "none", "--name", "x" * 65), "a name has 1 to"),
                          (("--gnss", "/dev/ttyX@4800", "--port", "/dev/ttyX"), "the receiver has another"),
                          (("walk",), '"walk" is not understood')):
        done = run("survey", *words, "-c", agent.conf)
        assert done.returncode == 2 and answer in done.stderr, done.stderr
    assert not agent.state.exists(), "nothing was touched"
    assert run("run", "--gnss", "none").returncode == 2, "other commands do not take its options"


def test_root_leaves_the_folder_to_whose_it_is(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    who = pwd.getpwnam("nobody")
    for folder in [tmp_path, *tmp_path.parents]:
        if folder == pathlib.Path("/tmp"):
            break
        folder.chmod(0o755)
    state = tmp_path / "walk/state"
    state.mkdir(parents=True)
    shutil.chown(state, who.pw_uid, who.pw_gid)
    walk = Walk(tmp_path / "walk", "--gnss", "none")
    os.chmod(tmp_path / "walk/modem", 0o666)
    try:
        assert until(lambda: list(state.glob("journal/*")) and walk.agent.records())
    finally:
        walk.end()
    assert walk.status == 0, walk.text
    assert {p.stat().st_uid for p in [state, *state.rglob("*")]} == {who.pw_uid}
