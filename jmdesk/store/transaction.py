"""The one write path: rows, change log, search terms and outbox in one transaction.

Rows are buffered and inserted in bulk, so that importing a village and saving one field are the same code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from jmdesk.catalogue.types import Catalogue, Record, Value
from jmdesk.core.changes import Changes
from jmdesk.core.errors import Refused
from jmdesk.core.ids import Ids
from jmdesk.store import awaiting, reading
from jmdesk.store import outbox as outbox_lines
from jmdesk.store.among import by_rids
from jmdesk.store.change_log import ChangeLogWriter, Head
from jmdesk.store.columns import json_text
from jmdesk.store.indexing import Indexing
from jmdesk.store.statements import Statement, given, insert_rows, update_rows
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import (
    awaiting_consent,
    change_log,
    change_values,
    codec,
    incoming,
    outbox,
    record_tables,
)

_BUFFER = 5000
_CHUNK = 500


class Transaction:
    """One command in progress. Made by ``Store.transaction``; not kept after it."""

    def __init__(
        self,
        connection: Connection,
        catalogue: Catalogue,
        ids: Ids,
        *,
        actor: str,
        verb: str,
        at: str,
        source: str,
        reason: str,
    ) -> None:
        self.connection = connection
        self.command = ids.new()
        self.actor, self.at, self.reason = actor, at, reason
        self._catalogue, self._ids, self._source = catalogue, ids, source
        self._log = ChangeLogWriter(connection, self.command, verb, at, actor)
        self._pending: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self._confirmed: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self._search = Indexing(connection)
        self._buffered = 0
        self._touched: set[tuple[str, str]] = set()

    def new_id(self) -> str:
        """A fresh record id."""
        return self._ids.new()

    # -- records ---------------------------------------------------------------------------------------------------

    def create(self, type_id: str, values: Record, *, region: str, rid: str | None = None) -> str:
        """Insert a record; returns its id. ``values`` must be valid wire values; nothing is checked here."""
        rid = rid or self._ids.new()
        record_type = self._catalogue.types[type_id]
        row = codec(type_id).to_row(values)
        row |= self._fresh_columns(rid, region)
        self._pending[record_tables[type_id]].append(row)
        seq = self._append(type_id, rid, {}, values)
        if not record_type.local_only:
            self._pending[outbox].append(outbox_lines.row(type_id, rid, record_type.travelling(values), "upsert", seq))
        self._count(self._search.add(record_type, rid, values))
        self._count(4)
        return rid

    def change(
        self,
        type_id: str,
        rid: str,
        set_: Record,
        unset: Iterable[str] = (),
        *,
        reason: str = "",
        found: Stored | None = None,
    ) -> bool:
        """Set and unset fields of a record. False, and nothing written, when that changes nothing.

        ``found``: the record as this transaction has just read it, where the caller did.
        """
        found = found or self._require(type_id, rid)
        after_all = {**found.values, **set_}
        for name in unset:
            after_all.pop(name, None)
        names = [n for n in after_all.keys() | found.values.keys() if after_all.get(n) != found.values.get(n)]
        if not names:
            return False
        before = {n: found.values[n] for n in names if n in found.values}
        after = {n: after_all[n] for n in names if n in after_all}
        # What never travels leaves the record as it stands with the platform.
        travels = bool(self._catalogue.types[type_id].travelling(names))
        self._save(found, after_all, {} if travels else {"rec_sync": found.sync})
        seq = self._append(type_id, rid, before, after, reason)
        self._offer(type_id, rid, names, "upsert", seq)
        self._count(self._search.renew(self._catalogue.types[type_id], rid, found, after_all))
        return True

    def place(self, type_id: str, rid: str, region: str) -> None:
        """Let a record lie in another region; what it says stays as it is."""
        self.flush()
        update_rows(self.connection, record_tables[type_id], "rid", [{"rid": rid, "rec_region": region}])
        self._touched.add((type_id, rid))

    def void(self, type_id: str, rid: str, reason: str) -> None:
        """Mark a record void: it leaves lists, stays in history, and goes to the platform as a tombstone."""
        self.void_all([self._require(type_id, rid)], reason)

    def void_all(self, records: Iterable[Stored], reason: str) -> None:
        """The same of records of one type, as this transaction has just read them; void ones stay as they are."""
        living = [found for found in records if found.voided is None]
        if not living:
            return
        type_id, rids = living[0].type, [found.rid for found in living]
        self.flush()
        rows = [self._saved(found) | {"rec_voided": reason or "-"} for found in living]
        update_rows(self.connection, record_tables[type_id], "rid", rows)
        heard = outbox_lines.heard(self.connection, rids)
        # Of what the platform never heard there is nothing to take back.
        outbox_lines.supersede(self.connection, *(f.rid for f in living if not f.base_version and f.rid not in heard))
        self._search.drop(*rids)
        for found in living:
            seq = self._append(type_id, found.rid, {"voided": False}, {"voided": True}, reason)
            if found.base_version or found.rid in heard:
                self._offer(type_id, found.rid, [], "tombstone", seq)

    def unvoid(self, type_id: str, rid: str, reason: str = "") -> None:
        """Take a void back, as long as the platform does not know of it ("store.void_sent" otherwise)."""
        found = self._require(type_id, rid)
        if found.voided is None:
            return
        if outbox_lines.heard(self.connection, [rid], op="tombstone"):
            raise Refused("store.void_sent")
        self._save(found, found.values, {"rec_voided": None})
        seq = self._append(type_id, rid, {"voided": True}, {"voided": False}, reason)
        self.connection.execute(delete(outbox).where(outbox.c.rid == rid, outbox.c.state == "draft"))
        self._offer(type_id, rid, found.values, "upsert", seq)
        self._search.drop(rid)
        self._count(self._search.add(self._catalogue.types[type_id], rid, found.values))

    def get(self, type_id: str, rid: str) -> Stored | None:
        """A record as this transaction sees it."""
        self.flush()
        return reading.get(self.connection, type_id, rid)

    def get_many(self, type_id: str, rids: Sequence[str]) -> dict[str, Stored]:
        """Records of one type by id, as this transaction sees them; missing ones are left out."""
        self.flush()
        rows = by_rids(record_tables[type_id]).rows(self.connection, rids=json_text(list(rids)))
        return {row["rid"]: stored(type_id, row) for row in rows}

    # -- values that wait for a consent ----------------------------------------------------------------------------

    def seal(self, type_id: str, rid: str, household: str, lock: str, values: Mapping[str, Value]) -> None:
        """Keep values apart until the consent they need is there; the log says which fields, never what."""
        if values:
            self._pending[awaiting_consent].extend(awaiting.rows(type_id, rid, household, lock, values, self.at))
            self._count(len(values))

    def reseal(self, type_id: str, rid: str, household: str, lock: str, values: Mapping[str, Value]) -> None:
        """Replace sealed values of a record that was there before."""
        self.unseal(rid, values)
        self.seal(type_id, rid, household, lock, values)

    def unseal(self, rid: str, names: Iterable[str]) -> None:
        """Forget sealed values."""
        self.flush()
        awaiting.forget(self.connection, rid, names)

    def unseal_all(self, rids: Iterable[str]) -> None:
        """Forget every sealed value of these records."""
        self.flush()
        awaiting.forget_all(self.connection, rids)

    def remark(self, type_id: str, rid: str, reason: str) -> None:
        """An entry in a record's history that changes none of its values."""
        self._append(type_id, rid, {}, {}, reason)

    def note(self, type_id: str, rid: str, told: Mapping[str, Value]) -> None:
        """An event about a record, or a kind of them (``rid`` empty): no view has to be read anew for it."""
        _, entry, content = self._log.append(type_id, rid, {}, told, self.reason)
        self._pending[change_log].append(entry)
        self._pending[change_values].append(content)
        self._count(2)

    def annotate(
        self,
        type_id: str,
        rid: str,
        before: Mapping[str, Value],
        after: Mapping[str, Value],
        *,
        reason: str = "",
        offer: bool,
    ) -> None:
        """An entry of what is kept beside a record's fields (attachments); ``offer`` puts the record into the outbox,
        though none of its fields changed.
        """
        seq = self._append(type_id, rid, before, after, reason)
        if offer and not self._catalogue.types[type_id].local_only:
            self.flush()
            row = outbox_lines.row(type_id, rid, (), "upsert", seq)
            undecided = outbox_lines.offer(self.connection, row, ())
            self.mark_sync(type_id, rid, "conflict" if undecided else "mine")

    def withdraw_bare(self, type_id: str, rid: str) -> None:
        """Take an offer back that changes no field (see ``annotate``), as long as it has not been sealed."""
        self.flush()
        if outbox_lines.drop_bare(self.connection, rid):
            self.mark_sync(type_id, rid, outbox_lines.standing(self.connection, [rid]).get(rid, "confirmed"))

    # -- what the platform says ------------------------------------------------------------------------------------

    def adopt(
        self,
        type_id: str,
        rid: str,
        values: Record,
        *,
        region: str,
        versions: dict[str, int],
        version: int,
        epoch: str,
        source: str,
        found: Stored | None,
        voided: str | None = None,
    ) -> None:
        """Write the platform's version of a record that has no unsent edits: logged, not offered to the outbox.

        ``found`` is the record as it stands here, None when it is new to this desk.
        """
        was_void = found is not None and found.voided is not None
        marks: tuple[Record, Record] = ({}, {})
        if was_void != (voided is not None):
            marks = ({"voided": was_void}, {"voided": not was_void})
        platform = {
            "rec_region": region,
            "rec_voided": voided,
            "rec_sync": "confirmed",
            "base_version": version,
            "field_versions": json_text(versions),
            "server_epoch": epoch,
        }
        if found is None:
            row = codec(type_id).to_row(values)
            row |= self._fresh_columns(rid, region)
            row |= platform
            row["rec_source"] = source
            self._pending[record_tables[type_id]].append(row)
            self._append(type_id, rid, {}, values)
        else:
            names = [n for n in values.keys() | found.values.keys() if values.get(n) != found.values.get(n)]
            self._save(found, values, platform)
            before = {n: found.values[n] for n in names if n in found.values} | marks[0]
            after = {n: values[n] for n in names if n in values} | marks[1]
            reason = "" if voided in (None, "-") else voided
            self._append(type_id, rid, before, after, reason)
        if voided is None and found is not None:
            self._count(self._search.renew(self._catalogue.types[type_id], rid, found, values))
        elif voided is None:
            self._count(self._search.add(self._catalogue.types[type_id], rid, values))
        elif found is not None:
            self._search.drop(rid)
        self._count(3)

    def confirm(self, type_id: str, rid: str, *, version: int, versions: dict[str, int], epoch: str, sync: str) -> None:
        """Note what the platform now holds of a record of ours; its values stay as they are here."""
        base = {"base_version": version, "field_versions": json_text(versions), "server_epoch": epoch}
        self._confirmed[record_tables[type_id]].append({"rid": rid, **base, "rec_sync": sync})
        self._touched.add((type_id, rid))
        self._count(1)

    def mark_sync(self, type_id: str, rid: str, sync: str) -> None:
        """Change only the sync state that lists show."""
        update_rows(self.connection, record_tables[type_id], "rid", [{"rid": rid, "rec_sync": sync}])
        self._touched.add((type_id, rid))

    def supersede(self, rid: str) -> None:
        """Close what is open of a record in the outbox, because somebody decided what is to be sent of it."""
        self.flush()
        outbox_lines.supersede(self.connection, rid)

    def offer_again(self, type_id: str, rid: str, reason: str = "") -> None:
        """Put what the platform refused of a record into the outbox anew, as the record stands now."""
        found = self._require(type_id, rid)
        refused = [line for line in outbox_lines.unsettled(self.connection, rid) if outbox_lines.mendable(line)]
        seq = self._append(type_id, rid, {}, {}, reason)
        self.mark_sync(type_id, rid, "mine")
        names = [name for line in refused for name in line.fields]
        self.flush()
        row = outbox_lines.row(type_id, rid, names, "upsert" if found.voided is None else "tombstone", seq)
        outbox_lines.offer(self.connection, row, names)

    def offer_since(self, type_id: str, rid: str, names: Sequence[str], op: str, first_seq: int) -> None:
        """Put fields into the outbox as changes since a log entry: the platform no longer has what it had confirmed."""
        self.flush()
        row = outbox_lines.row(type_id, rid, names, op, first_seq)
        undecided = outbox_lines.offer(self.connection, row, names)
        self.mark_sync(type_id, rid, "conflict" if undecided else "mine")

    def offer_anew(self, type_id: str, rid: str, reason: str) -> None:
        """Offer a record that the platform has lost as if it were new; a void one is simply not there any more."""
        found = self._require(type_id, rid)
        self.supersede(rid)
        _DROP_INCOMING.run(self.connection, rid=rid)
        self.confirm(type_id, rid, version=0, versions={}, epoch="", sync="mine")
        seq = self._append(type_id, rid, {}, {}, reason)
        if found.voided is None:
            self._offer(type_id, rid, found.values, "upsert", seq)

    def leave(self, type_id: str, rid: str) -> None:
        """Let go of a record that this desk may no longer hold: row, index and logged values; the chain stays."""
        self.flush()
        mine = self.connection.execute(select(change_log.c.seq).where(change_log.c.rid == rid)).scalars().all()
        for start in range(0, len(mine), _CHUNK):
            of_record = change_values.c.seq.in_(mine[start : start + _CHUNK])
            self.connection.execute(delete(change_values).where(of_record))
        self._search.drop(rid)
        for table in (incoming, awaiting_consent, outbox, record_tables[type_id]):
            self.connection.execute(delete(table).where(table.c.rid == rid))
        self._append(type_id, rid, {}, {})

    def keep_beside(self, type_id: str, rid: str, content: Mapping[str, object]) -> None:
        """Keep the platform's newer version of a record beside the one here; the latest replaces the one before."""
        _DROP_INCOMING.run(self.connection, rid=rid)
        row = {"rid": rid, "type": type_id, "content": json_text(content), "received_at": self.at}
        insert_rows(self.connection, incoming, [row])
        self._touched.add((type_id, rid))

    # -- the end ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Insert what is buffered. Order: records, log, values, the rest."""
        if not self._buffered:
            return
        self._buffered = 0
        pending, self._pending = self._pending, defaultdict(list)
        confirmed, self._confirmed = self._confirmed, defaultdict(list)
        for table in sorted(pending, key=lambda t: t is change_values):
            insert_rows(self.connection, table, pending[table])
        for table, rows in confirmed.items():
            update_rows(self.connection, table, "rid", rows)
        self._search.flush()

    @property
    def head(self) -> Head:
        """Where the change log will stand."""
        return self._log.head

    def changes(self) -> Changes:
        """What this command touched so far."""
        if len(self._touched) > _BUFFER:
            return Changes(whole=frozenset(type_ for type_, _ in self._touched))
        return Changes(frozenset(self._touched))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _fresh_columns(self, rid: str, region: str) -> dict[str, Any]:
        return {
            "rid": rid,
            "rec_region": region,
            "rec_catalogue": self._catalogue.version,
            "rec_source": self._source,
            "rec_created_by": self.actor,
            "rec_created_at": self.at,
            "rec_updated_by": self.actor,
            "rec_updated_at": self.at,
            "rec_revision": 1,
            "rec_voided": None,
            "rec_sync": "mine",
            "base_version": 0,
            "field_versions": "{}",
            "server_epoch": "",
        }

    def _require(self, type_id: str, rid: str) -> Stored:
        found = self.get(type_id, rid)
        if found is None:
            raise Refused("store.no_such_record")
        return found

    def _save(self, found: Stored, values: Record, extra: dict[str, Any]) -> None:
        row = codec(found.type).changes(found.values, values) | self._saved(found) | extra
        update_rows(self.connection, record_tables[found.type], "rid", [row])

    def _saved(self, found: Stored) -> dict[str, Any]:
        """What every change of a record writes beside its values."""
        return {
            "rid": found.rid,
            "rec_updated_by": self.actor,
            "rec_updated_at": self.at,
            "rec_revision": found.revision + 1,
            "rec_sync": "mine",
        }

    def _append(
        self, type_id: str, rid: str, before: Mapping[str, Value], after: Mapping[str, Value], reason: str = ""
    ) -> int:
        seq, entry, content = self._log.append(type_id, rid, before, after, reason or self.reason)
        self._pending[change_log].append(entry)
        self._pending[change_values].append(content)
        self._touched.add((type_id, rid))
        self._count(2)
        return seq

    def _offer(self, type_id: str, rid: str, names: Iterable[str], op: str, seq: int) -> None:
        """Add a change to the record's draft in the outbox, or open one."""
        record_type = self._catalogue.types[type_id]
        if record_type.local_only:
            return
        names = record_type.travelling(names)
        if not names and op == "upsert":
            return
        self.flush()
        if outbox_lines.offer(self.connection, outbox_lines.row(type_id, rid, names, op, seq), names):
            self.mark_sync(type_id, rid, "conflict")

    def _count(self, rows: int) -> None:
        self._buffered += rows
        if self._buffered >= _BUFFER:
            self.flush()


_DROP_INCOMING = Statement(delete(incoming).where(incoming.c.rid == given("rid")))
