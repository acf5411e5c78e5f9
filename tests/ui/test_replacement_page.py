"""Replacing a computer: nothing is lost on the way, the end is the platform's word, and one says what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.desk import Desk
from sync.client.asking import halt
from sync.client.engine import synchronise
from sync.client.enrolment import enrol
from tests.sync.client.conftest import Platform, Workshop, platform, workshop
from tests.sync.client.office import add_household
from tests.ui.keys import press
from ui.core.context import Context, Target
from ui.core.vaults import OpenDesk
from ui.pages.replacement.page import DONE, RETIRE, SETTLE, ReplacementPage
from ui.pages.sync.device import DeviceCard

__all__ = ["platform", "workshop"]

Settle = Callable[[], None]


@pytest.fixture
def office(tmp_path: Path, context: Context, workshop: Workshop, platform: Platform) -> Iterator[Desk]:
    """An enrolled desk with one household that may be sent and one that may not."""
    with workshop.desk(tmp_path / "村") as made:
        enrol(made, platform.transport(), platform.code(), gateway=platform.url, ca=platform.ca)
        add_household(made, 1)
        add_household(made, 2, consent=False)
        context.take(OpenDesk(made))
        yield made
        context.runner.close()


@pytest.fixture
def page(qtbot: QtBot, context: Context, office: Desk, settled: Settle) -> Iterator[ReplacementPage]:
    assert office.grant is not None
    made = ReplacementPage(context)
    qtbot.addWidget(made)
    made.resize(1190, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    settled()
    yield made
    made.hide()
    settled()


def test_unsettled_work_is_counted_and_keeps_the_computer_from_being_retired(page: ReplacementPage) -> None:
    assert page.step == SETTLE
    assert page.title.text() == "还有 8 项没有办结"
    assert page.retire_button.isHidden()
    page.show_target(Target("replacement"))
    assert page.sync_button.hasFocus()


def test_a_computer_is_replaced_by_keyboard(
    page: ReplacementPage, office: Desk, settled: Settle, tmp_path: Path
) -> None:
    page.rescue(tmp_path / "抢救包.jmx")
    settled()
    assert page.step == RETIRE
    assert (tmp_path / "抢救包.jmx").is_file()
    page.show_target(Target("replacement"))
    assert page.sure.hasFocus()
    assert not page.retire_button.isEnabled()
    press(page.sure, Qt.Key.Key_Space)
    page.retire_button.setFocus()
    press(page.retire_button, Qt.Key.Key_Return)
    settled()
    assert page.step == DONE
    assert office.store.retired
    assert "新的登记码" in page.text.text()


def test_an_edit_after_the_rescue_package_asks_for_another_one(
    page: ReplacementPage, office: Desk, settled: Settle, tmp_path: Path
) -> None:
    page.rescue(tmp_path / "抢救包.jmx")
    settled()
    add_household(office, 3)
    page.refresh()
    settled()
    assert page.step == SETTLE
    assert page.retire_button.isHidden()


def test_a_broken_chain_is_reopened_only_after_the_user_has_made_sure(
    qtbot: QtBot, context: Context, office: Desk, platform: Platform, settled: Settle
) -> None:
    asked: list[str] = []
    card = DeviceCard(context, lambda: asked.append("sync"))
    qtbot.addWidget(card)
    halt(office, "sync.chain_fork")
    card.refresh()
    settled()
    assert card.chip.text() == "已停止报送"
    assert not card.reopen_button.isEnabled()
    card.sure.setChecked(True)
    card.reopen_button.click()
    settled()
    assert asked == ["sync"]
    assert card.chip.text() == "等待管理员批准"
    synchronise(office, platform.transport())
    platform.approve("reopen")
    synchronise(office, platform.transport())
    card.refresh()
    settled()
    assert card.chip.text() == "正常"
