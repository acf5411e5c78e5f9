"""Bits flip and files lose their ends in every file of a vault: store, headers, keys, sealed batches, backups.

What was there is told to be damaged or is all there; never something else, never a crash. ``make test`` damages some
twenty times, ``pytest -m long tests/power/test_every_file.py`` 2,000 times. What the vault alone does with its own four
files is in ``tests/jmdesk/vault/test_damage.py``.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from jmdesk.checkup.service import examine
from jmdesk.core.errors import KnownError
from jmdesk.core.messages import table
from jmdesk.desk import Desk
from jmdesk.store.tables import metadata
from tests.jmdesk.vault.test_damage import damaged
from tests.power.checks import Said, _desk, quickly
from tests.power.scene import Scene
from tests.power.test_power import SEED
from tests.sync.client.conftest import PASSPHRASE

SHORT, LONG = 24, 2000
SAID = Said(["done backup 1"])
DOCTOR = "told by the doctor"
"""A backup that is none any more is told by who looks at backups: the desk itself opens as ever."""
GROWS = ("change_log", "change_values")
"""Opening a vault is noted."""


def contents(desk: Desk) -> str:
    """A digest of every row that opening leaves alone."""
    told = hashlib.sha256()
    with desk.store.reading() as connection:
        for name in sorted(metadata.tables.keys() - set(GROWS)):
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()  # noqa: S608
            told.update(repr((name, sorted(repr(tuple(row)) for row in rows))).encode())
    return told.hexdigest()


@pytest.fixture
def vault(scene: Scene, quick: Path) -> Path:
    """The scene's desk, with a sealed batch and a backup, closed."""
    folder = Path(shutil.copytree(scene.disk / "desk", quick / "whole"))
    with Desk.open(folder, PASSPHRASE) as desk:
        desk.backups.make()
    return folder


def outcome(folder: Path) -> str:
    """A digest of what opens, or the code of what is told."""
    try:
        with Desk.open(folder, PASSPHRASE) as desk:
            found = contents(desk)
            wrong = _desk(desk, SAID)
            if wrong == "the backup is gone":
                return DOCTOR if any("备份已损坏" in problem for problem in examine(desk).problems) else wrong
            assert wrong == "", wrong
            return found
    except KnownError as error:
        return error.code


def damage(vault: Path, rounds: int) -> Counter[str]:
    """Damage one file at a time; how often each code was told, and how often everything was there."""
    chance = random.Random(SEED)  # noqa: S311 -- the same damages each time
    told = Counter[str]()
    with quickly():
        whole = outcome(Path(shutil.copytree(vault, vault.with_name("model"))))
        for number in range(rounds):
            folder = Path(shutil.copytree(vault, vault.with_name("hurt")))
            files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size)
            what = damaged(chance.choice(files), chance)
            said = outcome(folder)
            assert said in (whole, DOCTOR) or said in table(), f"round {number}: {what}: {said}"
            told["whole" if said == whole else said] += 1
            shutil.rmtree(folder)
    return told


def test_damage_to_any_file_is_told_or_harmless(vault: Path) -> None:
    told = damage(vault, SHORT)
    assert told["whole"]
    assert told["store.damaged"]


@pytest.mark.long
def test_two_thousand_damages_to_every_file_are_told_or_harmless(vault: Path) -> None:
    told = damage(vault, LONG)
    assert told.total() == LONG
    assert told.keys() >= {"whole", "store.damaged", "backups.altered", "sync.batch_damaged"}
