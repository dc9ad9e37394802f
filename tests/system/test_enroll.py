# SPDX-License-Identifier: Apache-2.0
"""From a claim code on paper to results over TLS, and out again: collector, Mosquitto as it is shipped, agent."""
import http.client
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

from agent_tools import AGENT, Agent, free_port, run, until
from collector_tools import COLLECTOR, ROOT, Broker, Collector, listening, wait_for
from test_broker_acl import NO_MODEM, SHIPPED, Client, shipped_configuration

pytestmark = [
    pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists(), reason="the programs are not built"),
    pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto is not installed"),
]
HAMLET = "00769-R01"


class Province:
    """Everything that a province sets up, as docs/enrol.md says it."""

    def __init__(self, folder):
        self.folder = folder
        self.mqtts, self.mqtt, self.https = free_port(), free_port(), free_port()
        self.data = folder / "data"
        self.conf = folder / "collector.conf"
        (folder / "password").write_text("secret\n")
        self.write_conf()
        self.collector("import", "units", ROOT / "config/vn")
        hamlets = folder / "hamlets.csv"
        hamlets.write_text(f"hamlet_code,hamlet,commune_code\n{HAMLET},Há Cá Thình,00769\n")
        self.collector("import", "hamlets", hamlets)
        (folder / "ca.crt").write_text(self.collector("authority", "show").stdout)
        self.collector("authority", "server", "localhost", "127.0.0.1", "-o", folder)
        self.collector("authority", "crl")
        self.processes = []
        self.start_broker()
        self.serve()

    def write_conf(self, more=""):
        folder = self.folder
        self.conf.write_text(
            f'data = "{self.data}";\nboundaries = "{ROOT}/config/vn";\n'
            f'ingest = {{ brokers = [ "mqtt://127.0.0.1:{self.mqtt}" ]; user = "collector"; '
            f'password_file = "{folder}/password"; group_ms = 20; }};\n'
            f'http = {{ port = {self.https}; cert_file = "{folder}/server.crt"; key_file = "{folder}/server.key"; }};\n'
            f'enroll = {{ brokers = [ "mqtts://127.0.0.1:{self.mqtts}" ]; url = "https://127.0.0.1:{self.https}"; '
            f'crl_file = "{folder}/crl.pem"; {more} }};\ntruth = {{ profiles = []; }};\n')

    def collector(self, *words, check=True):
        return subprocess.run([str(COLLECTOR), *map(str, words), "-c", str(self.conf)], capture_output=True, text=True,
                              check=check)

    def start(self, name, *command):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log))
        return self.processes[-1]

    def start_broker(self):
        folder = self.folder
        for rules in SHIPPED.glob("*acl.conf"):
            shutil.copy(rules, folder)
        text = shipped_configuration(folder, self.mqtts, self.mqtt)
        assert "#crlfile" in text
        (folder / "phusong.conf").write_text(text.replace("#crlfile", "crlfile"))
        subprocess.run(["mosquitto_passwd", "-c", "-b", folder / "phusong-passwords", "collector", "secret"], check=True)
        if os.geteuid() == 0:  # mosquitto gives up root
            for path in [folder, *folder.iterdir()]:
                if path != self.data:
                    shutil.chown(path, pwd.getpwnam("mosquitto").pw_uid)
        self.broker = self.start("mosquitto", "mosquitto", "-c", folder / "phusong.conf")
        assert wait_for(lambda: listening(self.mqtts) and listening(self.mqtt)), (folder / "mosquitto.log").read_text()

    def serve(self):
        self.server = self.start("collector", COLLECTOR, "serve", "-c", self.conf)
        assert wait_for(lambda: listening(self.https), 20), (self.folder / "collector.log").read_text()

    def claim(self, *words):
        return json.loads(self.collector("probe", "claim", "--json", *words).stdout)

    def probe(self, probe):
        return json.loads(self.collector("probe", "show", probe, "--json").stdout)

    def post(self, body, method="POST", path="/api/v1/enroll"):
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.https, context=context, timeout=20)
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer, json.loads(text) if text[:1] == b"{" else text

    def client(self, agent):
        """A connection to the broker with the agent's certificate and key, or what the broker says instead."""
        return Client(self.mqtts, agent.state / "broker-ca.crt", (agent.state / "client.crt", agent.state / "identity.pem"))

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def province():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-enroll-"))
    made = None
    try:
        made = Province(folder)
        yield made
    finally:
        if made:
            made.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    one = Agent(tmp_path_factory.mktemp("agent"))
    one.write(tests=NO_MODEM, journal="sync_s = 0;", uplink='brokers = [ ]; collector_key = ""; gather_s = 1; stop_s = 0;')
    yield one
    one.stop()


def enroll(agent, province, claim, *words, lang="en"):
    return run("enroll", "-c", agent.conf, "--collector", f"https://127.0.0.1:{province.https}/", "--claim", claim, "--lang",
               lang, *words)


@pytest.fixture(scope="module")
def claim(province):
    return province.claim("--hamlet", HAMLET, "--valid", "2d")


def serial(agent):
    return subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", agent.state / "client.crt"], check=True,
                          capture_output=True, text=True).stdout


def test_a_claim_with_the_pin_of_the_sheet_brings_the_probe_in(province, agent, claim):
    assert claim["pin"].startswith("sha256//") and claim["url"].endswith(str(province.https))
    done = enroll(agent, province, claim["claim"].lower().replace("-", " "), "--pin", claim["pin"], lang="vi")
    assert done.returncode == 0, done.stderr
    assert "Há Cá Thình" in done.stdout and HAMLET in done.stdout and "systemctl restart phusong-agent" in done.stdout
    for name in ("identity.pem", "client.crt", "broker-ca.crt", "enrolled.conf"):
        assert (agent.state / name).stat().st_mode & 0o777 == 0o600, name
    held = run("check", "-c", agent.conf, "--print-config").stdout
    assert f"mqtts://127.0.0.1:{province.mqtts}" in held and str(agent.state / "client.crt") in held
    verify = subprocess.run(["openssl", "verify", "-CAfile", province.folder / "ca.crt", "-purpose", "sslclient",
                             agent.state / "client.crt"], capture_output=True, text=True)
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_it_reports_over_tls_and_takes_the_collectors_orders(province, agent):
    agent.start()
    assert until(lambda: agent.status()["uplink"]["receipts"] >= 1, 30), agent.log.read_text()
    probe = agent.status()["probe"]
    known = province.probe(probe)
    assert known["hamlet"] == HAMLET and known["role"] == "reference" and known["received"] >= 1
    order = province.collector("order", probe, "run", "signal").stdout.strip()

    def state():
        return json.loads(province.collector("order", "show", order, "--json").stdout)["state"]

    assert until(lambda: state() == "done", 40), state()


def test_the_same_probe_may_ask_again_and_another_may_not(province, agent, claim, tmp_path):
    before = serial(agent)
    again = enroll(agent, province, claim["claim"], "--ca", province.folder / "ca.crt", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["hamlet"] == HAMLET and serial(agent) == before
    other = Agent(tmp_path)
    refused = enroll(other, province, claim["claim"], "--pin", claim["pin"])
    assert refused.returncode == 1 and "was used by another probe" in refused.stderr
    assert not (other.state / "enrolled.conf").exists()


@pytest.mark.parametrize("words, said", [
    ([], "signed by nobody this device trusts"),
    (["--pin", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], "not the one on the sheet"),
    (["--ca", "/no/such/file"], "--ca cannot be read"),
])
def test_certificate_errors_are_explained_and_nothing_is_sent(province, tmp_path, words, said):
    done = enroll(Agent(tmp_path), province, "0000-0000-0000-0000", *words)
    assert done.returncode == 1 and said in done.stderr and "→" in done.stderr, done.stderr
    assert "HTTP" not in done.stderr


def test_a_certificate_for_another_name_and_plain_http_are_refused(province, tmp_path):
    agent = Agent(tmp_path)
    province.collector("authority", "server", "other.example", "-o", tmp_path / "other")
    port = free_port()
    server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-cert", tmp_path / "other/server.crt", "-key",
                               tmp_path / "other/server.key", "-quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: listening(port))
        done = run("enroll", "-c", agent.conf, "--collector", f"https://127.0.0.1:{port}", "--claim", "0000-0000-0000-0000",
                   "--ca", province.folder / "ca.crt", "--lang", "en")
        assert done.returncode == 1 and "is for another name" in done.stderr, done.stderr
    finally:
        server.kill()
        server.wait()
    done = run("enroll", "-c", agent.conf, "--collector", "http://192.0.2.1", "--claim", "0000-0000-0000-0000", "--lang", "en")
    assert done.returncode == 1 and "must begin with https://" in done.stderr


def test_an_old_and_a_withdrawn_claim_are_refused(province, tmp_path):
    short, withdrawn = province.claim("--valid", "1s"), province.claim()
    assert province.collector("probe", "claims", "--withdraw", withdrawn["name"]).returncode == 0
    time.sleep(1.1)
    agent = Agent(tmp_path)
    assert "has expired" in enroll(agent, province, short["claim"], "--pin", short["pin"]).stderr
    assert "does not know this code" in enroll(agent, province, withdrawn["claim"], "--pin", short["pin"]).stderr
    listed = [json.loads(line) for line in province.collector("probe", "claims", "--json").stdout.splitlines()]
    assert [c["state"] for c in listed if c["name"] == short["name"]] == ["expired"]
    assert withdrawn["name"] not in [c["name"] for c in listed]


def test_codes_are_stored_hashed(province, claim):
    code = claim["claim"].replace("-", "").encode()
    for file in province.data.glob("meta.db*"):
        assert code not in file.read_bytes() and claim["claim"].encode() not in file.read_bytes()


def test_a_retired_probe_is_kept_out_by_the_broker(province, agent, claim):
    probe = agent.status()["probe"]
    agent.stop()
    province.client(agent)
    retired = province.collector("probe", "retire", probe)
    assert "1 certificates revoked" in retired.stdout, retired
    province.broker.send_signal(signal.SIGHUP)

    def kept_out():
        try:
            province.client(agent)
        except (ssl.SSLError, ConnectionError):
            return True
        return False

    assert until(kept_out, 10)
    # its old claim does not bring it back, a new one does
    assert "retired" in enroll(agent, province, claim["claim"], "--pin", claim["pin"]).stderr
    fresh = province.claim()
    assert enroll(agent, province, fresh["claim"], "--pin", fresh["pin"]).returncode == 0
    province.client(agent)
    assert not province.probe(probe)["retired"]


def test_only_post_with_a_small_body_over_a_safe_way(province, claim):
    answer, _ = province.post(None, "GET")
    assert answer.status == 405 and answer.getheader("Allow") == "POST"
    answer, said = province.post(b"x" * 9000)
    assert answer.status == 413
    answer, said = province.post(b"{", path="/api/v1/summary")
    assert answer.status == 405 and answer.getheader("Allow") == "GET, HEAD"
    for body in (b"", b"{", b"[]", b"{}x", b'{"claim":1,"probe":2,"csr":3}',
                 json.dumps({"claim": claim["claim"], "probe": "a" * 25, "csr": ""}).encode()):
        answer, said = province.post(body)
        assert (answer.status, said["code"]) == (400, "bad_request"), body
        assert answer.getheader("Cache-Control") == "no-store"


def test_who_guesses_wrong_too_often_waits(province):
    """Last with this collector: this address has used up its tries."""
    body = json.dumps({"claim": "0000-0000-0000-0000", "probe": "a" * 26, "csr": "x"}).encode()
    codes = [province.post(body)[1]["code"] for _ in range(12)]
    assert codes[0] == "claim_unknown" and codes[-1] == "too_many", codes
    answer, _ = province.post(body)
    assert answer.status == 429 and 0 < int(answer.getheader("Retry-After")) <= 601


def test_the_audit_log_tells_who_came_in(province):
    check = json.loads(province.collector("verify", "--json").stdout)
    assert check["sound"] and check["audit_entries"] > 8


def test_plain_http_is_for_this_machine_only(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address = s.getsockname()[0]
    broker = Broker(tmp_path)
    port = free_port()
    c = Collector(tmp_path, broker.port, http=port)
    text = pathlib.Path(c.conf).read_text().replace('listen = "127.0.0.1"', 'listen = "0.0.0.0"')
    pathlib.Path(c.conf).write_text(text + 'enroll = { brokers = [ "mqtts://broker.example:8883" ]; };\n')
    c.start()
    try:
        for host, status in (("127.0.0.1", 400), (address, 403)):
            connection = http.client.HTTPConnection(host, port, timeout=20)
            connection.request("POST", "/api/v1/enroll", body=b"{}")
            assert connection.getresponse().status == status, host
    finally:
        c.stop()
        broker.close()


def test_another_authority_signs_through_its_program(tmp_path):
    """enroll.ca_command: a script around openssl in place of a ministry's authority."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=ministry", "-keyout", tmp_path / "m.key", "-out", tmp_path / "m.crt"], check=True,
                   capture_output=True)
    command = tmp_path / "sign"
    command.write_text(f"""#!/bin/sh
echo "$1 $3 $4" >>{tmp_path}/calls
[ "$1" = revoke ] && exit 0
openssl x509 -req -in "$2" -CA {tmp_path}/m.crt -CAkey {tmp_path}/m.key -set_serial 0xABCDEF01 -days "$4"
""")
    command.chmod(0o755)
    broker = Broker(tmp_path)
    c = Collector(tmp_path, broker.port, http=free_port())
    with open(c.conf, "a", encoding="utf-8") as f:
        f.write(f'enroll = {{ brokers = [ "mqtts://broker.example:8883" ]; ca_command = "{command}"; days = 30; '
                f'broker_ca_file = "{tmp_path}/m.crt"; }};\n')
    c.start()
    agent = Agent(tmp_path)
    try:
        code = json.loads(c.run("probe", "claim", "--json").stdout)["claim"]
        done = run("enroll", "-c", agent.conf, "--collector", f"http://127.0.0.1:{c.http}", "--claim", code, "--lang", "en")
        assert done.returncode == 0, done.stderr + c.log.read_text()
        assert serial(agent) == "serial=ABCDEF01\n"
        probe = json.loads(run("enroll", "-c", agent.conf, "--collector", f"http://127.0.0.1:{c.http}", "--claim", code,
                               "--json").stdout)["probe"]
        assert c.run("probe", "retire", probe).returncode == 0
        assert (tmp_path / "calls").read_text() == f"sign {probe} 30\nrevoke {probe} 0\n"
        assert not (pathlib.Path(c.data) / "authority").exists(), "there is no key that nobody needs"
    finally:
        c.stop()
        broker.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_what_root_enrols_belongs_to_the_service(tmp_path):
    """On a device a technician uses sudo; the service has a user of its own, whose folder it is."""
    broker = Broker(tmp_path)
    c = Collector(tmp_path, broker.port, http=free_port())
    with open(c.conf, "a", encoding="utf-8") as f:
        f.write('enroll = { brokers = [ "mqtts://broker.example:8883" ]; };\n')
    c.start()
    agent = Agent(tmp_path)
    agent.state.mkdir(mode=0o700)
    shutil.chown(agent.state, "nobody")
    for parent in [tmp_path, *tmp_path.parents][:-2]:
        os.chmod(parent, 0o755)
    try:
        code = json.loads(c.run("probe", "claim", "--json").stdout)["claim"]
        done = run("enroll", "-c", agent.conf, "--collector", f"http://127.0.0.1:{c.http}", "--claim", code, "--lang", "en")
        assert done.returncode == 0, done.stderr
        owners = {p.name: p.owner() for p in agent.state.iterdir()}
        assert owners == dict.fromkeys(["identity.pem", "client.crt", "broker-ca.crt", "enrolled.conf"], "nobody")
    finally:
        c.stop()
        broker.close()
