from __future__ import annotations

from datetime import UTC, datetime

from pytestqt.qtbot import QtBot

from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from tests.desks import closed_desk, desk
from tests.packages import issue
from ui.core.context import Context
from ui.core.daybreak import Daybreak
from ui.core.settings import Settings
from ui.core.vaults import OpenDesk

__all__ = ["closed_desk", "desk"]


def test_a_day_begins_once_at_midnight_in_beijing(qtbot: QtBot) -> None:
    clock, days = FixedClock(datetime(2026, 11, 22, 15, 59, 0, tzinfo=UTC)), list[datetime]()
    daybreak = Daybreak(clock, lambda: days.append(clock.now()))
    assert qtbot is not None
    daybreak.look()
    assert not days
    clock.advance(minutes=1)
    daybreak.look()
    daybreak.look()
    assert len(days) == 1
    clock.advance(days=2)  # the computer slept over a day
    daybreak.look()
    assert len(days) == 2


def test_a_package_takes_effect_in_an_open_window_at_midnight(
    qtbot: QtBot, context: Context, desk: Desk, settings: Settings
) -> None:
    assert settings is not None
    desk.packages.take(issue(effective="2026-11-23"), b"envelope")
    context.take(OpenDesk(desk))
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    clock.advance(hours=14)
    assert context.daybreak is not None
    context.daybreak.look()
    qtbot.waitUntil(lambda: desk.catalogue.version == "JM-CAT-2026.2")
    qtbot.waitUntil(lambda: context.runner.idle)
