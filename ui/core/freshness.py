"""Views that follow the records: refreshed at once when shown, otherwise when they are shown next."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from jmdesk.core.changes import Changes
from ui.core.overriding import override
from ui.core.runner import Runner


class Freshness(QObject):
    """Calls ``refresh`` after a change of one of ``types`` (empty: of any type), at most once per showing."""

    def __init__(self, view: QWidget, runner: Runner, refresh: Callable[[], None], types: Collection[str] = ()) -> None:
        super().__init__(view)
        self._view = view
        self._refresh = refresh
        self.types = frozenset(types)
        self._stale = False
        view.installEventFilter(self)
        runner.changed.connect(self._changed)

    def _changed(self, changes: Changes) -> None:
        if self.types and not self.types & changes.types:
            return
        if self._view.isVisible():
            self._refresh()
        else:
            self._stale = True

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and event.type() == QEvent.Type.Show and self._stale:
            self._stale = False
            self._refresh()
        return False
