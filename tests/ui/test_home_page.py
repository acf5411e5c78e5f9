"""Home: the first steps as they really stand, the villages, and the way from each of them to the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from jmdesk.consents.service import Signature
from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import VILLAGE, fill, new_vault
from tests.ui.keys import press
from ui.core.context import Context, Target
from ui.core.overview import first_steps
from ui.core.ports import SyncState
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.pages.home.page import HomePage
from ui.pages.households.page import HouseholdsPage

Settle = Callable[[], None]


@pytest.fixture
def empty(tmp_path: Path, context: Context) -> Iterator[OpenDesk]:
    """A vault made a moment ago."""
    made = VaultsOnDisk(FLOOR).create(new_vault(tmp_path / "新库"))
    context.take(made)
    yield made
    context.runner.close()
    made.close()


def show(qtbot: QtBot, context: Context, settled: Settle) -> HomePage:
    page = HomePage(context)
    qtbot.addWidget(page)
    page.resize(1190, 700)
    page.show()
    settled()
    return page


def done(page: HomePage) -> list[bool]:
    return [step.done for step in page.steps.shown]


def test_a_new_vault_is_told_its_first_steps_and_each_leads_to_its_page(
    qtbot: QtBot, context: Context, empty: OpenDesk, settled: Settle
) -> None:
    assert empty.overview().villages == ()
    page = show(qtbot, context, settled)
    assert page.steps.isVisible()
    assert not page.villages.isVisible()
    assert [step.text for step in page.steps.shown] == ["导入登记表", "登记授权", "评级", "报送"]
    assert done(page) == [False, False, False, False]
    went: list[Target] = []
    context.going.connect(went.append)
    links = cast("list[QPushButton]", page.steps.findChildren(QPushButton))
    qtbot.waitUntil(lambda: all(link.isVisible() for link in links))
    for link in links:
        press(link, Qt.Key.Key_Space)
    assert [target.page for target in went] == ["imports", "households", "ratings", "sync"]


def test_the_steps_follow_the_work(qtbot: QtBot, context: Context, empty: OpenDesk, settled: Settle) -> None:
    page = show(qtbot, context, settled)
    fill(empty, 2)
    qtbot.waitUntil(lambda: done(page) == [True, False, False, False])
    empty.services.ratings.rate_all()
    qtbot.waitUntil(lambda: done(page) == [True, False, True, False])
    assert [step.detail for step in page.overview.steps[1:3]] == ["还有 2 户待登记", "已评 2 户，共 2 户"]
    for household in empty.services.records.find("R05"):
        empty.services.consents.sign(household.rid, Signature("2026-03-01T02:00:00Z"))
    qtbot.waitUntil(lambda: done(page) == [True, True, True, False])


def test_steps_that_are_all_done_go_away(qtbot: QtBot, context: Context, empty: OpenDesk, settled: Settle) -> None:
    page = show(qtbot, context, settled)
    assert page.steps.isVisible()
    finished = first_steps(3, 3, 0, 3, SyncState(enrolled=True, last_sync="2026-03-01 10:00"))
    page.steps.show_steps(finished)
    assert all(step.done for step in finished)
    assert not page.steps.isVisible()
    page.steps.show_steps(first_steps(3, 3, 1, 3, SyncState(enrolled=True, last_sync="2026-03-01 10:00")))
    assert page.steps.isVisible()


def test_a_village_shows_how_it_stands_and_opens_its_households(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle
) -> None:
    desk.services.ratings.rate_all()
    page = show(qtbot, context, settled)
    (village,) = page.overview.villages
    assert (village.code, village.households, village.rated) == (VILLAGE, 12, 12)
    went: list[Target] = []
    context.going.connect(went.append)
    page.villages.table.setFocus()
    press(page.villages.table, Qt.Key.Key_Return)
    assert went == [Target("households", "R03", VILLAGE)]
    households = HouseholdsPage(context)
    qtbot.addWidget(households)
    households.list.search.setText("没有这个人")
    households.list.refresh()
    assert households.list.table.rows.rowCount() == 0
    households.show_target(went[0])
    settled()
    assert (households.list.village.currentData(), households.list.table.rows.rowCount()) == (VILLAGE, 12)
