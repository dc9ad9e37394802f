# SPDX-License-Identifier: Apache-2.0
"""packaging/mosquitto as it is shipped: who has which certificate decides who may say and hear what."""

import base64
import hashlib
import os
import pathlib
import pwd
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile

import pytest

from agent_tools import AGENT, OUT, TOP, Agent, free_port, until

COLLECTOR = OUT / "phusong-collector"
SHIPPED = TOP / "packaging/mosquitto"
SUCCESS, NO_SUBSCRIBERS, NOT_AUTHORIZED = 0, 16, 135  # MQTT 5, 2.4
NO_MODEM = '{ kind = "signal"; port = "/dev/no-such-port"; interval_s = 1; }'

pytestmark = [
    pytest.mark.skipif(not AGENT.exists() or not COLLECTOR.exists(), reason=f"the programs are not built in {OUT}"),
    pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto is not installed"),
]


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A throw-away authority; a certificate is (certificate, key)."""

    def __init__(self, folder):
        self.folder = folder
        self.cert = folder / "ca.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=throw-away authority", "-keyout", folder / "ca.key", "-out", self.cert)

    def issue(self, name, file, more=""):
        cert, key, request, extra = (self.folder / f"{file}.{end}" for end in ("crt", "key", "csr", "ext"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        extra.write_text(more)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", extra, "-out", cert)
        return cert, key


class Client:
    """As much of MQTT 5 as the questions here need."""

    def __init__(self, port, ca, certificate=None):
        context = ssl.create_default_context(cafile=str(ca))
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        self.s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="127.0.0.1")
        self.send(0x10, b"\0\4MQTT\5\2\0\x3c\0" + self.text(os.urandom(6).hex()))
        kind, body = self.receive()
        assert kind == 2 and body[1] == SUCCESS, body

    @staticmethod
    def text(s):
        return struct.pack(">H", len(s)) + s.encode()

    def send(self, head, body):
        assert len(body) < 128
        self.s.sendall(bytes([head, len(body)]) + body)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.s.recv(n - len(data))
            if not more:
                raise ConnectionError("the broker closed the connection")
            data += more
        return data

    def receive(self):
        kind, length, shift = self.exactly(1)[0] >> 4, 0, 0
        while True:
            b = self.exactly(1)[0]
            length |= (b & 127) << shift
            shift += 7
            if b < 128:
                return kind, self.exactly(length)

    def publish(self, topic):
        """The reason code of the PUBACK."""
        self.send(0x32, self.text(topic) + b"\0\7\0" + b"x")
        kind, body = self.receive()
        assert kind == 4
        return body[2] if len(body) > 2 else SUCCESS

    def subscribe(self, *topics):
        for topic in topics:
            self.send(0x82, b"\0\1\0" + self.text(topic) + b"\1")
            assert self.receive()[0] == 9

    def hears(self, seconds):
        """The topic of the next message, or None."""
        self.s.settimeout(seconds)
        try:
            kind, body = self.receive()
        except TimeoutError:
            return None
        assert kind == 3
        return body[2:2 + struct.unpack(">H", body[:2])[0]].decode()


def identity(state):
    """A key for an agent, made beforehand, since its certificate carries its id."""
    state.mkdir(mode=0o700)
    key = state / "identity.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    key.chmod(0o600)
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    digest = hashlib.sha256(der[-32:]).digest()[:16]
    return f"{digest[0] >> 4:x}", base64.b32encode(digest).decode().rstrip("=").lower()


def shipped_configuration(folder, mqtts, mqtt):
    """The file of the package, with nothing but paths and ports put in."""
    text = (SHIPPED / "phusong.conf").read_text()
    for old, new in (("listener 8883\n", f"listener {mqtts} 127.0.0.1\n"), ("listener 1883 ", f"listener {mqtt} "),
                     ("/etc/phusong/broker", str(folder)), ("/etc/mosquitto", str(folder))):
        assert old in text
        text = text.replace(old, new)
    return text + f"persistence_location {folder}/\n"


class Line:
    """Broker, collector, an agent of id `own` and a certificate of another probe."""

    def __init__(self, folder):
        self.mqtts, self.mqtt = free_port(), free_port()
        self.agent = Agent(folder, tests=NO_MODEM)
        self.slice, self.own = identity(self.agent.state)
        self.ca = Authority(folder)
        self.ca.issue("localhost", "server", "subjectAltName=IP:127.0.0.1")
        self.certificates = {"own": self.ca.issue(self.own, "own"), "other": self.ca.issue("other", "other"),
                             "collector": self.ca.issue("collector", "collector")}
        cert, key = self.certificates["own"]
        self.agent.write(tests=NO_MODEM, journal="sync_s = 0;", uplink=f'brokers = [ "mqtts://127.0.0.1:{self.mqtts}" ]; '
                         f'ca_file = "{self.ca.cert}"; cert_file = "{cert}"; key_file = "{key}"; gather_s = 1; stop_s = 0;')
        self.processes = []
        self.start_broker(folder)
        self.start_collector(folder)

    def start(self, folder, name, *command):
        with open(folder / f"{name}.log", "wb") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log))

    def start_broker(self, folder):
        for rules in SHIPPED.glob("*acl.conf"):
            shutil.copy(rules, folder)
        (folder / "phusong.conf").write_text(shipped_configuration(folder, self.mqtts, self.mqtt))
        subprocess.run(["mosquitto_passwd", "-c", "-b", folder / "phusong-passwords", "collector", "secret"], check=True)
        if os.geteuid() == 0:  # mosquitto gives up root
            for path in [folder, *folder.iterdir()]:
                if path != self.agent.state:
                    shutil.chown(path, pwd.getpwnam("mosquitto").pw_uid)
        self.start(folder, "mosquitto", "mosquitto", "-c", folder / "phusong.conf")
        assert until(self.listening), (folder / "mosquitto.log").read_text()

    def listening(self):
        with socket.socket() as a, socket.socket() as b:
            return a.connect_ex(("127.0.0.1", self.mqtt)) == 0 and b.connect_ex(("127.0.0.1", self.mqtts)) == 0

    def start_collector(self, folder):
        (folder / "password").write_text("secret\n")
        conf = folder / "collector.conf"
        conf.write_text(f'data = "{folder}/data";\nboundaries = "{TOP}/config/vn";\n'
                        f'ingest = {{ brokers = [ "mqtt://127.0.0.1:{self.mqtt}" ]; user = "collector"; '
                        f'password_file = "{folder}/password"; register = "open"; group_ms = 20; }};\n'
                        "http = { port = 0; };\ntruth = { profiles = []; };\n")
        self.start(folder, "collector", COLLECTOR, "serve", "-c", conf)
        log = folder / "collector.log"
        assert until(lambda: "connected" in log.read_text()), log.read_text()

    def client(self, name):
        return Client(self.mqtts, self.ca.cert, self.certificates[name] if name else None)

    def topic(self, leaf):
        return f"ps1/{self.slice}/{self.own}/{leaf}"

    def close(self):
        self.agent.stop()
        for process in reversed(self.processes):
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="module")
def line():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phusong-broker-"))
    made = None
    try:
        made = Line(folder)
        yield made
    finally:
        if made:
            made.close()
        shutil.rmtree(folder)


def test_an_agent_with_its_certificate_delivers_and_only_it_hears_its_receipts(line):
    own, other, collector = line.client("own"), line.client("other"), line.client("collector")
    for client in (own, other, collector):
        client.subscribe(line.topic("receipt"), "ps1/+/+/batch", "ps1/#")
    line.agent.start()
    assert until(lambda: line.agent.status()["uplink"]["receipts"] >= 1), line.agent.log.read_text()
    assert own.hears(10) == line.topic("receipt")
    assert other.hears(2) is None
    assert collector.hears(0.5) is None


@pytest.mark.parametrize("leaf", ["batch", "status", "reply"])
def test_a_probe_writes_under_its_own_id_only(line, leaf):
    assert line.client("own").publish(line.topic(leaf)) in (SUCCESS, NO_SUBSCRIBERS)
    assert line.client("other").publish(line.topic(leaf)) == NOT_AUTHORIZED
    assert line.client("collector").publish(line.topic(leaf)) == NOT_AUTHORIZED


@pytest.mark.parametrize("leaf", ["receipt", "order"])
@pytest.mark.parametrize("name", ["own", "other", "collector"])
def test_no_probe_gives_receipts_or_orders(line, leaf, name):
    assert line.client(name).publish(line.topic(leaf)) == NOT_AUTHORIZED


def test_without_a_certificate_there_is_no_connection(line):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        line.client(None)


def test_a_certificate_of_another_authority_is_refused(line, tmp_path):
    foreign = Authority(tmp_path).issue(line.own, "own")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Client(line.mqtts, line.ca.cert, foreign)
