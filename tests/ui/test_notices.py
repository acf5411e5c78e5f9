"""Notices, bugs, and how the window lets go: locking, sleeping, idling, settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import PASSPHRASE
from tests.ui.keys import press, write
from ui.app import Session, run
from ui.core.context import Context, Target
from ui.core.idle import IdleWatch
from ui.core.messages import Notice
from ui.core.settings import Settings
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.households.page import HouseholdsPage
from ui.pages.unlock.page import UnlockPage
from ui.widgets.notice_bar import NoticeBar


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


def test_good_news_goes_and_bad_news_stays(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_notice(Notice("已保存。", "ok"))
    bar._timer.setInterval(1)
    bar._timer.start()
    qtbot.waitUntil(lambda: not bar.isVisible())
    bar.show_notice(Notice("平台没有答复。", "bad", "稍后再试。"))
    assert not bar._timer.isActive()
    assert bar.accessibleName() == "平台没有答复。稍后再试。"
    bar.dismiss()
    assert bar.notice is None


def test_a_notice_offers_the_way_back(qtbot: QtBot, context: Context) -> None:
    bar, done = NoticeBar(), []
    qtbot.addWidget(bar)
    context.notices.posted.connect(bar.show_notice)
    context.notices.done_with_undo("已作废(留痕)。", lambda: done.append(1))
    bar.action.click()
    assert done == [1]
    assert bar.notice is None


def spoil(text: str) -> None:
    """Fail as a bug does, with a person's data in the message."""
    raise ValueError(text)


def test_a_known_error_is_a_notice_and_a_bug_is_a_report_without_people(window: MainWindow) -> None:
    window.context.notices.error(Refused("vault.wrong_passphrase"))
    assert window.notices.text.text() == "开库口令不对。"
    with pytest.raises(ValueError, match="陈建明") as caught:
        spoil("陈建明 440783198512311234")
    window.context.notices.error(caught.value)
    report = window.bug_dialog.text.toPlainText()
    assert "ValueError" in report
    assert "test_notices.py" in report
    assert "陈建明" not in report
    assert "4407831985" not in report
    window.bug_dialog.accept()


def test_locking_lets_go_of_the_vault_and_starts_a_fresh_process(qtbot: QtBot, settings: Settings, vault: Path) -> None:
    again: list[int] = []
    session = Session(VaultsOnDisk(FLOOR), settings, lambda: again.append(1))
    qtbot.addWidget(session.window)
    session.window.show()
    session.front.unlocked.emit(VaultsOnDisk().open(vault, PASSPHRASE, ""))
    with qtbot.waitActive(session.window):
        session.window.activateWindow()
    press(session.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert again == [1]
    VaultsOnDisk().open(vault, PASSPHRASE, "").close()


def test_what_was_typed_survives_a_lock_and_can_be_gone_on_with(qtbot: QtBot, settings: Settings, vault: Path) -> None:
    session = Session(VaultsOnDisk(FLOOR), settings, lambda: None)
    qtbot.addWidget(session.window)
    session.window.show()
    session.front.unlocked.emit(VaultsOnDisk().open(vault, PASSPHRASE, ""))
    session.window.go(Target("households", new={}))
    page = session.window.page
    assert isinstance(page, HouseholdsPage)
    write(page.form.rows["person_name"].field, "未保存的人")
    session.window.lock()
    assert session.context.desk is None

    again = Session(VaultsOnDisk(FLOOR), settings, lambda: None)
    qtbot.addWidget(again.window)
    again.window.show()
    posted: list[Notice] = []
    again.context.notices.posted.connect(posted.append)
    again.front.unlocked.emit(VaultsOnDisk().open(vault, PASSPHRASE, ""))
    qtbot.waitUntil(lambda: any(notice.action_text == "继续填写" for notice in posted))
    again.window.notices_act()
    resumed = again.window.page
    assert isinstance(resumed, HouseholdsPage)
    assert resumed.form.rows["person_name"].field.value() == "未保存的人"  # type: ignore[attr-defined]
    resumed.discard()
    qtbot.waitUntil(lambda: again.context.runner.idle)
    assert again.context.services.drafts.all() == []
    again.close()


def test_an_idle_desk_locks_itself(qtbot: QtBot, settings: Settings, vault: Path) -> None:
    again: list[int] = []
    session = Session(VaultsOnDisk(FLOOR), settings, lambda: again.append(1))
    qtbot.addWidget(session.window)
    session.front.unlocked.emit(VaultsOnDisk().open(vault, PASSPHRASE, ""))
    session.idle.expired.emit()
    assert again == [1]
    assert session.context.desk is None


def test_a_desk_that_was_asleep_locks_itself(qtbot: QtBot) -> None:
    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    watch = IdleWatch(10, clock)
    watch.start()
    clock.advance(seconds=15)
    with qtbot.assertNotEmitted(watch.expired):
        watch._ticks.timeout.emit()
    clock.advance(hours=2)
    with qtbot.waitSignal(watch.expired):
        watch._ticks.timeout.emit()
    watch.stop()


def test_the_window_refuses_arguments_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--what"]) == 2
    assert "--vault" in capsys.readouterr().err


def test_settings_keep_look_and_places_only(settings: Settings, tmp_path: Path) -> None:
    settings.text_scale = 150
    settings.theme = "dark"
    for number in range(10):
        settings.remember_vault(tmp_path / str(number))
    again = Settings(tmp_path / "jmdesk.ini")
    assert (again.text_scale, again.theme, again.language, again.idle_minutes) == (150, "dark", "zh", 10)
    assert again.vaults == [tmp_path / str(number) for number in range(9, 1, -1)]
    (tmp_path / "bad.ini").write_text("[look]\ntext_scale=huge\ntheme=pink\n", encoding="utf-8")
    spoiled = Settings(tmp_path / "bad.ini")
    assert (spoiled.text_scale, spoiled.theme, spoiled.vaults) == (100, "light", [])
