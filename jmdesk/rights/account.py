"""Everything held about one person, as JSON for a program and as a document for the person (W13, access and copy).

Of a household: all of it. Of a member: what is recorded of that person, and of the household they belong to; other
members' own records are theirs. Handing it out is logged with its purpose, in the query log and in the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from jmdesk.attachments import queries as attachments
from jmdesk.catalogue.types import Value
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.papers import queries as papers
from jmdesk.ratings.document import Document
from jmdesk.rights import queries
from jmdesk.rights.account_paper import paper_of
from jmdesk.rights.query_log import note_query
from jmdesk.rights.scope import Holdings, holdings_of, household_of
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store import change_log, reading
from jmdesk.store.change_log import Change
from jmdesk.store.store import Connection
from jmdesk.store.stored import Stored

OWN_REQUEST: Final = "7"
"""CL-PURPOSE: the person asked for it."""

FORMAT: Final = "jmdesk-person-1"


@dataclass(frozen=True, slots=True)
class Account:
    """Everything held about a person: ``data`` plain JSON, ``document`` the same to read, ``entry`` its log entry."""

    data: dict[str, Any]
    document: Document
    entry: str


class Accounting:
    """Puts together what this desk holds about one person."""

    def __init__(self, desk: RightsDesk) -> None:
        self._desk = desk

    def of(self, rid: str, *, purpose: str = OWN_REQUEST, reason: str) -> Account:
        """Everything about a household or a member (record id), to be handed out; logged in the same transaction.

        ``Refused``: "rights.nobody", "rights.purpose_needed" without a purpose (CL-PURPOSE) or a reason, and the
        guard's for a user who may not export households.
        """
        desk = self._desk
        if not reason.strip() or purpose not in desk.catalogue.code_lists["CL-PURPOSE"].values:
            raise Refused("rights.purpose_needed")
        with desk.records.writing("export", reason=reason) as writer:
            connection = writer.transaction.connection
            household = household_of(connection, rid)
            found = reading.get(connection, "R05", household) if household is not None else None
            if household is None or found is None:
                raise Refused("rights.nobody")
            writer.guard.require("export", "R05", found.region)
            held = _of_person(holdings_of(connection, desk.catalogue, household), rid, household)
            subject = f"R05:{household}" if rid == household else f"R06:{rid}"
            types = sorted({one.type for one in held.every})
            entry = note_query(writer, desk, subject, purpose, types)
            type_id, _, own = subject.partition(":")
            writer.remark(type_id, own, f"导出本人全部信息，用途：{self._purpose(purpose)}；{reason.strip()}")
            writer.transaction.flush()
            data = self._data(connection, held, subject, purpose, reason)
        data["ratings"] = self._ratings(household)
        return Account(data, paper_of(data, self._desk.catalogue), entry)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _purpose(self, purpose: str) -> str:
        return self._desk.catalogue.code_lists["CL-PURPOSE"].label(purpose)

    def _data(self, connection: Connection, held: Holdings, subject: str, purpose: str, reason: str) -> dict[str, Any]:
        desk, rids = self._desk, [one.rid for one in held.every]
        sealed = [entry for entry in reading.sealed(connection, household=held.household) if entry.rid in set(rids)]
        users = {one.rid: str(one.values.get("user_name", "")) for one in reading.find(connection, "R02")}
        changes = [change for rid in dict.fromkeys(rids) for change in change_log.history(connection, rid)]
        return {
            "format": FORMAT,
            "made_at": utc_text(desk.clock.now()),
            "unit": {"uscc": desk.unit, "name": desk.unit_name},
            "subject": subject,
            "purpose": {"code": purpose, "label": self._purpose(purpose), "reason": reason.strip()},
            "records": [self._record(one) for one in (*held.own, *held.consents, *held.negatives)],
            "awaiting_consent": [
                {"type": e.type, "rid": e.rid, "field": e.field, "value": e.value, "since": e.since} for e in sealed
            ],
            "requests": [self._record(one) for one in (*held.requests, *held.handling, *held.steps)],
            "history": [self._change(change, users) for change in sorted(changes, key=lambda c: c.seq)],
            "queries": [self._record(one) for one in held.queries],
            "sendings": [asdict(one) for one in queries.sendings(connection, rids)],
            "attachments": [
                {**{name: getattr(a, name) for name in _ATTACHMENT}, "record": f"{one.type}:{one.rid}"}
                for one in held.every
                for a in attachments.of_record(connection, one.rid, "")
            ],
            "papers": [asdict(p) for one in held.every for p in papers.of_record(connection, one.type, one.rid)],
        }

    def _record(self, one: Stored) -> dict[str, Any]:
        record_type = self._desk.catalogue.types[one.type]
        labels = {
            name: record_type.by_identifier[name].label for name in one.values if name in record_type.by_identifier
        }
        told = {"type": one.type, "label": record_type.label, "rid": one.rid, "region": one.region}
        return told | {
            "sync": one.sync,
            "void": one.voided or "",
            "values": dict(one.values),
            "labels": labels,
            "words": {name: self._words(one.type, name, value) for name, value in one.values.items()},
        }

    def _words(self, type_id: str, name: str, value: Value) -> str:
        field = self._desk.catalogue.types[type_id].by_identifier.get(name)
        if field is not None and field.code_list and isinstance(value, str):
            codes = self._desk.catalogue.code_lists.get(field.code_list)
            return codes.label(value) if codes is not None and value in codes.values else value
        if isinstance(value, bool):
            return "是" if value else "否"
        return str(value)

    @staticmethod
    def _change(change: Change, users: Mapping[str, str]) -> dict[str, Any]:
        told = {"seq": change.seq, "at": change.at, "by": users.get(change.actor, ""), "verb": change.verb}
        record = {"type": change.type, "rid": change.rid, "reason": change.reason, "erased": change.erased}
        return told | record | {"before": change.before, "after": change.after}

    def _ratings(self, household: str) -> list[dict[str, Any]]:
        """The newest rating with its explanation in words; nothing when there is none, or it was erased."""
        try:
            rating = self._desk.ratings.latest(household)
            text = self._desk.ratings.explanation(household).as_text()
        except Refused:
            return []
        told = {"rid": rating.rid, "year": rating.year, "model": rating.card.model, "grade": rating.card.grade}
        return [told | {"draft": rating.awaiting, "explanation": text}]


_ATTACHMENT: Final = ("sha256", "caption", "media", "size", "pages", "added_at", "state")


def _of_person(held: Holdings, rid: str, household: str) -> Holdings:
    """The part of a household's holdings that is about one member; all of it for the household itself."""
    if rid == household:
        return held
    others = {one.rid for one in held.members if one.rid != rid}

    strangers = {f"R06:{one}" for one in others}

    def own(records: Sequence[Stored]) -> tuple[Stored, ...]:
        return tuple(one for one in records if one.rid not in others and strangers.isdisjoint(_about(one)))

    parts = (held.own, held.consents, held.negatives, held.requests, held.queries, held.steps, held.handling)
    return Holdings(household, *(own(part) for part in parts))


def _about(one: Stored) -> set[str]:
    return {str(one.values[name]) for name in ("subject_id", "applicant_id", "target_ref") if name in one.values}
