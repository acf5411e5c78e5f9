"""The program whose disk is recorded or that is killed: it acts, and says of each act when it begins and is done.

Arguments: a scene's folder, the disk (a copy of the scene's), ``FULL`` or ``OFF`` (how stores flush), the acts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from jmdesk.desk import Desk
from jmdesk.store import engine, migrate
from sync.client.membership import load_membership
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.client.stick import take_replies
from tests.power.scene import Scene
from tests.sync.client.conftest import PASSPHRASE
from tests.sync.client.office import add_household, household_record, person_record

ACTS: Final = ("save", "import", "apply", "seal", "backup", "key", "migrate")
SAVES: Final = 6
IMPORTED: Final = 20


def say(text: str) -> None:
    """What a person would now believe; in one system call."""
    os.write(1, f"{text}\n".encode())


def save(desk: Desk) -> None:
    """Change one field, some times over."""
    household = desk.records.find("R05", limit=1)[0].rid
    for number in range(1, SAVES + 1):
        desk.records.change("R05", household, {"address": f"样例路{number}号之{number}"})
        say(f"done save {number}")


def import_(desk: Desk) -> None:
    """Twenty households in one transaction."""
    village = desk.vault.header.regions[0]
    with desk.records.writing("import") as writer:
        for number in range(200, 200 + IMPORTED):
            household, head = writer.transaction.new_id(), writer.transaction.new_id()
            writer.create("R05", household_record(desk, number, head, village), rid=household)
            writer.create("R06", person_record(head, household, number), rid=head)
    say("done import 1")


def apply(desk: Desk, stick: Path) -> None:
    """Take over what the platform answered and what others reported."""
    brought = take_replies(desk, stick)
    assert brought.refused == {}, brought.refused
    say("done apply 1")


def seal_(desk: Desk) -> None:
    """Seal what was saved above and a household with its consents."""
    add_household(desk, 300)
    assert seal(desk, load_membership(desk.store), Steering()).batch is not None
    say("done seal 1")


def backup(desk: Desk) -> None:
    """A verified copy."""
    desk.backups.make()
    say("done backup 1")


def rekey(desk: Desk) -> None:
    """Another key for the whole vault."""
    desk.accounts.renew_key()
    say("done key 1")


def flushing(how: str) -> None:
    """Let every store of this process flush as told."""
    connect: Callable[..., Any] = engine._connect

    def connected(path: Path, key: bytes, *, read_only: bool) -> Any:
        connection = connect(path, key, read_only=read_only)
        connection.execute(f"PRAGMA synchronous = {how}")
        return connection

    if how != "FULL":
        engine._connect = connected


def act(scene: Scene, disk: Path, chosen: Sequence[str]) -> None:
    """The chosen acts one after the other."""
    with Desk.open(disk / "desk", PASSPHRASE) as desk:
        acts: dict[str, Callable[[], None]] = {
            "save": lambda: save(desk),
            "import": lambda: import_(desk),
            "apply": lambda: apply(desk, scene.folder / "stick"),
            "seal": lambda: seal_(desk),
            "backup": lambda: backup(desk),
            "key": lambda: rekey(desk),
        }
        for name, perform in acts.items():
            if name in chosen:
                say(f"begin {name} 0")
                perform()
        say("begin close 0")
    if "migrate" in chosen:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrate, "MIGRATIONS", scene.folder / "release")
            say("begin migrate 0")
            Desk.open(disk / "old", PASSPHRASE).close()
            say("done migrate 1")


if __name__ == "__main__":
    flushing(sys.argv[3])
    act(Scene(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[4:])
