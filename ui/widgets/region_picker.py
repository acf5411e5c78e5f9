"""Choosing a place: by name, pinyin or code, or down the tree of county, town, village."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton, QTreeWidget, QTreeWidgetItem, QWidget

from jmdesk.catalogue.pickers import Choice
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.ports import SearchChoices
from ui.core.theme import look
from ui.widgets.code_picker import CodePicker
from ui.widgets.styling import column, label, row

_CODE = int(Qt.ItemDataRole.UserRole)
_FILLED = _CODE + 1


class RegionTree(QFrame):
    """The tree of places, read level by level as it is opened."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, children: Callable[[str], Sequence[Choice]]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._children = children
        self.setProperty("role", "card")
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName(tr("区划"))
        column(self, margin=6).addWidget(self.tree)
        px = look().theme.px
        self.resize(px(340), px(360))
        self.tree.itemExpanded.connect(self._fill)
        self.tree.itemActivated.connect(self._choose)
        self._add(None, "")

    def _add(self, parent: QTreeWidgetItem | None, code: str) -> None:
        for child in self._children(code):
            item = QTreeWidgetItem([child.label])
            item.setData(0, _CODE, child.code)
            item.setToolTip(0, child.code)
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            if parent is None:
                self.tree.addTopLevelItem(item)
            else:
                parent.addChild(item)

    def _fill(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _FILLED):
            return
        item.setData(0, _FILLED, True)  # noqa: FBT003 -- Qt's signature
        self._add(item, str(item.data(0, _CODE)))
        if not item.childCount():
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)

    def _choose(self, item: QTreeWidgetItem) -> None:
        self.hide()
        self.chosen.emit(str(item.data(0, _CODE)))


class RegionPicker(QWidget):
    """A line that searches places, a button for the tree, and the full path beneath."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(
        self,
        search: SearchChoices,
        path_of: Callable[[str], Sequence[str]],
        children: Callable[[str], Sequence[Choice]],
    ) -> None:
        super().__init__()
        self._path_of = path_of
        self._children = children
        self._tree: RegionTree | None = None
        self.line = CodePicker(search, self._name_of)
        self.line.setPlaceholderText(tr("村、镇名称，拼音首字母或代码"))
        self._browse = QToolButton()
        self._browse.setIcon(icon("region", "muted"))
        side = look().theme.px(16)
        self._browse.setIconSize(QSize(side, side))
        self._browse.setToolTip(tr("按区划逐级选择"))
        self._browse.setAccessibleName(tr("按区划逐级选择"))
        self._path = label("", "hint")
        self._path.hide()
        down = column(self, gap=2)
        across = row(gap=4)
        across.addWidget(self.line)
        across.addWidget(self._browse)
        down.addLayout(across)
        down.addWidget(self._path)
        self.setFocusProxy(self.line)
        self._browse.clicked.connect(self.browse)
        self.line.edited.connect(self._edited)
        self.line.problem_changed.connect(self.problem_changed)
        self.line.editingFinished.connect(self._show_path)

    def value(self) -> object:
        """The 12-digit code, or ``None``."""
        return self.line.value()

    def set_value(self, value: object) -> None:
        """Show a place by its code."""
        self.line.set_value(value)
        self._show_path()

    def problem(self) -> str:
        """What is wrong with what was typed."""
        return self.line.problem()

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self.line.show_problem(text)

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        self.line.setReadOnly(read_only)
        self._browse.setVisible(not read_only)

    def browse(self) -> None:
        """Open the tree beneath the line."""
        if self._tree is None:
            self._tree = RegionTree(self, self._children)
            self._tree.chosen.connect(self._take)
        self._tree.move(self.mapToGlobal(QPoint(0, self.line.height() + 2)))
        self._tree.show()
        self._tree.tree.setFocus()

    def _name_of(self, code: str) -> str | None:
        path = self._path_of(code)
        return path[-1] if path else None

    def _take(self, code: str) -> None:
        self.set_value(code)
        self.line.setFocus()
        self.edited.emit()

    def _edited(self) -> None:
        self._show_path()
        self.edited.emit()

    def _show_path(self) -> None:
        code = None if self.line.isModified() else self.line.value()
        path = self._path_of(str(code)) if code else ()
        self._path.setText(" / ".join(path[:-1]))
        self._path.setVisible(len(path) > 1)
