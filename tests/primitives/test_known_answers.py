"""The primitives give the answers that their standards publish, and refuse what an attacker would hand them.

``vectors.json`` holds copies: Argon2id (RFC 9106 and its reference program), HKDF-SHA256 (RFC 5869), X25519 (RFC 7748),
Ed25519 (the vectors of its authors, RFC 8032 among them), AES-256-GCM (NIST CAVP, 96-bit nonces, 128-bit tags; refused
ones too), HPKE (RFC 9180, appendix A: the published case of our suite). They go through the functions of the product
wherever those take such input.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sync.protocol.errors import LocalProtocolError
from sync.protocol.suites import JM1, suite
from tests.sync.protocol.test_suites import hpke_open

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text())
SUITE = suite(JM1)
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519's base point."""
SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
]
"""Points of X25519 that give every private key the same shared secret (RFC 7748, section 6.1)."""


def h(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize("case", VECTORS["argon2id"], ids=lambda case: f"{case['memcost']}-{case['output'][:8]}")
def test_argon2id(case: dict[str, Any]) -> None:
    function = Argon2id(
        salt=h(case["salt"]),
        length=case["length"],
        iterations=case["iter"],
        lanes=case["lanes"],
        memory_cost=case["memcost"],
        ad=h(case["ad"]) or None,
        secret=h(case["secret"]) or None,
    )
    assert function.derive(h(case["pass"])) == h(case["output"])


@pytest.mark.parametrize("case", VECTORS["hkdf_sha256_expand"], ids=lambda case: case["okm"][:8])
def test_hkdf_expand(case: dict[str, Any]) -> None:
    function = HKDFExpand(algorithm=SHA256(), length=case["length"], info=h(case["info"]))
    assert function.derive(h(case["prk"])) == h(case["okm"])


@pytest.mark.parametrize("case", VECTORS["x25519"], ids=lambda case: case["out"][:8])
def test_x25519(case: dict[str, Any]) -> None:
    own, other = X25519PrivateKey.from_private_bytes(h(case["scalar"])), X25519PublicKey.from_public_bytes(h(case["u"]))
    assert own.exchange(other) == h(case["out"])


@pytest.mark.parametrize("point", SMALL_ORDER, ids=lambda point: point[:8])
def test_nothing_is_sealed_to_a_point_of_small_order_nor_opened_from_one(point: str) -> None:
    with pytest.raises(LocalProtocolError, match="key_unusable"):
        SUITE.wrap(h(point), bytes(32), b"info")
    assert SUITE.unwrap(bytes(range(32)), h(point) + bytes(48), b"info") is None


@pytest.mark.parametrize("case", VECTORS["ed25519"], ids=lambda case: case["public"][:8])
def test_ed25519_and_each_way_to_bend_a_signature(case: dict[str, Any]) -> None:
    public, message, signature = h(case["public"]), h(case["message"]), h(case["signature"])
    assert SUITE.signing_public(h(case["private"])) == public
    assert SUITE.sign(h(case["private"]), message) == signature
    assert SUITE.verify(public, signature, message)
    scalar = int.from_bytes(signature[32:], "little")
    bent = [
        signature[:32] + (scalar + ORDER).to_bytes(32, "little"),
        signature[:32] + ((-scalar) % ORDER).to_bytes(32, "little"),
        signature[:32] + bytes(32),
        bytes(32) + signature[32:],
        signature[:31] + bytes([signature[31] ^ 0x80]) + signature[32:],
        signature[32:] + signature[:32],
        signature[:-1],
        signature + b"\x00",
        b"",
    ]
    assert not any(SUITE.verify(public, one, message) for one in bent)
    assert not SUITE.verify(public, signature, message + b"\x00")
    assert not SUITE.verify(public[:-1] + bytes([public[-1] ^ 0x80]), signature, message)


@pytest.mark.parametrize("case", VECTORS["aes_256_gcm"], ids=lambda case: case["tag"][:8])
def test_aes_256_gcm_and_each_way_to_bend_a_ciphertext(case: dict[str, Any]) -> None:
    key, nonce, aad, sealed = h(case["key"]), h(case["iv"]), h(case["aad"]), h(case["ct"]) + h(case["tag"])
    opened = SUITE.unseal(key, nonce, sealed, aad)
    assert opened == (None if case["pt"] is None else h(case["pt"]))
    if opened is None:
        return
    assert SUITE.seal(key, nonce, opened, aad) == sealed
    for at in range(len(sealed)):
        assert SUITE.unseal(key, nonce, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], aad) is None
    for other in (sealed[:-1], sealed[1:], sealed[-16:] + sealed[:-16] + b"x", b""):
        assert SUITE.unseal(key, nonce, other, aad) is None
    assert SUITE.unseal(key, bytes([nonce[0] ^ 1]) + nonce[1:], sealed, aad) is None
    assert SUITE.unseal(key, nonce, sealed, aad + b"\x00") is None


def test_hpke_is_what_the_standard_publishes() -> None:
    """The library takes no AAD, the published case has one: RFC 9180 written out opens it, and what the suite wraps."""
    case = VECTORS["hpke"]
    wrapped = h(case["enc"]) + h(case["ct"])
    assert hpke_open(h(case["skRm"]), wrapped, h(case["info"]), h(case["aad"])) == h(case["pt"])
    assert SUITE.kem_public(h(case["skRm"])) == h(case["pkRm"])
    ours = SUITE.wrap(h(case["pkRm"]), bytes(32), h(case["info"]))
    assert hpke_open(h(case["skRm"]), ours, h(case["info"])) == bytes(32)


def test_a_wrapped_key_opens_only_as_it_was_wrapped() -> None:
    private, secret = bytes(range(32)), bytes(32)
    wrapped = SUITE.wrap(SUITE.kem_public(private), secret, b"info")
    assert SUITE.unwrap(private, wrapped, b"info") == secret
    assert SUITE.unwrap(private, wrapped, b"other") is None
    assert SUITE.unwrap(bytes(range(1, 33)), wrapped, b"info") is None
    for at in range(len(wrapped)):
        if at != 31:  # X25519 passes over the highest bit of a point, and the flip below sets it
            assert SUITE.unwrap(private, wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :], b"info") is None
    for other in (wrapped[:-1], wrapped[:31], b"", wrapped + b"\x00"):
        assert SUITE.unwrap(private, other, b"info") is None
