"""Bits flip and files lose their ends: the vault says so or works on with everything it had; never silently wrong.

``make test`` tries some sixty damages; ``pytest -m long tests/jmdesk/vault/test_damage.py`` tries 2,000.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import KnownError
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.store.store import must_be_there
from jmdesk.store.tables import metadata
from jmdesk.store.verification import check_pages
from jmdesk.vault import folder as folders
from jmdesk.vault.folder import Unlocked, WayIn
from jmdesk.vault.header import Headers, SealedHeader, read_headers
from jmdesk.vault.instance import locked
from tests.desks import NOW, Family

SHORT, LONG = 60, 2000
CLOCK = FixedClock(NOW)


def everything(desk: Desk) -> str:
    """A digest of every row of every table."""
    told = hashlib.sha256()
    with desk.store.reading() as connection:
        for name in sorted(metadata.tables):
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()  # noqa: S608
            told.update(repr((name, sorted(repr(tuple(row)) for row in rows))).encode())
    return told.hexdigest()


def damaged(file: Path, chance: random.Random) -> str:
    """Flip a bit, cut the end off, or blank a sector; says which."""
    data = bytearray(file.read_bytes())
    kind = chance.choice(("flip", "flip", "flip", "cut", "blank"))
    at = chance.randrange(len(data))
    if kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[at:]
    else:
        at -= at % 512
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    file.write_bytes(bytes(data))
    return f"{kind} at {at} of {file.name}"


@pytest.fixture
def whole(desk: Desk, family: Family, tmp_path: Path) -> tuple[Unlocked, str, Path]:
    """A closed vault with a household and a backup in it, with the digest of all it holds."""
    assert family.head
    desk.backups.make()
    digest = everything(desk)
    desk.close()
    return desk.vault, digest, Path(shutil.copytree(desk.vault.folder, tmp_path / "whole"))


def good_copy(found: Headers, vault: Unlocked) -> SealedHeader:
    copy = next((one for one in found.copies if one.authentic(vault.keys.header_mac)), None)
    if copy is None:
        raise KnownError("vault.damaged_header")
    return copy


def opened_without_derivation(vault: Unlocked, folder: Path) -> Unlocked:
    """What ``unlock`` does once Argon2id has given the key: paying it 2,000 times over would show nothing more."""
    lock = locked(folder)
    try:
        found: Headers = read_headers(folder)
        copy = good_copy(found, vault)
        folders._mend(folder, WayIn(copy, vault.user, vault.keys, vault.secrets), found)
    except BaseException:
        lock.release()
        raise
    return replace(vault, folder=folder, header=copy.header, lock=lock)


def opened_desk(unlocked: Unlocked) -> Desk:
    """The desk on an unlocked vault, by the way ``Desk.enter`` goes; without the entry about it."""
    try:
        must_be_there(unlocked.database)
    except BaseException:
        unlocked.close()
        raise
    return Desk._opened(unlocked, CLOCK, TimeOrderedIds(CLOCK))


def outcome(vault: Unlocked, folder: Path) -> str:
    """What opening a damaged vault and reading all of it gives: a digest, or the code of what is said."""
    try:
        unlocked = opened_without_derivation(vault, folder)
        with opened_desk(unlocked) as desk:
            desk.store.fold_log()
            with desk.store.reading() as connection:
                check_pages(connection)
            vault_keys = desk.vault.device_keys()
            assert vault_keys.keyid
            return everything(desk)
    except KnownError as error:
        return error.code


def run(whole: tuple[Unlocked, str, Path], tmp_path: Path, rounds: int) -> dict[str, int]:
    vault, digest, model = whole
    chance = random.Random(20261122)  # noqa: S311 -- the same damages each time
    names = ("desk.db", "desk.db", "vault.json", "vault.json.bak", "device.key", "attempts.json")
    told: dict[str, int] = {}
    for number in range(rounds):
        folder = Path(shutil.copytree(model, tmp_path / "hurt", ignore=shutil.ignore_patterns("backups")))
        present = [name for name in names if (folder / name).exists()]
        what = damaged(folder / chance.choice(present), chance)

        said = outcome(vault, folder)
        assert said == digest or "." in said, f"round {number}: {what}: the vault opened with other contents"
        told["whole" if said == digest else said] = told.get("whole" if said == digest else said, 0) + 1
        shutil.rmtree(folder)
    return told


def test_damage_is_told_or_harmless(whole: tuple[Unlocked, str, Path], tmp_path: Path) -> None:
    told = run(whole, tmp_path, SHORT)
    assert told.get("store.damaged")
    assert told.get("whole")


@pytest.mark.long
def test_two_thousand_damages_are_told_or_harmless(whole: tuple[Unlocked, str, Path], tmp_path: Path) -> None:
    told = run(whole, tmp_path, LONG)
    assert sum(told.values()) == LONG
    assert told.get("vault.damaged_device_key")
