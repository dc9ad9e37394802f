# SPDX-License-Identifier: Apache-2.0
"""The real ModemManager, with a simulated modem behind it: the same values as over AT."""

import copy
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from agent_tools import AGENT, until
from test_modem import DAY, READER, SIM, Lines

pytestmark = pytest.mark.skipif(not READER.exists() or not AGENT.exists(), reason="the programs are not built")

NAME = "org.freedesktop.ModemManager1"
PHASES = {p["name"]: p for p in json.loads(DAY.read_text())["phases"]}
# what ModemManager asks before it offers an interface, and asks by it
MORE = {
    "AT+CESQ=?": "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)",
    "AT+CUSD=?": "+CUSD: (0-2)", 'AT+CUSD=1,"*101#",15': 'late:+CUSD: 0,"TKG: 12.345d, HSD: 01/01/2027",15',
    "AT+CTZU=?": "+CTZU: (0,1)", "AT+CTZU=1": "OK", "AT+CCLK?": '+CCLK: "26/11/27,12:03:11+28"',
    "AT+CSCS=?": '+CSCS: ("GSM","IRA","UCS2")', "AT+CSCS?": '+CSCS: "IRA"', 'AT+CSCS="IRA"': "OK",
}
NETWORKS = ('+COPS: (2,"Viettel","Viettel","45204",7),(3,"VN MOBIFONE, MOBI","MOBI","45201",7),(1,"VINAPHONE","VINA","45202",2),,(0-4),(0-2)')


class Manager:
    """A bus, ModemManager on it, and a modem that it finds on an abstract socket."""

    count = 0

    def __init__(self, folder, name):
        Manager.count += 1
        self.socket = f"abstract:phusong-{os.getpid()}-{Manager.count}"
        scenario = json.loads(DAY.read_text())
        phase = copy.deepcopy(PHASES[name])
        phase["answers"].update(MORE)
        if name == "served":
            phase["answers"]["AT+COPS=?"] = NETWORKS
        scenario["phases"] = [phase]
        path = folder / f"{name}.json"
        path.write_text(json.dumps(scenario))
        self.sim = Lines(sys.executable, SIM, path, "--link", folder / name, "--abstract", self.socket, "--hold")
        self.sim.hear()
        self.bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        address = self.bus.stdout.readline().strip()
        self.environ = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address, "DBUS_SYSTEM_BUS_ADDRESS": address}
        self.log = open(folder / f"{name}.log", "w")
        self.manager = subprocess.Popen(
            ["ModemManager", "--test-session", "--test-enable", "--test-no-udev", "--test-no-qrtr", "--test-no-suspend-resume",
             f"--test-plugin-dir={self.plugins()}"], env=self.environ, stdout=self.log, stderr=self.log)

    @staticmethod
    def plugins():
        listed = subprocess.run(["dpkg-query", "-L", "modemmanager"], capture_output=True, text=True).stdout.split()
        return os.path.dirname(next(f for f in listed if f.endswith("libmm-plugin-generic.so")))

    def run(self, *words, timeout=60):
        return subprocess.run([str(w) for w in words], env=self.environ, capture_output=True, text=True, timeout=timeout)

    def give_it_the_modem(self):
        def told():
            return self.run("dbus-send", "--session", "--print-reply", f"--dest={NAME}", f"/{NAME.replace('.', '/')}",
                            f"{NAME}.Test.SetProfile", "string:phusong", "string:generic", f"array:string:{self.socket}").returncode == 0
        assert until(told, 20), "ModemManager did not come up"

    def has_modem(self):
        return "/Modem/" in self.run("mmcli", "-L", "-J").stdout

    def end(self):
        for p in (self.manager, self.bus):
            p.terminate()
        for p in (self.manager, self.bus):
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.bus.stdout.close()
        self.log.close()
        self.sim.end()


@pytest.fixture(scope="module")
def managers(tmp_path_factory):
    """One for each phase, all of them coming up at the same time."""
    for program, package in (("ModemManager", "modemmanager"), ("mmcli", "modemmanager"), ("dbus-daemon", "dbus-daemon"), ("dbus-send", "dbus-bin")):
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: apt install {package}")
    folder = tmp_path_factory.mktemp("mm")
    made = {}
    try:
        for name in ("served", "search", "denied", "sim_missing"):
            made[name] = Manager(folder, name)
        for m in made.values():
            m.give_it_the_modem()
        for name, m in made.items():
            assert until(m.has_modem, 60, 0.5), name
        for name, m in made.items():
            if name != "sim_missing":  # that one cannot be
                done = m.run("mmcli", "-m", "any", "-e")
                assert done.returncode == 0, done.stderr
        yield made
    finally:
        for m in made.values():
            m.end()


def read(manager, *commands, reader_options=()):
    """What the reader says to each command, through mmcli."""
    p = subprocess.run([READER, "mmcli:any", "60", *reader_options], input="".join(c + "\n" for c in commands), env=manager.environ,
                       capture_output=True, text=True, timeout=120)
    assert p.returncode == 0, p.stderr
    return [json.loads(line) for line in p.stdout.splitlines()]


ALIKE = ("registration", "rat", "plmn", "home_plmn", "rsrp_dbm", "rsrq_db", "sim", "cell", "tac", "modem_healthy", "error")


@pytest.mark.parametrize("phase", ["served", "search", "denied", "sim_missing"])
def test_modemmanager_tells_what_the_port_tells(managers, tmp_path, phase):
    scenario = json.loads(DAY.read_text())
    scenario["phases"] = [PHASES[phase]]
    (tmp_path / "at.json").write_text(json.dumps(scenario))
    sim = Lines(sys.executable, SIM, tmp_path / "at.json", "--link", tmp_path / "modem", "--hold")
    try:
        sim.hear()
        (at,) = [json.loads(line) for line in subprocess.run(
            [READER, tmp_path / "modem", "20"], input="\n", capture_output=True, text=True, timeout=30).stdout.splitlines()]
    finally:
        sim.end()

    # levels come with the first poll after they were asked for, and registration with ModemManager's own
    def same():
        (mm,) = read(managers[phase], "")
        differs = {k: (mm[k], at[k]) for k in ALIKE if mm[k] != at[k]}
        if phase == "sim_missing":
            # it reads nothing of a modem without SIM: no registration, and the SIM's absence is what counts
            differs = {k: v for k, v in differs.items() if k in ("sim", "error")}
        if phase == "denied":
            # the cell that refused is told by the maker's own command only: unknown, and never another
            differs = {k: v for k, v in differs.items() if not (k in ("cell", "tac", "plmn") and v[0] is None)}
        same.last = differs
        return not differs

    assert until(same, 30, 1), same.last
    if phase == "search":
        assert read(managers[phase], "")[0]["modem_state"] == "SEARCH"


def test_scan_time_and_balance_come_through_modemmanager(managers, tmp_path):
    served = managers["served"]
    assert until(lambda: read(served, "")[0]["registration"] == "home", 20)
    cells = [json.loads(line) for line in served.run(AGENT, "test", "operators", "mmcli:any", "--json").stdout.splitlines()]
    assert [(c["plmn"], c["operator_name"], c["plmn_status"], c["rat"]) for c in cells] == [
        ("45204", "Viettel", "current", "LTE"), ("45201", "VN MOBIFONE, MOBI", "forbidden", "LTE"), ("45202", "VINAPHONE", "available", "WCDMA")]
    assert {(c["method"], c["scan_cells"], c["modem"]) for c in cells} == {("network_scan", 3, "Quectel EC25")}
    # this modem knows no neighbours: said, not taken for an empty list
    (none,) = [json.loads(line) for line in
               served.run(AGENT, "test", "operators", "mmcli:any", "method=neighbours", "--json").stdout.splitlines()]
    assert none["error"] == "unsupported" and none["neighbours"] is None and none["scan_cells"] is None
    said = read(served, "", "wait 4000", "hints", reader_options=("time=yes", "balance=*101#"))
    hints = said[-1]
    assert hints["balance_vnd"] == 12345 and hints["credit"] == "ok", said
    if hints["clock"] != "ntp":  # a machine that is synchronised needs no network's time
        assert hints["clock"] == "network" and hints["utc_s"] // 60 == 1795755791 // 60
    assert "01/01/2027" not in json.dumps(said), "the text stays here"


def test_an_empty_scan_through_modemmanager_is_a_survey_and_no_failure(managers):
    (empty,) = [json.loads(line) for line in
                managers["search"].run(AGENT, "test", "operators", "mmcli:any", "--json").stdout.splitlines()]
    assert empty["error"] is None and empty["scan_cells"] == 0 and empty["method"] == "network_scan"


def test_quick_rounds_through_modemmanager_are_quick(managers):
    began = time.monotonic()
    quick = read(managers["served"], "quick", "quick", "quick", "quick")
    assert [q["rsrp_dbm"] for q in quick[1:]] == [-84] * 3 and quick[0]["registration"] == "home"
    assert time.monotonic() - began < 8
