"""The association's pages by keyboard: enterprises and credit events, green cards, assessments by the trade."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import python_calamine
import xlsxwriter
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.workflows.service import Workflows
from tests.offices import FIRM, OTHER
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.cases.page import CasesPage
from ui.pages.enterprises.page import EnterprisesPage
from ui.pages.green_cards.facts import FactsForm
from ui.pages.green_cards.page import GreenCardsPage
from ui.pages.green_cards.replies import RepliesForm
from ui.pages.selections.facts import KnownForm
from ui.pages.selections.page import SelectionsPage
from ui.pages.unlock.page import UnlockPage
from ui.widgets.entry_form import EntryForm

Settle = Callable[[], None]
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
HEAD = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def firms(desk: OpenDesk) -> tuple[str, str]:
    """Two invented member firms."""
    records = desk.services.records
    return records.create("R20", FIRM), records.create("R20", OTHER)


@pytest.fixture
def window(qtbot: QtBot, context: Context, desk: OpenDesk, firms: tuple[str, str], settled: Settle) -> MainWindow:
    """The whole window with the desk open."""
    assert firms
    made = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    qtbot.addWidget(made)
    made.show()
    made.enter(desk)
    with qtbot.waitActive(made):
        made.activateWindow()
    settled()
    return made


def focused() -> QWidget:
    """The widget that has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


P = TypeVar("P", bound=QWidget)


def page_of(window: MainWindow, kind: type[P]) -> P:
    """The page on show, which is of this kind."""
    assert isinstance(window.page, kind)
    return window.page


def fill(form: EntryForm | None, **texts: str) -> None:
    """Type into a short form and confirm it."""
    assert form is not None
    for name, text in texts.items():
        form.fields[name].setFocus()
        write(form.fields[name], text)
    form.confirm()


def step(window: MainWindow, settled: Settle, name: str, *texts: str) -> CasesPage:
    """Press a step's button on the page of cases, fill in what it asks for, and confirm."""
    page = page_of(window, CasesPage)
    press(page.panel.buttons[name], Qt.Key.Key_Space)
    form = page.panel.form
    assert form is not None
    for field, text in zip(form.needs.values(), texts, strict=True):
        write(field, text)
    form.confirm()
    settled()
    return page


def by_head(desk: OpenDesk, workflow: str, type_id: str, rid: str, name: str, **details: str) -> None:
    """A step by the association's head, a second person at the desk."""
    whole = desk.services.workflows
    head = Workflows(
        desk.services, actor=HEAD, unit=desk.services.unit, roles=lambda: None,
        bars=whole._bars, effects=whole._effects,
    )  # fmt: skip
    head.take(workflow, type_id, rid, name, details=details)


def test_an_enterprise_is_found_and_its_case_begun_by_keyboard(
    window: MainWindow, desk: OpenDesk, firms: tuple[str, str], settled: Settle
) -> None:
    press(window, Qt.Key.Key_O, CONTROL)
    settled()
    page = page_of(window, EnterprisesPage)
    assert page.count.text() == "共 2 家(本机建档)"
    press(window, Qt.Key.Key_F, CONTROL)
    write(page.search, "yunsheng")
    press(page.search, Qt.Key.Key_Return)
    settled()
    assert page.table.rows.rowCount() == 1
    press(page.table, Qt.Key.Key_Return)
    settled()
    assert page.title.text() == "恩平市云声音响制造有限公司"
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "file")
    assert page_of(window, CasesPage).panel.state.text() == "已建档，待核对"
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert page_of(window, EnterprisesPage).rid == firms[0]
    assert page.state.text() == "已建档，待核对"
    by_head(desk, "W5", "R20", firms[0], "leave", ground="企业申请退会")
    settled()
    assert not page.edit_button.isEnabled()


def test_a_grade_is_entered_with_its_source(window: MainWindow, firms: tuple[str, str], settled: Settle) -> None:
    window.go(Target("enterprises", "R20", firms[0]))
    settled()
    page = page_of(window, EnterprisesPage)
    page.begin_grade()
    form = page.form
    assert isinstance(form, EntryForm)
    form.confirm()
    assert "项目" in form.remark.text()
    form.fields["field"].set_value("tax_grade")
    fill(form, value="B", source="江门市税务局公布", dated="2026-04-30")
    settled()
    assert page.form is None
    assert page.context.services.records.get("R20", firms[0]).record.values["tax_grade"] == "B"


def test_a_bad_event_goes_from_the_timeline_to_its_notice(
    window: MainWindow, desk: OpenDesk, firms: tuple[str, str], settled: Settle
) -> None:
    values: dict[str, object] = {
        "event_id": desk.services.ids.new(), "uscc": firms[0], "polarity": "4", "event_cat": "24",
        "event_date": "2026-11-02", "basis_kind": "3", "content": "未按行业公约标注材质。", "publicity": "P",
        "repair_status": "0",
    }  # fmt: skip
    event = desk.services.records.create("R21", values)  # type: ignore[arg-type]
    window.go(Target("enterprises", "R20", firms[0]))
    settled()
    page = page_of(window, EnterprisesPage)
    press(page.lines, Qt.Key.Key_Return)
    settled()
    cases = step(window, settled, "register")
    assert cases.title.text() == "恩平市云声音响制造有限公司 2026-11-02"
    by_head(desk, "W6", "R21", event, "check", evidence="公约第八条")
    settled()
    step(window, settled, "notify", "挂号信")
    assert cases.panel.state.text() == "已事先告知，等企业陈述"
    assert desk.services.papers.of("R21", event)[0].label == "信用信息记录事先告知书"
    step(window, settled, "statement", "已改正。")
    by_head(desk, "W6", "R21", event, "effect", ground="属实")
    settled()
    assert cases.panel.state.text() == "已生效"


def test_a_register_comes_in_from_excel_after_a_trial(
    window: MainWindow, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    file = tmp_path / "会员名册.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["恩平市电声行业协会会员名册"])
        sheet.write_row(
            1, 0, ["序号", "公司名称", "统一信用代码", "法人代表", "行业", "所属行业", "规模以上", "年营业收入(元)"]
        )
        sheet.write_row(2, 0, [1, FIRM["ent_name"], FIRM["uscc"], "陈建明", "3934", "麦克风", "是", 1_000_000_000])
        sheet.write_row(
            3, 0, [2, "恩平市新声电子有限公司", "91440785MA51234567", "李秀英", "3952", "音响", "否", "2500万元"]
        )
        sheet.write_row(4, 0, [3, "没有代码的厂", "", "黄桂芳", "", "", "", ""])
    window.go(Target("enterprises"))
    settled()
    page = page_of(window, EnterprisesPage)
    page.bring_register(file)
    settled()
    settled()
    trial = page.bring.trial
    assert trial is not None
    assert [line.row for line in trial.refused] == [5]
    assert trial.lines[0].values["revenue_main"] == "100000.00"
    assert trial.lines[1].values["revenue_main"] == "2500.00"
    assert trial.lines[1].values["cluster"] == "C1"
    press(page.bring.take_button, Qt.Key.Key_Space)
    settled()
    assert page.count.text() == "共 3 家(本机建档)"
    by_code = {str(one.values["uscc"]): one.values for one in desk.services.records.find("R20")}
    assert by_code["91440785MA51234567"]["ent_name"] == "恩平市新声电子有限公司"


def test_figures_are_numbers_in_the_workbook(window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    window.go(Target("enterprises"))
    settled()
    file = tmp_path / "统计.xlsx"
    page_of(window, EnterprisesPage).save_figures(file)
    settled()
    book = python_calamine.CalamineWorkbook.from_path(str(file))
    last = book.get_sheet_by_index(0).to_python()[-1]
    assert last[:5] == ["合计", 2, 2, 2, 100]


def test_a_green_card_is_applied_for_answered_and_calculated_by_keyboard(
    window: MainWindow, desk: OpenDesk, firms: tuple[str, str], settled: Settle
) -> None:
    press(window, Qt.Key.Key_K, CONTROL)
    settled()
    page = page_of(window, GreenCardsPage)
    press(window, Qt.Key.Key_N, CONTROL)
    form = page.form
    assert isinstance(form, EntryForm)
    form.fields["enterprise"].set_value(firms[0])
    form.fields["revenue"].set_value("100000.00")
    fill(form, basis="2025年，年度审计报告")
    settled()
    assert page.table.rows.rowCount() == 1
    press(page.table, Qt.Key.Key_Return)
    settled()
    assert "法院" in page.awaited.text()
    press(page.lines, Qt.Key.Key_Return)
    answer = page.form
    assert isinstance(answer, EntryForm)
    answer.fields["level"].set_value("1")
    fill(answer, document="税函〔2026〕1号")
    settled()
    card, cards = page.rid, desk.services.green_cards
    assert desk.services.records.get("R24", card).record.values["dept_scores"] == {"tax": "1"}
    for one in cards.rules_of(page.year)["base"]["departments"][1:]:
        cards.reply(card, one["id"], "1", "函〔2026〕2号")
    settled()
    assert page.awaited.isHidden()
    page.begin_facts()
    assert isinstance(page.form, FactsForm)
    page.form.gains.set_value(["hightech"])
    page.form.losses["penalty"].set_value(1)
    page.form.confirm()
    settled()
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "calculate")
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert page.sums.text() == "基础 80.0 ＋ 增加 3 － 流失 5 ＝ 78.0"
    assert page.grade.text() == "B级"
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert "骨干 1 家" in page.sentence.text()
    assert "1/64" in page.targets.text()


def test_an_assessment_is_off_until_its_basis_is_entered_and_is_explained(
    window: MainWindow, firms: tuple[str, str], settled: Settle
) -> None:
    press(window, Qt.Key.Key_J, CONTROL)
    settled()
    page = page_of(window, SelectionsPage)
    assert "尚未启用" in page.basis.text()
    assert not page.new_button.isEnabled()
    press(window, Qt.Key.Key_N, CONTROL)
    form = page.form
    assert isinstance(form, EntryForm)
    form.fields["basis"].set_value("evaluation")
    fill(form, batch="2027-01", document="江商信用函〔2026〕12号")
    settled()
    assert "行业信用评价结果(协会评价，非行政认定)" in page.basis.text()
    press(window, Qt.Key.Key_N, CONTROL)
    entry = page.form
    assert isinstance(entry, EntryForm)
    entry.fields["enterprise"].set_value(firms[0])
    entry.confirm()
    settled()
    press(page.table, Qt.Key.Key_Return)
    settled()
    assert page.score.text() == "得分待补"
    page.begin_facts()
    known = page.form
    assert isinstance(known, KnownForm)
    for box in known.flags.values():
        box.setCurrentIndex(1)
    known.confirm()
    settled()
    assert page.score.text() == "得分 95.0"
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "screen", "信用中国")
    assert step(window, settled, "score").panel.state.text() == "已评分，待评审"
    assert page_of(window, CasesPage).panel.buttons["judge"].isEnabled()  # a leader's signed paper may count


def test_a_departments_table_is_confirmed_line_by_line_and_its_letter_saved(
    window: MainWindow, desk: OpenDesk, firms: tuple[str, str], settled: Settle, tmp_path: Path
) -> None:
    cards = desk.services.green_cards
    year = cards.today.year
    first = cards.apply(year, firms[0], "100000.00", "2025年，年度审计报告")
    second = cards.apply(year, firms[1], "5000.00", "2025年，税务申报")
    file = tmp_path / "法院回复.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["序号", "企业名称", "评价档次"])
        sheet.write_row(1, 0, [1, FIRM["ent_name"], "优"])
        sheet.write_row(2, 0, [2, "远山电子", "无业务"])
    window.go(Target("green_cards"))
    settled()
    page = page_of(window, GreenCardsPage)
    page.read_table("court", file)
    settled()
    form = page.form
    assert isinstance(form, RepliesForm)
    form.confirm()
    assert form.remark.text()
    assert form.choices[1].currentData() == ""
    form.choices[1].setCurrentIndex(1)
    write(form.document, "FH2026-2")
    form.confirm()
    settled()
    records = desk.services.records
    assert records.get("R24", first).record.values["dept_scores"] == {"court": "1"}
    assert records.get("R24", second).record.values["dept_scores"] == {"court": "na"}
    paper = cards.inquire(year, "bank")
    target = tmp_path / "函.pdf"
    page.paper_file.save(paper, target)
    settled()
    assert target.read_bytes().startswith(b"%PDF-")
    page.save_figures(tmp_path / "绿卡.xlsx")
    settled()
    rows = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "绿卡.xlsx")).get_sheet_by_index(0).to_python()
    assert ["目标", "2015年底目标(历史)", "", 0, 64] in rows
