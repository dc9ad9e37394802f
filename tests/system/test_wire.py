# SPDX-License-Identifier: Apache-2.0
"""The worked example of WIRE.md read with other people's libraries, and the data dictionary against the code."""
import hashlib
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get("PHUSONG_O", "build"))
cbor2 = pytest.importorskip("cbor2", reason="python3-cbor2 is not installed")
ed25519 = pytest.importorskip(
    "cryptography.hazmat.primitives.asymmetric.ed25519", reason="python3-cryptography is not installed"
)

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


@pytest.fixture(scope="module")
def message():
    text = (ROOT / "probes/core/WIRE.md").read_text()
    return bytes.fromhex("".join(re.search(r"```hex\n(.*?)```", text, re.S).group(1).split()))


@pytest.fixture(scope="module")
def payload(message):
    return cbor2.loads(cbor2.loads(message).value[2])


def signed(message, external):
    protected, _, body, _ = cbor2.loads(message).value
    return cbor2.dumps(["Signature1", protected, external, body])


def test_the_envelope_is_cose_sign1_with_eddsa(message):
    outer = cbor2.loads(message)
    assert outer.tag == 18
    protected, unprotected, _, signature = outer.value
    assert unprotected == {}
    assert len(signature) == 64
    seed = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = seed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert cbor2.loads(protected) == {1: -8, 4: key}


def test_the_signature_is_that_of_the_key_over_the_sig_structure(message):
    protected, _, _, signature = cbor2.loads(message).value
    key = ed25519.Ed25519PublicKey.from_public_bytes(cbor2.loads(protected)[4])
    key.verify(signature, signed(message, b"ps1"))
    with pytest.raises(Exception):
        key.verify(signature, signed(message, b"ps1r"))


def test_the_probe_id_is_the_hash_of_the_key(message, payload):
    key = cbor2.loads(cbor2.loads(message).value[0])[4]
    assert payload[2] == hashlib.sha256(key).digest()[:16]


def test_the_payload_says_what_the_text_says(payload):
    assert (payload[1], payload[4], payload[5], payload[6], payload[7]) == (1, 41, 2, False, "0.1.0")
    assert payload[3] == bytes(range(0xA0, 0xB0))
    assert payload[8] == [[90_000_000_000, 1_763_900_000_000_000_000, 1500, 1]]


def test_the_records_follow_one_another(payload):
    import io

    stream = io.BytesIO(payload[9])
    first, second = cbor2.load(stream), cbor2.load(stream)
    assert stream.read() == b""
    assert first == [3, 41, 60_000_000_000, None, [0, None, None], 7, None, None, {62: True, 96: "ok", 100: 3}]
    assert second == [
        1, 42, 95_000_000_000, 1_763_900_005_000_000_000, [1, 1500, 5], 1,
        [210285000, 1058542000, 15, 1], "wwan0", {32: "LTE", 33: "45204", 39: -101.5},
    ]


def test_the_payload_is_in_its_shortest_form(message):
    body = cbor2.loads(message).value[2]
    assert cbor2.dumps(cbor2.loads(body), canonical=True) == body


def test_the_data_dictionary_is_that_of_this_code():
    tool = OUT / "tools/dictionary"
    if not tool.is_absolute():
        tool = ROOT / tool
    if not tool.exists():
        pytest.skip(f"{tool} is not built: make tools")
    made = subprocess.run([tool], check=True, capture_output=True, text=True).stdout
    assert (ROOT / "docs/data-dictionary.md").read_text() == made, "build/tools/dictionary >docs/data-dictionary.md"


def example(name):
    text = (ROOT / "probes/core/WIRE.md").read_text()
    return bytes.fromhex("".join(re.search(rf"```hex {name}\n(.*?)```", text, re.S).group(1).split()))


@pytest.mark.parametrize("name, external, seed", [("order", b"ps1o", range(0x40, 0x60)), ("reply", b"ps1a", range(32))])
def test_orders_and_replies_are_signed_each_under_its_name(name, external, seed):
    protected, unprotected, body, signature = cbor2.loads(example(name)).value
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(seed)).public_key()
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert (unprotected, cbor2.loads(protected)) == ({}, {1: -8, 4: raw})
    key.verify(signature, cbor2.dumps(["Signature1", protected, external, body]))
    assert cbor2.dumps(cbor2.loads(body), canonical=True) == body


def test_the_order_and_the_reply_say_what_the_text_says(payload):
    issued = 1_763_900_000 * 10**9
    number = bytes(range(0xB0, 0xC0))
    assert cbor2.loads(cbor2.loads(example("order")).value[2]) == {
        1: 1, 2: payload[2], 3: number, 4: issued // 1000, 5: issued, 6: issued + 86400 * 10**9, 7: 3,
        8: "throughput", 9: issued + 7200 * 10**9, 10: True}
    assert cbor2.loads(cbor2.loads(example("reply")).value[2]) == {
        1: 1, 2: payload[2], 3: number, 4: 3, 5: "ok", 7: issued + 5 * 10**9}
