# SPDX-License-Identifier: Apache-2.0
"""The daemon: records flow, nothing is lost by kills, power cuts and full disks."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time

import pytest

from agent_tools import AGENT, REFLECTOR, TOP, Agent, free_port, run, until

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")

NO_MODEM = '{ kind = "signal"; port = "/dev/no-such-port"; interval_s = 1; }'


@pytest.fixture
def agent(tmp_path):
    a = Agent(tmp_path, tests=NO_MODEM, journal="sync_s = 0;", access="heartbeat_s = 2; absent_rounds = 2;")
    yield a
    a.stop()


def seqs(agent):
    return [r["seq"] for r in agent.records()]


def accounted(agent):
    """Each number from 1 is a record, or told by a gap record; none of them twice."""
    records = agent.records()
    made = [r["seq"] for r in records]
    told = [n for r in records if r["kind"] == "gap" for n in range(r["gap_first"], r["gap_last"] + 1)]
    return sorted(made + told) == list(range(1, made[-1] + 1))


def test_results_are_kept_with_state_and_without_gaps(agent):
    agent.start()
    assert until(lambda: agent.status()["state"] == "modem_absent")
    records = until(lambda: (r := agent.records()) and len(r) >= 6 and r)
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    assert {"health", "signal", "access"} <= {r["kind"] for r in records}
    first = next(r for r in records if r["kind"] == "access")
    assert first["state"] == "modem_absent" and first["from_state"] == "unknown" and "port" in first["evidence"]
    assert agent.stop() == 0


def test_a_heartbeat_repeats_the_state(agent):
    agent.start()
    beat = until(lambda: [r for r in agent.records() if r["kind"] == "access" and r["heartbeat"]], 20)
    assert beat and beat[-1]["held_s"] is not None


def test_a_kill_loses_no_number_and_is_no_power_cut(agent):
    agent.start()
    until(lambda: len(agent.records()) >= 4)
    agent.kill()
    before = seqs(agent)
    agent.start()
    until(lambda: len(agent.records()) >= len(before) + 3)
    after = seqs(agent)
    assert after[:len(before)] == before
    assert accounted(agent), agent.records()
    assert "power_lost" not in agent.states()
    reasons = [r["boot_reason"] for r in agent.records() if r["kind"] == "health"]
    assert reasons[1] == "crash"


def test_another_boot_without_a_goodbye_is_power_lost(agent):
    agent.start()
    until(lambda: len(agent.records()) >= 4)
    agent.kill()
    agent.new_boot()
    agent.start()
    assert until(lambda: "power_lost" in agent.states())
    lost = next(r for r in agent.records() if r["kind"] == "access" and r["state"] == "power_lost")
    assert "ended without a word" in lost["evidence"]
    assert accounted(agent)


def test_another_boot_after_a_clean_end_is_no_power_lost(agent):
    agent.start()
    until(lambda: len(agent.records()) >= 4)
    assert agent.stop() == 0
    agent.new_boot()
    agent.start()
    until(lambda: len([r for r in agent.records() if r["kind"] == "health"]) >= 2)
    assert "power_lost" not in agent.states()


def test_a_second_agent_with_the_same_journal_is_told(agent):
    agent.start()
    done = run("run", "-c", agent.conf)
    assert done.returncode == 2
    assert "another agent uses this journal" in done.stderr
    assert agent.status(), "the first one goes on, its socket included"


def test_an_export_has_the_format_the_collector_reads(agent, tmp_path):
    cbor2 = pytest.importorskip("cbor2")
    agent.start()
    until(lambda: len(agent.records()) >= 5)
    file = tmp_path / "stick.psx"
    done = run("export", "-c", agent.conf, file)
    assert done.returncode == 0, done.stderr
    data = file.read_bytes()
    assert data[:5] == b"PSX1\n"
    at, count = 5, 0
    while at < len(data):
        n = int.from_bytes(data[at:at + 4], "big")
        message = cbor2.loads(data[at + 4:at + 4 + n])
        assert getattr(message, "tag", None) == 18 or isinstance(message, list)
        at += 4 + n
        count += 1
    assert at == len(data) and count >= 1
    assert f"in {count} batches" in done.stdout


def test_export_without_a_key_makes_none(tmp_path):
    agent = Agent(tmp_path)
    done = run("export", "-c", agent.conf, tmp_path / "x.psx")
    assert done.returncode == 1 and "identity.pem" in done.stderr
    assert not (tmp_path / "x.psx").exists() and not (agent.state / "identity.pem").exists()


@pytest.fixture
def broker(tmp_path):
    if not shutil.which("mosquitto"):
        pytest.skip("mosquitto is not installed")
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen(["mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait(timeout=10)


def test_records_flow_to_a_broker_and_stay_until_a_receipt(agent, broker):
    agent.write(tests=NO_MODEM, journal="sync_s = 0;", uplink=f'brokers = [ "mqtt://127.0.0.1:{broker}" ]; gather_s = 1; stop_s = 0;')
    agent.start()
    assert until(lambda: agent.status()["uplink"]["connected"])
    assert until(lambda: agent.status()["uplink"]["batches_sent"] >= 1)
    status = agent.status()
    assert status["uplink"]["mqtt_version"] == 5 and status["uplink"]["receipts"] == 0
    assert status["journal"]["waiting"] == len(agent.records())
    assert "No receipt since start" in run("status", "-c", agent.conf, "--lang", "en").stdout


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    agent = Agent(tmp_path)
    agent.state = small / "state"
    many = ", ".join(f'{{ kind = "signal"; name = "s{i}"; port = "/dev/no-such-port"; interval_s = 1; }}' for i in range(12))
    agent.write(tests=many, journal="sync_s = 0; size_mb = 8;")
    try:
        agent.start()
        until(lambda: len(agent.records()) >= 3)
        before = seqs(agent)
        filler = small / "filler"
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                pass
        assert until(lambda: agent.status()["journal"]["problem"], 30), "a full disk is told"
        agent.kill()
        agent.start()
        # at once, or when what is left of the last page is used up
        again = lambda: agent.log.read_text().rsplit("agent: probe", 1)[1]  # noqa: E731
        assert until(lambda: "the medium is full" in again() or "journal: warning: cannot be written" in again(), 30)
        assert until(lambda: agent.status()["journal"]["problem"], 30)
        filler.unlink()
        assert until(lambda: agent.status()["journal"]["problem"] is None, 30)
        now = until(lambda: (s := seqs(agent)) and len(s) >= len(before) + 3 and s)
        assert now[:len(before)] == before and accounted(agent)
    finally:
        agent.stop()
        subprocess.run(["umount", str(small)], check=False)


def test_it_becomes_the_user_and_keeps_raw_sockets_alone(agent):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    agent.folder.chmod(0o755)
    for parent in agent.folder.parents:
        if parent == pathlib.Path("/tmp"):
            break
        os.chmod(parent, 0o755)
    agent.write(tests=NO_MODEM, agent='user = "nobody";')
    agent.start()
    status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split()[0] == str(pwd.getpwnam("nobody").pw_uid)
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 1 << 13
    assert fields["NoNewPrivs"] == "1"


def test_idle_it_is_small(agent):
    agent.write(tests="")
    agent.start()
    time.sleep(2)
    status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text()
    rss = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
    assert rss < 24 * 1024, f"{rss} kB"


def test_a_day_of_a_modem_gives_each_state_its_name(tmp_path):
    """Served, searching, limited, denied, no SIM, hung, gone, back: a day in a minute."""
    sim, day = TOP / "tests/sim/atsim.py", TOP / "tests/data/scenarios/day.json"
    if not sim.exists() or not day.exists() or not REFLECTOR.exists():
        pytest.skip("the AT simulator or the reflector is not there")
    port, link = free_port(socket.SOCK_DGRAM), tmp_path / "tty"
    conf = tmp_path / "reflector.conf"
    conf.write_text(f'stamp = {{ port = {port}; address = "127.0.0.1"; }};\nhttp = {{ enabled = false; }};\n')
    agent = Agent(tmp_path, journal="sync_s = 0;", access="scans = 2; scan_span_s = 3; hung_rounds = 2;", tests=f"""
        {{ kind = "signal"; port = "{link}"; interval_s = 1; timeout_s = 2; }},
        {{ kind = "operators"; when = "unserved"; port = "{link}"; interval_s = 2; timeout_s = 30; limit_s = 1; }},
        {{ kind = "latency"; target = "127.0.0.1:{port}"; interval_s = 2; count = 3; interval_ms = 10; timeout_ms = 500; }}""")
    with open(conf.with_suffix(".log"), "w") as log:
        others = [subprocess.Popen([str(REFLECTOR), "run", "-c", str(conf)], stderr=log),
                  subprocess.Popen([sys.executable, str(sim), str(day), "--link", str(link), "--speed", "0.8"], stdout=log, stderr=log)]
    try:
        until(link.is_symlink)
        agent.start()
        assert until(lambda: agent.states()[-1:] == ["ok"] and "modem_absent" in agent.states(), 100, 1), agent.states()
    finally:
        agent.stop()
        for process in others:
            process.terminate()
            process.wait(timeout=10)
    proven = [s for s in agent.states() if s != "unknown"]
    assert proven == ["ok", "no_service", "limited_service", "denied", "sim_missing", "modem_hung", "modem_absent", "ok"]
