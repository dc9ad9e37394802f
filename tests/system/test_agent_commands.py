# SPDX-License-Identifier: Apache-2.0
"""The technician's commands: messages, exit status, results as text and as JSON."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import agent_tools
from agent_tools import AGENT, REFLECTOR, TOP, Agent, free_port, run, until

pytestmark = pytest.mark.skipif(not AGENT.exists(), reason=f"{AGENT} is not built")


@pytest.mark.parametrize("text, line, message", [
    ('agent = { state = "/tmp/x"; stae = 1; };', 1, "agent.stae: unknown key"),
    ('tests = ( { kind = "latency"; target = "x"; interval_s = "often"; } );', 1, "interval_s"),
    ('\n\ntests = ( { kind = "latency"; target = "x"; interval_s = 0; } );', 3, "0 s is below the least"),
    ('tests = ( { kind = "weather"; } );', 1, "weather"),
    ('tests = ( { kind = "latency"; } );', 1, "target"),
    ('uplink = { brokers = [ "tcp://broker" ]; };', 1, "is not mqtt://host:port"),
    ('uplink = { collector_key = "abc"; };', 1, "64 hexadecimal digits"),
    ('place = { lat = 22.8; };', 1, "place.lon: is needed with place.lat"),
    ('place = { lat = 122.8; lon = 104.9; };', 1, "lat"),
    ('budget = { month_mb = 20; telemetry_mb = 30; };', 1, "leaves nothing"),
    ('tests = ( { kind = "latency"; target = "x"; },\n{ kind = "latency"; target = "y"; } );', 2, "is the name of tests[0]"),
    ('journal = { size_mb = 1; segment_kb = 1024; };', 1, "four files"),
    ('agent = { state = "/tmp/x"', 1, "agent.conf"),
])
def test_a_wrong_configuration_is_told_by_file_and_line(tmp_path, text, line, message):
    conf = tmp_path / "agent.conf"
    conf.write_text(text + "\n")
    done = run("check", "-c", conf)
    assert done.returncode == 2
    assert f"{conf}:{line}:" in done.stderr or (line == 1 and f"{conf}:2:" in done.stderr), done.stderr
    assert message in done.stderr, done.stderr


def test_all_problems_are_told_at_once(tmp_path):
    conf = tmp_path / "agent.conf"
    conf.write_text('agent = { colour = 1; };\nplace = { lat = 1.0; };\nuplink = { window = 0; };\n')
    done = run("check", "-c", conf)
    assert done.returncode == 2
    assert "colour" in done.stderr and "window" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    done = run("check", "-c", tmp_path / "none.conf")
    assert done.returncode == 2 and "none.conf" in done.stderr


def test_the_file_of_the_package_is_good_and_what_it_prints_is_good_again(tmp_path):
    assert run("check", "-c", TOP / "config/agent.conf").returncode == 0
    printed = run("check", "-c", TOP / "config/agent.conf", "--print-config")
    assert printed.returncode == 0
    again = tmp_path / "again.conf"
    again.write_text(printed.stdout)
    done = run("check", "-c", again)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words, status", [
    ([], 2), (["fly"], 2), (["--help"], 0), (["--version"], 0), (["run", "--help"], 0), (["test"], 2), (["test", "weather"], 2),
    (["test", "latency"], 2), (["test", "latency", "127.0.0.1", "colour=red"], 2), (["status", "--follow"], 2),
    (["doctor", "--lang", "fr"], 2), (["export"], 2), (["journal", "extra"], 2),
])
def test_wrong_use_is_2_and_help_is_0(words, status):
    done = run(*words)
    assert done.returncode == status, done.stderr
    assert (done.stdout if status == 0 else done.stderr).strip()


def test_help_names_every_command_that_works():
    text = run("--help").stdout
    for word in text.split("\n"):
        if word.startswith("  ") and not word.startswith("   "):
            assert run(word.split()[0], "--help").returncode == 0


@pytest.fixture
def far_end(tmp_path):
    """A reflector with both servers: its UDP and TCP port."""
    if not REFLECTOR.exists():
        pytest.skip(f"{REFLECTOR} is not built")
    udp, tcp = free_port(agent_tools.socket.SOCK_DGRAM), free_port()
    conf = tmp_path / "far_end.conf"
    conf.write_text(f'stamp = {{ port = {udp}; address = "127.0.0.1"; }};\nhttp = {{ port = {tcp}; address = "127.0.0.1"; }};\n')
    process = subprocess.Popen([str(REFLECTOR), "run", "-c", str(conf)], stderr=subprocess.PIPE, text=True)
    assert any("reflector: ready" in line for line in process.stderr)
    yield udp, tcp
    process.terminate()
    process.stderr.close()
    process.wait(timeout=10)


@pytest.mark.parametrize("kind, words, vi, en", [
    ("latency", "127.0.0.1:{udp} count=3 interval_ms=5", "gửi 3 gói, nhận lại 3 (mất 0,0 %), khứ hồi ",
     "3 packets sent, 3 came back (0.0 % lost), round trip "),
    ("throughput", "http://127.0.0.1:{tcp}/ max_seconds=2", "tải xuống ", "down "),
    ("ipv6", "http://127.0.0.1:{tcp}/ stamp_port={udp} timeout_ms=500", "", ""),
    ("service", "http://127.0.0.1:{tcp}/ping", "truy cập tốt, tất cả ", "works, all in "),
    ("service", "http://127.0.0.1:1/", "mạng tốt, lỗi do máy chủ", "the network works, the server fails"),
    ("latency", "no.such.name.invalid", "không tra được tên", "the name could not be looked up"),
    ("signal", "/dev/no-such-port", "không thấy modem", "the modem is not there"),
    ("operators", "/dev/no-such-port", "không thấy modem", "the modem is not there"),
])
def test_each_kind_says_its_result_in_a_sentence_and_as_one_object_a_line(far_end, kind, words, vi, en):
    words = words.format(udp=far_end[0], tcp=far_end[1]).split()
    for lang, sentence in (("vi", vi), ("en", en)):
        done = run("test", kind, *words, "--lang", lang, timeout=60)
        assert f"  => {sentence}" in done.stdout, done.stdout + done.stderr
        assert "None" not in done.stdout and "(null)" not in done.stdout
    lines = run("test", kind, *words, "--json", timeout=60).stdout.splitlines()
    assert lines and all(json.loads(line)["kind"] == kind for line in lines)
    assert not any("_text\":\"No such file or directory" in line for line in lines if kind == "latency")


def test_what_a_kind_takes_is_listed_when_something_is_missing():
    done = run("test", "throughput")
    assert done.returncode == 2
    assert "target       server: http://host:port or https://host/path (must be given)" in done.stderr
    assert "streams      parallel connections (4)" in done.stderr


@pytest.fixture
def reflector(tmp_path):
    if not REFLECTOR.exists():
        pytest.skip(f"{REFLECTOR} is not built")
    port = free_port(agent_tools.socket.SOCK_DGRAM)
    conf = tmp_path / "reflector.conf"
    conf.write_text(f'stamp = {{ port = {port}; address = "127.0.0.1"; }};\nhttp = {{ enabled = false; }};\n')
    process = subprocess.Popen([str(REFLECTOR), "run", "-c", str(conf)], stderr=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait(timeout=10)


def test_latency_against_the_reflector(reflector):
    done = until(lambda: (d := run("test", "latency", f"127.0.0.1:{reflector}", "--json", "count=10", "interval_ms=5")).returncode == 0 and d)
    assert done
    record = json.loads(done.stdout)
    assert record["kind"] == "latency" and record["error"] is None
    assert record["sent"] == 10 and record["received"] == 10 and record["lost_up"] == 0
    assert 0 < record["rtt_p50_us"] < 100000


def test_latency_for_a_person_has_units(reflector):
    done = until(lambda: (d := run("test", "latency", f"127.0.0.1:{reflector}", "count=5", "interval_ms=5")).returncode == 0 and d)
    assert done and any(unit in done.stdout for unit in (" us\n", " ms\n"))


def test_nobody_there_is_1_and_a_record(tmp_path):
    done = run("test", "latency", f"127.0.0.1:{free_port(agent_tools.socket.SOCK_DGRAM)}", "--json", "count=2", "timeout_ms=200")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "no_server"


def test_no_modem_is_1_and_a_record():
    done = run("test", "signal", "/dev/no-such-port", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "modem_absent"


@pytest.fixture
def modem(tmp_path):
    sim = TOP / "tests/sim/atsim.py"
    if not sim.exists():
        pytest.skip("the AT simulator is not there")
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({
        "answers": {"AT+CPIN?": "+CPIN: READY", "AT+CGMM": "EC25", "AT+CGMI": "Quectel"},
        "phases": [{"name": "served", "seconds": 600, "answers": {
            "AT+CEREG?": '+CEREG: 2,1,"1A2B","01A2B3C4",7', "AT+COPS?": '+COPS: 0,2,"45204",7',
            "AT+CESQ": "+CESQ: 99,99,255,255,20,46"}}]}))
    link = tmp_path / "ttyMODEM"
    process = subprocess.Popen([sys.executable, str(sim), str(scenario), "--link", str(link), "--hold"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdin=subprocess.PIPE, text=True)
    if not until(lambda: link.is_symlink() or process.poll() is not None, 10) or process.poll() is not None:
        pytest.skip(f"the AT simulator did not start: {process.stderr.read()[-300:]}")
    yield link
    process.terminate()
    process.wait(timeout=10)


def test_signal_of_a_simulated_modem(modem):
    done = run("test", "signal", modem, "--json", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)
    # TS 27.007 8.69: rsrp 46 is -141 + 46
    assert record["rsrp_dbm"] == -95 and record["registration"] == "home" and record["sim"] == "ready"
    assert record["plmn"] == "45204"


def test_port_is_the_same_as_the_target(modem):
    done = run("test", "signal", "--port", modem, timeout=60)
    assert done.returncode == 0 and "-95 dBm" in done.stdout


def test_doctor_says_what_to_do_in_both_languages(tmp_path):
    agent = Agent(tmp_path, tests='{ kind = "signal"; port = "/dev/no-such-port"; }')
    os.makedirs(agent.state)
    vi, en = (run("doctor", "-c", agent.conf, "--lang", lang, timeout=60) for lang in ("vi", "en"))
    assert vi.returncode == en.returncode == 1
    assert "Chạy: systemctl start phusong-agent" in vi.stdout and "Start it: systemctl start phusong-agent" in en.stdout
    steps = [json.loads(line) for line in run("doctor", "-c", agent.conf, "--json", timeout=60).stdout.splitlines()]
    assert {s["step"]: s["result"] for s in steps}["modem"] == "fail"
    assert all(s["advice"] for s in steps if s["result"] == "fail")


def test_status_without_an_agent_says_so(tmp_path):
    agent = Agent(tmp_path)
    done = run("status", "-c", agent.conf, "--lang", "en")
    assert done.returncode == 1 and "no agent is running" in done.stderr
    assert "it has never run here" in done.stderr and not done.stdout


def test_status_without_an_agent_tells_what_the_journal_holds(tmp_path):
    agent = Agent(tmp_path, journal="sync_s = 0;", tests='{ kind = "signal"; port = "/dev/no-such-port"; interval_s = 1; }')
    agent.start()
    until(lambda: len(agent.records()) >= 4)
    agent.stop()
    held = agent.records()
    vi, en, js = (run("status", "-c", agent.conf, *words) for words in (["--lang", "vi"], ["--lang", "en"], ["--json"]))
    assert vi.returncode == en.returncode == js.returncode == 1
    assert f"{len(held)} records wait for a receipt, newest is number {held[-1]['seq']}" in en.stdout
    assert "ended as it should" in en.stdout and "kết thúc bình thường" in vi.stdout
    told = json.loads(js.stdout)
    assert told["running"] is False and told["last"]["seq"] == told["journal"]["newest_seq"] == held[-1]["seq"]
    assert told["journal"]["waiting"] == len(held) and told["journal"]["last_utc"] and told["journal"]["clean_end"]
    assert agent.records() == held, "it only looked"
    agent.start()
    agent.kill()
    assert "stopped suddenly" in run("status", "-c", agent.conf, "--lang", "en").stdout
