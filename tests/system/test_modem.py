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


def test_the_simulator_passes_through_the_day_by_itself(port):
    run = subprocess.run([sys.executable, SIM, DAY, "--link", port, "--speed", "60"], capture_output=True, timeout=30)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["phase"] for line in lines] == [*PHASES, None]
    assert 1.0 < lines[-1]["t"] < 2.0
    assert not os.path.lexists(port)


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


def test_the_agent_measures_a_signal_by_hand(sim, port):
    agent = BUILD / "phusong-agent"
    if not agent.exists():
        pytest.skip(f"{agent} is not built")
    for phase in ("served", "search", "denied"):
        sim.go(phase)
        run = subprocess.run([agent, "test", "signal", port, "--json"], capture_output=True, timeout=30)
        record = json.loads(run.stdout)
        assert run.returncode == 0 and not differences(record, phase), phase
        assert record["kind"] == "signal" and record["test"] == "signal"
    sim.go("gone")
    run = subprocess.run([agent, "test", "signal", port, "--json"], capture_output=True, timeout=30)
    assert run.returncode == 1 and json.loads(run.stdout)["error"] == "modem_absent"


def survey(port, *options):
    agent = BUILD / "phusong-agent"
    if not agent.exists():
        pytest.skip(f"{agent} is not built")
    run = subprocess.run([agent, "test", "operators", port, "--json", *options], capture_output=True, timeout=60)
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_a_survey_without_a_sim_sees_every_operator(sim, port):
    sim.go("sim_missing")
    cells = survey(port)
    assert [c["plmn"] for c in cells] == ["45204", "45201", "45202"]
    assert [c["rsrp_dbm"] for c in cells] == [-84, -111, -101]
    assert [c["scan_index"] for c in cells] == [0, 1, 2]
    assert {(c["scan_cells"], c["method"], c["error"], c["scan"] == cells[0]["scan"]) for c in cells} == {(3, "qscan", None, True)}


def test_an_empty_survey_is_a_result(sim, port):
    sim.go("search")
    (empty,) = survey(port)
    assert empty["scan_cells"] == 0 and empty["error"] is None and empty["modem_healthy"] is True


def test_an_empty_survey_of_a_line_in_use_is_none(sim, port):
    sim.go("served")
    (record,) = survey(port)
    assert record["error"] == "line_in_use" and record["scan_cells"] is None


def test_a_radio_that_is_switched_off_is_no_evidence(served_but, port):
    reader = served_but({"AT+CFUN?": "+CFUN: 4", "AT+CREG?": "+CREG: 2,0", "AT+CGREG?": "+CGREG: 2,0", "AT+CEREG?": "+CEREG: 2,0",
        "AT+COPS?": "+COPS: 0", "AT+CESQ": "ERROR", "AT+CSQ": "+CSQ: 99,99", 'AT+QENG="servingcell"': '+QENG: "servingcell","SEARCH"',
        "AT+QNWINFO": "OK", "AT+QCSQ": "OK", "AT+QRSRQ": "OK"})
    record = reader.read()
    assert record["registration"] == "not_registered" and record["modem_healthy"] is False
    reader.p.kill()
    reader.p.wait()
    time.sleep(0.3)
    (record,) = survey(port)
    assert record["error"] == "radio_off" and record["scan_cells"] is None


def test_a_modem_without_qscan_is_asked_by_cops(served_but, port):
    reader = served_but({"AT+QSCAN=3,1": "ERROR",
        "AT+COPS=?": '+COPS: (2,"Viettel","Viettel","45204",7),(3,"VN MOBIFONE","MOBI","45201",7),(1,"VINAPHONE","VINA","45202",2),,(0-4),(0-2)'})
    reader.p.kill()
    reader.p.wait()
    seen = {(c["plmn"], c["rat"], c["plmn_status"], c["operator_name"]) for c in survey(port)}
    assert seen == {("45204", "LTE", "current", "Viettel"), ("45201", "LTE", "forbidden", "VN MOBIFONE"), ("45202", "WCDMA", "available", "VINAPHONE")}


# --- requests that wait for each other, and what else is asked --------------------------------------------------


def served(**answers):
    scenario = json.loads(DAY.read_text())
    scenario["phases"] = scenario["phases"][:1]
    scenario["phases"][0]["answers"].update(answers)
    return scenario


@pytest.fixture
def asked(port, tmp_path):
    """asked(scenario, OPTIONS...) makes a modem and a reader of it."""
    ends = []

    def make(scenario, *options, sim=True):
        if sim:
            path = tmp_path / f"scenario{len(ends)}.json"
            path.write_text(json.dumps(scenario))
            ends.append(Sim(port, path))
        ends.append(Lines(READER, port, 20, *options))
        return ends[-1]

    make.ends = ends
    yield make
    for e in reversed(ends):
        e.end()


def answers_to(reader, command, n=1):
    reader.say(command)
    return [reader.hear() for _ in range(n)]


def test_requests_wait_for_each_other(asked):
    reader = asked(served(**{"AT+QSCAN=3,1": "slow:0.5:OK"}))
    told = answers_to(reader, "all", 4)
    assert [t["request"] for t in told] == ["first", "survey", "second", "quick"]
    assert [t["error"] for t in told] == [None, "line_in_use", None, None]
    told = answers_to(reader, "drop", 2)
    assert [t["request"] for t in told] == ["second", "quick"] and not any(t["error"] for t in told)


def test_the_queue_has_an_end(asked):
    reader = asked(served())
    (said,) = answers_to(reader, "many")
    assert said == {"taken": 9, "then": "Device or resource busy"}, "one runs, eight wait"
    assert all(reader.hear()["error"] is None for _ in range(9))


def test_a_request_whose_turn_never_comes_says_nothing_of_the_modem(port, tmp_path):
    path = tmp_path / "s.json"
    path.write_text(json.dumps(served(**{"AT+QSCAN=3,1": "slow:1.5:OK"})))
    sim, reader = Sim(port, path), Lines(READER, port, 1)
    try:
        told = answers_to(reader, "all", 4)
        # the survey is cut off by its own limit; the second round had no second left to wait
        by = {t["request"]: t["error"] for t in told}
        assert by["first"] is None and by["survey"] == "modem_hung"
        assert by["second"] in ("modem_busy", None) and by["quick"] in ("modem_busy", None) and "modem_busy" in by.values()
    finally:
        reader.end()
        sim.end()


def test_a_quick_round_is_fit_for_twice_a_second(sim, port):
    sim.mode("tired")
    reader = Lines(READER, port, 20)
    try:
        (whole,) = answers_to(reader, "")
        quick = [answers_to(reader, "quick")[0] for _ in range(3)]
    finally:
        reader.end()
    for q in quick:
        assert (q["rsrp_dbm"], q["rsrq_db"], q["sinr_db"], q["registration"], q["error"]) == (-84, -9, 18, "home", None)
        assert q["sim"] is None and q["operator_name"] is None, "what was not asked is not told"
        assert q["duration_ms"] < 500 and q["duration_ms"] < whole["duration_ms"] / 2
    run = subprocess.run([BUILD / "phusong-agent", "test", "signal", port, "quick=true", "--json"], capture_output=True, timeout=30)
    assert json.loads(run.stdout)["rsrp_dbm"] == -84


def test_neighbours_are_listed_and_an_empty_list_is_no_survey(asked, port):
    command = 'AT+QENG="neighbourcell"'
    full = served(**{command: '+QENG: "neighbourcell intra","LTE",1825,211,-9,-84,-55,18,22,6,2,0,46\n'
                              '+QENG: "neighbourcell inter","LTE",1650,77,-13,-111,-82,4,-,-,-,-\n'
                              '+QENG: "neighbourcell inter","LTE",900,-,-,-,-,-,-,0,8,5'})
    full["phases"].append({"name": "none", "seconds": 9, "answers": {command: "OK"}})
    full["phases"].append({"name": "other", "seconds": 9, "answers": {command: "ERROR"}})
    reader = asked(full)
    sim = asked.ends[0]
    assert answers_to(reader, "neighbours")[0] == {"request": "neighbours", "method": "neighbours", "error": None, "cells": 2}
    reader.end()
    asked.ends.remove(reader)
    cells = survey(port, "method=neighbours")
    assert [(c["arfcn"], c["pci"], c["rsrp_dbm"], c["rsrq_db"]) for c in cells] == [(1825, 211, -84, -9), (1650, 77, -111, -13)]
    assert {(c["method"], c["neighbours"], c["scan_cells"], c["scan_index"]) for c in cells} == {("neighbours", 2, None, None)}
    assert [c["neighbour_index"] for c in cells] == [0, 1]
    sim.go("none")
    (none,) = survey(port, "method=neighbours")
    assert none["neighbours"] == 0 and none["scan_cells"] is None and none["error"] is None
    sim.go("other")
    assert survey(port, "method=neighbours")[0]["error"] == "unsupported"


def test_another_sim_is_noticed_even_while_we_were_off(asked, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    reader = asked(served(), f"state={state}")
    answers_to(reader, "")
    first = answers_to(reader, "sim 42")[0]["sim"]
    assert len(first) == 16 and answers_to(reader, "sim 43")[0]["sim"] != first
    assert answers_to(reader, "hints")[0]["sim_changed"] is False
    for _ in range(2):
        asked.ends.pop().end()
    other = served(**{"AT+CIMI": "452041234567891"})
    reader = asked(other, f"state={state}")
    answers_to(reader, "")
    assert answers_to(reader, "hints")[0]["sim_changed"] is True
    assert answers_to(reader, "sim 42")[0]["sim"] != first
    files = b"".join(f.read_bytes() for f in state.iterdir())
    assert files and b"4520412345678" not in files


def test_the_balance_is_asked_when_nothing_is_measured_and_its_text_stays_here(asked):
    text = "late:+CUSD: 1,\"So thue bao 84912345678\nTKG: 4.500d\nOK\n1. Nap the\",15"
    code = 'AT+CUSD=1,"*101#",15'
    reader = asked(served(**{code: text}), "balance=*101#", "balance_every_s=100")
    said = answers_to(reader, "")
    assert said[0]["registration"] == "home"
    reader.say("wait 1000")
    event = reader.hear()
    assert (event["event"], event["step"], event["outcome"], event["detail"]) == ("credit", "balance", "ok", "low: 4500 VND")
    hints = answers_to(reader, "hints")[0]
    assert (hints["credit"], hints["balance_vnd"]) == ("low", 4500)
    assert "84912345678" not in json.dumps([said, event, hints])


def test_the_balance_outlives_a_restart_and_is_not_asked_again(asked, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    answers = served(**{'AT+CUSD=1,"*101#",15': 'late:+CUSD: 0,"TKG: 25.000d",15'})
    options = (f"state={state}", "balance=*101#", "balance_every_s=86400")
    reader = asked(answers, *(*options[:2], "balance_every_s=1"))
    answers_to(reader, "")
    reader.say("wait 1000")
    assert reader.hear()["detail"] == "ok: 25000 VND"
    reader.end()
    asked.ends.remove(reader)
    reader = asked(None, *options, sim=False)
    answers_to(reader, "")
    reader.say("wait 500")
    hints = answers_to(reader, "hints")[0]
    assert (hints["credit"], hints["balance_vnd"]) == ("ok", 25000)
    assert b"TKG" not in b"".join(f.read_bytes() for f in state.iterdir())


def test_a_busy_line_is_not_asked_for_its_balance(asked):
    reader = asked(served(**{'AT+CUSD=1,"*101#",15': 'late:+CUSD: 0,"TKG: 5d",15'}), "balance=*101#", "busy=yes")
    answers_to(reader, "")
    reader.say("wait 600")
    hints = answers_to(reader, "hints")[0]
    assert hints["credit"] is None and hints["balance_vnd"] == -1


@pytest.mark.parametrize("answers, utc_s", [
    ({"AT+QLTS=1": '+QLTS: "2026/11/27,05:03:11+28,0"'}, 1795755791),
    ({"AT+CGMI": "SIMCOM INCORPORATED", "AT+CPSI?": "+CPSI: NO SERVICE,Online", "AT+CTZU?": "+CTZU: 1",
      "AT+CCLK?": '+CCLK: "26/11/27,12:03:11+28"'}, 1795755791),
    ({"AT+CGMI": "SIMCOM INCORPORATED", "AT+CPSI?": "+CPSI: NO SERVICE,Online", "AT+CTZU?": "+CTZU: 0", "AT+CTZU=1": "OK",
      "AT+CCLK?": '+CCLK: "26/11/27,12:03:11+28"'}, None),
    ({"AT+QLTS=1": '+QLTS: "1980/01/06,00:00:17+00,0"'}, None)])
def test_the_networks_time_is_taken_when_it_is_one(asked, monkeypatch, tmp_path, answers, utc_s):
    library = BUILD / "shim" / "world.so"
    if not library.exists() or b"san.so" in subprocess.run(["ldd", READER], capture_output=True, check=True).stdout:
        pytest.skip(f"{library} is not built, or a sanitizer wants to be the first library")
    (tmp_path / "offset").write_text(f"{-60 * 365 * 86400}\n")  # a device that has just been switched on
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("WORLD_CLOCK", str(tmp_path / "offset"))
    reader = asked(served(**answers), "time=yes")
    answers_to(reader, "")
    reader.say("wait 300")
    hints = answers_to(reader, "hints")[0]
    if utc_s is None:
        assert hints["clock"] == "none"
    else:
        assert hints["clock"] == "network" and 0 <= hints["utc_s"] - utc_s < 5


def tool(folder, name, body):
    path = folder / name
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A folder that comes first in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def read_once(port, timeout_s=20):
    r = Reader(port, timeout_s)
    try:
        return r.read()
    finally:
        r.end()


def recorded(name):
    for path in (ROOT / "tests" / "data" / "modem").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            if json.loads(line)["id"] == name:
                return json.loads(line)["resp"]
    raise KeyError(name)


def test_modemmanager_is_asked_through_mmcli(tools):
    tool(tools, "mmcli", f"""case "$*" in
*--signal-get*) cat <<'E'
{recorded("mmcli-signal-nsa")}
E
;;
*--location-get*) cat <<'E'
{recorded("mmcli-location")}
E
;;
*--signal-setup*) echo 'successfully setup extended signal information polling' ;;
*) cat <<'E'
{recorded("mmcli-lte")}
E
esac
""")
    record = read_once("mmcli:any")
    assert record["error"] is None and record["modem_healthy"] is True and record["method"] == "mmcli"
    assert record["rat"] == "NR5G-NSA" and record["plmn"] == "45204" and record["registration"] == "home"
    assert (record["rsrp_dbm"], record["nr_rsrp_dbm"], record["cell"], record["sim"]) == (-91, -97, 0x2C9A10B, "ready")


def test_what_modemmanager_knows_of_the_owner_stays_with_it(tools):
    modem = json.loads(recorded("mmcli-lte"))
    modem["modem"]["3gpp"]["imei"] = modem["modem"]["generic"]["equipment-identifier"] = "356938035643809"
    modem["modem"]["generic"]["own-numbers"] = ["+84912345678"]
    tool(tools, "mmcli", f"cat <<'E'\n{json.dumps(modem)}\nE\n")
    text = json.dumps(read_once("mmcli:any"))
    assert "356938035643809" not in text and "84912345678" not in text and '"registration": "home"' in text


def test_modemmanager_without_a_modem_is_an_absent_modem(tools):
    tool(tools, "mmcli", "echo \"error: couldn't find modem\" >&2; exit 1\n")
    assert read_once("mmcli:any")["error"] == "modem_absent"


def test_a_tool_that_hangs_is_a_hung_modem(tools, tmp_path):
    tool(tools, "uqmi", "sleep 60\n")
    (tmp_path / "cdc-wdm0").touch()
    record = read_once(f"uqmi:{tmp_path}/cdc-wdm0", 2)
    assert record["error"] == "modem_hung" and record["modem_healthy"] is False


def test_uqmi_tells_signal_and_network(tools, tmp_path):
    tool(tools, "uqmi", f"""case "$*" in
*--get-signal-info*) cat <<'E'
{recorded("uqmi-endc-off")}
E
;;
*--get-serving-system*) cat <<'E'
{recorded("uqmi-viettel")}
E
;;
*) echo '"Not supported"' ;;
esac
""")
    (tmp_path / "cdc-wdm0").touch()
    record = read_once(f"uqmi:{tmp_path}/cdc-wdm0")
    assert record["error"] is None and record["method"] == "uqmi"
    assert (record["rat"], record["plmn"], record["registration"], record["rsrp_dbm"]) == ("LTE", "45204", "home", -91)
    assert record["nr_rsrp_dbm"] is None and record["nr_connected"] is False


UQMI_SCAN = ('{"network_info":[{"mcc":452,"mnc":4,"description":"Viettel","status":["current_serving","home"]},'
             '{"mcc":452,"mnc":1,"description":"MOBIFONE","status":["available","forbidden"]}],'
             '"radio_access_technology":[{"mcc":452,"mnc":4,"radio":"lte"},{"mcc":452,"mnc":1,"radio":"umts"}]}')
UQMI_CELLS = '{ "intrafrequency_lte_info": { "channel": 1825, { "physical_cell_id": 211, "rsrq": -9.0, "rsrp": -84.0 }, { "physical_cell_id": 77, "rsrq": -13.0, "rsrp": -111.0 } } }'


def test_uqmi_scans_and_lists_neighbours(tools, tmp_path):
    tool(tools, "uqmi", f"""case "$*" in
*--network-scan*) echo '{UQMI_SCAN}' ;;
*--get-cell-location-info*) echo '{UQMI_CELLS}' ;;
*--get-serving-system*) echo '{{"registration":"registered","plmn_mcc":452,"plmn_mnc":4,"roaming":false}}' ;;
*) echo '"Not supported"' ;;
esac
""")
    (tmp_path / "cdc-wdm0").touch()
    port = f"uqmi:{tmp_path}/cdc-wdm0"
    assert [(c["plmn"], c["rat"], c["plmn_status"], c["method"], c["scan_cells"]) for c in survey(port)] == [
        ("45204", "LTE", "current", "network_scan", 2), ("45201", "WCDMA", "forbidden", "network_scan", 2)]
    cells = survey(port, "method=neighbours")
    assert [(c["arfcn"], c["pci"], c["rsrp_dbm"], c["rsrq_db"], c["neighbours"]) for c in cells] == [(1825, 211, -84, -9, 2), (1825, 77, -111, -13, 2)]
    assert survey(port, "method=qscan")[0]["error"] == "unsupported"


def test_an_empty_scan_of_uqmi_on_a_line_in_use_is_none(tools, tmp_path):
    tool(tools, "uqmi", """case "$*" in
*--network-scan*) echo '{"network_info":[],"radio_access_technology":[]}' ;;
*--get-serving-system*) echo '{"registration":"registered","plmn_mcc":452,"plmn_mnc":4,"roaming":false}' ;;
esac
""")
    (tmp_path / "cdc-wdm0").touch()
    (record,) = survey(f"uqmi:{tmp_path}/cdc-wdm0")
    assert record["error"] == "line_in_use" and record["scan_cells"] is None
    tool(tools, "uqmi", """case "$*" in
*--network-scan*) echo '"Call failed"'; exit 1 ;;
*--get-serving-system*) echo '{"registration":"searching"}' ;;
esac
""")
    (record,) = survey(f"uqmi:{tmp_path}/cdc-wdm0")
    assert record["error"] == "failed" and "Call failed" in record["error_text"], "a scan that failed is no empty one"


def test_a_qmi_device_that_is_gone_is_an_absent_modem(tools, tmp_path):
    tool(tools, "uqmi", "exit 1\n")
    assert read_once(f"uqmi:{tmp_path}/cdc-wdm9")["error"] == "modem_absent"


def test_a_tool_that_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    record = read_once("mmcli:any")
    assert record["error"] == "modem_no_access" and "not installed" in record["error_text"]


def test_a_tool_that_prints_nonsense_gives_no_values(tools, tmp_path):
    tool(tools, "uqmi", "head -c 5000 /dev/urandom; printf '[[[[[[[[[[[[[[[[[[['\n")
    (tmp_path / "cdc-wdm0").touch()
    record = read_once(f"uqmi:{tmp_path}/cdc-wdm0")
    assert record["rsrp_dbm"] is None and record["registration"] is None and record["modem_healthy"] is False
