"""Cycles that hold widgets die on the GUI thread."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ui.core.runner import Outcome, Runner


class Knot:
    """A cycle that notes on which thread it was untied."""

    def __init__(self, where: list[int]) -> None:
        self.itself = self
        self.held = QObject()
        weakref.finalize(self, lambda: where.append(threading.get_ident()))


def test_a_cycle_is_untied_on_the_gui_thread_whatever_the_others_allocate(qtbot: QtBot) -> None:
    runner, where, kept = Runner(), list[int](), list[Outcome]()
    Knot(where)
    runner.read(lambda: [[] for _ in range(200_000)], kept.append)
    qtbot.waitUntil(lambda: bool(kept))
    gc.collect()
    assert where == [threading.get_ident()]
    runner.close()
    assert gc.isenabled()
