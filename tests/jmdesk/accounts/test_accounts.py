from __future__ import annotations

from collections.abc import Iterator

import pytest

from jmdesk.accounts.account import suggested_label
from jmdesk.accounts.service import NewAccount
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.vault.folder import peek
from jmdesk.vault.kdf import FLOOR
from tests.desks import NOW, PASSPHRASE, add_family

OTHERS = "四条小船过了石桥"
COLLECTOR = NewAccount("黄伟业", ("R1",))


@pytest.fixture(autouse=True)
def cheap(desk: Desk) -> None:
    desk.accounts.cost = FLOOR


@pytest.fixture
def colleague(desk: Desk) -> Iterator[Desk]:
    """The vault opened by a second user with the role of a collector."""
    desk.accounts.add(COLLECTOR, OTHERS)
    desk.close()
    with Desk.open(desk.vault.folder, OTHERS, user="黄*业", clock=FixedClock(NOW)) as opened:
        yield opened


def test_a_vault_of_one_user_has_no_roles_to_mind(desk: Desk) -> None:
    (own,) = desk.accounts.all()
    assert (own.user, own.name, own.status) == (desk.actor, "测试员", "1")
    assert desk.guard.may("void", "R20")


def test_with_a_second_user_everybody_keeps_to_their_roles(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        add_family(writer, desk.actor)
    desk.accounts.add(COLLECTOR, OTHERS)
    assert desk.guard.may("read", "R05")
    assert not desk.guard.may("create", "R20")
    with pytest.raises(Refused, match=r"permissions\.action"):
        desk.records.create("R20", {"ent_name": "江门某某厂"})


def test_names_stay_inside_the_encrypted_store_and_labels_outside(desk: Desk) -> None:
    made = desk.accounts.add(COLLECTOR, OTHERS)
    assert made.label == "黄*业"
    assert [plate.label for plate in peek(desk.vault.folder).nameplates] == ["测*员", "黄*业"]
    for file in desk.vault.folder.iterdir():
        if file.is_file():
            assert "黄伟业".encode() not in file.read_bytes(), file.name


def test_two_of_one_name_are_told_apart() -> None:
    assert suggested_label("黄伟业", ["黄*业", "黄*业2"]) == "黄*业3"
    assert suggested_label("", []) == "用户"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (NewAccount(" ", ("R1",)), "accounts.name_needed"),
        (NewAccount("黄伟业", ()), "accounts.roles_needed"),
        (NewAccount("黄伟业", ("R99",)), "accounts.roles_needed"),
        (NewAccount("黄伟业", ("R8", "R10")), "accounts.duties_apart"),
        (NewAccount("黄伟业", ("R9", "R10")), "accounts.duties_apart"),
        (NewAccount("黄伟业", ("R1",), label="测*员"), "vault.label_taken"),
    ],
)
def test_an_account_that_cannot_be_made_leaves_no_trace(desk: Desk, wanted: NewAccount, code: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.accounts.add(wanted, OTHERS)
    assert refused.value.code == code
    assert len(desk.accounts.all()) == 1
    assert len(desk.vault.header.slots) == 1


def test_duties_in_one_hand_are_pointed_out(desk: Desk) -> None:
    assert desk.accounts.clashes() == []
    desk.accounts.add(NewAccount("黄伟业", ("R10",)), OTHERS)
    desk.accounts.add(NewAccount("梁小玲", ("R2",)), OTHERS)
    ((who, roles),) = desk.accounts.clashes()
    assert (who.user, roles) == (desk.actor, frozenset({"R8", "R9"}))


def test_a_collector_manages_nobody(colleague: Desk) -> None:
    founder = next(one.user for one in colleague.accounts.all() if one.user != colleague.actor)
    for act in (
        lambda: colleague.accounts.add(NewAccount("梁小玲", ("R1",)), OTHERS),
        lambda: colleague.accounts.assign(colleague.actor, ("R8",)),
        lambda: colleague.accounts.disable(founder),
        lambda: colleague.accounts.remove(founder),
        lambda: colleague.accounts.rename(founder, name="别人"),
        colleague.accounts.renew_key,
    ):
        with pytest.raises(Refused, match=r"permissions\.action"):
            act()


def test_roles_given_are_roles_had_and_the_history_says_who_gave_them(desk: Desk) -> None:
    user = desk.accounts.add(COLLECTOR, OTHERS).user
    desk.accounts.assign(user, ("R2", "R10"), ("4407851",))
    given = desk.accounts.get(user)
    assert (given.roles, given.regions) == (("R2", "R10"), ("4407851",))
    last = desk.records.history(user)[-1]
    assert (last.verb, last.actor, last.after["x_roles"]) == ("account", desk.actor, ["R2", "R10"])


def test_a_collector_of_one_village_sees_no_other(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        add_family(writer, desk.actor)
    user = desk.accounts.add(NewAccount("黄伟业", ("R1",), ("440783110220",)), OTHERS).user
    desk.close()
    with Desk.open(desk.vault.folder, OTHERS, user=user, clock=FixedClock(NOW)) as theirs:
        assert theirs.records.count("R05") == 0
        assert theirs.records.find("R05") == []
        with pytest.raises(Refused, match=r"permissions\.region"), theirs.records.writing("import") as writer:
            add_family(writer, theirs.actor)


def test_one_s_own_passphrase_is_one_s_own_to_change(colleague: Desk) -> None:
    colleague.accounts.cost = FLOOR
    colleague.accounts.change_passphrase(OTHERS, "七只水牛下山去也")
    colleague.close()
    with Desk.open(colleague.vault.folder, "七只水牛下山去也", user="黄*业", clock=FixedClock(NOW)) as again:
        assert again.actor == colleague.actor
    with Desk.open(colleague.vault.folder, PASSPHRASE, user="测*员", clock=FixedClock(NOW)) as founder:
        assert founder.records.history(colleague.actor)[-1].verb == "passphrase"


def test_a_disabled_user_is_out_until_enabled(desk: Desk) -> None:
    user = desk.accounts.add(COLLECTOR, OTHERS).user
    desk.accounts.disable(user)
    assert not desk.accounts.get(user).active
    with pytest.raises(Refused, match=r"accounts\.not_disabled"):
        desk.accounts.enable(desk.actor)
    desk.accounts.enable(user)
    desk.close()
    with Desk.open(desk.vault.folder, OTHERS, user=user, clock=FixedClock(NOW)) as theirs:
        assert theirs.actor == user
