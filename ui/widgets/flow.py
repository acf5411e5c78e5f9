"""A row that goes on in the next line when there is no room left, as words do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from ui.core.overriding import override
from ui.core.theme import look


class Flow(QLayout):
    """Lays its widgets out from left to right, line by line, each as wide as it likes to be.

    The widgets of a line stand at its middle, so that words line up with the fields and buttons beside them.
    """

    def __init__(self, gap: int = 8) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = look().theme.px(gap)
        self.setContentsMargins(0, 0, 0, 0)

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSize()

    @override
    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Place the items (or only measure); gives the height they take."""
        top = rect.top()
        for line in self._lines(rect.width()):
            tallest = max(size.height() for _, size in line)
            left = rect.left()
            for item, size in line:
                if move:
                    item.setGeometry(QRect(QPoint(left, top + (tallest - size.height()) // 2), size))
                left += size.width() + self._gap
            top += tallest + self._gap
        return max(top - self._gap - rect.top(), 0)

    def _lines(self, room: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """What is shown, line by line, with the size of each."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        left = 0
        for item in self._items:
            widget: QWidget | None = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint().expandedTo(item.minimumSize())
            if not lines or left + size.width() > room:
                lines.append([])
                left = 0
            lines[-1].append((item, size))
            left += size.width() + self._gap
        return lines
