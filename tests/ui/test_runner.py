"""Work off the GUI thread: order, progress, cancelling, errors, and what changed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from jmdesk.core.changes import Changes
from jmdesk.core.errors import Refused
from ui.core.context import Context
from ui.core.freshness import Freshness
from ui.core.runner import Cancelled, Outcome, Progress, Report, Runner, Work
from ui.core.vaults import OpenDesk


@pytest.fixture
def runner(context: Context) -> Runner:
    return context.runner


def test_work_runs_beside_the_window_and_reports_on_it(qtbot: QtBot, runner: Runner) -> None:
    here, there, told = threading.get_ident(), [], []
    seen: list[Progress] = []

    def work(progress: Report, _cancelled: Callable[[], bool]) -> int:
        there.append(threading.get_ident())
        progress(1, 2, "读取")
        progress(2, 2)
        return 42

    def done(outcome: Outcome) -> None:
        told.append((threading.get_ident(), outcome.value))

    runner.submit(work, done, seen.append)
    qtbot.waitUntil(lambda: bool(told))
    assert there[0] != here
    assert told == [(here, 42)]
    assert seen == [Progress(1, 2, "读取"), Progress(2, 2, "")]


def test_writes_take_turns(qtbot: QtBot, runner: Runner) -> None:
    order: list[int] = []

    def work(number: int) -> Work:
        return lambda _progress, _cancelled: order.append(number)

    for number in range(20):
        runner.submit(work(number))
    qtbot.waitUntil(lambda: runner.idle)
    assert order == list(range(20))


def test_a_read_does_not_wait_for_a_write(qtbot: QtBot, runner: Runner) -> None:
    gate, read = threading.Event(), []
    runner.submit(lambda _p, _c: gate.wait(5))
    runner.read(lambda: "rows", lambda outcome: read.append(outcome.value))
    qtbot.waitUntil(lambda: read == ["rows"])
    assert not runner.idle
    gate.set()
    qtbot.waitUntil(lambda: runner.idle)


def test_cancelled_work_says_so(qtbot: QtBot, runner: Runner) -> None:
    started = threading.Event()
    ended: list[Outcome] = []

    def work(_progress: Report, cancelled: Callable[[], bool]) -> None:
        started.set()
        while not cancelled():
            pass
        raise Cancelled

    task = runner.submit(work, ended.append)
    assert started.wait(5)
    task.cancel()
    qtbot.waitUntil(lambda: bool(ended))
    assert ended == [Outcome(cancelled=True)]


def test_an_error_that_nobody_takes_is_told(qtbot: QtBot, runner: Runner) -> None:
    with qtbot.waitSignal(runner.failed) as told:
        runner.submit(lambda _p, _c: (_ for _ in ()).throw(Refused("ui.bad_unit")))
    assert told.args is not None
    assert isinstance(told.args[0], Refused)


def test_a_bug_in_work_reaches_the_window_and_leaves_its_words_out_of_the_log(
    qtbot: QtBot, runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_progress: Report, _cancelled: Callable[[], bool]) -> None:
        raise ValueError("440783198505121234")

    with qtbot.waitSignal(runner.failed) as told:
        runner.submit(work)
    assert told.args is not None
    assert isinstance(told.args[0], ValueError)
    assert "ValueError" in caplog.text
    assert "4407831985" not in caplog.text


def test_a_committed_write_tells_what_it_changed(qtbot: QtBot, context: Context, desk: OpenDesk) -> None:
    household = desk.services.records.find("R05", limit=1)[0]
    with qtbot.waitSignal(context.runner.changed) as told:
        context.runner.submit(lambda _p, _c: desk.services.records.change("R05", household.rid, {"group_no": "第9组"}))
    assert told.args == [Changes(frozenset({("R05", household.rid)}))]


def test_a_view_refreshes_at_once_when_shown_and_once_later_when_not(qtbot: QtBot, runner: Runner) -> None:
    view, calls = QWidget(), []
    qtbot.addWidget(view)
    Freshness(view, runner, lambda: calls.append(1), types=("R05",))
    changes = Changes(whole=frozenset({"R05"}))
    runner.changed.emit(changes)
    runner.changed.emit(changes)
    assert calls == []
    view.show()
    assert calls == [1]
    runner.changed.emit(changes)
    assert calls == [1, 1]
    runner.changed.emit(Changes(whole=frozenset({"R20"})))
    assert calls == [1, 1]
    view.hide()
    view.show()
    assert calls == [1, 1]


def test_closing_lets_running_work_end_and_drops_what_waits(context: Context) -> None:
    gate, started = threading.Event(), threading.Event()
    done: list[str] = []

    def work(_progress: Report, _cancelled: Callable[[], bool]) -> None:
        started.set()
        done.append("first" if gate.wait(5) else "never")

    context.runner.submit(work)
    context.runner.submit(lambda _p, _c: done.append("second"))
    assert started.wait(5)
    threading.Timer(0.05, gate.set).start()
    context.runner.close()
    assert done == ["first"]
