"""Signed envelopes: the signature comes first, kinds never mix, and only one spelling is read (I2, I3, I4)."""

from __future__ import annotations

import base64
import itertools
import json

import pytest

from sync.protocol.envelope import (
    SIGNER,
    PayloadType,
    open_envelope,
    open_self_signed,
    sign_envelope,
    split_envelope,
)
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import decode_manifest
from sync.protocol.suites import KeyRole, KeySet, PublicKey, SigningKey, pre_authentication
from tests.sync.protocol import sample

KIND = PayloadType.SESSION
SIGNED = sign_envelope(KIND, b'{"v":1}', sample.DEVICE)


def key_for(kind: PayloadType) -> SigningKey:
    return sample.signing(SIGNER[kind], 1)


def refusal(data: bytes, kind: PayloadType = KIND) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        open_envelope(data, kind, sample.KEYRING)
    return caught.value.code


def members() -> dict[str, object]:
    loaded = json.loads(SIGNED)
    assert isinstance(loaded, dict)
    return loaded


def test_the_signed_bytes_are_those_of_dsse() -> None:
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_is_one_compact_object_with_one_signature() -> None:
    sig = sample.DEVICE
    assert SIGNED.startswith(b'{"payloadType":"application/vnd.jmdesk.session.v1+json","payload":"eyJ2IjoxfQ==",')
    assert json.loads(SIGNED)["signatures"][0]["keyid"] == sig.keyid


def test_an_envelope_opens_to_the_very_bytes_that_were_signed() -> None:
    opened = open_envelope(SIGNED, KIND, sample.KEYRING)
    assert (opened.payload, opened.signer) == (b'{"v":1}', sample.DEVICE.public)


def test_bytes_that_are_no_json_are_signed_and_opened_without_being_parsed() -> None:
    envelope = sign_envelope(PayloadType.BATCH_MANIFEST, b"\xff not json", sample.DEVICE)
    payload = open_envelope(envelope, PayloadType.BATCH_MANIFEST, sample.KEYRING).payload
    assert payload == b"\xff not json"
    with pytest.raises(RemoteProtocolError, match="json_utf8"):
        decode_manifest(payload)


def test_a_payload_under_a_wrong_signature_is_never_parsed() -> None:
    forged = members() | {"payload": base64.b64encode(b'{"a":1,"a":2, NaN').decode()}
    assert refusal(json.dumps(forged).encode()) == "protocol.signature"


@pytest.mark.parametrize(
    ("signed_as", "read_as"), list(itertools.permutations(PayloadType, 2)), ids=lambda kind: kind.name
)
def test_no_kind_accepts_the_envelope_of_another(signed_as: PayloadType, read_as: PayloadType) -> None:
    # Same key material in both roles: only the type can tell them apart.
    keyring = KeySet.of(key_for(signed_as).public, key_for(read_as).public)
    envelope = sign_envelope(signed_as, b'{"v":1}', key_for(signed_as))
    with pytest.raises(RemoteProtocolError, match="payload_type"):
        open_envelope(envelope, read_as, keyring)
    retyped = json.dumps(json.loads(envelope) | {"payloadType": read_as.value}).encode()
    with pytest.raises(RemoteProtocolError, match=r"signature$"):
        open_envelope(retyped, read_as, keyring)


@pytest.mark.parametrize("kind", PayloadType, ids=lambda kind: kind.name)
def test_each_kind_is_signed_by_its_own_role_alone(kind: PayloadType) -> None:
    for role in set(KeyRole) - {SIGNER[kind]}:
        with pytest.raises(LocalProtocolError, match="key_role"):
            sign_envelope(kind, b"{}", SigningKey(role, bytes(32)))
        keyring = KeySet.of(PublicKey(role, key_for(kind).public.public))
        with pytest.raises(RemoteProtocolError, match="key_unknown"):
            open_envelope(sign_envelope(kind, b"{}", key_for(kind)), kind, keyring)


def test_the_registered_key_must_be_the_one_named() -> None:
    confused = KeySet({(sample.DEVICE.keyid, KeyRole.DEVICE): sample.OTHER_DEVICE.public})
    with pytest.raises(RemoteProtocolError, match="key_unknown"):
        open_envelope(SIGNED, KIND, confused)


@pytest.mark.parametrize("keyid", ["", "A" * 32, "0" * 31, "../../etc/passwd"])
def test_a_key_id_has_one_form(keyid: str) -> None:
    signature = {"keyid": keyid, "sig": base64.b64encode(bytes(64)).decode()}
    assert refusal(json.dumps(members() | {"signatures": [signature]}).encode()) == "protocol.keyid"


def test_exactly_one_signature_is_taken() -> None:
    signatures = members()["signatures"]
    assert isinstance(signatures, list)
    for other in ([], signatures * 2):
        assert refusal(json.dumps(members() | {"signatures": other}).encode()) == "protocol.envelope_signatures"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json_syntax"),
        (b"[]", "schema"),
        (b"\xff", "json_utf8"),
        (b"\xef\xbb\xbf" + SIGNED, "json_syntax"),
        (SIGNED + b" {}", "json_syntax"),
        (SIGNED.replace(b'{"payloadType"', b'{"payload":"","payloadType"'), "json_duplicate_key"),
        (SIGNED[:-1] + b',"x":1}', "schema"),
        (SIGNED[:-1] + b',"x":NaN}', "json_number"),
        (SIGNED[:-1] + b',"x":-Infinity}', "json_number"),
        (SIGNED[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}", "json_depth"),
        (SIGNED[:-1] + b',"x":' + b"[" * 100_000 + b"}", "json_depth"),
        (SIGNED[:-1] + b',"x":' + b"9" * 5_000 + b"}", "json_syntax"),
        (SIGNED.replace(b"eyJ2IjoxfQ==", b"eyJ2IjoxfQ"), "base64"),
        (SIGNED.replace(b"eyJ2IjoxfQ==", b"eyJ2IjoxfR=="), "base64"),
        (SIGNED.replace(b"eyJ2IjoxfQ==", b"eyJ2Ij oxfQ=="), "base64"),
        (SIGNED.replace(b"eyJ2IjoxfQ==", "eyJ2IjoxfQ＝＝".encode()), "base64"),
        (SIGNED.replace(b"eyJ2IjoxfQ==", b"-_J2IjoxfQ=="), "base64"),
    ],
)
def test_an_envelope_has_one_way_to_be_read(data: bytes, code: str) -> None:
    assert refusal(data) == f"protocol.{code}"


def test_brackets_inside_text_are_no_depth() -> None:
    text = "[" * 100 + '\\"{' * 50
    envelope = sign_envelope(KIND, b"{}", sample.DEVICE)
    data = envelope[:-1] + f',"x":"{text}"}}'.encode()
    assert refusal(data) == "protocol.schema"


def test_an_envelope_over_its_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(RemoteProtocolError, match="envelope_size"):
        split_envelope(SIGNED, Limits(envelope_bytes=len(SIGNED) - 1))
    assert refusal(b" " * (LIMITS.envelope_bytes + 1)) == "protocol.envelope_size"
    with pytest.raises(LocalProtocolError, match="envelope_size"):
        sign_envelope(KIND, bytes(LIMITS.envelope_bytes), sample.DEVICE)


def test_a_self_signed_message_names_its_key_at_a_fixed_place() -> None:
    public = sample.DEVICE.public.public.hex()
    kind = PayloadType.ENROLMENT_REQUEST
    good = sign_envelope(kind, b'{"public":"%s"} whatever' % public.encode(), sample.DEVICE)
    assert open_self_signed(good, kind).signer == sample.DEVICE.public
    moved = sign_envelope(kind, b'{ "public":"%s"}' % public.encode(), sample.DEVICE)
    with pytest.raises(RemoteProtocolError, match="own_key"):
        open_self_signed(moved, kind)
    other = sample.OTHER_DEVICE.public.public.hex()
    with pytest.raises(RemoteProtocolError, match="keyid"):
        open_self_signed(sign_envelope(kind, b'{"public":"%s"}' % other.encode(), sample.DEVICE), kind)
    with pytest.raises(RemoteProtocolError, match="payload_type"):
        open_self_signed(good, PayloadType.TRUST)


def test_a_changed_self_signed_message_is_refused() -> None:
    kind = PayloadType.ENROLMENT_REQUEST
    payload = b'{"public":"%s","v":1}' % sample.DEVICE.public.public.hex().encode()
    signed = json.loads(sign_envelope(kind, payload, sample.DEVICE))
    signed["payload"] = base64.b64encode(payload.replace(b'"v":1', b'"v":2')).decode()
    with pytest.raises(RemoteProtocolError, match=r"signature$"):
        open_self_signed(json.dumps(signed).encode(), kind)


def test_error_and_key_texts_do_not_show_secrets() -> None:
    assert sample.DEVICE.private.hex() not in repr(sample.DEVICE)
    assert repr(sample.DEVICE.private) not in repr(sample.DEVICE)
    assert str(RemoteProtocolError("protocol.line", line=3)) == "protocol.line"
