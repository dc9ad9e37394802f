# SPDX-License-Identifier: Apache-2.0
"""Modems that hang are brought back step by step, and a data line that was suspended comes back whatever happens."""

import copy
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from agent_tools import AGENT, Agent, until
from test_modem import DAY, SIM, Lines

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")

DAY_PHASES = {p["name"]: p for p in json.loads(DAY.read_text())["phases"]}
QSCAN = DAY_PHASES["denied"]["answers"]["AT+QSCAN=3,1"]


class Bench:
    """A simulated modem and an agent that uses it, in a folder of their own."""

    def __init__(self, folder, phases, modem="", tests=None, agent="", settle=3, **sections):
        self.folder = folder
        self.port, self.power = folder / "modem", folder / "power"
        scenario = json.loads(DAY.read_text())
        scenario["phases"] = phases
        (folder / "scenario.json").write_text(json.dumps(scenario))
        self.sim = Lines(sys.executable, SIM, folder / "scenario.json", "--link", self.port, "--hold",
                         "--sysfs", folder / "sys", "--power", self.power)
        self.sim.hear()
        tests = tests or f'{{ kind = "signal"; port = "{self.port}"; interval_s = 1; timeout_s = 5; }}'
        self.agent = Agent(folder, tests=tests.replace("PORT", str(self.port)), journal="sync_s = 0;", agent=agent, **sections,
                           modem=f'sysfs = "{folder}/sys"; recover_after = 1; recover_pause_s = 1; recover_settle_s = {settle}; {modem}')

    def go(self, phase):
        self.sim.say(f"go {phase}")

    def events(self, about):
        return [(r["step"], r["outcome"], r["detail"]) for r in self.agent.records() if r["kind"] == "event" and r["event"] == about]

    def outcomes(self, about):
        return [(step, outcome) for step, outcome, _ in self.events(about)]

    def measured(self):
        return [r for r in self.agent.records() if r["kind"] == "signal" and not r["error"]]

    def end(self):
        if self.agent.process:
            self.agent.process.send_signal(signal.SIGCONT)
        self.agent.stop()
        self.sim.end()


@pytest.fixture
def bench(tmp_path):
    made = []

    def make(*args, **named):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Bench(folder, *args, **named))
        return made[-1]

    yield make
    for b in made:
        b.end()


def phase(name, like=None, **more):
    p = copy.deepcopy(DAY_PHASES[like]) if like else {"seconds": 10}
    return {**p, "name": name, **more}


def ill(after, **more):
    """Well at first, then hung until somebody does what helps."""
    return [phase("served", "served"), phase("ill", hang=True, heals={"after": after, "phase": "well", **more}), phase("well", "served")]


def steps(*names):
    return "recover = [ " + ", ".join(f'"{n}"' for n in names) + " ];"


def test_each_step_of_the_recovery_brings_back_what_it_can_bring_back(bench, tmp_path):
    hook = tmp_path / "power.sh"
    hook.write_text(f'#!/bin/sh\n[ "$1" = cycle ] && touch "$(dirname "$2")/power"\n')
    hook.chmod(0o755)
    cases = {
        "reopen": (bench(ill("reopen"), modem=steps("reopen", "reset")), [("reopen", "begun"), ("reopen", "ok")]),
        "reset": (bench(ill("cfun"), modem=steps("reopen", "reset", "usb")),
                  [("reopen", "begun"), ("reopen", "failed"), ("reset", "begun"), ("reset", "ok")]),
        "usb": (bench(ill("usb"), modem=steps("reopen", "usb", "command")),
                [("reopen", "begun"), ("reopen", "failed"), ("usb", "begun"), ("usb", "ok")]),
        "command": (bench(ill("power"), modem=steps("usb", "command") + f'recover_command = [ "{hook}", "cycle", "%" ];'),
                    [("usb", "begun"), ("usb", "failed"), ("command", "begun"), ("command", "ok")]),
    }
    for b, _ in cases.values():
        b.agent.start()
    for b, _ in cases.values():
        assert until(b.measured, 20)
        b.go("ill")
    for name, (b, expected) in cases.items():
        assert until(lambda: len(b.outcomes("recovery")) >= len(expected), 40), (name, b.events("recovery"))
        assert b.outcomes("recovery") == expected, (name, b.events("recovery"))
        begun = len(b.measured())
        assert until(lambda: len(b.measured()) > begun, 10), name
    assert cases["usb"][0].folder.joinpath("sys/devices/platform/usb1/1-1/authorized").read_text() == "1\n"
    assert cases["usb"][0].folder.joinpath("sys/devices/platform/usb1/1-1/1-1:1.2/authorized").read_text() == "1\n"


def test_what_may_not_be_done_is_refused_once_and_the_next_step_taken(bench):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-modem-", dir="/tmp"))
    folder.chmod(0o755)
    b = None
    try:
        b = Bench(folder, [phase("served", "served"), phase("ill", hang=True)],
                  modem=steps("usb", "command") + 'recover_command = [ "sh", "-c", "echo no relay here >&2; exit 3" ]; recover_per_day = 2;',
                  agent='user = "nobody";')
        b.agent.start()
        fields = pathlib.Path(f"/proc/{b.agent.process.pid}/status").read_text()
        assert f"Uid:\t{pwd.getpwnam('nobody').pw_uid}\t" in fields, "the daemon has no rights"
        assert until(b.measured, 20), b.agent.log.read_text()
        b.go("ill")
        assert until(lambda: ("limit", "refused") in b.outcomes("recovery"), 40), b.events("recovery")
        told = b.events("recovery")
        assert [t[:2] for t in told] == [("usb", "refused"), ("command", "begun"), ("command", "failed"), ("command", "begun"),
                                         ("command", "failed"), ("limit", "refused")]
        assert "udev rule" in told[0][2] and "authorized" in told[0][2]
        assert "no relay here" in told[2][2] and "exit status 3" in told[2][2]
        assert "recover_per_day" in told[5][2]
        assert (folder / "state" / "recovery").read_text().split()[0] == "2"
    finally:
        if b:
            b.end()
        shutil.rmtree(folder, ignore_errors=True)


def test_of_a_modem_that_was_never_there_each_refusal_is_told_once(bench):
    b = bench([phase("gone", gone=True)], modem=steps("reset", "usb", "command", "reopen"))
    b.agent.start()
    # the ladder begins again after its last step
    assert until(lambda: b.outcomes("recovery").count(("reopen", "failed")) >= 2, 30), b.events("recovery")
    told = b.outcomes("recovery")
    assert told.count(("reset", "refused")) == 1 and told.count(("usb", "refused")) == 1
    assert ("reset", "begun") not in told, "what cannot be tried is no try"
    assert not [t for t in told if t[0] == "command"], "none is configured: nothing to be told"
    assert "no port" in dict((t[0], t[2]) for t in b.events("recovery") if t[1] == "refused")["reset"]


def test_a_modem_behind_a_tool_is_restarted_by_the_tool(tmp_path, monkeypatch):
    """uqmi and mmcli hang until the modem was restarted; a third may not restart it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    well = {"uqmi": '{"registration":"registered","plmn_mcc":452,"plmn_mnc":4,"roaming":false}',
            "mmcli": '{"modem":{"3gpp":{"registration-state":"home"},"generic":{"state":"registered"}}}'}
    for name, reset in (("uqmi", "--set-device-operating-mode reset"), ("mmcli", "--reset")):
        tool = folder / name
        tool.write_text(f"""#!/bin/sh
case "$*" in
*forbidden*"{reset}"*) echo "error: couldn't reset the modem: 'Unauthorized: PolicyKit authorization failed'" >&2; exit 1 ;;
*"{reset}"*) touch {tmp_path}/{name}.well; exit 0 ;;
esac
[ -e {tmp_path}/{name}.well ] || exec sleep 60
echo '{well[name]}'
""")
        tool.chmod(0o755)
    (tmp_path / "cdc-wdm0").touch()
    made = {}
    try:
        for name, port in (("uqmi", f"uqmi:{tmp_path}/cdc-wdm0"), ("mmcli", "mmcli:any"), ("forbidden", "mmcli:forbidden")):
            own = tmp_path / name
            own.mkdir()
            made[name] = Agent(own, tests=f'{{ kind = "signal"; port = "{port}"; interval_s = 1; timeout_s = 2; }}', journal="sync_s = 0;",
                               modem=steps("reset") + "recover_after = 1; recover_pause_s = 1; recover_settle_s = 3;")

        def told(name):
            return [(r["step"], r["outcome"]) for r in made[name].records() if r["kind"] == "event" and r["event"] == "recovery"]

        made["forbidden"].start()
        assert until(lambda: len(told("forbidden")) >= 2, 20)
        assert told("forbidden")[:2] == [("reset", "begun"), ("reset", "refused")]
        made["forbidden"].stop()
        made["uqmi"].start()
        made["mmcli"].start()
        for name in ("uqmi", "mmcli"):
            assert until(lambda: len(told(name)) >= 2, 20), name
            assert told(name)[:2] == [("reset", "begun"), ("reset", "ok")]
    finally:
        for a in made.values():
            a.stop()


# --- the data line -------------------------------------------------------------------------------------------------

def surveyed(seconds, **more):
    p = phase("served", "served", contexts=[1, 2], **more)
    p["answers"]["AT+QSCAN=3,1"] = f"slow:{seconds}:{QSCAN}"
    return [p]


OPERATORS = '{ kind = "operators"; port = "PORT"; interval_s = 2; limit_s = 60; timeout_s = 60; }'
SIGNAL = '{ kind = "signal"; port = "PORT"; interval_s = 1; timeout_s = 30; limit_s = 100; }'


class Contexts:
    """What the simulated modem did with its contexts."""

    def __init__(self, bench):
        self.bench, self.active = bench, {1: True, 2: True}

    def follow(self, seconds):
        try:
            line = self.bench.sim.hear(seconds)
        except AssertionError:
            return False
        if "context" in line:
            self.active[line["context"]] = line["active"]
        return True

    def become(self, active, seconds):
        end = time.monotonic() + seconds
        while set(self.active.values()) != {active} and time.monotonic() < end:
            self.follow(max(0.05, end - time.monotonic()))
        return set(self.active.values()) == {active}


def marker(b):
    return b.agent.state / "line-suspended"


def watchdogs(b):
    found = []
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (p / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"modem-helper" in words and str(marker(b)).encode() in words:
            found.append(int(p.name))
    return found


def test_a_survey_of_a_line_in_use_suspends_it_and_gives_it_back(bench):
    b = bench(surveyed(1.5), modem='suspend = "at";', tests=f"{OPERATORS}, {SIGNAL}")
    contexts = Contexts(b)
    b.agent.start()
    assert contexts.become(False, 20)
    assert marker(b).exists(), "what is suspended is on the disk"
    assert contexts.become(True, 20)
    cells = until(lambda: [r for r in b.agent.records() if r["kind"] == "operators"], 10)
    assert [c["plmn"] for c in cells[:3]] == ["45204", "45201", "45202"] and not cells[0]["error"]
    assert cells[0]["line_suspended"] is True and cells[0]["method"] == "qscan"
    assert until(lambda: b.outcomes("data_line")[:2] == [("suspend", "ok"), ("resume", "ok")], 10), b.events("data_line")
    assert not marker(b).exists() or contexts.become(False, 1)
    # a round that waited behind the survey is no failure
    assert not [r["error"] for r in b.agent.records() if r["kind"] == "signal" and r["error"]]


def test_the_line_comes_back_when_the_survey_the_agent_or_the_power_goes(bench):
    short = OPERATORS.replace("limit_s = 60", "limit_s = 3")
    cases = {name: bench(surveyed(4 if name == "watchdog" else 25), modem='suspend = "at";', tests=short if name == "cancelled" else OPERATORS)
             for name in ("cancelled", "killed", "ended", "power", "watchdog")}
    contexts = {name: Contexts(b) for name, b in cases.items()}
    for b in cases.values():
        b.agent.start()
    for name, b in cases.items():
        assert contexts[name].become(False, 20), name
    cases["killed"].agent.kill()
    assert cases["ended"].agent.stop() == 0
    # power: agent and watchdog at once; nobody is left to resume
    for pid in watchdogs(cases["power"]):
        os.kill(pid, signal.SIGKILL)
    cases["power"].agent.kill()
    # only the watchdog: the agent does it, when its scan is over
    for pid in watchdogs(cases["watchdog"]):
        os.kill(pid, signal.SIGKILL)
    for name in ("killed", "ended", "cancelled"):
        assert contexts[name].become(True, 20), name
        assert until(lambda: not marker(cases[name]).exists(), 10), name
    assert until(lambda: ("resume", "ok") in cases["cancelled"].outcomes("data_line"), 10)

    b = cases["power"]
    assert marker(b).exists() and not contexts["power"].become(True, 0.3)
    b.agent.new_boot()
    b.agent.start()
    assert contexts["power"].become(True, 20)
    assert until(lambda: ("resume", "ok") in b.outcomes("data_line"), 10), b.events("data_line")
    assert "left it suspended" in str(b.events("data_line"))

    b = cases["watchdog"]
    assert contexts["watchdog"].become(True, 20)
    assert until(lambda: ("resume", "ok") in b.outcomes("data_line"), 10)
    assert b.outcomes("data_line")[:2] == [("suspend", "ok"), ("resume", "failed")]
    assert "killed" in b.events("data_line")[1][2]


def test_nothing_is_measured_over_a_line_that_we_took_away(bench):
    latency = '{ kind = "latency"; target = "127.0.0.1"; method = "icmp"; interval_s = 1; count = 30; interval_ms = 100; timeout_ms = 500; }'
    for _ in range(5):  # which of the two comes first is the probe's own phase
        b = bench(surveyed(1.5), modem='suspend = "at";', tests=f"{OPERATORS}, {latency}", budget="idle_down_kbps = 0; idle_up_kbps = 0;")
        b.agent.start()
        assert until(lambda: ("resume", "ok") in b.outcomes("data_line"), 40), b.events("data_line")
        records = b.agent.records()
        lines = [r for r in records if r["kind"] == "event" and r["event"] == "data_line"]
        runs = [(r["mono_ns"], r["mono_ns"] + r["duration_ms"] * 1_000_000) for r in records if r["kind"] == "latency"]
        if runs:
            break
    assert runs, "it was measured before"
    for down, up in zip(lines[::2], lines[1::2]):
        assert (down["step"], up["step"]) == ("suspend", "resume")
        assert not [r for r in runs if r[0] < up["mono_ns"] and r[1] > down["mono_ns"]]


def test_a_hung_agent_does_not_keep_the_line_down(tmp_path):
    """The watchdog by itself, its pipe open and silent."""
    log, marker_file = tmp_path / "log", tmp_path / "marker"
    script = tmp_path / "line.sh"
    script.write_text(f"#!/bin/sh\necho $1 >>{log}\n")
    script.chmod(0o755)
    p = subprocess.Popen([AGENT, "modem-helper", "suspend", marker_file, "1000", "3", "command", script, "down", "command", script, "up"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    assert p.stdout.readline() == "suspended\n" and log.read_text() == "down\n"
    assert marker_file.read_text().splitlines()[1:] == ["command", str(script), "up"]
    assert p.stdout.readline() == "resumed\n" and log.read_text() == "down\nup\n"
    assert 0.9 < time.monotonic() - began < 5
    assert p.wait(5) == 0 and not marker_file.exists()
    p.stdin.close()


def test_a_watchdog_that_is_told_to_end_resumes_first(tmp_path):
    log = tmp_path / "log"
    script = tmp_path / "line.sh"
    script.write_text(f"#!/bin/sh\necho $1 >>{log}\n")
    script.chmod(0o755)
    p = subprocess.Popen([AGENT, "modem-helper", "suspend", tmp_path / "marker", "60000", "3", "command", script, "down", "command", script, "up"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "suspended\n"
    p.send_signal(signal.SIGINT)
    p.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert log.read_text() == "down\n", "not by what a terminal sends"
    p.send_signal(signal.SIGTERM)
    assert p.stdout.readline() == "resumed\n" and log.read_text() == "down\nup\n"
    assert p.wait(5) == 0
    p.stdin.close()


def test_a_line_that_cannot_be_suspended_is_left_alone(bench):
    b = bench(surveyed(0.5), tests=OPERATORS, modem='suspend = "command"; suspend_command = [ "false" ]; resume_command = [ "true" ];')
    b.agent.start()
    assert until(lambda: ("suspend", "failed") in b.outcomes("data_line"), 20)
    assert not marker(b).exists()
    records = until(lambda: [r for r in b.agent.records() if r["kind"] == "operators"], 20)
    assert records[0]["error"] == "line_in_use", "tried without: the truth is told"
    assert ("resume", "ok") not in b.outcomes("data_line")


@pytest.mark.parametrize("modem, said", [
    ('suspend = "command";', "modem.suspend_command: is needed"),
    ('suspend = "ifdown";', "is none of: none, at, command"),
    ('recover = [ "reopen", "kick" ];', "is none of: reopen, reset, usb, command"),
    ('balance_code = "*101#;ATD";', "is no code of digits"),
    ('balance_pattern = "TKG [0-9]+";', "has no group"),
    ('balance_hours = 1;', "below the least, 24 h"),
])
def test_a_wrong_setting_is_told_with_its_name(tmp_path, modem, said):
    agent = Agent(tmp_path, modem=modem)
    done = subprocess.run([AGENT, "check", "-c", agent.conf], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and said in done.stderr, done.stderr
