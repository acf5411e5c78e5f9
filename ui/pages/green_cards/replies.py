"""A department's table of answers: which enterprise each line means, confirmed by a person, then written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QWidget

from jmdesk.green_cards.service import Match
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.widgets.entry_form import InPlaceForm
from ui.widgets.field import TextField
from ui.widgets.styling import button, column, label, row


class RepliesForm(InPlaceForm):
    """Emits ``confirmed`` with the document and (card, level) pairs. What is not certain is only taken when chosen."""

    confirmed = Signal(str, object)

    def __init__(self, title: str, matches: Sequence[Match], levels: Mapping[str, str]) -> None:
        super().__init__()
        self._matches = tuple(matches)
        whole = column(self, gap=8)
        whole.addWidget(label(title, "title"))
        certain = sum(match.certain for match in matches)
        whole.addWidget(
            label(tr("{n} 行能确定，{m} 行请选择对应企业；不选的不登记。", n=certain, m=len(matches) - certain), "hint")
        )
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(look().theme.px(16))
        self.choices: list[QComboBox] = []
        for line, match in enumerate(matches):
            box = QComboBox()
            box.setAccessibleName(match.name or match.code)
            if match.certain:
                box.addItem(match.name or match.code, match.card)
            else:
                box.addItem(tr("(不登记)"), "")
                for card, name in match.candidates:
                    box.addItem(name, card)
                if match.card and not match.candidates:
                    box.addItem(match.code, match.card)
            self.choices.append(box)
            grid.addWidget(label(f"{match.name} {match.code}".strip()), line, 0)
            grid.addWidget(label(levels.get(match.level, match.level)), line, 1)
            grid.addWidget(box, line, 2)
        grid.setRowStretch(len(matches), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        whole.addWidget(scroll, 1)
        across = row(gap=8)
        across.addWidget(label(tr("回函文号")))
        self.document = TextField(max_length=60)
        self.document.setAccessibleName(tr("回函文号"))
        across.addWidget(self.document, 1)
        self.confirm_button, cancel = button(tr("登记回复"), "primary"), button(tr("取消"))
        across.addWidget(self.confirm_button)
        across.addWidget(cancel)
        whole.addLayout(across)
        self.remark = label("", "problem")
        self.remark.hide()
        whole.addWidget(self.remark)
        self.confirm_button.clicked.connect(self.confirm)
        cancel.clicked.connect(self.cancelled)

    @override
    def focus_first(self) -> None:
        open_ = (box for box, match in zip(self.choices, self._matches, strict=True) if not match.certain)
        next(iter(open_), self.document).setFocus()

    def confirm(self) -> None:
        """Hand over the lines that somebody confirmed."""
        chosen = [
            (str(box.currentData()), match.level)
            for box, match in zip(self.choices, self._matches, strict=True)
            if box.currentData()
        ]
        document = str(self.document.value() or "").strip()
        if not document or not chosen:
            self.remark.setText(tr("请填写回函文号，并至少确认一行。"))
            self.remark.show()
            return
        self.confirmed.emit(document, chosen)
