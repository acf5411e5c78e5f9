"""Takes back a user's last command by writing its reverse, from the last change to the first.

What the command created is voided, many records in one statement: an import of a town is taken back in seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress
from jmdesk.records.writer import Writer
from jmdesk.store import change_log
from jmdesk.store.change_log import Change, Command

_REVERSIBLE: Final = frozenset({"create", "edit", "void", "import", "undo"})
_AT_ONCE: Final = 1000
_REASON: Final = "撤销上一步"


def take_back(writer: Writer, actor: str, progress: Progress, cancelled: Cancelled) -> None:
    """Reverse the last command of ``actor`` inside the writer's transaction; ``progress`` counts changes.

    ``Refused``: "records.nothing_to_undo", "records.cannot_undo", "store.cancelled".
    """
    connection, done = writer.transaction.connection, 0
    command = change_log.last_of(connection, actor)
    if command is None:
        raise Refused("records.nothing_to_undo")
    if command.verb not in _REVERSIBLE:
        raise Refused("records.cannot_undo")
    for changes in change_log.backwards(connection, command, _AT_ONCE):
        if cancelled():
            raise Refused("store.cancelled")
        _reverse(writer, command, changes)
        done += len(changes)
        progress(done, command.last - command.first + 1)


def _reverse(writer: Writer, command: Command, changes: Sequence[Change]) -> None:
    begun = change_log.begun(writer.transaction.connection, {change.rid for change in changes})
    for created, run in groupby(changes, lambda change: begun[change.rid] >= command.first):
        if created:
            # Whatever else the command did to such a record goes with it.
            _void(writer, [change for change in run if change.seq == begun[change.rid]])
        else:
            for change in run:
                _restore(writer, change)


def _void(writer: Writer, creations: Sequence[Change]) -> None:
    by_type: dict[str, list[str]] = defaultdict(list)
    for change in creations:
        by_type[change.type].append(change.rid)
    for type_id, rids in by_type.items():
        writer.void_all(list(writer.transaction.get_many(type_id, rids).values()), _REASON)


def _restore(writer: Writer, change: Change) -> None:
    """Give a record that was there before its former values or its former standing."""
    if "voided" in change.after:
        if change.after["voided"]:
            writer.transaction.unvoid(change.type, change.rid)
        else:
            writer.void(change.type, change.rid, _REASON)
    else:
        gone = [name for name in change.after if name not in change.before]
        writer.change(change.type, change.rid, change.before, gone, reason=_REASON, checked=True)
