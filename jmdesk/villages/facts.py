"""The standing of a village or a town: reads the store once and lets the pure parts count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jmdesk.catalogue.regions import Region, Regions
from jmdesk.catalogue.types import Catalogue
from jmdesk.store.reading import Connection
from jmdesk.store.stored import Stored
from jmdesk.villages import counting, queries, sources
from jmdesk.villages.figures import CAUSES, CREDIT, FILED, Figure, Number, Standing
from jmdesk.villages.rules import package

GIVEN_LABELS: Mapping[str, str] = {
    "organisation": "村集体组织与清收配合(镇评)",
    "cadres_clean": "申报村干部无法律文书认定的需关注事项",
    "npl_prev": "上年不良率",
}
TOWN_GIVEN_LABELS: Mapping[str, str] = {"organisation": "工作机制(县评)", "npl_prev": "上年不良率"}
"""What people put in, with their grounds; nothing in the store says it."""

_GIVEN_UNITS = {"organisation": "分", "npl_prev": "%", "cadres_clean": ""}


@dataclass(frozen=True, slots=True)
class Given:
    """One fact that an office put in: its value, on what grounds, on which day."""

    value: Fraction | bool
    basis: str
    on: str


class Facts:
    """Works out standings inside one reading of the store."""

    def __init__(self, connection: Connection, catalogue: Catalogue, today: date) -> None:
        self._connection, self._catalogue, self._today = connection, catalogue, today

    def of(self, region: str, year: int, given: Mapping[str, Given]) -> Standing:
        """A village's or a town's standing. ``KeyError`` for a region that is neither."""
        found = self._catalogue.regions.by_code(region)
        if found.level == "town":
            return self.town(region, year, given)
        if found.level != "village":
            raise KeyError(region)
        return self.village(region, year, given)

    def cutoff(self, year: int) -> str:
        """The last day that counts for a year: its end, or today while it lasts."""
        return min(self._today, date(year, 12, 31)).isoformat()

    def village(self, region: str, year: int, given: Mapping[str, Given]) -> Standing:
        """A village by its dossiers, its resident households and its banks."""
        rules, cutoff = package("JM-VL-1"), self.cutoff(year)
        connection = self._connection
        households = queries.households(connection, region)
        counted = counting.count(
            rules,
            households,
            queries.ratings(connection, region, year),
            queries.objections(connection, region, f"{year}-01-01T00:00:00Z"),
            year=year,
            cutoff=cutoff,
        )
        base = self._residents(region, cutoff)
        filed, credit = len(counted.lists[FILED]), len(counted.lists[CREDIT])
        too_many = isinstance(base.value, int) and filed > base.value
        figures = (
            base,
            _own("hh_filed", "建档户", filed, cutoff, FILED, "建档户多于常住户，请核对户数" if too_many else ""),
            _own("hh_credit", "信用户", credit, cutoff, CREDIT),
            *self._banks(region, year),
            Figure("quality", "数据质量与异议按期", counted.quality, "分", "核验等级、异议期限", "本机记录", cutoff,
                   counted.quality_note),
            *_put_in(GIVEN_LABELS, given),
        )  # fmt: skip
        causes = {cause: len(counted.lists[cause]) for cause in CAUSES}
        on_record = filed + causes["draft"]
        unfiled = max(base.value - on_record, 0) if isinstance(base.value, int) else 0
        return Standing(region, year, cutoff, _settled(figures, given), {"unfiled": unfiled, **causes}, counted.lists)

    def town(self, region: str, year: int, given: Mapping[str, Given]) -> Standing:
        """A town: its villages' figures added up. One that is unknown in a village is unknown for the town."""
        villages = villages_of(self._catalogue.regions, region)
        standings = [self.village(village.code, year, {}) for village in villages]
        awarded = self._credit_villages([village.code for village in villages], year)
        cutoff = self.cutoff(year)
        figures = (
            Figure("village_total", "行政村(社区)", len(villages), "个", "区划", self._catalogue.regions.edition,
                   self._catalogue.regions.as_of),
            Figure("village_credit", "信用村", len(awarded), "个", "已命名、未摘牌", "本机村评定记录", cutoff),
            *(_added(standings, name) for name in
              ("hh_base", "hh_filed", "hh_credit", "hh_loan", "hh_no_arrears", "loan_balance", "npl_balance")),
            self._town_before(region, year),
            *_put_in(TOWN_GIVEN_LABELS, given),
        )  # fmt: skip
        causes = {name: sum(s.causes.get(name, 0) for s in standings) for name in ("unfiled", *CAUSES)}
        return Standing(region, year, cutoff, _settled(figures, given), causes)

    def _residents(self, region: str, cutoff: str) -> Figure:
        regions = self._catalogue.regions
        rows = queries.of_regions(self._connection, "R03", former(regions, region))
        labels = self._catalogue.code_lists["CL-COUNT"].values
        return sources.residents(region, rows, cutoff, as_of=regions.as_of, basis_labels=labels)

    def _banks(self, region: str, year: int) -> tuple[Figure, ...]:
        codes = former(self._catalogue.regions, region)
        rows = queries.of_regions(self._connection, "R19", codes)
        last = self.cutoff(year)[:7].replace("-", "")
        month = sources.newest_month(rows, f"{year}01", last)
        before = sources.newest_month(rows, f"{year - 1}01", f"{year - 1}12")
        return sources.bank_figures(month, before, self._assessed_before(codes, year))

    def _assessed_before(self, codes: Sequence[str], year: int) -> Number:
        """The rate of bad loans that the year before was assessed with."""
        past = [
            r.values
            for r in queries.of_regions(self._connection, "R17", codes)
            if r.values.get("rating_year") == year - 1
        ]
        balance = sum((Fraction(Decimal(str(v.get("loan_balance", "0")))) for v in past), Fraction(0))
        bad = sum((Fraction(Decimal(str(v.get("npl_balance", "0")))) for v in past), Fraction(0))
        return bad * 100 / balance if balance else None

    def _town_before(self, region: str, year: int) -> Figure:
        """The town's rate of the year before: from its villages' banks, all of them."""
        balance = bad = Fraction(0)
        known = True
        for village in villages_of(self._catalogue.regions, region):
            rows = queries.of_regions(self._connection, "R19", former(self._catalogue.regions, village.code))
            month = sources.newest_month(rows, f"{year - 1}01", f"{year - 1}12")
            figures = {f.name: f.value for f in sources.bank_figures(month, None, None)}
            if figures["loan_balance"] is None or figures["npl_balance"] is None:
                known = False
                break
            balance, bad = balance + figures["loan_balance"], bad + figures["npl_balance"]
        value = (bad * 100 / balance if balance else Fraction(0)) if known else None
        return Figure("npl_prev", "上年不良率", value, "%", "不良余额/贷款余额", "银行村级月度汇总",
                      f"{year - 1}-12" if known else "", bank=True)  # fmt: skip

    def _credit_villages(self, villages: Sequence[str], year: int) -> list[str]:
        """The villages that bear the plaque: the newest record up to the year has a day of its award."""
        found: list[str] = []
        for code in villages:
            records = queries.of_regions(self._connection, "R17", former(self._catalogue.regions, code))
            named = [r for r in records if int(str(r.values.get("rating_year", 0))) <= year and _is_award(r)]
            if named:
                found.append(code)
        return found


def villages_of(regions: Regions, town: str) -> list[Region]:
    """The administrative villages of a town; of a street that has none, its communities."""
    below = regions.children(town)
    return [region for region in below if region.kind == "village"] or list(below)


def former(regions: Regions, code: str) -> tuple[str, ...]:
    """A region and every region that was merged or renumbered into it."""
    return (code, *(old for old in regions.moved if regions.current(old) == code))


def as_facts(figures: Mapping[str, str | int | bool]) -> dict[str, Number]:
    """Values as they were kept with a record, exact again."""
    return {name: value if isinstance(value, bool) else Fraction(value) for name, value in figures.items()}


def kept(standing: Standing) -> dict[str, str | int | bool]:
    """Values as they are kept with a record: whole numbers and answers as they are, fractions as ``"n/d"``."""
    return {
        figure.name: str(figure.value) if isinstance(figure.value, Fraction) else figure.value
        for figure in standing.figures
        if figure.value is not None
    }


def restored(now: Standing, content: Mapping[str, Any]) -> Standing:
    """The standing that was kept with a record; the lists behind it are those of today."""
    figures = tuple(_as_kept(figure, content) for figure in now.figures if figure.name in content["sources"])
    return replace(now, cutoff=str(content["cutoff"]), figures=figures, causes=dict(content["causes"]))


def completed(now: Standing, content: Mapping[str, Any], unit: str) -> Standing:
    """A count with what this desk cannot know and another unit put in: banks do not report to villages.

    What ``unit`` itself put in earlier and does not know any more is gone.
    """
    figures = tuple(
        then if f.value is None and (then := _as_kept(f, content)).by not in ("", unit) else f for f in now.figures
    )
    return replace(now, figures=figures)


def changed(then: Standing, now: Standing) -> tuple[str, ...]:
    """The labels of the figures that a new count would change."""
    before = then.facts
    return tuple(figure.label for figure in now.figures if figure.value != before.get(figure.name))


def _as_kept(figure: Figure, content: Mapping[str, Any]) -> Figure:
    """A figure as it was kept with a record; as it is where it was not."""
    told = content["sources"].get(figure.name)
    if told is None:
        return figure
    basis, source, as_of, note, by = told
    value = as_facts(content["values"]).get(figure.name)
    return replace(figure, value=value, basis=basis, source=source, as_of=as_of, note=note, by=by)


def _is_award(record: Stored) -> bool:
    return bool(record.values.get("plaque_date")) and str(record.values.get("village_grade", "0")) >= "1"


def _own(name: str, label: str, value: int, cutoff: str, listing: str, note: str = "") -> Figure:
    return Figure(name, label, value, "户", "常住农户", "本机农户档案", cutoff, note, listing)


def _put_in(labels: Mapping[str, str], given: Mapping[str, Given]) -> tuple[Figure, ...]:
    """The figures that only an office can give; the rate of the year before only where it was put in."""
    return tuple(
        Figure(name, label, given[name].value if name in given else None, _GIVEN_UNITS[name],
               given[name].basis if name in given else "", "评审单位录入", given[name].on if name in given else "")
        for name, label in labels.items() if name != "npl_prev"
    )  # fmt: skip


def _settled(figures: Sequence[Figure], given: Mapping[str, Given]) -> tuple[Figure, ...]:
    """The figures, the rate of the year before put in by hand where nothing else tells it."""
    hand = given.get("npl_prev")
    return tuple(
        replace(f, value=hand.value, basis=hand.basis, source="评审单位录入", as_of=hand.on)
        if f.name == "npl_prev" and f.value is None and hand is not None
        else f
        for f in figures
    )


def _added(standings: Sequence[Standing], name: str) -> Figure:
    """One figure over the villages; unknown while a village lacks it, and says how many."""
    parts = [standing.figure(name) for standing in standings]
    lacking = sum(1 for part in parts if part.value is None)
    notes = list(dict.fromkeys(part.note for part in parts if part.note and part.bank))
    value: Number = None if lacking or not parts else sum((Fraction(p.value or 0) for p in parts), Fraction(0))
    if lacking:
        notes.insert(0, f"{lacking} 个村没有数据")
    first = parts[0] if parts else Figure(name, name, None, "", "", "", "")
    if value is not None and first.unit == "户":
        value = int(value)
    return replace(
        first,
        value=value,
        as_of=min((p.as_of for p in parts if p.as_of), default=""),
        note="；".join(notes),
        listing="",
    )
