"""Stacked sides and tabs that ask for the room of the one that is shown, not of the largest that is hidden."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget, QTabWidget

from ui.core.overriding import override


class Sides(QStackedWidget):
    """A tall form that is not on screen does not make its neighbours scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _place: self.updateGeometry())

    @override
    def hasHeightForWidth(self) -> bool:
        """Never: a scroll area around this would give every scrolled part in here its whole height, and scroll too."""
        return False

    @override
    def sizeHint(self) -> QSize:
        return self.currentWidget().sizeHint() if self.count() else super().sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return self.currentWidget().minimumSizeHint() if self.count() else super().minimumSizeHint()


class Tabs(QTabWidget):
    """The same for tabs."""

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)  # the style draws it above the tabs, in white on a dark ground
        self.currentChanged.connect(lambda _place: self.updateGeometry())

    @override
    def minimumSizeHint(self) -> QSize:
        if not self.count():
            return super().minimumSizeHint()
        least = self.currentWidget().minimumSizeHint()
        return QSize(least.width(), least.height() + self.tabBar().sizeHint().height())
