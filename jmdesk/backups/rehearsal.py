"""A backup tried out in a side folder, and what going back to it would lose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jmdesk.backups import queries
from jmdesk.backups.card import Card
from jmdesk.backups.opening import OpenBackup, unpack
from jmdesk.backups.queries import Lost
from jmdesk.backups.writing import discard
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import Clock
from jmdesk.core.ids import Ids
from jmdesk.core.progress import Cancelled, never
from jmdesk.store import change_log, reading
from jmdesk.store.store import Store
from jmdesk.store.tables import record_tables

SIDE: Final = "rehearsal"


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds and what going back to it would lose.

    ``records`` counts live records by type. ``same_history`` is false when the present store did not grow out of this
    backup (it was restored since, or is another's): then ``lost`` cannot be told. ``users_lost`` are labels of people
    who have a way in today and had none then.
    """

    card: Card
    records: dict[str, int]
    same_history: bool
    lost: tuple[Lost, ...]
    users_lost: tuple[str, ...]

    @property
    def changes_lost(self) -> int:
        """How many changes came after the backup."""
        return sum(one.number for one in self.lost)


@contextmanager
def rehearsed(
    backup: OpenBackup, folder: Path, catalogue: Catalogue, clock: Clock, ids: Ids, cancelled: Cancelled = never
) -> Iterator[Store]:
    """The store of a backup, unpacked beside the vault, checked, and brought to this program's schema.

    It is removed again afterwards, and at the next time where this was cut short. Errors as ``unpack`` and ``Store``.
    """
    side = folder / SIDE
    discard(side)
    file = side / backup.kept.card.store
    try:
        unpack(backup, file, cancelled)
        store = Store(file, backup.way.keys.db, catalogue, clock, ids)
        try:
            yield store
        finally:
            store.close()
    finally:
        discard(side)


def report(backup: OpenBackup, rehearsal: Store, present: Store | None, labels: dict[str, str]) -> Report:
    """Compare a rehearsed backup with the present store, where one can still be read; ``labels`` are today's users."""
    card = backup.kept.card
    with rehearsal.reading() as connection:
        records = {name: reading.count_in_force(connection, table) for name, table in record_tables.items()}
    same, lost = True, list[Lost]()
    if present is not None:
        with present.reading() as connection:
            same = change_log.hash_at(connection, card.entries) == bytes.fromhex(card.head)
            lost = queries.since(connection, card.entries) if same else []
    then = {slot.user for slot in backup.way.copy.header.slots}
    gone = tuple(label for user, label in labels.items() if user not in then)
    return Report(card, {name: number for name, number in records.items() if number}, same, tuple(lost), gone)
