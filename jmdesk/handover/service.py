"""Handover when staff change: the list, the three signatures, and the account that is closed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from jmdesk.accounts.account import TYPE, Account
from jmdesk.accounts.service import Accounts
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.drafts.service import Drafts
from jmdesk.handover import queries
from jmdesk.papers.service import Issued
from jmdesk.store import outbox, reading
from jmdesk.workflows.casework import CaseDesk

FIELD: Final = "x_handover"
"""The field of the leaver's R02 record (local) that says how far the handover is."""
TEMPLATE: Final = "handover-list"
_SHOWN: Final = {
    "R16": "household_id",
    "R17": "region_code",
    "R18": "region_code",
    "R20": "ent_name",
    "R22": "complaint_no",
    "R25": "case_no",
}
"""What a case is called by, for each type of record that cases are about."""
_STATES: Final = {
    "draft": "待报送",
    "sealed": "已封包，待平台回执",
    "conflict": "两处修改不一致",
    "refused": "平台退回",
}


class HandoverDesk(CaseDesk, Protocol):
    """The open desk that somebody leaves."""

    @property
    def accounts(self) -> Accounts: ...


@dataclass(frozen=True, slots=True)
class Task:
    """An open case that the leaver had a hand in: which workflow, its number, where it stands, the next time limit."""

    workflow: str
    name: str
    state: str
    due: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that changes hands. ``unsent`` and ``kept`` are (what, how much); ``files`` (what, number, day)."""

    tasks: tuple[Task, ...]
    unsent: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, str], ...]
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a handover is: the paper's number ("" for none drawn up), to whom, who signed when."""

    paper: str = ""
    to: str = ""
    signers: tuple[str, ...] = ()
    signed_on: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether all three have signed."""
        return bool(self.signed_on)


class Handovers:
    """The handovers at one desk. Everybody may draw up their own; another's, and closing accounts, administrators."""

    def __init__(self, desk: HandoverDesk) -> None:
        self._desk = desk

    def standing(self, leaver: str) -> Standing:
        """How far the handover of a user is."""
        with self._desk.store.reading() as connection:
            found = reading.get(connection, TYPE, leaver)
        return _standing(found.values.get(FIELD) if found is not None else None)

    def inventory(self, leaver: str) -> Inventory:
        """What a user leaves behind. ``Refused`` "vault.unknown_user", the guard's for another's."""
        desk, who = self._desk, self._leaver(leaver)
        with desk.store.reading() as connection:
            files = queries.papers_by(connection, who.user)
            counts = outbox.counts(connection)
            collected, unfiled = queries.collected(connection, who.user), queries.unfiled(connection, who.user)
        drafts = len(Drafts(desk.store, desk.clock, who.user).all())
        unsent = [(label, f"{counts[state]} 条") for state, label in _STATES.items() if counts.get(state)]
        unsent += [("没有保存的表单草稿", f"{drafts} 份")] if drafts else []
        kept = [("经手采集的农户档案(纸质采集表)", f"{collected} 户")] if collected else []
        kept += [("已签名、扫描件未归档的授权书", f"{unfiled} 份")] if unfiled else []
        told = tuple((label + ("(已作废)" if void else ""), number, day) for label, number, day, void in files)
        return Inventory(self._tasks(who.user), tuple(unsent), told, tuple(kept))

    def draw_up(self, leaver: str, to: str) -> Issued:
        """Give out the list, to be signed by three people. A new one takes the place of one that was not signed.

        ``Refused``: "handover.same_person" for a handover to oneself, "handover.no_successor" for somebody without an
        open account, "handover.signed" once it was signed; as ``inventory``.
        """
        desk, who = self._desk, self._leaver(leaver)
        successor = desk.accounts.get(to)
        if successor.user == who.user:
            raise Refused("handover.same_person")
        if not successor.active:
            raise Refused("handover.no_successor")
        before = self.standing(who.user)
        if before.is_signed:
            raise Refused("handover.signed")
        values = self._values(who, successor, self.inventory(who.user))
        with desk.records.writing("handover", reason="工作交接") as writer:
            if before.paper:
                desk.papers.strike(writer, before.paper, "重新出具交接清单")
            issued = desk.papers.write(writer, TEMPLATE, TYPE, who.user, values)
            writer.bookkeep(TYPE, who.user, {FIELD: {"paper": issued.paper.number, "to": successor.user}})
        return issued

    def sign(self, leaver: str, giver: str, taker: str, witness: str, on: date) -> Standing:
        """Write down that the three have signed the paper list, and when.

        ``Refused``: "handover.no_list" before a list was given out, "handover.signed"; "handover.three_names" unless
        three different people signed; "workflows.day" for a day to come; the guard's.
        """
        desk, who = self._desk, self._leaver(leaver)
        before = self.standing(who.user)
        names = tuple(name.strip() for name in (giver, taker, witness))
        if not before.paper:
            raise Refused("handover.no_list")
        if before.is_signed:
            raise Refused("handover.signed")
        if not all(names) or len(set(names)) != len(names):
            raise Refused("handover.three_names")
        if on > beijing_date(desk.clock.now()):
            raise Refused("workflows.day", day=on.isoformat())
        told: Record = {FIELD: {"paper": before.paper, "to": before.to, "signers": list(names), "on": on.isoformat()}}
        with desk.records.writing("handover", reason=f"交接清单 {before.paper} 三方签名") as writer:
            writer.bookkeep(TYPE, who.user, told)
        return self.standing(who.user)

    def close_account(self, leaver: str) -> None:
        """Shut the leaver's door, as an administrator, once the handover is signed.

        ``Refused``: "handover.not_signed"; as ``Accounts.disable``.
        """
        self._desk.guard.require("void", TYPE)
        if not self.standing(leaver).is_signed:
            raise Refused("handover.not_signed")
        self._desk.accounts.disable(leaver)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _leaver(self, leaver: str) -> Account:
        found = self._desk.accounts.get(leaver)
        if found.user != self._desk.actor:
            self._desk.guard.require("edit", TYPE)
        return found

    def _tasks(self, user: str) -> tuple[Task, ...]:
        desk, tasks = self._desk, list[Task]()
        for workflow in desk.workflows.workflows():
            open_cases = {
                rid: case
                for rid, case in desk.workflows.under_way(workflow.id).items()
                if any(event.actor == user for event in case.taken)
            }
            with desk.store.reading() as connection:
                shown = _SHOWN.get(workflow.subject, "rid")
                names = queries.names(connection, workflow.subject, open_cases, shown)
            for rid, case in open_cases.items():
                due = next(iter(case.open_dues()), None)
                said = f"{due.clock.label} {due.day.isoformat()}" if due is not None and due.day is not None else ""
                name = names.get(rid, "")
                name = desk.catalogue.regions.label(name) if shown == "region_code" else name
                tasks.append(Task(workflow.label, name, case.label, said))
        return tuple(sorted(tasks, key=lambda task: (task.workflow, task.name)))

    def _values(self, who: Account, successor: Account, found: Inventory) -> Mapping[str, object]:
        today = beijing_date(self._desk.clock.now())
        return {
            "leaver": who.name,
            "successor": successor.name,
            "tasks": [
                {"place": str(n), "workflow": t.workflow, "name": t.name, "state": t.state, "due": t.due}
                for n, t in enumerate(found.tasks, 1)
            ],
            "unsent": [{"what": what, "much": much} for what, much in (*found.unsent, *found.kept)],
            "files": [
                {"place": str(n), "what": what, "number": number, "day": day, "there": ""}
                for n, (what, number, day) in enumerate(found.files, 1)
            ],
            "counts": f"在办事项 {len(found.tasks)} 件，文书 {len(found.files)} 份",
            "office": self._desk.unit_name,
            "date": f"{today.year}年{today.month}月{today.day}日",
        }


def _standing(raw: object) -> Standing:
    if not isinstance(raw, Mapping):
        return Standing()
    signers = raw.get("signers")
    names = tuple(str(name) for name in signers) if isinstance(signers, list) else ()
    return Standing(str(raw.get("paper", "")), str(raw.get("to", "")), names, str(raw.get("on", "")))
