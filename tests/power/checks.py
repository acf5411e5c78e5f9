"""What must hold on a disk after the power went or the program was killed, given what the program had said by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.util import LRUCache

from jmdesk.backups.opening import open_backup, unpack
from jmdesk.backups.service import present
from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox
from jmdesk.store import engine as engine_module
from jmdesk.store.verification import check_pages, verified
from jmdesk.vault import kdf, slots
from jmdesk.vault.folder import database_name, unlock
from sync.client.batch_file import BatchFile, batch_path
from sync.client.membership import load_membership, signing_key
from sync.protocol.suites import KeySet
from tests.power.acts import IMPORTED
from tests.power.scene import OTHERS, SETTLED, Scene
from tests.sync.client.conftest import PASSPHRASE

BEFORE: Final = 1 + SETTLED
"""Households of the scene; they went out in two batches, the first of them is settled."""


class Said:
    """What the program had said: the act under way, and of each act the last step that was done."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.act = "open"
        self.done: dict[str, int] = {}
        for line in lines:
            word, act, number = line.split()
            if word == "begin":
                self.act = act
            else:
                self.done[act] = int(number)


@contextmanager
def quickly() -> Iterator[None]:
    """Argon2id once per salt, statements compiled once: paying for both in each of 21,000 rounds shows nothing more."""
    statements, dialects = LRUCache[Any, Any](2000), list[Dialect]()

    def made(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        dialects.append(engine.dialect)
        engine._compiled_cache, engine.dialect = statements, dialects[0]
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "derive", cache(kdf.derive))
        patch.setattr(engine_module, "create_engine", made)
        yield


def fault(scene: Scene, disk: Path, said: Said) -> str:
    """What is wrong with a disk; empty when everything that was said is there and all of it is whole."""
    try:
        if said.act == "migrate" or "migrate" in said.done:
            return _old_release(scene, disk / "old", said)
        with Desk.open(disk / "desk", PASSPHRASE) as desk:
            return _desk(desk, said)
    except KnownError as error:
        return error.code


def _desk(desk: Desk, said: Said) -> str:
    if desk.store.loss() is not None:
        return "what was noted as saved is not there"
    desk.store.fold_log()
    with desk.store.reading() as connection:
        check_pages(connection)
        if next(change_log.verify(connection), None) is not None:
            return "the chain of the change log is broken"
    return _generation(desk, said) or _records(desk, said) or _batches(desk, said) or _backups(desk.vault.folder, said)


def _generation(desk: Desk, said: Said) -> str:
    """A key that was changed stays changed, and what the old one opened is gone once the vault is open."""
    folder, header = desk.vault.folder, desk.vault.header
    if bool(header.generation) not in _may("key", said):
        return f"the store is of generation {header.generation}"
    older = folder / database_name(header.generation - 1) if header.generation else None
    return "the old key still opens the old store" if older is not None and older.exists() else ""


def _records(desk: Desk, said: Said) -> str:
    addresses = [str(one.values["address"]) for one in desk.records.find("R05", limit=100)]
    saved = max((int(address.rpartition("之")[2]) for address in addresses if "之" in address), default=0)
    if saved < said.done.get("save", 0):
        return f"saved {said.done['save']} times, found {saved}"
    sealing = ("seal" in said.done, said.act == "seal" or "seal" in said.done)
    found = len(addresses) - BEFORE
    possible = {
        IMPORTED * imported + OTHERS * applied + added
        for imported in _may("import", said)
        for applied in _may("apply", said)
        for added in range(sealing[0], sealing[1] + 1)
    }
    return "" if found in possible else f"{found} more households instead of one of {sorted(possible)}"


def _may(act: str, said: Said) -> tuple[bool, ...]:
    if act in said.done:
        return (True,)
    return (False, True) if said.act == act else (False,)


def _batches(desk: Desk, said: Said) -> str:
    """A batch that the store knows has its whole file, and every operation is in one state only."""
    keys = KeySet.of(signing_key(desk.vault.device_keys()).public)
    with desk.store.reading() as connection:
        batches = outbox.batch_list(connection)
        counts = outbox.counts(connection)
    opened = [batch for batch in batches if batch.settled_at is None]
    for batch in opened:
        with BatchFile(batch_path(desk, batch), batch, keys) as file:
            assert all(file.part(n) for n in range(len(file.signed.manifest.parts)))
    if sum(batch.records for batch in opened) != sum(counts.get(state, 0) for state in ("sealed", "sent", "held")):
        return f"{counts} in the outbox, {[batch.records for batch in opened]} in batches"
    if len(batches) - len(opened) < 1 + ("apply" in said.done):
        return "an answer that was taken over is gone"
    if len(batches) < 2 + ("seal" in said.done):
        return "a sealed batch is gone"
    if not load_membership(desk.store).device:
        return "the enrolment is gone"
    return ""


def _backups(vault: Path, said: Said) -> str:
    made = present(vault / "backups")
    if "backup" in said.done and not made:
        return "the backup is gone"
    for kept in made:
        unpack(open_backup(kept.folder, PASSPHRASE), vault / "side" / kept.folder.name)
    return ""


def _old_release(scene: Scene, vault: Path, said: Said) -> str:
    """The store is the old one or the new one, with the same rows, and never the new one without a backup."""
    with unlock(vault, PASSPHRASE) as unlocked:
        found = verified(unlocked.database, unlocked.keys.db)
    if found.broken_at:
        return "the chain of the change log is broken"
    made = present(vault / "backups")
    if found.schema == "0002" and not made:
        return "migrated without a backup"
    if "migrate" in said.done and found.schema != "0002":
        return "a migration that was done is gone"
    return _backups(vault, Said(["done backup 1"]) if found.schema == "0002" else Said([]))
