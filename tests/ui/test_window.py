"""The window: unlocking, going from page to page by keyboard, notices, locking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import PASSPHRASE, UNIT
from tests.ui.keys import press, write
from ui.core.actions import ACTIONS, clashes
from ui.core.context import Context, Page, Target
from ui.core.overriding import override
from ui.core.settings import TEXT_SCALES
from ui.core.theme import look
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.page_table import PAGES, RAIL, PageSpec
from ui.pages.home.page import HomePage
from ui.pages.records.page import RecordsPage
from ui.pages.unlock.page import UnlockPage
from ui.widgets.field import TextField


@pytest.fixture
def front(qtbot: QtBot, context: Context) -> UnlockPage:
    page = UnlockPage(context, VaultsOnDisk(FLOOR))
    qtbot.addWidget(page)
    page.show()
    return page


@pytest.fixture
def window(qtbot: QtBot, context: Context, desk: OpenDesk) -> Iterator[MainWindow]:
    made = MainWindow(context, UnlockPage(context, VaultsOnDisk(FLOOR)))
    qtbot.addWidget(made)
    made.show()
    made.enter(desk)
    with qtbot.waitActive(made):
        made.activateWindow()
    qtbot.waitUntil(lambda: context.runner.idle)
    yield made
    qtbot.waitUntil(lambda: context.runner.idle)


# -- unlocking ---------------------------------------------------------------------------------------------------------


def test_the_right_passphrase_opens_the_vault(qtbot: QtBot, vault: Path, front: UnlockPage) -> None:
    front.refresh()
    front.passphrase.setText(PASSPHRASE)
    with qtbot.waitSignal(front.unlocked) as opened:
        press(front.passphrase, Qt.Key.Key_Return)
    assert opened.args is not None
    desk = opened.args[0]
    assert isinstance(desk, OpenDesk)
    assert desk.unit_name == "百合镇上洞村村民委员会"
    assert desk.user_name == "林小燕"
    assert front.passphrase.text() == ""
    desk.close()


def test_a_wrong_passphrase_is_told_apart_from_damage(qtbot: QtBot, vault: Path, front: UnlockPage) -> None:
    front.refresh()
    front.passphrase.setText("不是这个口令吧")
    front.unlock()
    qtbot.waitUntil(lambda: bool(front.problem.text()))
    assert front.problem.text() == "开库口令不对。"
    assert front.passphrase.isEnabled()
    for name in ("vault.json", "vault.json.bak"):
        (vault / name).write_text("{", encoding="utf-8")
    front.passphrase.setText(PASSPHRASE)
    front.unlock()
    qtbot.waitUntil(lambda: front.problem.text() not in ("", "开库口令不对。"))
    assert "已损坏" in front.problem.text()
    assert front.advice.text()


def test_a_vault_in_use_elsewhere_says_so(qtbot: QtBot, vault: Path, front: UnlockPage) -> None:
    desk = VaultsOnDisk().open(vault, PASSPHRASE, "")
    front.refresh()
    front.passphrase.setText(PASSPHRASE)
    front.unlock()
    qtbot.waitUntil(lambda: bool(front.problem.text()))
    assert front.problem.text() == Refused("vault.in_use").message_for_user().text
    desk.close()


def test_a_folder_that_is_no_vault_says_so_before_any_passphrase(
    tmp_path: Path, front: UnlockPage, settled: Callable[[], None]
) -> None:
    front.choose(tmp_path)
    settled()
    assert front.problem.text() == Refused("vault.not_a_vault").message_for_user().text


def test_nothing_is_asked_twice_when_no_vault_is_known(front: UnlockPage) -> None:
    assert not front.open_button.isVisible()
    assert front.create_button.isVisible()
    front.unlock()
    assert front.problem.text() == ""


def test_a_vault_is_made_step_by_step(qtbot: QtBot, tmp_path: Path, front: UnlockPage) -> None:
    front.start_create()
    wizard = front.wizard
    assert wizard is not None
    wizard.forward()
    assert wizard.problem.text() == "请输入 18 位统一社会信用代码。"
    write(wizard.unit, UNIT)
    write(wizard.unit_name, "百合镇上洞村村民委员会")
    wizard.region.line.setFocus()
    write(wizard.region.line, "上洞")
    press(wizard.region.line, Qt.Key.Key_Tab)
    wizard.forward()
    assert wizard.stepper.current == 1, wizard.problem.text()
    wizard.folder.set_value(str(tmp_path / "新资料库"))
    write(wizard.user, "林小燕")
    wizard.forward()
    wizard.passphrase.setText("123456")
    wizard.again.setText("123456")
    wizard.forward()
    assert wizard.problem.text() != ""
    wizard.passphrase.setText(PASSPHRASE)
    wizard.again.setText(PASSPHRASE + "八")
    wizard.forward()
    assert wizard.problem.text() == "两次输入的口令不一样。"
    wizard.again.setText(PASSPHRASE)
    with qtbot.waitSignal(front.unlocked) as made:
        wizard.forward()
    assert made.args is not None
    desk = made.args[0]
    assert isinstance(desk, OpenDesk)
    assert desk.services.regions == ("440783110220",)
    assert wizard.passphrase.text() == ""
    desk.close()


def test_a_vault_cannot_be_made_where_something_is(qtbot: QtBot, vault: Path, front: UnlockPage) -> None:
    front.start_create()
    wizard = front.wizard
    assert wizard is not None
    wizard.unit.set_value(UNIT)
    wizard.unit_name.set_value("某村")
    wizard.region.set_value("440783110220")
    wizard.forward()
    wizard.folder.set_value(str(vault))
    wizard.user.set_value("某人")
    wizard.forward()
    wizard.passphrase.setText(PASSPHRASE)
    wizard.again.setText(PASSPHRASE)
    wizard.forward()
    qtbot.waitUntil(lambda: bool(wizard.problem.text()))
    assert Refused("vault.exists").message_for_user().text in wizard.problem.text()


def test_a_shown_passphrase_is_hidden_again_when_it_is_taken(front: UnlockPage) -> None:
    front.passphrase.setText("一句话")
    front.passphrase.toggle()
    assert front.passphrase.shown
    assert front.passphrase.take() == "一句话"
    assert not front.passphrase.shown


# -- going about -------------------------------------------------------------------------------------------------------


def test_no_key_means_two_things() -> None:
    assert list(clashes()) == []
    assert len({entry.id for entry in ACTIONS}) == len(ACTIONS)


def test_every_page_of_the_rail_has_its_key() -> None:
    keys = {entry.id for entry in ACTIONS}
    assert {f"go.{spec.id}" for spec in RAIL} <= keys


def test_pages_are_built_when_first_shown(window: MainWindow) -> None:
    assert isinstance(window.page, HomePage)
    assert window.stack.count() == 1
    press(window, Qt.Key.Key_F1)
    assert window.page_id == "help"
    assert window.stack.count() == 2


def test_every_page_opens_by_its_key(window: MainWindow, settled: Callable[[], None]) -> None:
    keys = {entry.id: entry.shortcut for entry in ACTIONS}
    for spec in RAIL:
        QTest.keySequence(window, QKeySequence(keys[f"go.{spec.id}"]))
        settled()
        assert window.page_id == spec.id
        button = window.rail.buttons.get(spec.id)
        assert (button is not None) == spec.concerns(window.context)
        assert button is None or button.isChecked()


def test_every_page_fits_a_small_screen_at_every_text_size(
    window: MainWindow, context: Context, settled: Callable[[], None]
) -> None:
    window.resize(1366, 768)
    for scale in (150, 200):
        for _ in range(TEXT_SCALES.index(scale) - TEXT_SCALES.index(context.settings.text_scale)):
            press(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
        assert look().theme.scale == scale
        for spec in PAGES:
            window.go(Target(spec.id))
            settled()
            QApplication.processEvents()
            least, page = window.minimumSizeHint(), window.page
            assert page is not None
            assert (least.width() <= 1366, least.height() <= 768) == (True, True), (spec.id, scale, least)
            # A tall page may scroll; nobody should have to scroll sideways.
            assert page.minimumSizeHint().width() <= window.stack.width(), (spec.id, scale)


def test_a_member_opens_from_the_dossier_and_back_leads_there(
    window: MainWindow, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    household = desk.services.records.find("R05", limit=1)[0].rid
    member = desk.services.records.find("R06", limit=1)[0].rid
    came = Target("households", "R05", household)
    window.go(came)
    settled()
    window.go(Target("records", "R06", member, came_from=came))
    settled()
    page = window.page
    assert isinstance(page, RecordsPage)
    assert (page.type_id, page.rid, page.stack.currentIndex()) == ("R06", member, 1)
    press(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    settled()
    assert window.page_id == "households"


class NewWindows(QObject):
    """Notes every widget that becomes a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(repr(watched))
        return False


def test_no_page_flashes_a_window_of_its_own(
    window: MainWindow, desk: OpenDesk, qapp: QApplication, settled: Callable[[], None]
) -> None:
    household = desk.services.records.find("R05", limit=1)[0].rid
    targets = [Target(spec.id) for spec in PAGES]
    targets += [Target("households", "R05", household), Target("records", "R05", household)]
    targets += [Target("records", type_id, new={}) for type_id in desk.services.catalogue.types if type_id != "R05"]
    watch = NewWindows()
    qapp.installEventFilter(watch)
    for target in targets:
        window.go(target)
        settled()
    qapp.removeEventFilter(watch)
    assert watch.seen == []


def test_the_theme_changes_by_key_and_is_remembered(window: MainWindow, context: Context) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(window, Qt.Key.Key_D, both)
    assert look().theme.name == "dark"
    assert context.settings.theme == "dark"


def test_ctrl_z_takes_back_the_last_change(
    window: MainWindow, desk: OpenDesk, settled: Callable[[], None], qtbot: QtBot
) -> None:
    household = desk.services.records.find("R05", limit=1)[0]
    desk.services.records.change("R05", household.rid, {"group_no": "第9组"})
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled()
    assert desk.services.records.get("R05", household.rid).record.values["group_no"] == "第1组"
    notice = window.notices.notice
    assert notice is not None
    assert notice.text == "已撤销上一次保存的修改。"


def test_home_shows_what_waits_and_follows_changes(window: MainWindow, desk: OpenDesk, qtbot: QtBot) -> None:
    home = window.page
    assert isinstance(home, HomePage)
    assert home.overview.figures[0][1] == 12
    before = home.overview.sync.unsent
    desk.services.records.create("R20", {"ent_name": "开平市某某水暖厂"})
    qtbot.waitUntil(lambda: home.overview.sync.unsent == before + 1)


class Draft(Page):
    """A page with unsaved input."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.text = TextField()
        self.text.setParent(self)

    def unsaved(self) -> bool:
        return bool(self.text.text())

    def discard(self) -> None:
        self.text.clear()


class DraftSpec(PageSpec):
    """That page in the place of another."""

    def build(self, context: Context) -> Page:
        return Draft(context)


def test_unsaved_input_holds_the_window_and_can_be_let_go(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    specs = tuple(DraftSpec(**asdict(spec)) if spec.id == "records" else spec for spec in PAGES)
    window = MainWindow(context, UnlockPage(context, VaultsOnDisk()), specs)
    qtbot.addWidget(window)
    window.show()
    window.enter(desk)
    window.go(Target("records"))
    page = window.page
    assert isinstance(page, Draft)
    write(page.text, "half")
    window.go(Target("help"))
    assert window.page_id == "records"
    assert not window.close()
    window.go(Target("help"))
    window.notices.act()
    assert window.page_id == "help"
    settled()
