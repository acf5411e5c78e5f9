from __future__ import annotations

import threading

from pytestqt.qtbot import QtBot

from ui.core.runner import Outcome, Report, Runner


def test_a_save_does_not_wait_for_long_work(qtbot: QtBot) -> None:
    runner, release, ended = Runner(), threading.Event(), list[str]()

    def long_work(_progress: Report, _cancelled: object) -> object:
        release.wait(30)
        return "long"

    def note(outcome: Outcome) -> None:
        ended.append(str(outcome.value))

    runner.beside(long_work, note)
    with qtbot.waitSignal(runner.submit(lambda _progress, _cancelled: "save", note).finished):
        pass
    assert ended == ["save"]
    release.set()
    qtbot.waitUntil(lambda: ended == ["save", "long"])
    runner.close()


def test_what_comes_after_the_end_is_not_begun(qtbot: QtBot) -> None:
    runner, begun = Runner(), list[str]()
    runner.close()
    late = runner.submit(lambda _progress, _cancelled: begun.append("save"))
    assert late.done
    assert runner.idle
    assert begun == []
