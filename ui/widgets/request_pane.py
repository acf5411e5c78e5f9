"""Taking down what somebody asks about their own data: access, correction, explanation, erasure, an objection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QPushButton

from jmdesk.catalogue.pickers import Choice
from jmdesk.desk import Desk
from jmdesk.households.queries import Dossier
from jmdesk.rights.service import ACCESS, ASKED, CORRECTION, ERASURE, EXPLANATION, OBJECTION
from ui.core.context import Context, Target
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.messages import OK, Notice
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.widgets.code_picker import CodePicker
from ui.widgets.field import TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.styling import button, column, label, row


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was taken down: its case, by record id and by number."""

    case: str
    number: str


def take_down(desk: Desk, kind: str, applicant: str, reason: str) -> Taken:
    """Take a request down. Writes; call on the runner. Errors as ``Rights.ask``."""
    case = desk.rights.ask(kind, applicant, reason=reason)
    return Taken(case, str(desk.records.get("R25", case).record.values["case_no"]))


class RequestPane(QFrame):
    """Asks who wants what and why; leads to the case when it is taken down. ``left`` says that the form is gone."""

    left = Signal()

    def __init__(self, context: Context, *, came_from: str) -> None:
        """``came_from`` is the page that the way back from the case leads to."""
        super().__init__()
        self.setProperty("role", "card")
        self._context, self._labels = context, Labels(context.services)
        self._came_from = came_from
        self._people: Sequence[Choice] = ()
        down = column(self, margin=14, gap=8)
        down.addWidget(label(tr("登记个人信息请求"), "heading"))
        advice = tr("本人对自己信息的请求，登记后按期限书面答复。撤回授权请在该户的“登记授权”里办理，当即停止使用。")
        down.addWidget(label(advice, "muted", wrap=True))
        self.kind = QComboBox()
        for code in ASKED:
            self.kind.addItem(_kinds()[code], code)
        self.applicant = CodePicker(self._search, self._name, coded=False)
        self.applicant.setPlaceholderText(tr("姓名、拼音首字母或户编号"))
        self.reason = TextField(max_length=200)
        self.rows = {
            "kind": FormRow(RowText(tr("请求什么"), required=True), self.kind),
            "applicant": FormRow(RowText(tr("申请人"), required=True), self.applicant),
            "reason": FormRow(RowText(tr("请求内容"), required=True, help=tr("用本人的话简要写明")), self.reason),
        }
        for made in self.rows.values():
            down.addWidget(made)
        across = row()
        across.addStretch(1)
        self.cancel = button(tr("取消"))
        self.take_button = button(tr("登记请求"), "primary")
        across.addWidget(self.cancel)
        across.addWidget(self.take_button)
        down.addLayout(across)
        self.cancel.clicked.connect(self.leave)
        self.take_button.clicked.connect(self.take)
        self.hide()

    def opener(self, words: str, tip: str, begin: Callable[[], None]) -> QPushButton:
        """A button that opens this form, and has the cursor again when the form is put away."""
        made = button(words, "", "add")
        made.setToolTip(tip)
        made.clicked.connect(begin)
        self.left.connect(made.setFocus)
        return made

    def begin(self, household: Dossier | None = None) -> None:
        """Ask for somebody of the household at hand, or else for anybody on record."""
        self._people = _people(household) if household is not None else ()
        self.kind.setCurrentIndex(0)
        self.applicant.set_value(self._people[0].code if self._people else None)
        self.reason.set_value(None)
        for made in self.rows.values():
            made.show_problem("")
        self.show()
        self.kind.setFocus()

    def leave(self) -> None:
        """Put the form away."""
        if self.isVisible():
            self.left.emit()
            self.hide()

    def take(self) -> None:
        """Take the request down, unless something is missing, which is said."""
        applicant, reason = self.applicant.value(), self.reason.value()
        for name, field, there in (
            ("applicant", self.applicant, applicant),
            ("reason", self.reason, reason),
        ):
            made = self.rows[name]
            if not there:
                made.show_problem(field.problem() or tr("请填写{name}。", name=made.text.label))
                field.setFocus()
                return
            made.show_problem("")
        desk, kind = self._context.services, str(self.kind.currentData())
        self._context.runner.submit(
            lambda _progress, _cancelled: take_down(desk, kind, str(applicant), str(reason)), self._taken
        )

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    def _taken(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        taken = outcome.value
        if not isinstance(taken, Taken):
            return
        self.leave()
        to_case = Target("cases", "R25", taken.case, came_from=Target(self._came_from))
        words = tr("已登记请求，案号 {number}。请当面告知本人案号，并在期限内书面答复。", number=taken.number)
        self._context.notices.post(Notice(words, OK, "", tr("去办理"), lambda: self._context.go(to_case)))

    def _search(self, text: str, limit: int) -> Sequence[Choice]:
        if not self._people:
            return self._labels.search("R06")(text, limit)
        return [one for one in self._people if text in one.label][:limit]

    def _name(self, rid: str) -> str | None:
        known = next((one.label for one in self._people if one.code == rid), None)
        return known or self._labels.of("R06", rid) or None


def _people(household: Dossier) -> Sequence[Choice]:
    members = [Choice(one.rid, str(one.values.get("person_name", ""))) for one in household.members]
    return [*members, Choice(household.household.rid, tr("全户"))]


def _kinds() -> dict[str, str]:
    """What can be asked for, in plain words."""
    return {
        ACCESS: tr("查阅、复制自己的信息"),
        CORRECTION: tr("更正、补充登记错漏的信息"),
        EXPLANATION: tr("解释说明等级是怎样评出来的"),
        OBJECTION: tr("对某条记录或评定结果提出异议"),
        ERASURE: tr("删除自己的信息"),
    }
