"""Ways back in: the printed code; and the request, its answer by two persons, and every file swapped or touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jmdesk.core.clock import FixedClock, utc_text
from jmdesk.core.errors import KnownError, Refused
from jmdesk.vault import reset, slots
from jmdesk.vault.escrow import EscrowKey, EscrowShare, entrust, file_bytes, fingerprint, joined, new_escrow, parsed
from jmdesk.vault.folder import Unlocked, create_vault, unlock
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.recovery import give_code, new_code, read_code, unlock_with_code
from jmdesk.vault.reset import Answer, Request, accepted, answered, ask
from jmdesk.vault.slots import HpkeLock
from tests.jmdesk.vault.conftest import NOW, PASSPHRASE, REGIONS, UNIT, USER, Model

AT = utc_text(NOW)
NEW = "四条小船过了石桥"
HOLDERS = ("第一位保管人的话", "另一位保管人的话")


@pytest.fixture(scope="module")
def escrow() -> tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]:
    return new_escrow(HOLDERS, FLOOR)


@pytest.fixture(scope="module")
def private(escrow: tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]) -> X25519PrivateKey:
    return joined(escrow[1], HOLDERS)


@pytest.fixture
def entrusted(vault: Path, escrow: tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]) -> Path:
    with unlock(vault, PASSPHRASE) as opened:
        entrust(opened, escrow[0], AT)
    return vault


def recover(vault: Path, code: str, new: str = NEW) -> Unlocked:
    return unlock_with_code(vault, code, new, clock=FixedClock(NOW), created=AT, cost=FLOOR)


def take(vault: Path, answer: bytes, new: str = NEW) -> Unlocked:
    return accepted(vault, answer, new, NOW, cost=FLOOR)


def refusal(vault: Path, answer: bytes, new: str = NEW) -> str:
    with pytest.raises(KnownError) as refused:
        take(vault, answer, new)
    return refused.value.code


# -- the printed code --------------------------------------------------------------------------------------------------


def test_the_code_opens_gives_a_new_passphrase_and_is_spent(vault: Path, model: Model) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        _, code = give_code(opened, AT)
    with recover(vault, code.lower().replace("-", " ")) as back:
        assert (back.keys, back.user) == (model.keys, USER)
    unlock(vault, NEW).close()
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        unlock(vault, PASSPHRASE)
    with pytest.raises(Refused, match=r"vault\.no_recovery_code"):
        recover(vault, code, "七只水牛下山去也")


def test_a_code_stays_good_while_the_new_passphrase_is_refused(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        _, code = give_code(opened, AT)
    with pytest.raises(Refused, match=r"vault\.passphrase_short"):
        recover(vault, code, "短")
    recover(vault, code).close()


def test_another_code_does_not_open_and_counts_as_a_failure(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        give_code(opened, AT)
    with pytest.raises(Refused, match=r"vault\.wrong_recovery_code"):
        recover(vault, new_code())
    with unlock(vault, PASSPHRASE) as opened:
        assert opened.failed_attempts == 1


def test_a_code_is_nowhere_on_disk(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        _, code = give_code(opened, AT)
    plain = read_code(code)
    for file in vault.iterdir():
        assert plain.encode() not in file.read_bytes() if file.is_file() else True


def test_most_slips_of_the_pen_are_noticed_before_anything_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jmdesk.vault.slots.derive", lambda *_: pytest.fail("derived"))
    code, noticed = read_code(new_code()), 0
    for place in range(len(code)):
        wrong = code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]
        try:
            read_code(wrong)
        except Refused:
            noticed += 1
    assert noticed >= 20
    for spoilt in ("", code[:-1], code + "A", "*" * 25, "Ü" * 25, "7" * 10_000):
        with pytest.raises(Refused, match=r"vault\.bad_recovery_code"):
            read_code(spoilt)


def test_letters_that_are_read_for_digits_are_taken_for_them() -> None:
    code = next(code for code in iter(new_code, "") if "0" in code and "1" in code)
    assert read_code(code.replace("0", "o").replace("1", "l")) == read_code(code.replace("1", "I")) == read_code(code)


# -- the escrow key ----------------------------------------------------------------------------------------------------


def test_two_persons_are_needed(escrow: tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]) -> None:
    key, (one, other) = escrow
    assert joined((other, one), HOLDERS[::-1]).public_key().public_bytes_raw() == key.public
    for pair in ((one, one), (other, other)):
        with pytest.raises(Refused, match=r"vault\.shares_differ"):
            joined(pair, HOLDERS)
    with pytest.raises(Refused, match=r"vault\.wrong_share_passphrase") as refused:
        joined((one, other), (HOLDERS[0], HOLDERS[0]))
    assert refused.value.params == {"number": 2}


def test_halves_of_two_keys_do_not_join(escrow: tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]) -> None:
    _, (_, stranger) = new_escrow(HOLDERS, FLOOR)
    with pytest.raises(Refused, match=r"vault\.shares_differ"):
        joined((escrow[1][0], stranger), HOLDERS)


def test_every_field_of_a_share_is_bound_to_its_seal(
    escrow: tuple[EscrowKey, tuple[EscrowShare, EscrowShare]],
) -> None:
    one, other = escrow[1]
    flipped = bytes([one.sealed[0] ^ 1]) + one.sealed[1:]
    for touched in (
        msgspec.structs.replace(one, sealed=flipped),
        msgspec.structs.replace(one, lock=msgspec.structs.replace(one.lock, salt=bytes(16))),
        msgspec.structs.replace(one, lock=msgspec.structs.replace(one.lock, passes=4)),
    ):
        with pytest.raises(Refused, match=r"vault\.wrong_share_passphrase"):
            joined((touched, other), HOLDERS)
    dear = msgspec.structs.replace(one, lock=msgspec.structs.replace(one.lock, memory_kib=2**30))
    with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        joined((dear, other), HOLDERS)


def test_both_holders_choose_passphrases_of_their_own() -> None:
    with pytest.raises(Refused, match=r"vault\.passphrase_same"):
        new_escrow((HOLDERS[0], HOLDERS[0]), FLOOR)


@pytest.mark.parametrize("public", [b"", bytes(32), bytes(31)])
def test_a_bad_escrow_key_is_not_taken_in(vault: Path, public: bytes) -> None:
    import hashlib

    key = EscrowKey(hashlib.sha256(public).hexdigest()[:32], public)
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        entrust(opened, key, AT)


# -- request and answer ------------------------------------------------------------------------------------------------


def test_a_forgotten_passphrase_is_replaced_and_nobody_else_learns_the_new_one(
    entrusted: Path, private: X25519PrivateKey, model: Model
) -> None:
    request = ask(entrusted, "用户1", NEW, NOW, cost=FLOOR)
    answer = answered(request, private)
    assert NEW.encode() not in request + answer
    with take(entrusted, answer) as back:
        assert (back.keys, back.user) == (model.keys, USER)
    unlock(entrusted, NEW).close()
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        unlock(entrusted, PASSPHRASE)
    assert not (entrusted / reset.NAME).exists()
    assert refusal(entrusted, answer) == "vault.answer_not_ours"


def test_the_fingerprint_tells_two_requests_apart(entrusted: Path) -> None:
    one, other = (ask(entrusted, USER, NEW, NOW, cost=FLOOR) for _ in range(2))
    assert fingerprint(one) != fingerprint(other)
    assert len(fingerprint(one).split()) == 5


def test_an_answer_needs_the_passphrase_that_was_chosen_when_asking(entrusted: Path, private: X25519PrivateKey) -> None:
    answer = answered(ask(entrusted, USER, NEW, NOW, cost=FLOOR), private)
    assert refusal(entrusted, answer, "七只水牛下山去也") == "vault.wrong_passphrase"
    take(entrusted, answer).close()


def test_an_answer_to_an_earlier_request_is_refused(entrusted: Path, private: X25519PrivateKey) -> None:
    early = answered(ask(entrusted, USER, NEW, NOW, cost=FLOOR), private)
    ask(entrusted, USER, NEW, NOW, cost=FLOOR)
    assert refusal(entrusted, early) == "vault.answer_not_ours"


def test_an_answer_of_another_vault_is_refused(
    entrusted: Path, private: X25519PrivateKey, tmp_path: Path, escrow: tuple[EscrowKey, object]
) -> None:
    other = tmp_path / "other"
    with create_vault(other, PASSPHRASE, unit=UNIT, regions=REGIONS, user=USER, cost=FLOOR) as opened:
        entrust(opened, escrow[0], AT)
    foreign = answered(ask(other, USER, NEW, NOW, cost=FLOOR), private)
    ask(entrusted, USER, NEW, NOW, cost=FLOOR)
    assert refusal(entrusted, foreign) == "vault.answer_not_ours"
    shutil.copy(other / reset.NAME, entrusted / reset.NAME)
    assert refusal(entrusted, foreign) == "vault.answer_not_ours"


@pytest.mark.parametrize("field", ["vault", "generation", "user", "escrow"])
def test_a_request_that_was_touched_gets_no_answer_that_opens(
    entrusted: Path, private: X25519PrivateKey, field: str
) -> None:
    asked = parsed(ask(entrusted, USER, NEW, NOW, cost=FLOOR), Request)
    if field == "escrow":
        touched = msgspec.structs.replace(asked, escrow=msgspec.structs.replace(asked.escrow, created="2020"))
    else:
        value = asked.generation + 1 if field == "generation" else "u99"
        touched = msgspec.structs.replace(asked, **{field: value})
    try:
        answer = answered(file_bytes(touched), private)
    except Refused as refused:
        assert field != "user"
        assert refused.code == "vault.other_escrow_key"  # noqa: PT017 -- either refusal will do, but no other
        return
    assert refusal(entrusted, answer) == "vault.answer_not_ours"


def test_somebody_who_puts_their_own_key_into_a_request_gains_nothing_here_and_shows_by_the_fingerprint(
    entrusted: Path, private: X25519PrivateKey
) -> None:
    data = ask(entrusted, USER, NEW, NOW, cost=FLOOR)
    stolen = msgspec.structs.replace(
        parsed(data, Request), public=X25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    assert fingerprint(file_bytes(stolen)) != fingerprint(data)
    assert refusal(entrusted, answered(file_bytes(stolen), private)) == "vault.answer_not_ours"


def test_every_flipped_byte_of_an_answer_is_noticed(entrusted: Path, private: X25519PrivateKey) -> None:
    answer = answered(ask(entrusted, USER, NEW, NOW, cost=FLOOR), private)
    parts = parsed(answer, Answer)
    for place in (0, 40, len(parts.sealed) - 1):
        sealed = parts.sealed[:place] + bytes([parts.sealed[place] ^ 1]) + parts.sealed[place + 1 :]
        assert refusal(entrusted, file_bytes(msgspec.structs.replace(parts, sealed=sealed))) == "vault.answer_not_ours"
    for changes in ({"user": "u99"}, {"generation": 1}, {"vault": "x"}, {"request": bytes(32)}):
        changed = msgspec.structs.replace(parts, **changes)
        assert refusal(entrusted, file_bytes(changed)) in ("vault.answer_not_ours", "vault.answer_outdated")
    take(entrusted, answer).close()


@pytest.mark.parametrize("junk", [b"", b"{}", b"[" * 100_000, b"\xff", b"x" * 200_000, b'{"kind":"jmdesk-x"}'])
def test_a_hostile_file_is_refused_and_crashes_nothing(entrusted: Path, private: X25519PrivateKey, junk: bytes) -> None:
    with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        answered(junk, private)
    assert refusal(entrusted, junk) == "vault.bad_escrow_file"


def test_a_request_with_a_key_that_makes_every_secret_zero_is_refused(
    entrusted: Path, private: X25519PrivateKey
) -> None:
    asked = parsed(ask(entrusted, USER, NEW, NOW, cost=FLOOR), Request)
    for public in (bytes(32), b"", bytes(33)):
        with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
            answered(file_bytes(msgspec.structs.replace(asked, public=public)), private)
    swapped = msgspec.structs.replace(asked.escrow, kind=slots.PASSPHRASE, lock=HpkeLock("x"))
    with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        answered(file_bytes(msgspec.structs.replace(asked, escrow=swapped)), private)


def test_an_unknown_user_asks_in_vain(entrusted: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.unknown_user"):
        ask(entrusted, "nobody", NEW, NOW, cost=FLOOR)


def test_nothing_can_be_asked_where_no_key_was_entrusted(vault: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.no_escrow"):
        ask(vault, USER, NEW, NOW, cost=FLOOR)
