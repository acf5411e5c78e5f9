"""The conflict page: reading three sides, choosing, a reason, merging, sending again, rating again; all by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from jmdesk.conflicts.case import Kind
from jmdesk.desk import Desk
from jmdesk.vault.folder import Unlocked
from tests.desks import closed_desk
from tests.jmdesk.conflicts.city import City, copied
from tests.ui.conflict_cases import fill_with_cases
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.messages import Notice
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.conflicts.page import ConflictsPage
from ui.pages.home.page import HomePage
from ui.pages.unlock.page import UnlockPage

__all__ = ["closed_desk"]

Settle = Callable[[], None]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def office(tmp_path: Path, closed_desk: Unlocked, context: Context) -> Iterator[Desk]:
    """A desk with one thing to decide of each kind, given to ``context``."""
    with copied(closed_desk, tmp_path / "ours") as ours, copied(closed_desk, tmp_path / "other") as other:
        self_made = fill_with_cases(ours, other, City())
        assert len(self_made) == 7
        context.take(OpenDesk(ours))
        yield ours
        context.runner.close()


@pytest.fixture
def rids(office: Desk) -> dict[str, str]:
    """The record ids of the cases by what happened to them."""
    numbers = {case.record.values.get("household_id", ""): case.rid for case in office.conflicts.cases()}
    names = {1: "edited", 2: "merge", 3: "voided_here", 4: "voided_there", 5: "refused"}
    found = {names[int(str(number)[-1])]: rid for number, rid in numbers.items() if number}
    honour = next(case.rid for case in office.conflicts.cases() if case.type == "R13")
    (rated,) = office.conflicts.ratings_due()
    return found | {"honour": honour, "rated": rated}


@pytest.fixture
def page(qtbot: QtBot, context: Context, office: Desk, settled: Settle) -> Iterator[ConflictsPage]:
    """The page of that desk."""
    assert office.grant is None
    made = ConflictsPage(context)
    qtbot.addWidget(made)
    made.resize(1190, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    settled()
    yield made
    made.hide()
    settled()


def go(page: ConflictsPage, rid: str, type_id: str = "R05") -> None:
    page.show_target(Target("conflicts", type_id, rid))
    page.decide()


def posted(context: Context) -> list[Notice]:
    heard: list[Notice] = []
    context.notices.posted.connect(heard.append)
    return heard


def keys_of(page: ConflictsPage) -> list[str]:
    assert page.shown is not None
    return [entry.key for entry in page.shown.entries]


def test_every_kind_of_case_is_listed_in_words(page: ConflictsPage) -> None:
    assert page.shown is not None
    assert {entry.chip.text for entry in page.shown.entries} == {
        "两处修改不一致", "可以合并", "本机已作废", "平台上已作废", "退回补正", "需重新评级",
    }  # fmt: skip
    assert page.sentence.text() == "7 条等待处理，其中 1 条可以直接合并。"
    assert all(entry.told and entry.advice for entry in page.shown.entries)


def test_differing_fields_come_first_and_the_rest_is_folded(page: ConflictsPage, rids: dict[str, str]) -> None:
    go(page, rids["edited"])
    pane = page.pane
    assert list(pane.comparison.choices) == ["phone", "group_no", "address", "population", "labor_count"]
    phone = pane.comparison.choices["phone"]
    assert (phone.line.base, phone.line.mine, phone.line.theirs) == ("199****0001", "199****4444", "199****2222")
    assert phone.choice is None
    assert not pane.comparison.rest.unfolded
    assert "测试员" in pane.told.text()
    assert "电脑 bbbbbbbb" in pane.told.text()
    assert phone.mine.radio.hasFocus()


def test_a_conflict_is_settled_by_keyboard_alone(
    page: ConflictsPage, office: Desk, rids: dict[str, str], settled: Settle, qtbot: QtBot
) -> None:
    page.table.setFocus()
    press(page.table, Qt.Key.Key_Home)
    press(page.table, Qt.Key.Key_Return)
    first = QApplication.focusWidget()
    assert first is page.pane.comparison.choices["phone"].mine.radio
    press(first, Qt.Key.Key_Space)
    page.pane.reason.setFocus()
    write(page.pane.reason, "已向本人核实")
    assert page.unsaved()
    press(page.pane.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: f"R05:{rids['edited']}" not in keys_of(page))
    settled()
    found = office.records.get("R05", rids["edited"]).record
    assert (found.values["phone"], found.values["population"], found.values["labor_count"]) == ("19933334444", 5, 1)
    assert office.records.history(rids["edited"])[-1].reason == "已向本人核实"
    assert not page.unsaved()


def test_nothing_is_saved_without_a_choice_and_a_reason(page: ConflictsPage, rids: dict[str, str]) -> None:
    go(page, rids["edited"])
    page.save()
    assert page.pane.reason_row.problem_label.text() == "还有栏目没有选定用哪一处的值。"
    phone = page.pane.comparison.choices["phone"]
    assert phone.mine.radio.hasFocus()
    press(phone.mine.radio, Qt.Key.Key_Space)
    page.save()
    assert page.pane.reason_row.problem_label.text() == "请写明处理理由。"
    assert page.pane.reason.hasFocus()
    assert page.context.runner.idle


def test_a_click_on_the_words_chooses_them(page: ConflictsPage, rids: dict[str, str]) -> None:
    go(page, rids["edited"])
    phone = page.pane.comparison.choices["phone"]
    QTest.mouseClick(phone.theirs.words, Qt.MouseButton.LeftButton)
    assert phone.theirs.radio.isChecked()
    assert phone.choice is not None


def test_what_does_not_clash_is_merged_by_one_button(
    page: ConflictsPage, office: Desk, rids: dict[str, str], qtbot: QtBot
) -> None:
    assert page.merge_button.isEnabled()
    page.merge_button.click()
    qtbot.waitUntil(lambda: f"R05:{rids['merge']}" not in keys_of(page))
    found = office.records.get("R05", rids["merge"]).record
    assert (found.values["phone"], found.values["population"]) == ("19977778888", 6)
    assert not page.merge_button.isEnabled()


def test_a_refused_record_is_sent_again(page: ConflictsPage, office: Desk, rids: dict[str, str], qtbot: QtBot) -> None:
    go(page, rids["refused"])
    assert page.pane.resend_button.hasFocus()
    assert not page.pane.reason.isVisible()
    press(page.pane.resend_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: f"R05:{rids['refused']}" not in keys_of(page))
    assert office.records.get("R05", rids["refused"]).record.sync == "mine"


def test_a_record_voided_here_asks_whether_it_stays(
    page: ConflictsPage, office: Desk, rids: dict[str, str], qtbot: QtBot
) -> None:
    go(page, rids["voided_here"])
    page.save()
    assert page.pane.reason_row.problem_label.text() == "请先选定怎样处理这条记录。"
    press(page.pane.whole.options["keep"].radio, Qt.Key.Key_Space)
    write(page.pane.reason, "仍在使用")
    page.save()
    qtbot.waitUntil(lambda: f"R05:{rids['voided_here']}" not in keys_of(page))
    found = office.records.get("R05", rids["voided_here"]).record
    assert (found.voided, found.values["phone"]) == (None, "19911113333")


def test_only_what_nothing_points_at_may_be_recorded_anew(page: ConflictsPage, rids: dict[str, str]) -> None:
    go(page, rids["voided_there"])
    assert list(page.pane.whole.options) == ["void"]
    assert page.pane.whole.decision == "void"
    page.discard()
    go(page, rids["honour"], "R13")
    assert list(page.pane.whole.options) == ["void", "renew"]
    assert page.pane.whole.decision == ""


def test_an_old_rating_is_computed_anew(page: ConflictsPage, office: Desk, rids: dict[str, str], qtbot: QtBot) -> None:
    page.table.selectRow(keys_of(page).index(f"rating:{rids['rated']}"))
    page.decide()
    assert page.pane.rate_button.hasFocus()
    press(page.pane.rate_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: f"rating:{rids['rated']}" not in keys_of(page))
    assert office.conflicts.ratings_due() == []


def test_choices_begun_are_kept_while_others_work_and_a_record_that_moved_on_is_shown_anew(
    page: ConflictsPage, office: Desk, rids: dict[str, str], context: Context, settled: Settle, qtbot: QtBot
) -> None:
    go(page, rids["edited"])
    phone = page.pane.comparison.choices["phone"]
    press(phone.mine.radio, Qt.Key.Key_Space)
    write(page.pane.reason, "已核实")
    office.records.change("R05", rids["edited"], {"phone": "19900009999"})
    settled()
    assert phone.mine.radio.isChecked()
    notices = posted(context)
    page.save()
    qtbot.waitUntil(lambda: bool(notices))
    assert notices[0].text.startswith("在您查看期间")
    settled()
    assert page.pane.comparison.choices["phone"].line.mine == "199****9999"
    assert office.conflicts.case("R05", rids["edited"]).kind is Kind.EDITED


def test_the_record_opens_and_leads_back(page: ConflictsPage, rids: dict[str, str], qtbot: QtBot) -> None:
    go(page, rids["edited"])
    with qtbot.waitSignal(page.context.going) as going:
        page.pane.open_button.click()
    back = Target("conflicts", "R05", rids["edited"])
    assert going.args == [Target("records", "R05", rids["edited"], came_from=back)]


def test_with_nothing_to_decide_the_page_says_so(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle
) -> None:
    assert desk.services.conflicts.cases() == []
    made = ConflictsPage(context)
    qtbot.addWidget(made)
    made.show()
    settled()
    assert made.list.empty.isVisible()
    assert not made.pane.isVisible()
    assert not made.merge_button.isEnabled()
    made.save()
    made.hide()
    settled()


@pytest.mark.parametrize("scale", [100, 150, 200])
def test_the_page_fits_a_small_screen_and_is_reached_from_home(
    qtbot: QtBot, context: Context, office: Desk, settled: Settle, scale: int
) -> None:
    look().apply(theme("light", scale))
    window = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    window.enter(OpenDesk(office))
    settled()
    home = window.page
    assert isinstance(home, HomePage)
    led = {item.text: item.count for item in home.overview.waiting if item.page == "conflicts"}
    assert led == {
        "平台退回，需补正": 3,
        "两处修改不一致，需选定": 2,
        "待报送期间平台有新内容": 1,
        "依据有变化，需重新评级的户": 1,
    }
    press(window, Qt.Key.Key_8, CTRL)
    settled()
    page = window.page
    assert isinstance(page, ConflictsPage)
    assert window.rail.buttons["sync"].isChecked()
    page.decide()
    QApplication.processEvents()
    least = window.minimumSizeHint()
    assert (least.width() <= 1366, least.height() <= 768) == (True, True)
    assert page.minimumSizeHint().width() <= window.stack.width()
    press(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.table.hasFocus()
    assert page.table.isVisible()
