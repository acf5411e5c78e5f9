"""What the green-card page reads of a desk, in words ready to paint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from jmdesk.catalogue.industries import industries
from jmdesk.desk import Desk
from jmdesk.green_cards.board import Board, Card
from jmdesk.green_cards.rules import NOT_APPLICABLE
from jmdesk.green_cards.service import CARD, WORKFLOW, Opened
from ui.core.i18n import tr
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

_CHIPS = {"A": "ok", "B": "ok", "C": "warn", "D": "bad"}


def list_columns() -> tuple[Column, ...]:
    """The columns of a year's list."""
    return (
        Column(tr("企业名称"), 240, stretch=True),
        Column(tr("县(市、区)"), 100),
        Column(tr("主营业务收入(万元)"), 150, number=True),
        Column(tr("部门回复"), 110),
        Column(tr("总分"), 70, number=True),
        Column(tr("等级"), 90),
        Column(tr("状态"), 160),
    )


def department_columns() -> tuple[Column, ...]:
    """The columns of one card's points."""
    return (
        Column(tr("部分"), 100),
        Column(tr("项目"), 260, stretch=True),
        Column(tr("评价"), 120),
        Column(tr("得分"), 90, number=True),
        Column(tr("函件和期限"), 320),
    )


@dataclass(frozen=True, slots=True)
class YearShown:
    """A year ready to paint."""

    year: int
    rows: tuple[Row, ...]
    board: Board
    sentence: str
    counties: str
    industries: str
    silent: str
    nursery: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """One card ready to paint; ``awaited`` are the departments that have not answered."""

    rid: str
    year: int
    title: str
    state: Chip
    grade: Chip
    sums: str
    basis: str
    rows: tuple[Row, ...]
    awaited: str
    benefits: tuple[str, ...]
    opened: Opened


class GreenCardReader:
    """Reads a year, or one card; call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def year(self, year: int) -> YearShown:
        """A year with its board."""
        cards = self._desk.green_cards.cards(year)
        cases = self._desk.workflows.standings(WORKFLOW, CARD, [card.rid for card in cards])
        board = self._desk.green_cards.board(year)
        departments = len(self._desk.green_cards.rules_of(year)["base"]["departments"])
        rows = tuple(self._row(card, departments, cases[card.rid].label) for card in cards)
        words = tr(
            "申报 {n} 家；绿卡企业 {green} 家，其中骨干 {backbone} 家；待部门回复 {waiting} 家",
            n=board.applied, green=board.green, backbone=board.backbone, waiting=board.awaiting,
        )  # fmt: skip
        counties = "；".join(
            tr("{county} 绿卡 {green} 家，骨干 {backbone} 家", county=county(code), green=green, backbone=backbone)
            for code, green, backbone in board.by_county
        )
        trades = "；".join(
            tr(
                "{industry} 绿卡 {green} 家，骨干 {backbone} 家",
                industry=self._industry(code),
                green=green,
                backbone=backbone,
            )
            for code, green, backbone in board.by_industry
        )
        nursery = "、".join(card.name for card in board.nursery)
        return YearShown(year, rows, board, words, counties, trades, self._silent(year), nursery)

    def _industry(self, code: str) -> str:
        return (industries().label(code) or code) if code in industries().by_code else code or tr("未填")

    def _silent(self, year: int) -> str:
        """The departments that owe answers: how many, how long overdue, how often reminded."""
        titles = {one["id"]: one["title"] for one in self._desk.green_cards.rules_of(year)["base"]["departments"]}
        words: list[str] = []
        for one in self._desk.green_cards.silences(year):
            text = tr("{department} {n} 家", department=titles[one.department], n=one.open)
            if one.overdue:
                text += tr("(超期 {days} 天)", days=one.longest)
            words.append(text + (tr("已催 {n} 次", n=one.reminders) if one.reminders else ""))
        return "；".join(words)

    @staticmethod
    def _row(card: Card, departments: int, state: str) -> Row:
        answered = departments - card.awaited
        waiting = Chip(f"{answered}/{departments}", "warn" if card.awaited else "ok")
        grade = Chip(f"{card.grade}级" + (tr(" 骨干") if card.backbone else ""), _CHIPS.get(card.grade, "neutral"))
        return Row(card.rid, (
            card.name,
            county(card.region[:6]),
            f"{card.revenue:,}" if card.revenue is not None else "",
            waiting,
            str(card.total) if card.total is not None else tr("待补"),
            grade if card.grade else "",
            state,
        ))  # fmt: skip

    def card(self, rid: str) -> CardShown:
        """One card whole."""
        opened = self._desk.green_cards.open(rid)
        values, result, case = opened.record.values, opened.result, opened.standing
        titles = {"base": tr("基础信用"), "gain": tr("信用增加"), "loss": tr("信用流失")}
        rows = tuple(
            Row(line.id if line.part == "base" else "", (
                titles[line.part],
                line.title,
                Chip(line.given, "warn") if line.part == "base" and line.id in _silent(opened) else line.given,
                "" if line.points is None else str(line.points),
                _letters(opened, line.id, self._desk.green_cards.today) if line.part == "base" else "",
            ))
            for line in result.lines
        )  # fmt: skip
        sums = tr(
            "基础 {base} ＋ 增加 {gain} － 流失 {loss} ＝ {total}",
            base=_or_awaited(result.base), gain=result.gain, loss=result.loss, total=_or_awaited(result.total),
        )  # fmt: skip
        grade = result.grade or ""
        name = str(opened.enterprise.values.get("ent_name", "")) if opened.enterprise is not None else ""
        revenue = tr(
            "主营业务收入 {amount} 万元；口径：{basis}", amount=_amount(values.get("revenue_main")), basis=opened.basis
        )
        codes = self._desk.catalogue.code_lists["CL-GCB"]
        benefits = tuple(
            "  ".join((
                codes.label(str(event.details.get("benefit", ""))),
                str(event.details.get("by", "")),
                str(event.details.get("day", "")),
                str(event.details.get("proof", "")),
            ))
            for event in case.taken if event.step == "fulfil"
        )  # fmt: skip
        return CardShown(
            rid,
            int(str(values.get("gc_year", 0))),
            name,
            Chip(case.label, "ok" if case.state == "decided" else "info"),
            Chip(f"{grade}级" if grade else "", _CHIPS.get(grade, "neutral")),
            sums,
            revenue,
            rows,
            "、".join(result.awaited),
            benefits,
            opened,
        )


def _silent(opened: Opened) -> set[str]:
    return {
        line.id for line in opened.result.lines if line.part == "base" and not opened.facts.departments.get(line.id)
    }


def _letters(opened: Opened, department: str, today: date) -> str | Chip:
    """The letters to one department and its answer, or how long it has got for it."""
    found = opened.inquiries[department]
    if found.answered_on is not None or found.due is None:
        replies = [e for e in opened.standing.taken if e.step == "reply" and e.details.get("department") == department]
        return tr("回函 {number}", number=replies[-1].details.get("document", "")) if replies else ""
    times = tr("，已催 {n} 次", n=found.reminders) if found.reminders else ""
    over, about = found.days_over(today), tr("(暂定)") if found.provisional else ""
    if over:
        return Chip(tr("发函 {day}，超期 {n} 天{times}", day=found.asked_on, n=over, times=times), "bad")
    return tr("发函 {day}，{due}前回复{times}", day=found.asked_on, due=f"{found.due}{about}", times=times)


def _or_awaited(points: object) -> str:
    return tr("待补") if points is None else str(points)


def county(code: str) -> str:
    """The name of a county by its six digits."""
    path = region_path(code.ljust(12, "0"))
    return path[-1] if path else code


def levels(desk: Desk, year: int) -> dict[str, str]:
    """What a department may answer."""
    titles: dict[str, str] = dict(desk.green_cards.rules_of(year)["base"]["level_titles"])
    return {**titles, NOT_APPLICABLE: tr("无业务(不适用)")}


def _amount(value: object) -> str:
    """An amount as the list shows it, in groups of three digits; a dash for none."""
    return f"{Decimal(str(value)):,}" if value is not None else "—"
