"""What the review page reads of a desk, in words ready to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from jmdesk.core.clock import beijing_text
from jmdesk.desk import Desk
from jmdesk.papers.queries import Paper
from jmdesk.ratings.simulation import Simulation, package_named, simulate
from jmdesk.reviews.panel import Sheet
from jmdesk.reviews.queries import Batch
from jmdesk.reviews.rules import CLEAR, HINT, KIN, Seat
from jmdesk.reviews.service import Bulk, Case
from jmdesk.reviews.tallying import TallyLine
from jmdesk.reviews.watch import OWNERS_STEPS, Trouble
from jmdesk.workflows.standing import Due
from ui.core import wording
from ui.core.cases import SOON, CaseView, view
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.core.runner import Report
from ui.widgets.table_model import Column

MOST_TOLD = 3
_COMPUTED = {"certify": ("cert_no", "valid_to"), "reissue": ("cert_no",)}
"""What a step needs that the program fills in by itself."""

_ASIDE = ("suspend", "recall", "return", "correct", "object", "reissue", "withdraw", "expire", "stop")
"""Steps off the way, shown after those that lead on."""


@dataclass(frozen=True, slots=True)
class Board:
    """Every batch as a line."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """One batch whole: its cases, its ballots, its papers."""

    batch: Batch
    title: str
    cases: tuple[Case, ...]
    sheet: Sheet
    papers: tuple[Paper, ...]
    candidates: int
    able: Mapping[str, int]
    """How many members can vote on each household."""
    tallied: Mapping[str, TallyLine]
    rules: tuple[str, ...]
    """Versions of the rules, other than the one in force, that a comparison can be made with."""

    @property
    def states(self) -> dict[str, int]:
        """How many cases stand where, in the order of the workflow."""
        order = list(self.cases[0].standing.definition.states) if self.cases else []
        counts = {state: sum(case.standing.state == state for case in self.cases) for state in order}
        return {state: count for state, count in counts.items() if count}


def batch_columns() -> tuple[Column, ...]:
    """The columns of the list of batches."""
    return (
        Column(tr("村居"), 160),
        Column(tr("评定年度"), 80),
        Column(tr("户数"), 60, number=True),
        Column(tr("需处理"), 130),
        Column(tr("进度"), 260, stretch=True),
        Column(tr("批次"), 180),
    )


def case_columns() -> tuple[Column, ...]:
    """The columns of the cases of a batch."""
    return (
        Column(tr("户主"), 70),
        Column(tr("户编号"), 134),
        Column(tr("等级"), 112),
        Column(tr("票"), 40, number=True),
        Column(tr("状态"), 160),
        Column(tr("期限、提醒"), 106),
    )


def paper_columns() -> tuple[Column, ...]:
    """The columns of the papers of a batch."""
    return (Column(tr("文书"), 200), Column(tr("编号"), 190), Column(tr("出具时间"), 140), Column(tr("状态"), 160))


class ReviewReader:
    """Reads the reviews of one desk. Call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.labels = Labels(desk)

    def board(self) -> Board:
        """Every batch, newest first."""
        return Board(tuple(self._batch(batch) for batch in self._desk.reviews.panel.batches()))

    def open(self, number: str) -> Opened:
        """One batch whole."""
        reviews = self._desk.reviews
        batch, cases = reviews.panel.batch(number), reviews.cases(number)
        sheet = reviews.panel.sheet(number, [case.line.household for case in cases])
        title = tr("{village} {year} 年度", village=place(batch.region), year=batch.year)
        papers, waiting = reviews.filing.of_batch(number), reviews.candidates(number)
        able = reviews.panel.able(number, [case.line.household for case in cases])
        tallied = reviews.panel.tallied_lines(number)
        now, known = self._desk.ratings.package.label, self._desk.packages.rulebook().labels()
        rules = tuple(label for label in known if label != now)
        return Opened(batch, title, tuple(cases), sheet, tuple(papers), len(waiting), able, tallied, rules)

    def case(self, rating: str) -> CaseView:
        """One case with the steps that this page asks for, without what the program fills in."""
        case = self._desk.reviews.case(rating)
        troubles, away = {trouble.code for trouble in case.troubles}, self._desk.reviews.watch.is_elsewhere(case.line)
        made = view(self._desk, self.labels, case.standing)
        offers = []
        for offer in sorted(made.offers, key=lambda offer: offer.id in _ASIDE):
            if offer.id == "apply" or (offer.id == "stop" and "consent" not in troubles):
                continue
            if away and offer.id in OWNERS_STEPS:
                continue
            if offer.id == "object":
                offer = replace(offer, needs=(("ground", tr("异议理由(随案送镇核查，不写申请人姓名)")),))  # noqa: PLW2901 -- the same offer, asked in words
            if offer.id == "return":
                words = tr("逐项补正意见(每行一项，如“收入：缺凭证”)")
                offer = replace(offer, needs=(("remarks", words),))  # noqa: PLW2901 -- as above
            hidden = _COMPUTED.get(offer.id, ())
            offers.append(replace(offer, needs=tuple(need for need in offer.needs if need[0] not in hidden)))
        back = made.can_go_back and self._desk.reviews.is_own_step(case.standing)
        return replace(made, offers=tuple(offers), can_go_back=back)

    def _batch(self, batch: Batch) -> Row:
        cases = self._desk.reviews.cases(batch.number)
        counts: dict[str, int] = {}
        for case in cases:
            counts[case.standing.label] = counts.get(case.standing.label, 0) + 1
        bad = sum(any(trouble.bad for trouble in case.troubles) for case in cases)
        ready = sum(any(trouble.code == "ready" for trouble in case.troubles) for case in cases)
        progress = "，".join(f"{label} {count}" for label, count in counts.items())
        mine = self._desk.reviews.watch.mine(case.standing for case in cases).total()
        if bad:
            chip = Chip(tr("{n} 户有问题", n=bad), "bad")
        elif ready:
            chip = Chip(tr("{n} 户可认定", n=ready), "ok")
        else:
            chip = Chip(tr("{n} 户待我办理", n=mine), "warn")
        village = tr("{village}(村报送)", village=place(batch.region)) if batch.unit else place(batch.region)
        shown = chip if bad or ready or mine else ""
        number = batch.number.partition("-")[0]
        return Row(batch.number, (village, str(batch.year), str(len(cases)), shown, progress, number))


def place(region: str) -> str:
    """A village with its town."""
    return " / ".join(region_path(region)[-2:]) or region


def case_row(case: Case, desk: Desk) -> Row:
    """One case as a line."""
    line = case.line
    due = next(iter(case.standing.open_dues()), None)
    about = trouble_chip(case.troubles[0]) if case.troubles else near_chip(due, desk.workflows.today) if due else ""
    kind = "bad" if case.standing.disputed else "ok" if case.standing.is_final else "info"
    cells: tuple[str | Chip, ...] = (
        line.head or tr("(未登记)"),
        wording.household_number(line.number, short=True),
        wording.grade(line.grade),
        str(case.votes),
        Chip(case.standing.label, kind),
        about,
    )
    return Row(line.rating, cells)


def near_chip(due: Due, today: date) -> Chip:
    """A deadline in a few words; the case itself says it in full."""
    left = due.days_left(today)
    if left is None or due.day is None:
        return Chip(tr("暂停计时"), "neutral")
    day = due.day.strftime("%m-%d")
    if left < 0:
        return Chip(tr("{day} 已超期", day=day), "bad")
    return Chip(tr("{day} 到期", day=day), "warn" if left <= SOON else "info")


def trouble_chip(trouble: Trouble) -> Chip:
    """What is wrong or ready, in words."""
    day = str(trouble.params.get("day", ""))
    words = {
        "consent": (tr("已撤回授权，须停止评定"), "bad"),
        "changed": (tr("依据有变化，须更正"), "bad"),
        "objection": (tr("异议没有办结"), "bad"),
        "ready": (tr("公示已于 {day} 期满，可认定", day=day), "ok"),
        "provisional": (tr("公示到 {day}(暂定，放假安排未公布)", day=day), "warn"),
        "later": (tr("遇假日顺延到 {day}", day=day), "warn"),
        "unsent": (tr("先报送，收到回执再发证，证书才不带“暂定”"), "warn"),
    }
    return Chip(*words[trouble.code])


def told(bulk: Bulk, names: dict[str, str]) -> str:
    """What became of a step for many: how many were done, and the first reasons of those that were not."""
    words = tr("已办理 {n} 户。", n=len(bulk.done))
    if bulk.refused:
        first = "；".join(f"{names.get(rid, '')} {error.message_for_user()}" for rid, error in bulk.refused[:MOST_TOLD])
        words += tr("没有办理 {n} 户：{why}", n=len(bulk.refused), why=first)
    return words


def relation_chip(kind: str) -> Chip:
    """How a member stands to a household."""
    words = {
        KIN: (tr("亲属，回避"), "bad"),
        HINT: (tr("同姓近邻，先核实"), "warn"),
        CLEAR: (tr("已核实，非亲属"), "ok"),
    }
    return Chip(*words.get(kind, ("", "neutral")))


def seat_words(seat: Seat) -> str:
    """A member as a list of members names them."""
    return f"{seat.no}  {seat.name}"


def compare(desk: Desk, region: str, name: str, progress: Report) -> Simulation:
    """What another rule package would change in a village."""
    ratings = desk.ratings
    package = package_named(ratings, name)
    return simulate(ratings, package, ratings.households(region), ratings.this_year(), progress=progress)


def paper_rows(papers: Sequence[Paper]) -> tuple[Row, ...]:
    """Papers as lines, newest first."""
    return tuple(
        Row(
            paper.number,
            (
                paper.label,
                paper.number,
                beijing_text(paper.issued_at),
                Chip(tr("已作废：{why}", why=paper.void_reason), "bad") if paper.voided_at else Chip(tr("有效"), "ok"),
            ),
            faded=bool(paper.voided_at),
        )
        for paper in reversed(papers)
    )
