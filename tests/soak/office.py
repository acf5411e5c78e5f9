"""An office's side of a game: a real desk on a real encrypted vault, which may die at any step and be set back."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.util import LRUCache

from jmdesk.catalogue.types import Value
from jmdesk.conflicts.case import Case, Kind
from jmdesk.conflicts.rules import Choice, Side
from jmdesk.conflicts.service import Whole
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Environment, Refused, Unreachable
from jmdesk.core.ids import CountedIds
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox, reading, statements
from jmdesk.store.stored import Stored
from jmdesk.store.transaction import Transaction
from jmdesk.vault.device import new_device_keys
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.instance import locked
from sync.client.asking import ask_reopen, ask_rotation, load_asked, load_halt
from sync.client.batch_file import batch_path, carry
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.client.stick import take_replies
from sync.protocol.enrolment import Purpose
from tests.soak.wire import Died, Line

GATEWAY = "https://city.invalid"
_STATEMENTS: LRUCache[Any, Any] = LRUCache(2000)
_DIALECTS: list[Dialect] = []
"""The first engine's: what was compiled for one engine holds for all that share its dialect."""
_STEERING = Steering(wait=lambda _: None)
_MORTALS: WeakKeyDictionary[Engine, Office] = WeakKeyDictionary()
"""Whose program an engine belongs to."""


def _driver(connection: Connection) -> Any:
    """The driver of a connection, one step nearer to the end of its program: what it is handed is not announced."""
    if (office := _MORTALS.get(connection.engine)) is not None:
        office.burn()
    return connection.connection.driver_connection


statements.driver = _driver


class Office:
    """One desk of a game. ``fuse``: after so many more steps of its store or its line the program dies."""

    def __init__(self, name: str, vault: Unlocked, folder: Path, clock: FixedClock, line: Line, start: int) -> None:
        self.name, self.folder, self.clock, self.line = name, folder, clock, line
        self.ids = CountedIds(start)
        self.fuse = 0
        self.deaths = self.restores = 0
        self._vault = vault
        self._remains: Path | None = None
        self._backup: tuple[Path, str] | None = None
        self._open()

    def _open(self) -> None:
        vault = dataclasses.replace(self._vault, folder=self.folder, lock=locked(self.folder))
        self.desk = Desk.enter(vault, clock=self.clock, ids=self.ids)
        self.transport = HttpTransport(GATEWAY, self.ids)
        self.transport._http.mount("https://", self.line)
        self._make_mortal()

    def close(self) -> None:
        self.fuse = 0
        self.transport.close()
        self.desk.close()

    # -- dying -----------------------------------------------------------------------------------------------------

    def _make_mortal(self) -> None:
        """Burn the fuse at every statement, before every commit and after it."""
        engine = self.desk.store._engines.write
        for each in (engine, self.desk.store._engines.read):
            # One program would compile each statement once.
            if not _DIALECTS:
                _DIALECTS.append(each.dialect)
            each.dialect, each._compiled_cache = _DIALECTS[0], _STATEMENTS
        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, self._burn)
        _MORTALS[engine] = self
        store, enter, put = self.desk.store, self.desk.store.transaction, self.desk.store.put_setting

        @contextmanager
        def transaction(*arguments: Any, **options: Any) -> Iterator[Transaction]:
            with enter(*arguments, **options) as made:
                yield made
            self.burn()

        def put_setting(name: str, value: str) -> None:
            put(name, value)
            self.burn()

        store.transaction = transaction  # type: ignore[method-assign]
        store.put_setting = put_setting  # type: ignore[method-assign]

    def _burn(self, *_: object) -> None:
        self.burn()

    def burn(self) -> None:
        """One step nearer to the end. What the disk holds at that instant is all that remains of the program."""
        if not self.fuse:
            return
        self.fuse -= 1
        if not self.fuse:
            self._remains = self.folder.with_name(f"{self.folder.name}.remains")
            shutil.copytree(self.folder, self._remains, ignore=shutil.ignore_patterns("*-shm"))
            raise Died

    @contextmanager
    def living(self) -> Iterator[None]:
        """Work during which the program may die; afterwards it has been started again on what was on the disk."""
        try:
            yield
        except BaseException:
            if self._remains is None:
                raise
            # Dead: what a program would not have lived to do, or to complain about, counts for nothing.
            self.deaths += 1
            self.close()
            self._replace_by(self._remains)
            self._remains = None
            self._open()
        finally:
            self.fuse = 0

    def _replace_by(self, folder: Path) -> None:
        shutil.rmtree(self.folder)
        folder.rename(self.folder)

    def restart(self) -> None:
        """Close the program and start it again."""
        self.close()
        self._open()

    # -- what a clerk does -----------------------------------------------------------------------------------------

    def here(self, type_id: str, rid: str) -> Stored | None:
        """A record as it stands here."""
        with self.desk.store.reading() as connection:
            return reading.get(connection, type_id, rid)

    def covers(self, region: str) -> bool:
        """Whether the desk works for a region."""
        return region.startswith(self.desk.regions)

    def fields_of(self, type_id: str) -> Collection[str]:
        """The fields of a type in the catalogue in force."""
        return self.desk.catalogue.types[type_id].by_identifier

    def decide(self, taste: int, *, again: bool = True) -> set[str]:
        """Decide everything that waits for a decision, in one of several ways; on which records.

        ``again``: what was refused is sent again.
        """
        self.desk.conflicts.merge_all()
        cases = [case for case in self.desk.conflicts.cases() if case.whole and not case.under_way]
        cases = [case for case in cases if again or case.kind is not Kind.REFUSED]
        for case in cases:
            self._decide(case, taste)
        return {case.rid for case in cases if case.kind is not Kind.REFUSED}

    def states(self) -> dict[str, int]:
        """How many changes are in each state."""
        with self.desk.store.reading() as connection:
            return outbox.counts(connection)

    @property
    def busy(self) -> bool:
        """Whether something is on its way or waits for a decision.

        A conflict on what the scope no longer covers waits until it does again: no page brings the other version.
        """
        if self.states().get("sealed") or self.desk.conflicts.newer_beside():
            return True
        with self.desk.store.reading() as connection:
            aside = [line for line in outbox.set_aside(connection) if line.state == "conflict"]
        records = [self.here(line.type, line.rid) for line in aside]
        return any(record is None or self.covers(record.region) for record in records)

    def open_lines(self, rid: str) -> list[outbox.Line]:
        """What of a record is not settled."""
        with self.desk.store.reading() as connection:
            return outbox.unsettled(connection, rid)

    def let_go_of(self, rid: str) -> bool:
        """Whether a record left this desk once: its log says nothing of what was before."""
        with self.desk.store.reading() as connection:
            return any(change.erased for change in change_log.history(connection, rid))

    @property
    def device(self) -> str:
        """The desk's key id."""
        return self.desk.vault.device_keys().keyid

    @property
    def token(self) -> str:
        """The session's token, if there is a session."""
        return self.transport.token

    def _decide(self, case: Case, taste: int) -> None:
        desk = self.desk.conflicts
        if case.kind is Kind.REFUSED:
            desk.send_again(case.type, case.rid)
        elif case.kind is Kind.EDITED:
            side = Side.MINE if taste % 2 else Side.THEIRS
            choices = {f.name: Choice(side, note=taste > 1) for f in case.fields if f.differs}
            desk.settle(case.type, case.rid, choices, reason="已核实", seen=case.seen)
        else:
            keep = case.kind is Kind.VOIDED_HERE and taste % 2
            decision = Whole.KEEP if keep else Whole.VOID
            desk.settle_whole(case.type, case.rid, decision, reason="已核实", seen=case.seen)

    # -- exchanging ------------------------------------------------------------------------------------------------

    def sync(self, attempts: int = 2) -> SyncReport | None:
        """One synchronisation; ``None`` when the line broke or the two ends did not come together."""
        try:
            return synchronise(
                self.desk, self.transport, _STEERING, patience=Patience(_STEERING, attempts=attempts), wait_seconds=0
            )
        except (Unreachable, Refused):
            return None

    def seal(self) -> None:
        """Seal what waits, to be carried later; not while the chain is broken or the answer to a rotation is out."""
        try:
            seal(self.desk, load_membership(self.desk.store), _STEERING)
        except Refused as refused:
            if refused.code not in {"sync.reopen_needed", "sync.rotating"}:
                raise

    def carry_out(self, stick: Path) -> None:
        """Copy every open batch to the stick."""
        for batch in self.batches(open_only=True):
            if batch_path(self.desk, batch).exists():
                carry(self.desk, batch, stick / batch.file)

    def carry_in(self, stick: Path) -> None:
        """Take over what the stick brings."""
        try:
            take_replies(self.desk, stick, _STEERING)
        except (Refused, Environment):
            return

    def batches(self, *, open_only: bool = False) -> list[outbox.Batch]:
        """The batches of the outbox."""
        with self.desk.store.reading() as connection:
            return outbox.batch_list(connection, open_only=open_only)

    # -- copies ----------------------------------------------------------------------------------------------------

    def back_up(self) -> None:
        """Keep a copy of the closed vault, as a careful office does."""
        self.close()
        target = self.folder.with_name(f"{self.folder.name}.backup")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)
        self._backup = target, self.device
        self._open()

    def restore(self) -> bool:
        """Put the copy in the place of what is here; ``False`` where there is no copy that can go on.

        A copy with keys that have been replaced since is at an end: nothing vouches for it any more.
        """
        if self._backup is None or self._backup[1] != self.device or self.renewing:
            return False
        self.close()
        self.restores += 1
        (backup, _), self._backup = self._backup, None
        self._replace_by(backup)
        self._open()
        return True

    @property
    def renewing(self) -> bool:
        """Whether new keys were asked for that are not in force yet."""
        asked = load_asked(self.desk.store)
        return asked is not None and asked.purpose is Purpose.ROTATE

    def renew_keys(self) -> None:
        """Ask for new keys, and with them for the grant as it is now, unless something else is being asked for."""
        if load_asked(self.desk.store) is None:
            ask_rotation(self.desk, new_device_keys())

    @property
    def halted(self) -> bool:
        """Whether the desk sends nothing until its chain is reopened."""
        return load_halt(self.desk.store) is not None

    def reopen(self) -> None:
        """Ask for a new chain, as the user does when the program says that the old one is broken."""
        ask_reopen(self.desk)

    def values(self, type_id: str, found: Stored) -> dict[str, Value]:
        """What a record says, as far as it travels."""
        fields = self.desk.catalogue.types[type_id].by_identifier
        return {n: v for n, v in found.values.items() if n not in fields or fields[n].on_wire}
