"""Published policies on a card, with the sentence that they are no approval."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame

from jmdesk.villages.benefits import Benefit, disclaimer
from ui.core.i18n import tr
from ui.widgets.styling import clear, column, label


class BenefitsCard(QFrame):
    """Hidden while there is nothing to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=14, gap=6)
        down.addWidget(label(tr("银行和部门公布的参考政策"), "heading"))
        down.addWidget(label(disclaimer(), "hint", wrap=True))
        self._lines = column(gap=4)
        down.addLayout(self._lines)
        self.hide()

    def show_benefits(self, benefits: Sequence[Benefit]) -> None:
        """Show these."""
        clear(self._lines)
        for one in benefits:
            self._lines.addWidget(label(tr("{title}：{text}", title=one.title, text=one.text), wrap=True))
            self._lines.addWidget(label(one.publisher, "hint", wrap=True))
        self.setVisible(bool(benefits))
