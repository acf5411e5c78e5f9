"""Choosing one entry of a code list by keyboard: by code, label, pinyin or initials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter

from jmdesk.catalogue.pickers import Choice
from jmdesk.core.text import folded
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.overriding import override
from ui.core.ports import SearchChoices
from ui.widgets.field import LineField

_CODE = int(Qt.ItemDataRole.UserRole)
_LABEL = _CODE + 1
_SHOWN = 50


class CodePicker(LineField):
    """A line that searches as one types; ↓, Alt+↓ or F4 shows all. The value is the code.

    ``search`` finds entries, ``label_of`` names a stored code (``None`` for one the list no longer has: it is shown
    as the bare code and kept, for what is stored is never changed by looking at it). ``coded``: codes mean something
    to people and are shown in the list; record ids do not and are not.
    """

    def __init__(self, search: SearchChoices, label_of: Callable[[str], str | None], *, coded: bool = True) -> None:
        super().__init__()
        self._search = search
        self._label_of = label_of
        self._coded = coded
        self._offered: dict[str, Choice] = {}
        self._items = QStandardItemModel(self)
        completer = QCompleter(self._items, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCompletionRole(_LABEL)
        completer.setMaxVisibleItems(10)
        completer.popup().setProperty("role", "popup")
        completer.activated.connect(lambda _text: self._take())
        self.setCompleter(completer)
        self.setPlaceholderText(tr("代码、名称或拼音首字母"))
        self._open = self.addAction(icon("down", "muted"), self.ActionPosition.TrailingPosition)
        self._open.setToolTip(tr("展开选项"))
        self._open.triggered.connect(self.show_all)
        self.textEdited.connect(self._suggest)

    def show_all(self) -> None:
        """Open the list with everything in it."""
        if not self.isReadOnly():
            self._offer(self._search("", _SHOWN))

    @override
    def read(self, text: str) -> object:
        if text in self._offered:
            return self._offered[text].code
        exact = [found for found in self._search(text, _SHOWN) if text in (found.code, found.label)]
        found = exact or list(self._search(text, 2))
        if len(found) != 1:
            raise ValueError(tr("“{text}”不能确定是哪一项，请从选项中选。", text=text))
        return found[0].code

    @override
    def shown(self, value: object) -> str:
        return self._label_of(str(value)) or str(value)

    @override
    def setReadOnly(self, read_only: bool) -> None:
        super().setReadOnly(read_only)
        self._open.setVisible(not read_only)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        closed = not self.completer().popup().isVisible()
        if closed and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_F4):
            self.show_all()
            return
        super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if not self.text():
            self.show_all()

    def _suggest(self, text: str) -> None:
        plain = folded(text)
        self._offer(self._search(plain, _SHOWN) if plain else ())

    def _offer(self, found: Sequence[Choice]) -> None:
        self._items.clear()
        labels = [choice.label for choice in found]
        self._offered = {choice.label: choice for choice in found if labels.count(choice.label) == 1}
        for choice in found:
            item = QStandardItem(
                "  ".join(part for part in (choice.code if self._coded else "", choice.label, choice.hint) if part)
            )
            item.setData(choice.code, _CODE)
            item.setData(choice.label, _LABEL)
            self._items.appendRow(item)
        if found:
            self.completer().complete()
        else:
            self.completer().popup().hide()

    def _take(self) -> None:
        self.set_value(self.completer().popup().currentIndex().data(_CODE))
        self.edited.emit()
