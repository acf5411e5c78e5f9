"""The figures of a year: counted right, and published so that they never point at anybody."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from jmdesk.complaints.report import page, workbook
from jmdesk.complaints.statistics import FOLDED, SMALLEST, Entry, Figures, figures, published
from jmdesk.core.errors import Environment, Refused
from jmdesk.desk import Desk
from tests.jmdesk.complaints.association import FIRM, Person, add_firm, intake
from ui.core.printing import write_pdf

NAMES = {
    "kind": {"1": "消费者", "2": "采购商"},
    "problem": {"01": "质量"},
    "outcome": {"2": "调解成功", "3": "调解不成"},
}


def made(product: str = "话筒", outcome: str = "2", month: int = 3, *, kept: bool = True) -> Entry:
    """One complaint's entry."""
    return Entry(
        month=month, kind="1", product=product, problem="01", cluster="恩平麦克风", firm="恩平某电声有限公司",
        member=True, accepted=True, decided=True, outcome=outcome, recovered=Decimal("100.10"), satisfaction=4,
        kept={"受理决定": kept},
    )  # fmt: skip


def counted(entries: list[Entry]) -> Figures:
    return figures(2026, entries, NAMES)


def test_totals_rates_and_sums_are_exact() -> None:
    found = counted([made()] * 5 + [made(outcome="3", kept=False)] * 2 + [made(outcome="", month=12)])
    assert (found.total.count, found.total.ended, found.total.agreed) == (8, 7, 5)
    assert (found.success.percent, found.on_time["受理决定"].percent) == (Decimal("71.4"), Decimal("75.0"))
    assert found.recovered == Decimal("800.80")
    assert [line.count for line in found.tables["月份"]] == [0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_what_is_published_names_no_firm_and_folds_small_groups() -> None:
    found = published(counted([made()] * 9 + [made("音箱")] * 3 + [made("线材")] * 3))
    assert "企业" not in found.tables
    assert [(line.name, line.count) for line in found.tables["产品或服务"]] == [("话筒", 9), (FOLDED, 6)]


def test_one_small_group_takes_another_with_it() -> None:
    """Else it could be worked out from the total."""
    found = published(counted([made()] * 9 + [made("音箱")] * 6 + [made("线材")]))
    assert [(line.name, line.count) for line in found.tables["产品或服务"]] == [("话筒", 9), (FOLDED, 7)]


def test_a_rate_of_a_few_is_not_published() -> None:
    found = published(counted([made()] * 4))
    assert (found.success.whole, found.satisfaction.whole, dict(found.on_time)) == (0, 0, {})
    assert found.recovered == 0
    assert all(lines == () for lines in found.tables.values())


GROUPS = st.lists(
    st.tuples(st.sampled_from("甲乙丙丁戊己庚"), st.integers(1, 12)), max_size=7, unique_by=lambda g: g[0]
)


@given(GROUPS, st.integers(1, 4))
def test_no_published_group_is_small_and_none_can_be_worked_out(groups: list[tuple[str, int]], quarter: int) -> None:
    entries = [made(product, month=3 * quarter) for product, size in groups for _ in range(size)]
    found = published(counted(entries))
    for lines in found.tables.values():
        assert all(line.count >= SMALLEST for line in lines)
        hidden = len(entries) - sum(line.count for line in lines)
        assert hidden == 0 or hidden == len(entries) < SMALLEST


@pytest.fixture
def clerk(desk: Desk) -> Person:
    made = Person(desk, ("R3",))
    firm = add_firm(desk)
    for n in range(6):
        made.at_desk.register(intake(firm, order_no=f"D{n}"))
    return made


def test_the_figures_of_the_desk_say_nothing_of_a_complainant(clerk: Person) -> None:
    whole = clerk.at_desk.figures(2026)
    assert whole.tables["企业"][0].name == "恩平某电声有限公司"
    for found, outside in ((whole, False), (published(whole), True)):
        text = page(found, "恩平市电声行业协会", "2026-11-22", outside=outside)
        for word in ("何秀英", "13900001234", "收到的话筒无声"):
            assert word not in text
        assert ("恩平某电声有限公司" in text) is not outside
        assert "法定期限" not in text


def test_a_year_without_complaints_has_no_report(clerk: Person) -> None:
    with pytest.raises(Refused) as refused:
        clerk.at_desk.figures(2020)
    assert refused.value.code == "complaints.nothing_to_report"


def test_rivals_figures_are_closed_to_an_office_bearer_with_a_firm(desk: Desk, clerk: Person) -> None:
    assert clerk.at_desk.figures(2026).total.count
    chief = Person(desk, ("R4",))
    chief.at_desk.declare([FIRM])
    with pytest.raises(Refused) as refused:
        chief.at_desk.figures(2026)
    assert refused.value.code == "complaints.office_bearer"


def test_numbers_stay_numbers_in_the_workbook(clerk: Person, tmp_path: Path) -> None:
    file = tmp_path / "报告.xlsx"
    workbook(clerk.at_desk.figures(2026), "=恩平协会", file, outside=False)
    book = python_calamine.CalamineWorkbook.from_path(str(file))
    rows = {row[0]: row[1] for row in book.get_sheet_by_name("合计").to_python() if len(row) > 1}
    assert (rows["收到投诉（件）"], rows["挽回经济损失（元）"]) == (6, 0)
    assert book.get_sheet_by_name("产品或服务").to_python()[1][:2] == ["无线话筒", 6]
    with pytest.raises(Environment) as failed:
        workbook(clerk.at_desk.figures(2026), "协会", tmp_path / "无此夹" / "报告.xlsx", outside=True)
    assert failed.value.code == "complaints.cannot_write"


def test_the_report_prints(clerk: Person, tmp_path: Path) -> None:
    text = page(clerk.at_desk.figures(2026), "恩平市电声行业协会", "2026-11-22", outside=False)
    write_pdf(text, tmp_path / "报告.pdf")
    assert PdfReader(tmp_path / "报告.pdf").pages
