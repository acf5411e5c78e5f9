"""The rights of a person at this desk: withdrawal with its slip, requests with their clocks, erasure by two people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import GUARDIAN_KINDS, write_withdrawal
from jmdesk.core.changes import Changes
from jmdesk.core.clock import beijing_date, from_utc_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.papers.queries import Paper
from jmdesk.records.consent_book import read_consents
from jmdesk.records.serials import Serials
from jmdesk.records.writer import Writer
from jmdesk.rights.erasure import EVERYTHING, Erased, erase_household
from jmdesk.rights.scope import household_of
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store import outbox, reading
from jmdesk.store.stored import Stored
from jmdesk.vault.files import disk_errors
from jmdesk.workflows import queries as steps_of_cases
from jmdesk.workflows.definition import Step
from jmdesk.workflows.standing import Event, Standing

WORKFLOW: Final = "W13"
CASE: Final = "R25"
PREFIX: Final = "QL"
OBJECTION, ACCESS, CORRECTION, ERASURE, WITHDRAWAL, EXPLANATION = "1", "3", "4", "5", "6", "7"
ASKED: Final = (ACCESS, CORRECTION, EXPLANATION, OBJECTION, ERASURE)
"""CL-CASE: what a person may ask for; a withdrawal of consent (6) is acted on at once."""
_OBJECTIONS: Final = ("W11", "YY")
"""The workflow of an objection, and how its numbers begin: the same as of one that is raised during a notice."""

ERASE_DAYS: Final = 30
KEPT_BY_LAW: Final = "不良信息及其依据保存五年，查询记录保存五年，授权、撤回授权的凭据"
_STOPPED: Final = {
    "C1": "停止采集、评定和报送，本户档案待删除。",
    "C2": "证件号码、负债等敏感信息停止使用，相应指标按不适用处理。",
    "C3": "收入、不动产、保险等信息停止使用，相应指标按不适用处理。",
    "C4": "停止评定和公示。",
    "C5": "停止向银行提供户级信息。",
    "C6": "停止使用未满十四周岁成员的信息。",
    "C7": "停止办理政银保推荐。",
}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal: its case, how many values were taken back, and the slip for the household."""

    case: str
    case_no: str
    values: int
    slip: Paper


@dataclass(frozen=True, slots=True)
class Countdown:
    """An erasure that is due: the case, the household, the consents withdrawn, the last day and where it stands.

    ``proposed_by`` is the user who asked for it, "" before: somebody else has to do it.
    """

    case: str
    case_no: str
    household: str
    kinds: tuple[str, ...]
    day: date
    days_left: int
    state: str
    proposed_by: str


class Rights:
    """Requests of people about their own data. What a step of W13 does beside being recorded is ``effect``."""

    def __init__(self, desk: RightsDesk) -> None:
        self._desk = desk
        self._traces = False
        desk.store.listen(self._after)

    # -- requests --------------------------------------------------------------------------------------------------

    def withdraw(
        self, household: str, kinds: Sequence[str], *, reason: str, persons: Sequence[str] | None = None
    ) -> Withdrawn:
        """Withdraw consents: use stops now, a case with its clocks begins, and the slip is there to be signed.

        ``Refused`` "consents.none_in_force", and those of ``Papers.write``.
        """
        desk = self._desk
        with desk.records.writing("withdraw", reason=reason) as writer:
            taken = write_withdrawal(writer, household, kinds, reason=reason, persons=persons)
            applicant = f"R06:{persons[0]}" if persons and not set(kinds) & set(GUARDIAN_KINDS) else f"R05:{household}"
            case, case_no = self._open_case(writer, WITHDRAWAL, applicant, f"R05:{household}", reason)
            details = {"kinds": list(kinds), "household": household}
            desk.workflows.write(writer, WORKFLOW, CASE, case, "stop", details=details)
            slip = desk.papers.write(
                writer, "withdrawal-slip", CASE, case, self._slip(writer, household, applicant, kinds, case_no)
            )
        return Withdrawn(case, case_no, taken, slip.paper)

    def ask(self, kind: str, applicant: str, *, reason: str) -> str:
        """Take a request down (a kind of ``ASKED``); ``applicant`` is a household's or a member's record id.

        Gives the record id of its case. ``Refused`` "rights.kind", "rights.nobody", "records.reason_needed".
        """
        if kind not in ASKED:
            raise Refused("rights.kind")
        if not reason.strip():
            raise Refused("records.reason_needed")
        with self._desk.records.writing("request", reason=reason) as writer:
            household = household_of(writer.transaction.connection, applicant)
            if household is None:
                raise Refused("rights.nobody")
            own = f"R05:{household}" if household == applicant else f"R06:{applicant}"
            case, _ = self._open_case(writer, kind, own, f"R05:{household}", reason)
        return case

    def answer(self, case: str, finding: str, result: str) -> Paper:
        """Answer a request in writing and close it; ``result`` is of CL-CRES. Errors as ``Workflows.take``."""
        desk = self._desk
        with desk.records.writing("step") as writer:
            details = {"finding": finding, "result": result}
            desk.workflows.write(writer, WORKFLOW, CASE, case, "answer", details=details, values={"result": result})
            record = self._case(writer, case)
            lists = desk.catalogue.code_lists
            values = {
                "applicant": self._name(writer, str(record.values["applicant_id"])),
                "received_on": _day_words(beijing_date(from_utc_text(str(record.values["received_at"])))),
                "subject": lists["CL-CASE"].label(str(record.values["case_kind"])),
                "case_no": str(record.values["case_no"]),
                "finding": finding,
                "result": lists["CL-CRES"].label(result),
                **self._office(),
            }
            return desk.papers.write(writer, "rights-answer", CASE, case, values).paper

    # -- erasure ---------------------------------------------------------------------------------------------------

    def countdowns(self) -> list[Countdown]:
        """Every erasure that is due, the nearest first."""
        found: list[Countdown] = []
        under_way = self._desk.workflows.under_way(WORKFLOW)
        if not under_way:
            return []
        with self._desk.store.reading() as connection:
            for rid, case in under_way.items():
                record = reading.get(connection, CASE, rid)
                made = self._countdown(record, case) if record is not None else None
                if made is not None:
                    found.append(made)
        return sorted(found, key=lambda one: one.day)

    def countdown_of(self, household: str) -> Countdown | None:
        """The nearest erasure of one household, if one is due."""
        return next((one for one in self.countdowns() if one.household == household), None)

    def effect(self, writer: Writer, case: str, step: Step, details: Mapping[str, object]) -> Record:
        """What a step does beside being recorded: the second person's approval erases; an answer shows its result."""
        if step.id == "answer":
            return {"result": str(details.get("result", "4"))}
        if step.id != "erase":
            return {}
        self._erase(writer, case)
        return {}

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open_case(self, writer: Writer, kind: str, applicant: str, target: str, reason: str) -> tuple[str, str]:
        desk, transaction = self._desk, writer.transaction
        transaction.flush()
        now = desk.clock.now()
        subject = reading.get(transaction.connection, "R05", target.partition(":")[2])
        region = subject.region if subject is not None else writer.home_region
        workflow, prefix = _OBJECTIONS if kind == OBJECTION else (WORKFLOW, PREFIX)
        serials = Serials(transaction.connection, desk.number_block)
        number = serials.next(prefix, region, beijing_date(now).year)
        values: Record = {
            "case_no": number,
            "case_kind": kind,
            "applicant_id": applicant,
            "target_ref": target,
            "reason": reason.strip(),
            "received_at": utc_text(now),
        }
        case = writer.create(CASE, values, region=region)
        transaction.flush()
        desk.workflows.write(writer, workflow, CASE, case, "receive")
        return case, number

    def _erase(self, writer: Writer, case: str) -> None:
        transaction = writer.transaction
        record = self._case(writer, case)
        household = str(record.values["target_ref"]).partition(":")[2]
        events = steps_of_cases.events_about(transaction.connection, (f"{CASE}:{case}",)).get(f"{CASE}:{case}", [])
        kinds = self._kinds(events)
        found = reading.get(transaction.connection, "R05", household)
        if found is None:
            raise Refused("rights.nobody")
        writer.guard.require("void", "R05", found.region)
        given = read_consents(transaction.connection, household, writer.on)
        back = {kind for kind in kinds if kind in given.signed or any(kind in own for own in given.by_person.values())}
        if str(record.values["case_kind"]) == WITHDRAWAL and back:
            raise Refused("rights.signed_again")
        number = str(record.values["case_no"])
        erased = erase_household(writer, household, kinds, reason=f"按案号{number}依法删除")
        self._record_erasure(writer, case, number, kinds, erased, events)
        self._traces = True

    def _record_erasure(
        self, writer: Writer, case: str, number: str, kinds: Sequence[str], erased: Erased, events: Sequence[Event]
    ) -> None:
        desk = self._desk
        proposer = next((event.actor for event in reversed(events) if event.step == "propose"), "")
        labels = desk.catalogue.code_lists["CL-CONSENT"]
        values = {
            "case_no": number,
            "ground": "个人信息保护法第四十七条",
            "scope": "本户全部档案" if EVERYTHING in kinds else "、".join(labels.label(kind) for kind in kinds),
            "records": str(erased.records),
            "documents": str(erased.documents),
            "proposer": self._user(writer, proposer),
            "approver": self._user(writer, desk.actor),
            "kept": KEPT_BY_LAW,
            **self._office(),
        }
        desk.papers.write(writer, "erasure-record", CASE, case, values)

    def _after(self, _changes: Changes) -> None:
        """After the commit of an erasure: what the write-ahead log and settled batches' files still hold goes, too."""
        if not self._traces:
            return
        self._traces = False
        self._desk.store.fold_log()
        with self._desk.store.reading() as connection:
            wanted = {batch.file for batch in outbox.batch_list(connection, open_only=True)}
        folder = self._desk.vault.outgoing
        with disk_errors():
            for entry in folder.iterdir() if folder.is_dir() else ():
                if entry.name not in wanted and entry.is_file():
                    entry.unlink()

    @staticmethod
    def _kinds(events: Sequence[Event]) -> tuple[str, ...]:
        for event in reversed(events):
            kinds = event.details.get("kinds")
            if isinstance(kinds, list) and kinds:
                return tuple(str(kind) for kind in kinds)
        return (EVERYTHING,)

    def _countdown(self, record: Stored, case: Standing) -> Countdown | None:
        due = next((d for d in case.open_dues() if d.clock.id == "erase"), None)
        if due is None or due.day is None:
            return None
        proposed = case.last("propose")
        return Countdown(
            record.rid,
            str(record.values.get("case_no", "")),
            str(record.values.get("target_ref", "")).partition(":")[2],
            self._kinds(case.taken),
            due.day,
            due.days_left(self._desk.workflows.today) or 0,
            case.state,
            proposed.actor if proposed is not None and case.state == "proposed" else "",
        )

    @staticmethod
    def _case(writer: Writer, case: str) -> Stored:
        found = writer.transaction.get(CASE, case)
        if found is None:
            raise Refused("store.no_such_record")
        return found

    def _slip(
        self, writer: Writer, household: str, applicant: str, kinds: Sequence[str], case_no: str
    ) -> dict[str, object]:
        labels = self._desk.catalogue.code_lists["CL-CONSENT"]
        found = writer.transaction.get("R05", household)
        today = beijing_date(self._desk.clock.now())
        return {
            "household_no": str(found.values.get("household_id", "")) if found else "",
            "applicant": self._name(writer, applicant),
            "kinds": "、".join(f"{kind} {labels.label(kind)}" for kind in kinds),
            "received_on": _day_words(today),
            "case_no": case_no,
            "effect": "".join(_STOPPED[kind] for kind in kinds),
            "erase_by": _day_words(today + timedelta(days=ERASE_DAYS)),
            "kept": KEPT_BY_LAW,
            **self._office(),
        }

    @staticmethod
    def _name(writer: Writer, applicant: str) -> str:
        """What a person is called on paper; a household by its head. Empty once it has been erased."""
        kind, _, rid = applicant.partition(":")
        if kind == "R05":
            household = writer.transaction.get("R05", rid)
            rid = str(household.values.get("head_person_id", "")) if household else ""
        person = writer.transaction.get("R06", rid) if rid else None
        return str(person.values.get("person_name", "")) if person else ""

    @staticmethod
    def _user(writer: Writer, user: str) -> str:
        found = writer.transaction.get("R02", user) if user else None
        return str(found.values.get("user_name", "")) if found else ""

    def _office(self) -> dict[str, object]:
        today = _day_words(beijing_date(self._desk.clock.now()))
        return {"office": self._desk.unit_name, "date": today}


def _day_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
