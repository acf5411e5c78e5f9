"""The firms of one's own: declared once, so that no complaint about them comes to this person."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from jmdesk.store.reading import Filter
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.runner import Outcome
from ui.widgets.code_picker import CodePicker
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.styling import button, card, clear, column, label, row


class InterestsView(QWidget):
    """Whose firms, which they are, one more, one less. Emits ``back_wished``."""

    back_wished = Signal()

    def __init__(self, context: Context, labels: Labels) -> None:
        super().__init__()
        self._context, self._labels = context, labels
        self.codes: tuple[str, ...] = ()
        down = column(self, gap=10)
        head = row(gap=10)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.back_wished)
        head.addWidget(back)
        head.addWidget(label(tr("利害关系申报"), "title"), 1)
        down.addLayout(head)
        made = card()
        inside = column(made, margin=16, gap=10)
        words = tr(
            "本人或近亲属出资、任职的会员企业须申报。涉及这些企业的投诉不会交给本人办理；"
            "在协会任负责人的，不能查看同业企业的投诉，由秘书长办理。"
        )
        inside.addWidget(label(words, wrap=True))
        self.user = CodePicker(labels.search("R02"), lambda rid: labels.of("R02", rid), coded=False)
        self.firm = CodePicker(labels.search("R20"), lambda rid: labels.of("R20", rid), coded=False)
        self.firm.setPlaceholderText(tr("企业名称、拼音或统一代码"))
        inside.addWidget(FormRow(RowText(tr("申报人")), self.user))
        inside.addWidget(FormRow(RowText(tr("增加企业")), self.firm))
        self._firms = column(gap=4)
        inside.addLayout(self._firms)
        down.addWidget(made)
        down.addStretch(1)
        self.user.completer().activated.connect(self.refresh)
        self.user.editingFinished.connect(self.refresh)
        self.firm.completer().activated.connect(self._add)
        self.firm.returnPressed.connect(self._add)

    def begin(self) -> None:
        """Show one's own."""
        self.user.set_value(self._context.services.actor)
        self.firm.set_value(None)
        self.firm.setFocus()
        self.refresh()

    def refresh(self) -> None:
        """Read what was declared."""
        user, complaints = str(self.user.value() or ""), self._context.services.complaints
        self._context.runner.read(lambda: complaints.declared(user), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            return
        self.codes = outcome.value
        clear(self._firms)
        if not self.codes:
            self._firms.addWidget(label(tr("没有申报过企业。"), "muted"))
        for code in self.codes:
            across = row(gap=8)
            across.addWidget(label(f"{self._name(code)}　{code}"))
            away = button(tr("移除"), "link")
            away.clicked.connect(lambda _checked=False, code=code: self._declare(set(self.codes) - {code}))
            across.addWidget(away)
            across.addStretch(1)
            self._firms.addLayout(across)

    def _name(self, code: str) -> str:
        found = self._context.services.records.find("R20", Filter({"uscc": code}), limit=1)
        return str(found[0].values.get("ent_name", "")) if found else ""

    def _add(self) -> None:
        rid = self.firm.value()
        if not isinstance(rid, str):
            return
        code = str(self._context.services.records.get("R20", rid).record.values.get("uscc", ""))
        self.firm.set_value(None)
        self._declare({*self.codes, code})

    def _declare(self, codes: set[str]) -> None:
        user, complaints = str(self.user.value() or ""), self._context.services.complaints
        self._context.runner.submit(lambda _progress, _cancelled: complaints.declare(codes, user), self._declared)

    def _declared(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        else:
            self._context.notices.say(tr("已申报。"))
        self.refresh()
