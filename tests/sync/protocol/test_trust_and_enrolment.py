"""Trust that never goes down (I12), codes that forgive typing and catch errors, requests that prove what they claim."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.protocol.codes import ALPHABET, EnrolmentCode, check_symbol
from sync.protocol.enrolment import (
    NO_CHAIN,
    ChainEnd,
    EnrolmentGrant,
    Purpose,
    SignedRequest,
    check_endorsement,
    check_proof,
    open_grant,
    open_request,
    request_enrolment,
    request_reopen,
    request_retirement,
    request_rotation,
    sign_grant,
)
from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.packages import Package, PackageKind, open_package, sign_package
from sync.protocol.provision import Provision, open_provision, sign_provision
from sync.protocol.session import answer_challenge, check_answer
from sync.protocol.suites import KeyRole, PublicKey
from sync.protocol.trust import Trust, certify, fingerprint, open_stored_trust, open_trust, sign_trust
from tests.sync.protocol import sample

START, END, EXPIRES = "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
ROOT = fingerprint(sample.ROOT.public.public)
CODE = EnrolmentCode.new(bytes(range(10)), sample.ROOT.public.public)
KEYS = [sample.PLATFORM.public, sample.RECIPIENT.public, sample.ESCROW.public]
KEYS += [sample.PUBLISHER.public, sample.PROVISIONING.public]


def trust_envelope(version: int = 3, *, root: Any = sample.ROOT, revoked: tuple[str, ...] = ()) -> bytes:
    keys = tuple(certify(key, START, END) for key in KEYS)
    return sign_trust(root, version=version, issued=START, expires=EXPIRES, keys=keys, revoked=revoked)


def trust(**changes: Any) -> Trust:
    return open_trust(trust_envelope(**changes), ROOT, now=sample.NOW)


def test_trust_certifies_every_key_in_its_own_role_alone() -> None:
    held = trust()
    for key in KEYS:
        assert held.find(key.keyid, key.role) == key
        for role in set(KeyRole) - {key.role}:
            assert held.find(key.keyid, role) is None
    assert held.root == ROOT


def test_trust_is_taken_only_from_the_pinned_root() -> None:
    other = sample.signing(KeyRole.ROOT, 99)
    with pytest.raises(RemoteProtocolError, match="trust_root"):
        open_trust(trust_envelope(root=other), ROOT, now=sample.NOW)
    assert open_trust(trust_envelope(), CODE.root_prefix, now=sample.NOW).root == ROOT
    with pytest.raises(LocalProtocolError, match="fingerprint"):
        open_trust(trust_envelope(), ROOT[:19], now=sample.NOW)


def test_the_version_of_trust_never_goes_down() -> None:
    assert open_trust(trust_envelope(3), ROOT, now=sample.NOW, version=3).document.version == 3
    with pytest.raises(RemoteProtocolError, match="trust_rollback"):
        open_trust(trust_envelope(2), ROOT, now=sample.NOW, version=3)


def test_expiry_is_judged_by_the_time_given() -> None:
    with pytest.raises(RemoteProtocolError, match="trust_expired"):
        open_trust(trust_envelope(), ROOT, now=EXPIRES)
    stored = open_stored_trust(trust_envelope(), ROOT)
    assert (stored.expired(EXPIRES), stored.expired(sample.NOW)) == (True, False)


def test_a_revoked_key_signs_nothing_and_is_sealed_to_no_more() -> None:
    held = trust(revoked=(sample.PLATFORM.keyid, sample.ESCROW.keyid))
    assert held.find(sample.PLATFORM.keyid, KeyRole.PLATFORM) is None
    assert held.recipients(sample.NOW) == (sample.RECIPIENT.public,)


def test_sealing_is_only_to_keys_valid_now_but_old_signatures_stay_good() -> None:
    held = trust()
    assert held.recipients(sample.NOW) == (sample.RECIPIENT.public, sample.ESCROW.public)
    assert held.recipients(END) == held.recipients("2025-01-01T00:00:00Z") == ()
    assert held.find(sample.PLATFORM.keyid, KeyRole.PLATFORM) is not None


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"keys": [{"role": "device"}]}, "trust_role"),
        ({"keys": [{"role": "root"}]}, "trust_role"),
        ({"keys": [{"kid": "0" * 32}]}, "trust_kid"),
        ({"keys": [{"not_after": START}]}, "trust_dates"),
        ({"keys": [{}, {}]}, "trust_twice"),
        ({"keys": [{}, {"role": "publisher"}]}, "trust_twice"),
        ({"expires": START}, "trust_dates"),
        ({"version": 0}, "schema"),
        ({"v": 2}, "version"),
    ],
)
def test_a_trust_document_that_breaks_a_rule_is_refused_by_name(members: dict[str, Any], code: str) -> None:
    document = json.loads(msgspec.json.encode(trust().document))
    if "keys" in members:
        members = {"keys": [document["keys"][0] | change for change in members["keys"]]}
    payload = json.dumps(document | members, separators=(",", ":")).encode()
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_trust(sign_envelope(PayloadType.TRUST, payload, sample.ROOT), ROOT, now=sample.NOW)


def test_a_root_does_not_sign_a_broken_trust_document() -> None:
    with pytest.raises(LocalProtocolError, match="trust_role"):
        sign_trust(sample.ROOT, version=1, issued=START, expires=END, keys=(certify(sample.DEVICE.public, START, END),))


def test_a_code_is_seven_groups_of_five() -> None:
    assert CODE.text == "-".join(CODE.text[at : at + 5] for at in range(0, 41, 6))
    assert len(CODE.text) == 41
    assert not set(CODE.text) & set("ILOU")
    assert ROOT.startswith(CODE.root_prefix)
    assert CODE.secret not in repr(CODE)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=32, max_size=32))
@settings(max_examples=50, deadline=None)
def test_a_code_reads_back_however_it_was_typed(random: bytes, root: bytes) -> None:
    code = EnrolmentCode.new(random, root)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code.text)
    typed = code.text.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert EnrolmentCode.parse(code.text) == EnrolmentCode.parse(wide) == EnrolmentCode.parse(typed) == code


def test_every_single_wrong_character_and_every_swap_is_caught() -> None:
    good = CODE.text.replace("-", "")
    wrong = [good[:i] + c + good[i + 1 :] for i in range(35) for c in ALPHABET if c != good[i]]
    wrong += [good[:i] + good[i + 1] + good[i] + good[i + 2 :] for i in range(34) if good[i] != good[i + 1]]
    for text in wrong:
        with pytest.raises(LocalProtocolError, match="code_check"):
            EnrolmentCode.parse(text)


@pytest.mark.parametrize(
    ("text", "code"), [("ABCDE", "code_length"), ("UUUUU", "code_symbol"), ("登记码", "code_symbol")]
)
def test_what_is_no_code_is_named_as_such(text: str, code: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"protocol.{code}$"):
        EnrolmentCode.parse(text)


def test_a_code_of_a_later_version_asks_for_an_update() -> None:
    body = "2" + CODE.text.replace("-", "")[1:-1]
    with pytest.raises(LocalProtocolError, match="code_version"):
        EnrolmentCode.parse(body + check_symbol(body))


def request(code: EnrolmentCode = CODE) -> SignedRequest:
    return request_enrolment(
        sample.DEVICE, sample.DEVICE_KEM.public, code, unit=sample.UNIT, client="0.1.0", created=sample.NOW
    )


def test_an_enrolment_proves_the_code_without_sending_it() -> None:
    made = request()
    opened = open_request(made.envelope)
    assert opened == made
    assert check_proof(opened.request, CODE.proof_key)
    assert not check_proof(opened.request, bytes(32))
    payload = json.dumps(msgspec.to_builtins(opened.request))
    assert CODE.secret not in payload
    assert CODE.proof_key.hex() not in payload


@pytest.mark.parametrize("member", ["unit", "kem_public", "created", "code_id"])
def test_a_proof_is_for_one_request_only(member: str) -> None:
    values = {"unit": "9" * 18, "kem_public": sample.RECIPIENT.public.public.hex(), "created": END, "code_id": "ZZZZ"}
    moved = msgspec.structs.replace(request().request, **{member: values[member]})
    assert not check_proof(moved, CODE.proof_key)


def test_a_rotation_is_endorsed_by_the_key_it_replaces() -> None:
    chain = ChainEnd(1, 5, "a" * 64)
    made = request_rotation(
        sample.OTHER_DEVICE,
        sample.DEVICE_KEM.public,
        sample.DEVICE,
        unit=sample.UNIT,
        chain=chain,
        client="0.1.0",
        created=sample.NOW,
    )
    opened = open_request(made.envelope).request
    assert check_endorsement(opened, sample.DEVICE.public)
    assert not check_endorsement(opened, sample.PLATFORM.public)
    assert not check_endorsement(msgspec.structs.replace(opened, unit="9" * 18), sample.DEVICE.public)
    assert not check_endorsement(msgspec.structs.replace(opened, endorsement="!"), sample.DEVICE.public)
    assert not check_proof(opened, CODE.proof_key)
    assert not check_endorsement(request().request, sample.DEVICE.public)


def test_a_reopening_says_where_the_chain_ended() -> None:
    chain = ChainEnd(1, 5, "a" * 64)
    made = request_reopen(
        sample.DEVICE, sample.DEVICE_KEM.public, unit=sample.UNIT, chain=chain, client="0.1.0", created=sample.NOW
    )
    assert open_request(made.envelope).request.chain == chain
    assert request().request.chain == NO_CHAIN


def test_a_retirement_says_where_the_chain_ended() -> None:
    chain = ChainEnd(2, 7, "b" * 64)
    made = request_retirement(
        sample.DEVICE, sample.DEVICE_KEM.public, unit=sample.UNIT, chain=chain, client="0.1.0", created=sample.NOW
    )
    opened = open_request(made.envelope).request
    assert (opened.purpose, opened.chain) == (Purpose.RETIRE, chain)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"proof": ""}, "request_members"),
        ({"previous": "0" * 32}, "request_members"),
        ({"purpose": "reopen"}, "request_members"),
        ({"purpose": "steal"}, "schema"),
        ({"device": "0" * 32}, "other_device"),
        ({"kem_public": "00" * 32}, "key_unusable"),
        ({"kem_public": "00" * 31}, "key_unusable"),
        ({"unit": "某村"}, "schema"),
        ({"suite": "X"}, "suite_unknown"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_by_name(members: dict[str, Any], code: str) -> None:
    good = json.loads(msgspec.json.encode(request().request))
    payload = json.dumps(good | members, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_request(sign_envelope(PayloadType.ENROLMENT_REQUEST, payload, sample.DEVICE))


def test_a_request_is_made_only_with_keys_of_the_right_kind() -> None:
    with pytest.raises(LocalProtocolError, match="key_role"):
        request_enrolment(
            sample.DEVICE, sample.RECIPIENT.public, CODE, unit=sample.UNIT, client="1", created=sample.NOW
        )
    with pytest.raises(LocalProtocolError, match="schema"):
        request_enrolment(sample.DEVICE, sample.DEVICE_KEM.public, CODE, unit="某村", client="1", created=sample.NOW)


def grant(answered: SignedRequest) -> EnrolmentGrant:
    return EnrolmentGrant(
        v=1,
        suite="JM1",
        request=answered.digest,
        device=answered.device.keyid,
        kem=answered.kem.keyid,
        unit=sample.UNIT,
        regions=("440703",),
        roles=("clerk",),
        modules=("households",),
        desk_block="07",
        epoch=1,
        server_epoch=sample.SERVER_EPOCH,
        trust_version=3,
        granted=sample.LATER,
    )


def test_a_grant_answers_exactly_one_request() -> None:
    asked = request()
    envelope = sign_grant(grant(asked), sample.PLATFORM)
    assert open_grant(envelope, trust(), asked) == grant(asked)
    with pytest.raises(RemoteProtocolError, match="grant_other_request"):
        open_grant(envelope, trust(), replace(asked, digest="0" * 64))
    swapped = sign_grant(msgspec.structs.replace(grant(asked), kem="0" * 32), sample.PLATFORM)
    with pytest.raises(RemoteProtocolError, match="receipt_other_device"):
        open_grant(swapped, trust(), asked)
    with pytest.raises(LocalProtocolError, match="schema"):
        sign_grant(msgspec.structs.replace(grant(asked), desk_block="7"), sample.PLATFORM)


NONCE = "5a" * 32


def test_a_session_answer_is_to_one_nonce_of_one_platform() -> None:
    envelope = answer_challenge(NONCE, sample.SERVER_EPOCH, sample.NOW, sample.DEVICE)
    assert check_answer(envelope, sample.KEYRING, NONCE, sample.SERVER_EPOCH).device == sample.DEVICE.keyid
    with pytest.raises(RemoteProtocolError, match="nonce"):
        check_answer(envelope, sample.KEYRING, "00" * 32, sample.SERVER_EPOCH)
    with pytest.raises(RemoteProtocolError, match="server_epoch"):
        check_answer(envelope, sample.KEYRING, NONCE, "elsewhere")
    with pytest.raises(LocalProtocolError, match="schema"):
        answer_challenge("not a nonce", sample.SERVER_EPOCH, sample.NOW, sample.DEVICE)
    stolen = json.loads(msgspec.json.encode(check_answer(envelope, sample.KEYRING, NONCE, sample.SERVER_EPOCH)))
    payload = json.dumps(stolen | {"device": "0" * 32}).encode()
    with pytest.raises(RemoteProtocolError, match="other_device"):
        check_answer(
            sign_envelope(PayloadType.SESSION, payload, sample.DEVICE), sample.KEYRING, NONCE, sample.SERVER_EPOCH
        )


PACKAGE = Package(
    v=1,
    kind=PackageKind.CALENDAR,
    name="workdays",
    version="2027",
    sequence=4,
    effective="2027-01-01",
    until="",
    min_client="0.1.0",
    issued=sample.NOW,
    files={"calendar.json": '{"holidays":["2027-01-01"]}'},
)


def test_a_package_comes_from_a_certified_publisher_and_never_goes_back() -> None:
    envelope = sign_package(PACKAGE, sample.PUBLISHER)
    assert open_package(envelope, trust(), sequence=4).package == PACKAGE
    with pytest.raises(RemoteProtocolError, match="package_rollback"):
        open_package(envelope, trust(), sequence=5)
    with pytest.raises(RemoteProtocolError, match="key_unknown"):
        open_package(sign_package(PACKAGE, sample.signing(KeyRole.PUBLISHER, 77)), trust())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"files": {}}, "package_files"),
        ({"files": {"../x": ""}}, "package_files"),
        ({"files": {".hidden": ""}}, "package_files"),
        ({"until": "2026-01-01"}, "package_dates"),
        ({"effective": "soon"}, "schema"),
        ({"v": 2}, "version"),
    ],
)
def test_a_package_that_breaks_a_rule_is_neither_signed_nor_read(changes: dict[str, Any], code: str) -> None:
    bad = msgspec.structs.replace(PACKAGE, **changes)
    with pytest.raises(LocalProtocolError, match=f"protocol.{code}$"):
        sign_package(bad, sample.PUBLISHER)
    envelope = sign_envelope(PayloadType.PACKAGE, msgspec.json.encode(bad), sample.PUBLISHER)
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_package(envelope, trust())


PROVISION = Provision(
    v=1,
    unit=sample.UNIT,
    unit_name="虚构镇",
    regions=("440703001",),
    roles=("clerk",),
    modules=("households",),
    gateway="https://gateway.example",
    root=ROOT,
    issued=START,
    expires=END,
)


def test_a_provision_pins_the_root_of_the_trust_that_certifies_it() -> None:
    envelope = sign_provision(PROVISION, sample.PROVISIONING)
    assert open_provision(envelope, trust(), now=sample.NOW) == PROVISION
    with pytest.raises(RemoteProtocolError, match="provision_expired"):
        open_provision(envelope, trust(), now=END)
    other = sign_provision(msgspec.structs.replace(PROVISION, root="0" * 64), sample.PROVISIONING)
    with pytest.raises(RemoteProtocolError, match="trust_root"):
        open_provision(other, trust(), now=sample.NOW)
    with pytest.raises(LocalProtocolError, match="schema"):
        sign_provision(msgspec.structs.replace(PROVISION, regions=("x",)), sample.PROVISIONING)


def test_a_public_key_of_another_length_keeps_its_form() -> None:
    # Room for suites to come: only the suite knows how long its keys are.
    key = PublicKey(KeyRole.PUBLISHER, bytes(64))
    assert certify(key, START, END).public == "00" * 64
