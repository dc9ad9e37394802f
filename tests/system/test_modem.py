# SPDX-License-Identifier: Apache-2.0
"""The modem code against a simulated modem: what it says in each phase of a day, and what a bad line does to it."""
import fcntl
import json
import os
import pathlib
import select
import subprocess
import sys
import termios
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PHUSONG_O", ROOT / "build"))
READER = BUILD / "tools" / "modem_read"
SIM = ROOT / "tests" / "sim" / "atsim.py"
DAY = ROOT / "tests" / "data" / "scenarios" / "day.json"
PHASES = {p["name"]: p for p in json.loads(DAY.read_text())["phases"]}

if not READER.exists():
    pytest.skip(f"{READER} is not built (make tools)", allow_module_level=True)


class Lines:
    """A process that is spoken to in lines."""

    def __init__(self, *argv):
        self.p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest = b""

    def say(self, line):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()

    def hear(self, seconds=30):
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            assert left > 0 and select.select([self.p.stdout], [], [], left)[0], "no answer in time"
            data = os.read(self.p.stdout.fileno(), 65536)
            assert data, "the program ended"
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def end(self):
        self.p.stdin.close()
        self.p.stdout.close()
        try:
            self.p.wait(10)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()


class Sim(Lines):
    def __init__(self, port, scenario=DAY, *options):
        super().__init__(sys.executable, SIM, scenario, "--link", port, "--hold", *options)
        self.hear()

    def go(self, phase):
        self.say(f"go {phase}")
        while self.hear().get("phase") != phase:
            pass

    def mode(self, *modes):
        self.say("mode " + (",".join(modes) or "none"))
        self.hear()


class Reader(Lines):
    def __init__(self, port, timeout_s=20):
        super().__init__(READER, port, timeout_s)

    def read(self):
        self.say("")
        return self.hear()


@pytest.fixture
def port(tmp_path):
    return tmp_path / "modem"


@pytest.fixture
def sim(port):
    s = Sim(port)
    yield s
    s.end()


@pytest.fixture
def reader(port):
    r = Reader(port)
    yield r
    r.end()


def differences(record, phase):
    truth = {k: v for k, v in PHASES[phase]["truth"].items() if k != "state"}
    return {k: (record.get(k), v) for k, v in truth.items() if record.get(k) != v}


def test_each_phase_of_the_day_is_told_as_it_is(sim, reader):
    for phase in PHASES:
        sim.go(phase)
        record = reader.read()
        assert not differences(record, phase), phase
        assert record["method"] == "at"


@pytest.mark.parametrize("modes", [("half",), ("echo",), ("urc",), ("wrong",), ("garbage",), ("half", "echo", "urc", "wrong", "garbage")])
def test_a_bad_line_does_not_change_what_is_read(sim, reader, modes):
    sim.mode(*modes)
    for phase in ("served", "weak", "denied", "sim_missing"):
        sim.go(phase)
        assert not differences(reader.read(), phase), phase


@pytest.fixture
def served_but(port, tmp_path):
    """A modem that is served, except for some answers, and its reader."""
    ends = []

    def make(answers):
        scenario = json.loads(DAY.read_text())
        scenario["phases"] = scenario["phases"][:1]
        scenario["phases"][0]["answers"].update(answers)
        path = tmp_path / "served_but.json"
        path.write_text(json.dumps(scenario))
        ends.append(Sim(port, path))
        ends.append(Reader(port))
        return ends[-1]

    yield make
    for e in reversed(ends):
        e.end()


def test_a_modem_that_stops_answering_is_hung(sim, reader):
    sim.go("hung")
    began = time.monotonic()
    record = reader.read()
    assert record["error"] == "modem_hung" and record["modem_healthy"] is False
    assert 2.5 < time.monotonic() - began < 6
    sim.go("back")
    assert not differences(reader.read(), "back")


def test_half_an_answer_tells_nothing_and_spoils_nothing(served_but):
    record = served_but({"AT+CEREG?": "cut:\r\n+CEREG: 2,3"}).read()
    assert record["registration"] == "home", "from +CGREG; the half line says neither home nor denied"
    assert record["modem_healthy"] is False and record["error"] is None
    assert record["rsrp_dbm"] == -84


def test_one_command_without_an_answer_keeps_the_others(served_but):
    record = served_but({'AT+QENG="servingcell"': "hang"}).read()
    assert record["error"] is None and record["modem_healthy"] is False
    assert record["registration"] == "home" and record["rsrp_dbm"] == -84


def test_a_wrong_answer_is_not_taken_for_the_right_one(served_but):
    record = served_but({"AT+CEREG?": "+CSQ: 3,99", "AT+CESQ": "+CEREG: 2,3"}).read()
    assert record["rssi_dbm"] == -55 and record["registration"] == "home"


def test_implausible_values_are_refused_and_named(served_but):
    record = served_but({"AT+CESQ": "ERROR", "AT+QCSQ": "ERROR", "AT+QRSRQ": "ERROR",
        'AT+QENG="servingcell"': '+QENG: "servingcell","NOCONN","LTE","FDD",452,04,2C9A10B,211,1825,3,5,5,75D1,-9,-84,-55,19,-'}).read()
    assert record["rsrp_dbm"] is None and record["rsrq_db"] is None
    assert record["implausible"] == "rsrp_dbm rsrq_db"
    assert "-9,-84,-55" in record["raw"]


def test_a_port_that_another_program_holds_is_busy(sim, port, reader):
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(fd, termios.TIOCEXCL)
        assert reader.read()["error"] == "modem_busy"
        fcntl.ioctl(fd, termios.TIOCNXCL)
        fcntl.flock(fd, fcntl.LOCK_EX)
        assert reader.read()["error"] == "modem_busy"
        fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)
    time.sleep(0.2)  # the simulator makes a new terminal after the last close
    assert not differences(reader.read(), "served")


def test_two_readers_do_not_share_a_port(sim, port, reader):
    assert not differences(reader.read(), "served")
    second = Reader(port)
    try:
        assert second.read()["error"] == "modem_busy"
    finally:
        second.end()
    assert not differences(reader.read(), "served")


def test_unplugging_in_the_middle_of_a_round_is_an_absent_modem(sim, reader):
    sim.go("hung")
    reader.say("")
    time.sleep(0.5)
    sim.go("gone")
    record = reader.hear()
    assert record["error"] == "modem_absent"
    assert reader.read()["error"] == "modem_absent"
    sim.go("back")
    assert not differences(reader.read(), "back")


def test_a_port_that_never_existed_is_an_absent_modem(reader):
    assert reader.read()["error"] == "modem_absent"


def test_a_file_that_is_no_tty_is_not_taken_for_a_modem(port, reader):
    port.write_text("no modem")
    assert reader.read()["error"] == "modem_no_access"


def test_a_killed_owner_leaves_the_port_free(sim, port):
    first = Reader(port)
    assert not differences(first.read(), "served")
    first.p.kill()
    first.p.wait()
    time.sleep(0.3)
    second = Reader(port)
    try:
        assert not differences(second.read(), "served")
    finally:
        second.end()


def test_a_restarted_modem_is_set_up_again(sim, reader, port):
    assert not differences(reader.read(), "served")
    sim.go("gone")
    sim.go("served")
    record = reader.read()
    assert not differences(record, "served")
    assert record["modem"] == "Quectel EC25"


def test_no_identity_leaves_the_modem(sim, reader):
    sim.go("served")
    text = json.dumps(reader.read())
    assert "452041234567890" not in text
    assert '"home_plmn": "45204"' in text
