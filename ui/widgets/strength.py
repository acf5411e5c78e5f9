"""How hard the passphrase in a field is to guess, in plain words, as it is typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QProgressBar, QWidget

from jmdesk.core.errors import KnownError
from ui.core.i18n import language, tr
from ui.widgets.styling import column, label, mark

WORDS = ("一猜就中", "容易猜", "一般", "较强", "很强")
KINDS = ("bad", "bad", "warn", "ok", "ok")


class StrengthMeter(QWidget):
    """Follows a field. ``known`` gives the words that must not make up a passphrase, when they are asked for."""

    def __init__(self, field: QLineEdit, known: Callable[[], tuple[str, ...]]) -> None:
        super().__init__()
        self._field, self._known = field, known
        down = column(self, gap=2)
        self.bar = QProgressBar()
        self.bar.setRange(0, len(WORDS))
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setAccessibleName(tr("口令强度"))
        self.words = label("", "hint", wrap=True)
        down.addWidget(self.bar)
        down.addWidget(self.words)
        field.textChanged.connect(self.show_strength)
        self.show_strength("")

    def show_strength(self, text: str) -> None:
        """Judge a passphrase."""
        if not text:
            self.bar.setValue(0)
            self.words.setText(tr("至少 6 个汉字，或 12 个字母、数字、符号；几样互不相干的东西连在一起，好记又难猜。"))
            mark(self.words, "kind", "")
            return
        from jmdesk.vault.strength import strength

        judged = strength(text, self._known())
        self.bar.setValue(judged.level + 1)
        said = tr("强度：{word}。", word=tr(WORDS[judged.level]))
        if isinstance(judged.refused, KnownError):
            said += judged.refused.message_for_user(language()).text
        self.words.setText(said)
        mark(self.words, "kind", KINDS[judged.level])
