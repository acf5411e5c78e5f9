"""Removing somebody gives the vault a new key; the power may go at any step of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jmdesk.accounts.service import NewAccount
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.desk import Desk
from jmdesk.store.copying import copy_store
from jmdesk.vault import rotation
from jmdesk.vault.files import shred
from jmdesk.vault.folder import peek, unlock
from jmdesk.vault.kdf import FLOOR
from tests.desks import NOW, PASSPHRASE, VILLAGE, add_family

LEAVER, LEAVERS = "黄*业", "四条小船过了石桥"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed vault of two users with one family in it."""
    folder = tmp_path_factory.mktemp("shared") / "资料库"
    clock = FixedClock(NOW)
    with Desk.create(
        folder, PASSPHRASE, unit="N2440785MF00000C3R", regions=(VILLAGE,), user_name="林小燕", clock=clock, cost=FLOOR
    ) as desk:
        with desk.records.writing("import") as writer:
            add_family(writer, desk.actor)
        desk.accounts.cost = FLOOR
        desk.accounts.add(NewAccount("黄伟业", ("R1", "R10")), LEAVERS)
    return folder


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shared, tmp_path / "资料库"))


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with Desk.open(folder, PASSPHRASE, user="林*燕", clock=FixedClock(NOW)) as opened:
        yield opened


def refusal(folder: Path, passphrase: str, user: str | None) -> str:
    with pytest.raises(KnownError) as error:
        Desk.open(folder, passphrase, user=user)
    return error.value.code


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_who_was_removed_opens_nothing_and_the_others_keep_their_passphrases(desk: Desk, folder: Path) -> None:
    before, device = desk.vault.keys, desk.vault.device_keys().keyid
    desk.accounts.remove(LEAVER)
    assert refusal(folder, LEAVERS, LEAVER) == "vault.unknown_user"
    with Desk.open(folder, PASSPHRASE, clock=FixedClock(NOW)) as again:
        assert again.vault.keys.db != before.db
        assert again.vault.device_keys().keyid == device
        assert again.records.count("R05") == 1
        assert [one.status for one in again.accounts.all()] == ["1", "3"]
    assert "desk.db" not in names(folder)
    assert "device.key" not in names(folder)


def test_an_old_copy_of_the_header_does_not_open_what_is_written_later(desk: Desk, folder: Path) -> None:
    old = (folder / "vault.json").read_bytes()
    desk.accounts.remove(LEAVER)
    for name in ("vault.json", "vault.json.bak"):
        (folder / name).write_bytes(old)
    assert refusal(folder, LEAVERS, LEAVER) == "store.missing"
    assert (folder / "desk-1.db").exists(), "an old header must not cost the newer store"


def test_a_disabled_user_comes_back_even_after_the_key_was_changed(desk: Desk, folder: Path) -> None:
    desk.accounts.disable(LEAVER)
    assert refusal(folder, LEAVERS, LEAVER) == "vault.in_use"
    user = next(one.user for one in desk.accounts.all() if not one.active)
    desk.accounts.renew_key()
    assert refusal(folder, LEAVERS, LEAVER) == "vault.unknown_user"
    with Desk.open(folder, PASSPHRASE, clock=FixedClock(NOW)) as again:
        again.accounts.enable(user)
    with Desk.open(folder, LEAVERS, user=LEAVER, clock=FixedClock(NOW)) as theirs:
        assert theirs.records.count("R05") == 1


def test_nobody_removes_oneself(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"vault\.own_slot"):
        desk.accounts.remove("林*燕")


def test_a_full_disk_leaves_the_vault_as_it_was(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise Environment("store.disk_full")

    monkeypatch.setattr("jmdesk.store.store.copy_store", no_room)
    with pytest.raises(Environment, match=r"store\.disk_full"):
        desk.accounts.remove(LEAVER)
    monkeypatch.undo()
    assert peek(folder).generation == 0
    assert "desk-1.db" not in names(folder)
    assert desk.records.count("R05") == 1


class PowerCut(BaseException):
    """Nothing catches this, as nothing catches a power cut."""


class Cutter:
    """Counts the system calls that change the disk and stops at the n-th."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cut_at: int) -> None:
        self.steps, self._cut_at = 0, cut_at
        for target, real in (
            ("jmdesk.vault.files.os.fsync", os.fsync),
            ("jmdesk.vault.files.os.replace", os.replace),
            ("jmdesk.store.store.copy_store", copy_store),
            ("jmdesk.vault.folder.shred", shred),
        ):
            monkeypatch.setattr(target, self._counting(real))

    def _counting(self, real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            self.steps += 1
            if self.steps == self._cut_at:
                raise PowerCut
            real(*arguments)

        return call


@pytest.mark.slow
def test_the_power_may_go_at_any_step_of_a_removal(shared: Path, tmp_path: Path) -> None:
    """Afterwards the one who stays opens a whole store; the leaver gets in nowhere once somebody has been in."""
    outcomes = set()
    for cut_at in range(1, 100):
        folder = Path(shutil.copytree(shared, tmp_path / str(cut_at)))
        monkeypatch = pytest.MonkeyPatch()
        with Desk.open(folder, PASSPHRASE, user="林*燕", clock=FixedClock(NOW)) as opened:
            cutter = Cutter(monkeypatch, cut_at)
            try:
                opened.accounts.remove(LEAVER)
                finished = True
            except PowerCut:
                finished = False
            monkeypatch.undo()
        with Desk.open(folder, PASSPHRASE, user="林*燕", clock=FixedClock(NOW)) as again:
            assert again.records.count("R05") == 1
            outcomes.add(again.vault.header.generation)
            current = again.vault.database.name
        assert refusal(folder, LEAVERS, LEAVER) in ("vault.unknown_user", "accounts.closed")
        stores = {name for name in names(folder) if name.startswith("desk") and name.endswith(".db")}
        assert current in stores
        assert stores == {current} or current == "desk.db"
        shutil.rmtree(folder)
        if finished:
            break
    assert outcomes == {0, 1}
    assert cutter.steps > 8


def test_a_removal_that_was_cut_short_is_finished_by_another(desk: Desk, folder: Path) -> None:
    monkeypatch = pytest.MonkeyPatch()
    Cutter(monkeypatch, 2)
    with pytest.raises(PowerCut):
        desk.accounts.remove(LEAVER)
    monkeypatch.undo()
    desk.close()
    with Desk.open(folder, PASSPHRASE, user="林*燕", clock=FixedClock(NOW)) as again:
        again.accounts.remove(LEAVER)
    assert peek(folder).generation == 1
    assert refusal(folder, LEAVERS, LEAVER) == "vault.unknown_user"


def test_the_new_key_is_nowhere_before_it_is_used(desk: Desk) -> None:
    with desk.store.standing_still() as copy:
        fresh = rotation.renewed(desk.vault, copy)
    assert fresh.secrets.anchor == desk.vault.secrets.anchor
    assert fresh.secrets.vault_key != desk.vault.secrets.vault_key
    desk.close()
    with unlock(desk.vault.folder, PASSPHRASE, "林*燕") as opened:
        assert opened.keys == fresh.keys
