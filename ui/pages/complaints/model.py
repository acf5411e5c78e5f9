"""What the complaint pages read of a desk: the board, the whole list, one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jmdesk.catalogue.types import Record
from jmdesk.complaints import rules
from jmdesk.complaints.links import Linked
from jmdesk.complaints.queries import ComplaintFilter, Related
from jmdesk.complaints.rules import Waits, nearest
from jmdesk.complaints.service import Case
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.queries import Paper
from jmdesk.records.masking import masked
from ui.core.cases import SOON, CaseView, view
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.core.reveal import reveal
from ui.core.theme import look
from ui.widgets.table_model import Column

TODAY, OVERDUE, ALL, OPEN = "today", "overdue", "all", "open"
WAITERS = ("协会", "企业", "投诉人")

SHOWN = (
    "complainant_kind", "complainant_name", "complainant_addr", "agent_name", "complainant_uscc", "channel",
    "received_at", "respondent_name", "respondent_is_member", "product", "product_model", "order_no",
    "purchase_date", "problem_class", "amount", "known_date", "claims", "facts", "handler_id", "mediator_id",
    "outcome", "recovered_amount", "agreement_due", "agreement_performed", "fault", "satisfaction",
)  # fmt: skip
"""What a case shows of its record, in the order of the conversation."""

SPOKEN = {"fault": "CL-FAULT", "performed": "CL-PERFORM", "polarity": "CL-POL"}
"""Needs of steps whose value is a code, with its list."""


def columns() -> tuple[Column, ...]:
    """The list's columns, what presses first: at large text the last ones are scrolled to."""
    return (
        Column(tr("编号"), 172),
        Column(tr("被投诉方"), 200 if look().theme.large else 220, stretch=True),
        Column(tr("最近期限"), 170),
        Column(tr("状态"), 164),
        Column(tr("等待"), 70),
        Column(tr("升级"), 124),
        Column(tr("产品或服务"), 110),
        Column(tr("问题"), 80),
    )


@dataclass(frozen=True, slots=True)
class Board:
    """The open cases as lines, the most urgent first, and how many are overdue or due today."""

    rows: tuple[Row, ...]
    open: int
    overdue: int
    today: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One case whole."""

    rid: str
    number: str
    title: str
    facts: tuple[tuple[str, str], ...]
    phone: str
    own_open: bool
    case: CaseView
    raw: Case
    papers: tuple[Paper, ...]
    offered: str
    related: tuple[Related, ...]
    linked: tuple[Linked, ...]


class ComplaintReader:
    """Reads complaints of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.labels = Labels(desk)

    def board(self, chosen: str) -> Board:
        """The open cases of a kind: all, due today, overdue, or waiting for one side."""
        today = self.desk.workflows.today
        found: list[tuple[date, Row]] = []
        cases = self.desk.complaints.under_way()
        overdue = due_today = 0
        for case in cases:
            waits = nearest(case.standing, case.record.values, today)
            day = (waits.day if waits else None) or date.max
            overdue += day < today
            due_today += day == today
            if _fits(chosen, waits, day, today):
                found.append((day, self.row(case, waits)))
        found.sort(key=lambda pair: pair[0])
        return Board(tuple(row for _, row in found), len(cases), overdue, due_today)

    def row(self, case: Case, waits: Waits | None) -> Row:
        """One line of a list."""
        values, today = case.record.values, self.desk.workflows.today
        kind = "bad" if case.standing.disputed else "ok" if case.standing.is_final else "info"
        cells: tuple[str | Chip, ...] = (
            str(values.get("complaint_no", "")),
            str(values.get("respondent_name", "")),
            waits_chip(waits, today) if waits else "",
            Chip(case.standing.label, kind),
            waits.waits_for if waits else "",
            Chip(waits.escalated_to, "bad") if waits and waits.escalated_to else "",
            str(values.get("product", "")),
            self._code("CL-PROBLEM", values.get("problem_class")),
        )
        return Row(case.record.rid, cells, faded=case.standing.is_final)

    def open(self, rid: str) -> Opened:
        """One case whole. ``Refused`` as ``Complaints.get``."""
        case = self.desk.complaints.case(rid)
        values = case.record.values
        kind = self.desk.catalogue.types[rules.TYPE].by_identifier
        facts = [(kind[name].label, self.labels.words(kind[name], values[name])) for name in SHOWN if name in values]
        if values.get("is_anonymous"):
            facts.insert(1, (tr("投诉人"), tr("匿名")))
        phone = values.get("complainant_phone")
        last = next((e for e in reversed(case.standing.taken) if e.step in rules.ON_PAPER), None)
        number = str(values.get("complaint_no", ""))
        return Opened(
            rid,
            number,
            f"{values.get('respondent_name', '')} · {values.get('product', '')}",
            tuple(facts),
            str(masked(kind["complainant_phone"], phone)) if phone else "",
            rules.is_own_open(values, case.standing, self.desk.actor),
            view(self.desk, self.labels, case.standing, self._say),
            case,
            tuple(self.desk.papers.of(rules.TYPE, rid)),
            rules.ON_PAPER[last.step] if last else "",
            tuple(self.desk.complaints.related(values, besides=rid)),
            tuple(self.desk.complaints.linked(case)),
        )

    def phone(self, rid: str, reason: str) -> str:
        """The complainant's phone, after the look was logged; one's own open case needs no reason typed.

        ``Refused`` "records.reason_needed", "complaints.interest" …
        """
        case = self.desk.complaints.case(rid)
        own = rules.is_own_open(case.record.values, case.standing, self.desk.actor)
        why = reason or (tr("本人承办的在办投诉") if own else "")
        return str(reveal(self.desk, rules.TYPE, rid, ("complainant_phone",), why).values.get("complainant_phone", ""))

    def firm(self, rid: str) -> str:
        """A line about a firm on record: its number, whether it is a member."""
        from jmdesk.complaints.service import is_member

        values = self.desk.records.get("R20", rid).record.values
        cluster = self._code("CL-CLUSTER", values.get("cluster"))
        if is_member(values):
            return tr("本会会员　{uscc}　{cluster}", uscc=str(values.get("uscc", "")), cluster=cluster)
        return tr("有档案，不是本会会员　{uscc}", uscc=str(values.get("uscc", "")))

    def related_line(self, values: Record) -> str:
        """What is known of other complaints about the same firm, in one line; empty for none."""
        try:
            found = self.desk.complaints.related(values)
        except Refused as error:
            return str(error.message_for_user().text)
        same = [one.number for one in found if one.same_order]
        if same:
            return tr("很可能是重复投诉：同一订单已有 {numbers}", numbers="、".join(same[:3]))
        alike = sum(one.same_product for one in found)
        if found:
            return tr("该企业已有 {n} 件投诉，同一产品 {alike} 件", n=len(found), alike=alike)
        return ""

    def _say(self, need: str, value: object) -> str:
        if need == "mediator":
            return self.labels.of("R02", str(value))
        return self._code(SPOKEN[need], value) if need in SPOKEN else str(value)

    def _code(self, listed: str, value: object) -> str:
        return self.desk.catalogue.code_lists[listed].label(str(value)) if value is not None else ""


class ComplaintSource:
    """Every complaint, the newest first, read page by page."""

    def __init__(self, reader: ComplaintReader, wanted: ComplaintFilter) -> None:
        self._reader, self._wanted = reader, wanted

    def count(self) -> int:
        """How many."""
        return self._reader.desk.complaints.count(self._wanted)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page."""
        today = self._reader.desk.workflows.today
        cases = self._reader.desk.complaints.page(self._wanted, offset, limit)
        return [self._reader.row(case, nearest(case.standing, case.record.values, today)) for case in cases]


def _fits(chosen: str, waits: Waits | None, day: date, today: date) -> bool:
    if chosen == TODAY:
        return day == today
    if chosen == OVERDUE:
        return day < today
    if chosen in WAITERS:
        return waits is not None and waits.waits_for == chosen
    return True


def waits_chip(waits: Waits, today: date) -> Chip:
    """A time limit in few words."""
    what = waits.label.partition("(")[0]
    if waits.day is None:
        return Chip(tr("{what}：暂停计时", what=what), "neutral")
    left = (waits.day - today).days
    if left < 0:
        return Chip(tr("{what}：超期 {n} 天", what=what, n=-left), "bad")
    if left == 0:
        return Chip(tr("{what}：今天到期", what=what), "bad")
    return Chip(tr("{what}：还有 {n} 天", what=what, n=left), "warn" if left <= SOON else "info")
