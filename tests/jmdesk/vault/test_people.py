from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.vault import people
from jmdesk.vault.folder import Unlocked, unlock
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.slots import Owner
from tests.jmdesk.vault.conftest import PASSPHRASE, USER, Model

OTHER = Owner("u02", "2026-11-22T02:00:00Z")
OTHERS = "四条小船过了石桥"


def with_other(vault: Path) -> Unlocked:
    with unlock(vault, PASSPHRASE) as opened:
        return people.add_user(opened, OTHER, "黄*", OTHERS, cost=FLOOR)


def refusal(vault: Path, passphrase: str, user: str | None = None) -> str:
    with pytest.raises(KnownError) as error:
        unlock(vault, passphrase, user)
    return error.value.code


def test_a_second_user_opens_the_same_vault_with_a_passphrase_of_their_own(vault: Path, model: Model) -> None:
    added = with_other(vault)
    assert people.users(added.header) == (USER, "u02")
    for user, passphrase in ((USER, PASSPHRASE), ("u02", OTHERS), ("黄*", OTHERS)):
        with unlock(vault, passphrase, user) as opened:
            assert opened.keys == model.keys
    assert refusal(vault, PASSPHRASE, "u02") == "vault.wrong_passphrase"


@pytest.mark.parametrize(
    ("owner", "label", "passphrase", "code"),
    [
        (Owner(USER, OTHER.created), "黄*", OTHERS, "vault.user_exists"),
        (Owner("黄", OTHER.created), "黄*", OTHERS, "vault.bad_user"),
        (OTHER, "用户1", OTHERS, "vault.label_taken"),
        (OTHER, "", OTHERS, "vault.bad_label"),
        (OTHER, "黄*", "短口令", "vault.passphrase_short"),
    ],
)
def test_a_user_who_cannot_be_added_leaves_the_vault_as_it_was(
    vault: Path, owner: Owner, label: str, passphrase: str, code: str
) -> None:
    before = (vault / "vault.json").read_bytes()
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Refused) as refused:
        people.add_user(opened, owner, label, passphrase, cost=FLOOR)
    assert refused.value.code == code
    assert (vault / "vault.json").read_bytes() == before


def test_a_changed_passphrase_opens_and_the_old_one_no_longer_does(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        people.change_passphrase(opened, PASSPHRASE, OTHERS, OTHER.created, cost=FLOOR)
    assert refusal(vault, PASSPHRASE) == "vault.wrong_passphrase"
    unlock(vault, OTHERS).close()


def test_a_passphrase_is_changed_only_by_who_knows_the_old_one(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
            people.change_passphrase(opened, OTHERS, "七只水牛下山去也", OTHER.created, cost=FLOOR)
        with pytest.raises(Refused, match=r"vault\.passphrase_same"):
            people.change_passphrase(opened, PASSPHRASE, PASSPHRASE, OTHER.created, cost=FLOOR)
    unlock(vault, PASSPHRASE).close()


def test_a_label_can_be_changed_without_anybody_s_passphrase(vault: Path) -> None:
    with_other(vault)
    with unlock(vault, PASSPHRASE, USER) as opened:
        people.relabel(opened, "u02", "黄会计")
        with pytest.raises(Refused, match=r"vault\.label_taken"):
            people.relabel(opened, "u02", "用户1")
    unlock(vault, OTHERS, "黄会计").close()


def test_a_user_set_aside_is_shut_out_and_comes_back_with_the_old_passphrase(vault: Path) -> None:
    with_other(vault)
    with unlock(vault, PASSPHRASE, USER) as opened:
        without, parked = people.set_aside(opened, "u02")
        assert "黄" not in (vault / "vault.json").read_text("utf-8")
    assert refusal(vault, OTHERS, "u02") == "vault.unknown_user"
    with unlock(vault, PASSPHRASE) as opened:
        people.put_back(opened, parked)
    unlock(vault, OTHERS, "u02").close()
    assert people.users(without.header) == (USER,)


def test_nobody_shuts_the_door_on_oneself(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Refused, match=r"vault\.own_slot"):
        people.set_aside(opened, USER)


def test_a_header_that_cannot_be_written_adds_nobody(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_handle: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with unlock(vault, PASSPHRASE) as opened:
        monkeypatch.setattr("jmdesk.vault.files.os.write", no_room)
        with pytest.raises(Environment, match=r"vault\.disk_full"):
            people.add_user(opened, OTHER, "黄*", OTHERS, cost=FLOOR)
    monkeypatch.undo()
    assert refusal(vault, OTHERS, "u02") == "vault.unknown_user"
