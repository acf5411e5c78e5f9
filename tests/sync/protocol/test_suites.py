"""Suite JM1 against the standards themselves, computed here by other means than the suite uses."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.suites import JM1, KeyRole, OpeningKey, SigningKey, keyid, suite
from tests.sync.protocol import sample

SUITE = suite(JM1)


def test_ed25519_gives_the_first_vector_of_rfc_8032() -> None:
    private = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert SUITE.signing_public(private) == public
    assert SUITE.sign(private, b"") == signature
    assert SUITE.verify(public, signature, b"")
    assert not SUITE.verify(public, signature, b"x")
    assert not SUITE.verify(b"short", signature, b"")
    assert not SUITE.verify(public, signature[:-1], b"")


def extract(salt: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), key, "sha256")


def expand(key: bytes, info: bytes, size: int) -> bytes:
    out = block = b""
    counter = 1
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:size]


def hpke_open(private: bytes, wrapped: bytes, info: bytes, aad: bytes = b"") -> bytes:
    """RFC 9180 base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, written out."""
    kem_id, suite_id = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def labeled(who: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + who + label + key)

    def spread(who: bytes, key: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return expand(key, size.to_bytes(2, "big") + b"HPKE-v1" + who + label + context, size)

    enc, ciphertext = wrapped[:32], wrapped[32:]
    own = X25519PrivateKey.from_private_bytes(private)
    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    kem_context = enc + own.public_key().public_bytes_raw()
    secret = spread(kem_id, labeled(kem_id, b"", b"eae_prk", shared), b"shared_secret", kem_context, 32)
    context = b"\x00" + labeled(suite_id, b"", b"psk_id_hash", b"") + labeled(suite_id, b"", b"info_hash", info)
    schedule = labeled(suite_id, secret, b"secret", b"")
    key, nonce = spread(suite_id, schedule, b"key", context, 32), spread(suite_id, schedule, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, aad)


def test_a_wrapped_key_is_the_encapsulation_then_the_ciphertext_of_rfc_9180() -> None:
    secret = bytes(range(32))
    wrapped = SUITE.wrap(sample.RECIPIENT.public.public, secret, b"some info")
    assert len(wrapped) == 32 + 32 + 16
    assert hpke_open(sample.RECIPIENT.private, wrapped, b"some info") == secret
    assert SUITE.unwrap(sample.RECIPIENT.private, wrapped, b"some info") == secret


@pytest.mark.parametrize("change", ["info", "key", "bytes", "short"])
def test_a_wrapped_key_opens_only_for_its_recipient_and_info(change: str) -> None:
    wrapped = SUITE.wrap(sample.RECIPIENT.public.public, bytes(32), b"info")
    private = sample.ESCROW.private if change == "key" else sample.RECIPIENT.private
    if change == "bytes":
        wrapped = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    if change == "short":
        wrapped = wrapped[:20]
    assert SUITE.unwrap(private, wrapped, b"other" if change == "info" else b"info") is None


@pytest.mark.parametrize("public", [bytes(32), b"short", b"\x01" + bytes(31)])
def test_a_key_of_small_order_or_wrong_length_cannot_be_sealed_to(public: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="key_unusable"):
        SUITE.wrap(public, bytes(32), b"")


def test_a_key_id_is_the_first_half_of_the_digest() -> None:
    public = sample.DEVICE.public.public
    assert keyid(public) == hashlib.sha256(public).hexdigest()[:32]
    assert SigningKey(KeyRole.DEVICE, sample.DEVICE.private).keyid == keyid(public)
    assert OpeningKey(KeyRole.RECIPIENT, bytes(32)).public.role is KeyRole.RECIPIENT


def test_an_unknown_suite_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="suite_unknown"):
        suite("JM-SM1")
