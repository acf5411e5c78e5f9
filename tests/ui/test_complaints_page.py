"""The complaint desk by keyboard: a call taken down, the case to its end, drafts, phones, papers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.complaints.intake import Intake
from jmdesk.core.clock import beijing_date
from jmdesk.place import Grant
from tests.jmdesk.complaints.association import FIRM, add_firm, complaint
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.page_table import RAIL
from ui.pages.cases.page import CasesPage
from ui.pages.complaints.page import BOARD, CASE, INTAKE, ComplaintsPage
from ui.pages.unlock.page import UnlockPage

Settle = Callable[[], None]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def settled(qtbot: QtBot, context: Context) -> Settle:
    """Waits until no work is under way and what the store announced has been read, too."""

    def wait() -> None:
        for _ in range(3):
            qtbot.waitUntil(lambda: context.runner.idle)
            QApplication.processEvents()

    return wait


@pytest.fixture
def firm(desk: OpenDesk) -> str:
    return add_firm(desk.services)


@pytest.fixture
def window(qtbot: QtBot, context: Context, desk: OpenDesk, firm: str, settled: Settle) -> MainWindow:
    """The whole window, with the complaint desk in front."""
    assert firm
    made = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    qtbot.addWidget(made)
    made.enter(desk)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    settled()
    press(made, Qt.Key.Key_T, CTRL)
    settled()
    return made


@pytest.fixture
def page(window: MainWindow) -> ComplaintsPage:
    assert isinstance(window.page, ComplaintsPage)
    return window.page


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def enter(*texts: str) -> None:
    """Type into one field after another, Enter leading on; "" leaves a field as it is."""
    for text in texts:
        if text:
            write(focused(), text)
        press(focused(), Qt.Key.Key_Return)


def take_down(page: ComplaintsPage, settled: Settle) -> None:
    """A consumer on the phone, from the first word to the number."""
    press(page, Qt.Key.Key_N, CTRL)
    assert page.stack.currentIndex() == INTAKE
    enter("", "", "", "何秀英", "13900001234", FIRM, "无线话筒", "U-200", "DD20261101", "zl", "680", "", "")
    press(focused(), Qt.Key.Key_Space)  # the first claim
    for _ in page.form.rows["claims"].field.boxes:  # type: ignore[attr-defined]
        press(focused(), Qt.Key.Key_Tab)
    write(focused(), "收到的话筒无声，商家不退货。")
    press(focused(), Qt.Key.Key_Tab)
    focused().selectAll()  # type: ignore[attr-defined]
    write(focused(), "本人选择由协会调解")
    press(focused(), Qt.Key.Key_Return, CTRL)
    settled()


def take(page: ComplaintsPage, settled: Settle, step: str, *texts: str) -> None:
    """Choose a step and fill its form, by keyboard; "" leaves what is likely."""
    page.case.panel.buttons[step].setFocus()
    press(focused(), Qt.Key.Key_Space)
    QApplication.processEvents()  # the form takes the focus once it is seen
    form = page.case.panel.form
    assert form is not None, step
    for text in texts:
        if text:
            write(focused(), text)
        press(focused(), Qt.Key.Key_Tab)
    form.confirm()
    settled()
    assert page.case.panel.form is None, form.remark.text()


def sign(page: ComplaintsPage, settled: Settle, step: str, *texts: str) -> None:
    """The same for a step that the head signed on paper, for there is only one person at this desk."""
    page.case.panel.buttons[step].setFocus()
    press(focused(), Qt.Key.Key_Space)
    QApplication.processEvents()  # the form takes the focus once it is seen
    form = page.case.panel.form
    assert form is not None
    for text in (*texts, "", "会长林国栋", "t"):
        if text:
            write(focused(), text)
        press(focused(), Qt.Key.Key_Tab)
    form.confirm()
    settled()


def test_a_whole_case_by_keyboard(
    page: ComplaintsPage, desk: OpenDesk, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_down(page, settled)
    assert page.stack.currentIndex() == CASE
    (record,) = desk.services.records.find("R22")
    values = record.values
    assert (values["complainant_name"], values["problem_class"], values["claims"]) == ("何秀英", "01", ["1"])
    assert (values["amount"], values["respondent_is_member"]) == ("680.00", True)
    receipt = tmp_path / "回执.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(receipt), ""))
    press(page.window(), Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    settled()
    view = page.paper_file.view
    assert view is not None
    press(view, Qt.Key.Key_S, CTRL)
    settled()
    assert receipt.read_bytes().startswith(b"%PDF")
    press(view, Qt.Key.Key_Escape)
    settled()
    sign(page, settled, "accept", "")
    assert page.case.panel.state.text() == "已受理，待企业答复"
    take(page, settled, "reply", "同意换货")
    take(page, settled, "mediate", "")
    take(page, settled, "minutes", "双方到场")
    take(page, settled, "agree", "七日内换货", "t")
    take(page, settled, "notify", "当面")
    take(page, settled, "call", "5")
    take(page, settled, "perform", "已履行")
    take(page, settled, "close", "680")
    assert desk.services.records.get("R22", record.rid).record.values["recovered_amount"] == "680.00"
    assert page.case.panel.state.text() == "已办结归档"
    values = desk.services.records.get("R22", record.rid).record.values
    assert (values["outcome"], values["satisfaction"], values["agreement_performed"]) == ("2", 5, "1")
    assert [paper.number for paper in desk.services.papers.of("R22", record.rid)] == [values["complaint_no"]]
    press(page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    settled()
    assert page.board.sentence.text() == "在办 0 件"


def test_two_complaints_about_one_product_are_linked_and_unlinked_by_keyboard(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    complaints = desk.services.complaints
    first = complaints.register(Intake(complaint(firm))).record
    second = complaints.register(Intake(complaint(firm, order_no="DD2"))).record
    number = str(first.values["complaint_no"])
    page.open(second.rid)
    settled()
    (way,) = (one for one in page.case.findChildren(QWidget) if one.accessibleName() == f"关联 {number}")  # type: ignore[var-annotated]
    press(way, Qt.Key.Key_Space)
    QApplication.processEvents()
    form = page.case.panel.form
    assert form is not None
    assert form.needs["other"].value() == number  # type: ignore[attr-defined]
    write(form.needs["relation"], "同一产品")
    form.confirm()
    settled()
    assert [(one.number, one.relation) for one in complaints.linked(complaints.case(second.rid))] == [
        (number, "同一产品")
    ]
    take(page, settled, "unlink", number, "型号不同")
    assert complaints.linked(complaints.case(first.rid)) == []


def test_each_step_offers_its_paper(page: ComplaintsPage, settled: Settle) -> None:
    take_down(page, settled)
    sign(page, settled, "accept", "")
    press(page, Qt.Key.Key_P, CTRL)
    assert focused().text() == "出具《投诉受理告知书》"  # type: ignore[attr-defined]


def test_what_is_missing_is_said_and_nothing_is_lost(
    window: MainWindow, page: ComplaintsPage, desk: OpenDesk, settled: Settle
) -> None:
    press(page, Qt.Key.Key_N, CTRL)
    enter("", "", "", "何秀英")
    press(focused(), Qt.Key.Key_Return, CTRL)
    settled()
    assert "被投诉方、产品或服务" in window.notices.text.text()
    assert page.stack.currentIndex() == INTAKE
    assert desk.services.records.count("R22") == 0
    page.keep_draft()
    page.go_back()
    press(page, Qt.Key.Key_N, CTRL)
    assert page.form.values()["complainant_name"] == "何秀英"


def test_a_firm_is_known_by_its_code_and_others_by_their_word(page: ComplaintsPage, firm: str, settled: Settle) -> None:
    press(page, Qt.Key.Key_N, CTRL)
    page.form.firm.setFocus()
    enter(FIRM)
    settled()
    assert page.form.values()["uscc"] == firm
    assert page.form.firm_line.text().startswith("本会会员")
    page.form.firm.setFocus()
    page.form.firm.selectAll()
    enter("某网店")
    settled()
    values = page.form.values()
    assert ("uscc" in values, values["respondent_name"]) == (False, "某网店")


def test_a_phone_of_ones_own_open_case_needs_no_reason_and_is_logged(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    case = desk.services.complaints.register(Intake(complaint(firm), "association"))
    page.show_target(Target("complaints", "R22", case.record.rid))
    settled()
    assert page.case.phone.text() == "139****1234"
    press(page.case.show_button, Qt.Key.Key_Space)
    settled()
    assert page.case.phone.text() == "13900001234"
    (looked,) = desk.services.records.find("R26")
    assert looked.values["subject_id"] == f"R22:{case.record.rid}"
    desk.services.complaints.take(case.record.rid, "withdraw", {"ground": "已解决"})
    settled()
    page.case.cover_phone()
    press(page.case.show_button, Qt.Key.Key_Space)
    assert page.case.phone.text() == "139****1234"
    enter("回访满意度")
    settled()
    assert page.case.phone.text() == "13900001234"


def test_the_board_shows_what_is_due_and_whom_it_waits_for(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    services = desk.services
    today = beijing_date(services.clock.now())
    old = today.replace(year=today.year - 1)
    late = services.complaints.register(Intake(complaint(firm), "association", on=old)).record.rid
    fresh = services.complaints.register(Intake(complaint(firm, order_no="DD2"), "association")).record.rid
    services.complaints.take(fresh, "request_material", {"missing": "票据"})
    settled()
    assert page.board.sentence.text() == "在办 2 件，超期 1 件，今天到期 0 件"
    assert page.board.table.current_key() == late
    page.board.scope.setCurrentIndex(page.board.scope.findData("投诉人"))
    settled()
    assert [page.board.table.rows.row_at(n).key for n in range(1)] == [fresh]  # type: ignore[union-attr]
    assert page.stack.currentIndex() == BOARD


def test_a_complaint_is_found_by_what_people_remember(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    rid = desk.services.complaints.register(Intake(complaint(firm), "association")).record.rid
    desk.services.complaints.register(
        Intake(
            complaint(
                respondent_name="别家", complainant_name="冯国栋", product="音箱", complainant_phone="13900009999"
            )
        )
    )
    press(page, Qt.Key.Key_F, CTRL)
    for text in ("hxy", "1234", "话筒"):
        page.board.search.setFocus()
        page.board.search.clear()
        write(page.board.search, text)
        press(page.board.search, Qt.Key.Key_Return)
        settled()
        assert page.board.table.current_key() == rid, text
        assert page.board.sentence.text() == "共 1 件"


def test_who_has_a_firm_in_the_case_is_told_why_he_cannot_see_it(
    window: MainWindow, page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    rid = desk.services.complaints.register(Intake(complaint(firm), "association")).record.rid
    desk.services.complaints.declare([FIRM])
    page.open(rid)
    settled()
    assert "须回避" in window.notices.text.text()
    assert page.stack.currentIndex() == BOARD


def test_the_report_of_a_year_is_seen_and_saved(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle, tmp_path: Path
) -> None:
    for n in range(6):
        desk.services.complaints.register(Intake(complaint(firm, order_no=f"D{n}"), "association"))
    page.show_report()
    settled()
    assert "恩平某电声有限公司" not in page.report.shown.toPlainText()
    page.report.kind.setCurrentIndex(1)
    settled()
    assert "恩平某电声有限公司" in page.report.shown.toPlainText()
    report = page.report.report
    assert report is not None
    for name in ("报告.pdf", "报告.xlsx"):
        page.report.save(report, tmp_path / name)
        settled()
        assert (tmp_path / name).stat().st_size > 1000
    page.report.year.setCurrentIndex(3)
    settled()
    assert "没有投诉" in page.report.shown.toPlainText()
    assert not page.report.pdf.isEnabled()


def test_the_wall_fills_the_screen_turns_by_keyboard_and_prints_to_paper(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        desk.services.complaints.register(Intake(complaint(firm, order_no=f"D{n}")))
    page.show_report()
    settled()
    press(page, Qt.Key.Key_F11)
    settled()
    view = page.report.wall
    assert view is not None
    assert view.isFullScreen()
    assert "收到投诉 6 件" in view.accessibleDescription()
    press(view, Qt.Key.Key_Right)
    assert view.number == 1
    press(view, Qt.Key.Key_End)
    assert view.number == len(view.wall.panels)
    press(view, Qt.Key.Key_Right)
    assert view.number == len(view.wall.panels)
    assert not view.grab().isNull()
    file = tmp_path / "图表.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(file), ""))
    press(view, Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    settled()
    paper = PdfReader(file)
    assert len(paper.pages) == len(view.wall.panels) + 1
    assert (round(float(paper.pages[0].mediabox.width)), round(float(paper.pages[0].mediabox.height))) == (1191, 842)
    assert "电声有限公司" not in "".join(sheet.extract_text() for sheet in paper.pages)
    press(view, Qt.Key.Key_Escape)
    settled()
    assert page.report.wall is None


def test_a_firm_of_ones_own_is_declared_and_taken_back(
    page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    assert firm
    page.show_interests()
    settled()
    write(page.interests.firm, FIRM)
    press(page.interests.firm, Qt.Key.Key_Return)
    settled()
    assert desk.services.complaints.declared() == (FIRM,)
    assert page.interests.codes == (FIRM,)


def test_the_list_of_cases_leads_to_the_complaint_desk(
    window: MainWindow, page: ComplaintsPage, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    rid = desk.services.complaints.register(Intake(complaint(firm), "association")).record.rid
    window.go(Target("cases"))
    settled()
    cases = window.page
    assert isinstance(cases, CasesPage)
    cases.table.setFocus()
    press(cases.table, Qt.Key.Key_Return)
    settled()
    assert (window.page_id, page.rid) == ("complaints", rid)
    press(page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    settled()
    assert window.page_id == "cases"


def test_the_desk_is_on_the_rail_of_an_association_and_not_of_a_village(context: Context, desk: OpenDesk) -> None:
    (spec,) = (one for one in RAIL if one.id == "complaints")
    assert not spec.concerns(context)
    grant = Grant("k", desk.services.unit, ("440783",), ("R3", "R4"), "01", "")
    desk.services.accept_grant(grant)
    assert spec.concerns(context)
