# SPDX-License-Identifier: Apache-2.0
"""The wire format of probes/core/WIRE.md written a second time, with cbor2 and cryptography: what the C code
writes must be read here and the other way round."""
import base64
import hashlib
import subprocess
import time

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ACCESS, SIGNAL = 3, 1
HEARTBEAT, RSRP = 98, 39


class Probe:
    def __init__(self, seed):
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"probe %d" % seed).digest())
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(self.public).digest()[:16]
        self.text = base64.b32encode(self.id).decode().lower().rstrip("=")
        self.boot = hashlib.sha256(b"boot %d" % seed).digest()[:16]

    def topic(self, leaf="batch"):
        return f"ps1/{self.id[0] >> 4:x}/{self.text}/{leaf}"

    def sign(self, payload, what=b"ps1"):
        head = cbor2.dumps({1: -8, 4: self.public})
        signature = self.key.sign(cbor2.dumps(["Signature1", head, what, payload]))
        return cbor2.dumps(cbor2.CBORTag(18, [head, {}, payload, signature]))

    def batch(self, first, records, version=1, probe=None, more=None):
        """records: encoded ones, first is the number of the first."""
        payload = {1: version, 2: probe or self.id, 3: self.boot, 4: first, 5: len(records), 6: True, 7: "ps1.py",
                   8: [], 9: b"".join(records)}
        payload.update(more or {})
        return self.sign(cbor2.dumps(payload))

    def heartbeats(self, first, last, **other):
        return self.batch(first, [record(seq) for seq in range(first, last + 1)], **other)


def record(seq, kind=ACCESS, utc_ns=None, fields=None):
    return cbor2.dumps([kind, seq, seq * 10**9, utc_ns or time.time_ns() - 10**9, [1, 2500, 300], 1, None, "wwan0",
                        {HEARTBEAT: True} if fields is None else fields])


def open_receipt(message):
    """(collector's key, receipt) of a signed receipt; raises when the signature is wrong."""
    tag = cbor2.loads(message)
    head, _, payload, signature = tag.value
    key = cbor2.loads(head)[4]
    Ed25519PublicKey.from_public_bytes(key).verify(signature, cbor2.dumps(["Signature1", head, b"ps1r", payload]))
    return key, cbor2.loads(payload)


class Listener:
    """Receipts of all probes, through mosquitto_sub."""

    def __init__(self, port):
        self.child = subprocess.Popen(["mosquitto_sub", "-p", str(port), "-q", "1", "-t", "ps1/+/+/receipt", "-F", "%t %x"],
                                      stdout=subprocess.PIPE, text=True)
        time.sleep(0.4)

    def next(self):
        topic, text = self.child.stdout.readline().split()
        return topic, open_receipt(bytes.fromhex(text))

    def close(self):
        self.child.terminate()
        self.child.wait()
