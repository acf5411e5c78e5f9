"""What an invented household lives on: industry, income, land, debts, insurance, honours, consent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from jmdesk.registers.people import Families, SamplePerson

_HAMLETS = ("东头", "西头", "新屋", "塘边", "祠堂前", "榕树下", "沙岗", "里边", "南安里", "仁和里", "长兴里", "向北")
_TRADES = {
    # catalogue industry code: (weight, household type, product code, season's scale range, income field)
    "0111": (22, "1", "1", (2, 15), "income_crop"),
    "0141": (18, "1", "2", (1, 12), "income_crop"),
    "0153": (12, "2", "3", (3, 40), "income_crop"),
    "0313": (5, "2", "101", (10, 200), "income_breed"),
    "0322": (6, "2", "102", (300, 5000), "income_breed"),
    "0412": (14, "2", "103", (4, 60), "income_breed"),
    "2110": (4, "5", "", (0, 0), "income_business"),
    "3752": (8, "6", "", (0, 0), "income_labor"),
    "3352": (7, "6", "", (0, 0), "income_labor"),
    "5283": (4, "5", "", (0, 0), "income_business"),
}
_HONORS = (
    ("6", "文明家庭", "村民委员会"),
    ("6", "好邻居", "村民委员会"),
    ("5", "种养能手", "镇人民政府"),
    ("4", "最美家庭", "县妇女联合会"),
)


@dataclass(frozen=True, slots=True)
class SampleDebt:
    """A loan: CL-CRED, lender, amounts in yuan, start and due dates, CL-FIVE, days overdue."""

    creditor: str
    lender: str
    amount: int
    balance: int
    start: date
    due: date
    five_class: str
    overdue_days: int


@dataclass(frozen=True, slots=True)
class SampleHousehold:
    """One invented household with all that a register says of it; amounts in yuan, land in mu by CL-LAND."""

    number: str
    village: str
    group: int
    address: str
    members: list[SamplePerson]
    phone: str
    household_type: str
    resident_status: str
    industry: str
    industry_since: int
    year: int
    income: dict[str, int]
    land: dict[str, float]
    debt: SampleDebt | None
    insurance: tuple[str, int, date, date] | None
    production: tuple[str, int, bool, int] | None
    honor: tuple[str, str, str, date] | None
    collected: date
    collector: str
    consent_date: date | None
    consent_no: str
    notes: str = field(default="")

    @property
    def head(self) -> SamplePerson:
        return self.members[0]

    @property
    def labor_count(self) -> int:
        return sum(person.labor for person in self.members)


class Livelihoods:
    """Draws whole households of a village in order of their numbers."""

    def __init__(self, rng: Random, families: Families, on: date) -> None:
        self._rng = rng
        self._families = families
        self._on = on

    def household(self, village: str, serial: int, group: int) -> SampleHousehold:
        """Household ``serial`` (from 1) of a village, in village group ``group``."""
        rng, on = self._rng, self._on
        members = self._families.household(village)
        trade = rng.choices(tuple(_TRADES), [t[0] for t in _TRADES.values()])[0]
        year = on.year - 1
        collected = date(year, 11, 1) + timedelta(days=rng.randrange(100))
        agreed = rng.random() < 0.93
        return SampleHousehold(
            number=f"{serial:04d}",
            village=village,
            group=group,
            address=f"{rng.choice(_HAMLETS)}{rng.randint(1, 180)}号",
            members=members,
            phone=f"154{rng.randrange(10**8):08d}" if rng.random() < 0.95 else "",
            household_type=_TRADES[trade][1],
            resident_status=rng.choices(("1", "2", "3"), (80, 15, 5))[0],
            industry=trade,
            industry_since=year - rng.randint(0, 25),
            year=year,
            income=self._income(trade, members),
            land=self._land(trade),
            debt=self._debt() if rng.random() < 0.32 else None,
            insurance=self._insurance(year) if rng.random() < 0.4 else None,
            production=self._production(trade),
            honor=self._honor() if rng.random() < 0.08 else None,
            collected=collected,
            collector=f"采集员{group}",
            consent_date=collected if agreed else None,
            consent_no=f"授权〔{collected.year}〕{village[-3:]}{serial:04d}号" if agreed else "",
        )

    def _income(self, trade: str, members: list[SamplePerson]) -> dict[str, int]:
        rng = self._rng
        workers = max(1, sum(p.labor for p in members))
        income = {_TRADES[trade][4]: round(rng.lognormvariate(10.3, 0.55) * workers / 2, -2)}
        if workers > 1 and rng.random() < 0.7:
            income["income_labor"] = income.get("income_labor", 0) + rng.randrange(12, 70) * 1000
        if rng.random() < 0.45:
            income["income_transfer"] = rng.randrange(6, 60) * 100
        if rng.random() < 0.2:
            income["income_property"] = rng.randrange(4, 90) * 100
        if rng.random() < 0.1:
            income["income_other"] = rng.randrange(5, 50) * 100
        total = sum(income.values())
        income["cost_production"] = round(income.get("income_crop", 0) * 0.4 + income.get("income_breed", 0) * 0.6, -2)
        income["exp_living"] = round(total * rng.uniform(0.3, 0.6), -2)
        return {name: int(amount) for name, amount in income.items()}

    def _land(self, trade: str) -> dict[str, float]:
        rng = self._rng
        land = {"1": round(rng.uniform(0.5, 6.5), 1)} if rng.random() < 0.85 else {}
        if trade in {"0111", "0141"} and rng.random() < 0.3:
            land["2"] = round(rng.uniform(2, 40), 1)
        if trade == "0153":
            land["3"] = round(rng.uniform(2, 30), 1)
        if trade == "0412":
            land["5"] = round(rng.uniform(3, 50), 1)
        if rng.random() < 0.1:
            land["4"] = round(rng.uniform(1, 60), 1)
        return land

    def _debt(self) -> SampleDebt:
        rng, on = self._rng, self._on
        creditor, lender = rng.choices((("1", "农商银行"), ("2", "邮政储蓄银行"), ("5", "亲友")), (70, 18, 12))[0]
        amount = rng.randrange(1, 31) * 10_000
        start = on - timedelta(days=rng.randrange(60, 1500))
        due = start + timedelta(days=365 * rng.choice((1, 2, 3, 5)))
        balance = amount if due > on else rng.choice((0, 0, 0, amount // 2))
        worse = balance > 0 and due <= on
        five = "" if creditor == "5" else rng.choice(("2", "3")) if worse else "1"
        overdue = (on - due).days if worse and five else 0
        return SampleDebt(creditor, lender, amount, balance, start, due, five, overdue)

    def _insurance(self, year: int) -> tuple[str, int, date, date]:
        kind = self._rng.choices(("1", "2", "4"), (60, 20, 20))[0]
        return kind, self._rng.randrange(1, 21) * 5000, date(year, 4, 1), date(year + 1, 3, 31)

    def _production(self, trade: str) -> tuple[str, int, bool, int] | None:
        product, (low, high) = _TRADES[trade][2], _TRADES[trade][3]
        if not product:
            return None
        ordered = self._rng.random() < 0.25
        return product, self._rng.randint(low, high), ordered, self._rng.randint(60, 100) if ordered else 0

    def _honor(self) -> tuple[str, str, str, date]:
        rng = self._rng
        level, title, org = rng.choice(_HONORS)
        return level, title, org, self._on - timedelta(days=rng.randrange(100, 1700))
