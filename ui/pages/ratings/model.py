"""What the ratings page reads of a desk, in words ready to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.ratings.queries import RatingRow
from jmdesk.ratings.service import Outcome, Tally
from ui.core import wording
from ui.core.i18n import language, tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

GRADES = ("AAA", "AA", "A", "B", "C", "NR")


def list_columns() -> tuple[Column, ...]:
    """The columns of the list of ratings."""
    return (
        Column(tr("户主"), 70, stretch=True),
        Column(tr("户编号"), 164),
        Column(tr("等级"), 100),
        Column(tr("评定得分"), 76, number=True),
        Column(tr("报送"), 112),
    )


class RatingSource:
    """A year's ratings under the filters, for a windowed table."""

    def __init__(self, desk: Desk, year: int, village: str = "", grade: str = "") -> None:
        self._desk, self._year, self._village, self._grade = desk, year, village, grade

    def count(self) -> int:
        """How many ratings match."""
        counts = grade_counts(self._desk, self._year, self._village)
        return counts[self._grade] if self._grade else counts.total()

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page in order of household number."""
        found = self._desk.ratings.page(
            self._year, region_prefix=self._village, grade=self._grade, offset=offset, limit=limit
        )
        return [self._row(line) for line in found]

    @staticmethod
    def _row(line: RatingRow) -> Row:
        return Row(
            line.household,
            (
                line.head_name or tr("(未登记)"),
                wording.household_number(line.number, short=True),
                wording.grade(line.grade),
                line.score or "—",
                wording.sync_state(line.sync),
            ),
        )


def grade_counts(desk: Desk, year: int, village: str = "") -> Counter[str]:
    """How many households of a village (empty: of the whole desk) have which grade in a year."""
    counts: Counter[str] = Counter()
    for grades in desk.ratings.grades_by_village(year, village).values():
        counts.update(grades)
    return counts


@dataclass(frozen=True, slots=True)
class Summary:
    """The year at a glance: households of the choice, how many have which grade, and the villages to choose from."""

    year: int
    households: int
    grades: Counter[str]
    villages: tuple[str, ...]

    @property
    def rated(self) -> int:
        """Households with a rating of the year, NR included."""
        return self.grades.total()

    def sentence(self) -> str:
        """How many of how many, and where the number comes from."""
        text = tr("{year}年度已评 {n} 户", year=self.year, n=f"{self.rated:,}")
        left = self.households - self.rated
        more = tr("，还有 {n} 户没有评定", n=f"{left:,}") if left > 0 else ""
        return f"{text}{more}{tr('(本机建档农户；来源：本机记录)')}"

    def chips(self) -> tuple[Chip, ...]:
        """Each grade that occurs with its number of households."""
        shown = []
        for code in GRADES:
            if self.grades[code]:
                chip = wording.grade(code)
                shown.append(Chip(tr("{grade}：{n} 户", grade=chip.text, n=f"{self.grades[code]:,}"), chip.kind))
        return tuple(shown)


def read_summary(desk: Desk, year: int, village: str = "") -> Summary:
    """The year at a glance. Reads; call on the runner."""
    households = desk.households.count(HouseholdFilter(region_prefix=village))
    villages = tuple(sorted(desk.households.by_village()))
    return Summary(year, households, grade_counts(desk, year, village), villages)


@dataclass(frozen=True, slots=True)
class Explained:
    """A household and the explanation of its newest rating; ``html`` is empty when it has none."""

    household: str
    name: str
    number: str
    place: str
    grade: Chip
    html: str = ""
    code: str = ""
    """The grade as CL-GRADE."""


def read_explained(desk: Desk, household: str) -> Explained:
    """The explanation of one household. Reads; call on the runner.

    ``Refused`` "households.none_found"; "ratings.unknown_model" for a rating under rules that are not here.
    """
    dossier = desk.households.dossier(household)
    head, values = dossier.head, dossier.household.values
    name = str(head.values.get("person_name", "")) if head else tr("(未登记户主)")
    number, place = str(values.get("household_id", "")), " / ".join(region_path(dossier.household.region))
    if not dossier.ratings:
        return Explained(household, name, number, place, Chip(""))
    rating = desk.ratings.latest(household)
    html = desk.ratings.explanation(household).as_html()
    return Explained(household, name, number, place, wording.grade(rating.card.grade), html, rating.card.grade)


def told(tally: Tally) -> list[str]:
    """What a run did, in sentences."""
    words = {
        Outcome.NEW: tr("首次评定 {n} 户。"),
        Outcome.REPLACED: tr("情况有变化，重新评定 {n} 户。"),
        Outcome.UNCHANGED: tr("情况没有变化，保持原结果 {n} 户。"),
        Outcome.UNDER_REVIEW: tr("已进入复核或公示，没有改动 {n} 户。"),
        Outcome.DECLINED: tr("本人选择不参加评定 {n} 户，没有评定。"),
        Outcome.FAILED: tr("信息前后不符，没有评成 {n} 户，原因见下表。"),
    }
    counts = tally.outcomes
    lines = [tr("已取消；此前完成的 {n} 户已保存。", n=f"{tally.done:,}")] if tally.cancelled else []
    lines += [text.format(n=f"{counts[outcome]:,}") for outcome, text in words.items() if counts[outcome]]
    hidden = counts[Outcome.FAILED] - len(tally.failures)
    lines += [tr("下表只列前 {n} 户。", n=len(tally.failures))] if hidden > 0 else []
    return lines or [tr("没有可以评定的农户。")]


def failure_columns() -> tuple[Column, ...]:
    """The columns of the list of households that could not be rated."""
    return (Column(tr("农户"), 240), Column(tr("没有评成的原因"), 420), Column(tr("怎么办"), 260))


def failure_rows(desk: Desk, failures: Sequence[tuple[str, KnownError]]) -> list[Row]:
    """Households that could not be rated, each with why and what to do. Reads; call on the runner."""
    labels = Labels(desk)
    labels.prepare("R05", [household for household, _ in failures])
    rows = []
    for household, error in failures:
        said = error.message_for_user(language())
        rows.append(Row(household, (labels.of("R05", household), said.text, said.action)))
    return rows
