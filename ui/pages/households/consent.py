"""Recording a signed consent paper, and withdrawing consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from jmdesk.consents.notice import notices
from jmdesk.consents.service import HOUSEHOLD_KINDS, NOTICE_VERSION, PERSON_KINDS
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.codes_field import CodesField
from ui.widgets.field import TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.scan_field import ScanField
from ui.widgets.styling import button, column, label, row
from ui.widgets.time_field import TimeField

KINDS = (*HOUSEHOLD_KINDS, *PERSON_KINDS)


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """What was typed from a signed paper."""

    signed_at: str
    kinds: tuple[str, ...]
    notice_version: str
    number: str
    scan: Path | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """Which consents the household, or each of its adults, chose not to give, and when they said so."""

    kinds: tuple[str, ...]
    said_at: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Which consents the household takes back, and why."""

    kinds: tuple[str, ...]
    reason: str


class ConsentForm(QFrame):
    """Emits ``signed`` with a ``SignedPaper``, ``declined`` with a ``Declined`` or ``withdrawn`` with a ``Withdrawal``.

    ``export_wished`` asks for everything held about the household, for the person; ``left`` says that the form is gone.
    """

    signed = Signal(object)
    declined = Signal(object)
    withdrawn = Signal(object)
    export_wished = Signal(str)
    left = Signal()

    def __init__(self, kinds: Mapping[str, str]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=14, gap=8)
        down.addWidget(label(tr("登记授权"), "heading"))
        advice = tr("对照本户已签名的授权书登记。收入等书面同意由户内每位成年人各自签名；系统按成员逐人登记。")
        down.addWidget(label(advice, "muted", wrap=True))
        self.locks = label("", "muted", wrap=True)
        down.addWidget(self.locks)
        self.kinds = CodesField({kind: f"{kind} {kinds[kind]}" for kind in KINDS}, columns=2)
        self.signed_at = TimeField()
        self.version = TextField(max_length=20)
        self.number = TextField(max_length=40)
        self.scan = ScanField()
        self.reason = TextField(max_length=200)
        self.rows = {
            "kinds": FormRow(RowText(tr("授权种类"), required=True), self.kinds),
            "signed_at": FormRow(RowText(tr("签署时间"), required=True), self.signed_at),
            "version": FormRow(RowText(tr("告知书版本"), required=True), self.version),
            "number": FormRow(RowText(tr("授权书编号")), self.number),
            "scan": FormRow(RowText(tr("扫描件"), help=tr("已签名授权书的照片或 PDF")), self.scan),
            "reason": FormRow(RowText(tr("事由"), help=tr("撤回授权或导出本人信息时填写")), self.reason),
        }
        for made in self.rows.values():
            down.addWidget(made)
        self.costs = label("", "warning", wrap=True)
        down.addWidget(self.costs)
        across = row()
        self.withdraw_button = button(tr("撤回授权"), "danger")
        self.decline_button = button(tr("本人选择不提供"))
        self.export_button = button(tr("导出本人全部信息"), "", "export")
        self.cancel = button(tr("取消"))
        self.sign_button = button(tr("登记授权"), "primary", "seal")
        across.addWidget(self.withdraw_button)
        across.addWidget(self.decline_button)
        across.addWidget(self.export_button)
        across.addStretch(1)
        across.addWidget(self.cancel)
        across.addWidget(self.sign_button)
        down.addLayout(across)
        self.cancel.clicked.connect(self.leave)
        self.sign_button.clicked.connect(self._sign)
        self.withdraw_button.clicked.connect(self._withdraw)
        self.decline_button.clicked.connect(self._decline)
        self.export_button.clicked.connect(self._export)
        self.kinds.edited.connect(self._show_costs)
        self.hide()

    def show_locks(self, sentences: Sequence[str]) -> None:
        """Say what is locked of the household, which consent opens it and whose signatures are missing."""
        self.locks.setText("\n".join(sentences))
        self.locks.setVisible(bool(sentences))

    def _show_costs(self) -> None:
        """What not giving the consents chosen may cost, in the words of the notice."""
        notice = notices().get(str(self.version.value()))
        declining = notice.declining if notice is not None else {}
        texts = dict.fromkeys(declining[kind] for kind in self._chosen() if kind in declining)
        self.costs.setText(tr("选择不提供的影响：{text}", text="".join(texts)) if texts else "")

    def begin(self) -> None:
        """Show an empty form for a paper that covers everything."""
        self.kinds.set_value(list(KINDS))
        self.signed_at.set_value(None)
        self.version.set_value(NOTICE_VERSION)
        for line in (self.number, self.reason, self.scan):
            line.set_value(None)
        for made in self.rows.values():
            made.show_problem("")
        self._show_costs()
        self.show()
        self.signed_at.setFocus()

    def leave(self) -> None:
        """Put the form away."""
        if self.isVisible():
            self.left.emit()
            self.hide()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    def _chosen(self) -> tuple[str, ...]:
        value = self.kinds.value()
        return tuple(str(kind) for kind in value) if isinstance(value, list) else ()

    def _sign(self) -> None:
        at, version = self.signed_at.value(), self.version.value()
        if self._miss(("kinds", bool(self._chosen())), ("signed_at", bool(at)), ("version", bool(version))):
            return
        number = str(self.number.value() or "")
        self.signed.emit(SignedPaper(str(at), self._chosen(), str(version), number, self.scan.value()))

    def _decline(self) -> None:
        at = self.signed_at.value()
        if self._miss(("kinds", bool(self._chosen())), ("signed_at", bool(at))):
            return
        self.declined.emit(Declined(self._chosen(), str(at)))

    def _export(self) -> None:
        if not self._miss(("reason", bool(self.reason.value()))):
            self.export_wished.emit(str(self.reason.value()))

    def _withdraw(self) -> None:
        if self._miss(("kinds", bool(self._chosen())), ("reason", bool(self.reason.value()))):
            return
        self.withdrawn.emit(Withdrawal(self._chosen(), str(self.reason.value())))

    def _miss(self, *needed: tuple[str, bool]) -> Sequence[str]:
        """The rows that lack what they need; each says so."""
        missing = [name for name, there in needed if not there]
        for name in missing:
            made = self.rows[name]
            made.show_problem(made.field.problem() or tr("请填写{name}。", name=made.text.label))  # type: ignore[attr-defined]
        return missing
