"""Ways back into a vault, and people's places in it: each check where it alone stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.vault import people, recovery, reset, rotation
from jmdesk.vault.escrow import entrust, file_bytes, joined, new_escrow, parsed
from jmdesk.vault.folder import Unlocked, unlock
from jmdesk.vault.header import MOST_SLOTS, Header, read_headers, save_header
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.reset import Answer, Request, accepted, answered, ask
from jmdesk.vault.slots import ESCROW, Argon2Lock, Owner, Secrets, sealed_to
from tests.jmdesk.vault.conftest import NOW, PASSPHRASE, USER, Model

AT = utc_text(NOW)
NEW = "四条小船过了石桥"
HOLDERS = ("第一位保管人的话", "另一位保管人的话")
OTHER = Owner("u02", AT)


@pytest.fixture(scope="module")
def escrow() -> tuple[object, X25519PrivateKey]:
    key, shares = new_escrow(HOLDERS, FLOOR)
    return key, joined(shares, HOLDERS)


@pytest.fixture
def asked(vault: Path, escrow: tuple[object, X25519PrivateKey]) -> tuple[Request, Answer]:
    """A request that lies in the vault, and its answer."""
    with unlock(vault, PASSPHRASE) as opened:
        entrust(opened, escrow[0], AT)  # type: ignore[arg-type]
    data = ask(vault, USER, NEW, NOW, cost=FLOOR)
    return parsed(data, Request), parsed(answered(data, escrow[1]), Answer)


@pytest.fixture
def underived(asked: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused now is refused before a guess could be tried."""
    assert asked
    monkeypatch.setattr("jmdesk.vault.reset.derive", lambda *_: pytest.fail("derived"))


def refusal(vault: Path, answer: Answer, new: str = NEW, later: int = 0) -> str:
    with pytest.raises(KnownError) as refused:
        accepted(vault, file_bytes(answer), new, NOW + timedelta(seconds=later), cost=FLOOR)
    return refused.value.code


# -- request and answer ------------------------------------------------------------------------------------------------


def test_the_passphrase_chosen_when_asking_keeps_the_rules(vault: Path, asked: object) -> None:
    assert asked
    with pytest.raises(Refused, match=r"vault\.passphrase_short"):
        ask(vault, USER, "短", NOW, cost=FLOOR)


def test_an_escrow_slot_that_a_secret_opens_is_none(
    asked: tuple[Request, Answer], escrow: tuple[object, X25519PrivateKey]
) -> None:
    swapped = msgspec.structs.replace(asked[0].escrow, kind=ESCROW, lock=Argon2Lock(bytes(16), 65536, 3, 4))
    with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        answered(file_bytes(msgspec.structs.replace(asked[0], escrow=swapped)), escrow[1])


@pytest.mark.usefixtures("underived")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"request": bytes(32)}, "vault.answer_not_ours"),
        ({"vault": "another"}, "vault.answer_not_ours"),
        ({"user": "u99"}, "vault.answer_not_ours"),
        ({"generation": 7}, "vault.answer_outdated"),
    ],
)
def test_an_answer_to_something_else_is_refused_before_a_passphrase_is_tried(
    vault: Path, asked: tuple[Request, Answer], changes: dict[str, object], code: str
) -> None:
    assert refusal(vault, msgspec.structs.replace(asked[1], **changes)) == code


def test_guesses_at_an_answer_are_slowed_like_those_at_the_door(vault: Path, asked: tuple[Request, Answer]) -> None:
    for _ in range(4):
        said = refusal(vault, asked[1], "七只水牛下山去也")
    assert said == refusal(vault, asked[1]) == "vault.wait"
    accepted(vault, file_bytes(asked[1]), NEW, NOW + timedelta(hours=1), cost=FLOOR).close()


def test_an_answer_that_brings_other_keys_is_not_taken(vault: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.answer_not_ours"):
        reset._proved(read_headers(vault).copies[0], Secrets(bytes(32), bytes(32)))


@pytest.mark.usefixtures("underived")
@pytest.mark.parametrize("touched", ["salt", "memory_kib", "guarded"])
def test_what_waits_in_the_vault_is_looked_at_before_anything_is_derived(
    vault: Path, asked: tuple[Request, Answer], touched: str
) -> None:
    file = vault / reset.NAME
    pending = parsed(file.read_bytes(), reset._Pending)
    lock = msgspec.structs.replace(
        pending.lock, **({"salt": bytes(15)} if touched == "salt" else {"memory_kib": 2**30})
    )
    changes = {"guarded": pending.guarded[:-1]} if touched == "guarded" else {"lock": lock}
    file.write_bytes(file_bytes(msgspec.structs.replace(pending, **changes)))
    assert refusal(vault, asked[1]) == "vault.bad_escrow_file"


def test_an_answer_of_another_length_is_not_taken(vault: Path, asked: tuple[Request, Answer]) -> None:
    request, answer = asked
    with unlock(vault, PASSPHRASE) as opened:
        content = opened.secrets.vault_key + opened.secrets.anchor + b"x"
    sealed = sealed_to(request.public, content, file_bytes(msgspec.structs.replace(answer, sealed=b"")))
    assert refusal(vault, msgspec.structs.replace(answer, sealed=sealed)) == "vault.answer_not_ours"


# -- the printed code --------------------------------------------------------------------------------------------------


def test_a_code_has_only_its_own_letters_whatever_its_check_character_says() -> None:
    body = "Ä" * recovery.DATA
    with pytest.raises(Refused, match=r"vault\.bad_recovery_code"):
        recovery.read_code(body + recovery._check(body))


def test_a_code_between_a_great_many_dashes_is_not_looked_for() -> None:
    code = recovery.new_code()
    assert recovery.read_code(code + "-" * 100)
    with pytest.raises(Refused, match=r"vault\.bad_recovery_code"):
        recovery.read_code(code + "-" * 300)


# -- people ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(vault: Path) -> Unlocked:
    with unlock(vault, PASSPHRASE) as opened:
        return people.add_user(opened, OTHER, "黄*", NEW, cost=FLOOR)


def test_who_is_not_there_has_no_slot(model: Model) -> None:
    with pytest.raises(Refused, match=r"vault\.unknown_user"):
        people.slot_of(model.header, "nobody")


def test_a_vault_has_room_for_so_many_ways_in(two: Unlocked) -> None:
    slots = two.header.slots * (MOST_SLOTS // 2)
    object.__setattr__(two, "header", msgspec.structs.replace(two.header, slots=slots))
    with pytest.raises(Refused, match=r"vault\.too_many_users"):
        people.add_user(two, Owner("u03", AT), "林*", NEW, cost=FLOOR)


def test_who_was_set_aside_comes_back_once_and_under_a_name_that_is_free(two: Unlocked) -> None:
    after, parked = people.set_aside(two, OTHER.user)
    taken = people.add_user(after, Owner("u03", AT), "黄*", NEW, cost=FLOOR)
    with pytest.raises(Refused, match=r"vault\.label_taken"):
        people.put_back(taken, parked)
    with pytest.raises(Refused, match=r"vault\.user_exists"):
        people.put_back(people.put_back(after, parked), parked)


# -- change of the key -------------------------------------------------------------------------------------------------


def never(_file: Path, _key: bytes) -> None:
    pytest.fail("copied")


def test_the_key_is_not_changed_without_oneself(two: Unlocked) -> None:
    with pytest.raises(Refused, match=r"vault\.own_slot"):
        rotation.renewed(two, never, without=two.user)


def test_a_disk_that_fails_while_the_keys_are_copied_leaves_the_vault_as_it_was(
    two: Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: Unlocked) -> None:
        raise Environment("vault.disk_error")

    monkeypatch.setattr(Unlocked, "device_keys", fails)
    with pytest.raises(Environment, match=r"vault\.disk_error"):
        rotation.renewed(two, lambda file, _key: file.touch())
    assert not (two.folder / "desk-1.db").exists()
    assert read_headers(two.folder).copies[0].header.generation == 0


def test_a_disk_that_fails_after_the_first_header_keeps_what_it_opens(
    two: Unlocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(folder: Path, header: Header, key: bytes) -> None:
        save_header(folder, header, key)
        raise Environment("vault.disk_error")

    monkeypatch.setattr(rotation, "save_header", half)
    with pytest.raises(Environment, match=r"vault\.disk_error"):
        rotation.renewed(two, lambda file, _key: file.touch())
    assert (two.folder / "desk-1.db").exists()
