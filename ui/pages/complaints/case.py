"""One complaint on screen: what was said and its evidence at the left, the case and its papers at the right."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QFormLayout, QScrollArea, QVBoxLayout, QWidget

from jmdesk.complaints.queries import Related
from jmdesk.complaints.rules import TYPE
from jmdesk.papers.queries import Paper
from jmdesk.papers.template import shipped
from ui.core.cases import Offer
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.theme import look
from ui.pages.complaints.model import Opened
from ui.pages.complaints.step_fields import StepFields, choice
from ui.widgets.attachments import AttachmentsPanel
from ui.widgets.case_panel import CasePanel
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.flow import Flow
from ui.widgets.styling import button, card, clear, column, label, row

SHOWN_MS = 60_000
"""So long a phone stays readable."""


class ComplaintCase(QWidget):
    """Emits what is wished: back, another case, the phone (with a reason), a paper (new or again)."""

    back_wished = Signal()
    other_wished = Signal(str)
    phone_wished = Signal(str)
    paper_wished = Signal(str)
    again_wished = Signal(str)
    void_wished = Signal(str, str)

    def __init__(self, context: Context, fields: StepFields) -> None:
        super().__init__()
        self._fields = fields
        self.opened: Opened | None = None
        self._offered: dict[str, Offer] = {}
        down = column(self, gap=10)
        head = row(gap=10)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.back_wished)
        self.number = label("", "heading")
        self.title = Elided("title")
        head.addWidget(back)
        head.addWidget(self.number)
        head.addWidget(self.title, 1)
        down.addLayout(head)
        sides = row(gap=14)
        wide = not look().theme.large
        sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.panel = CasePanel(fields.make)
        self.panel.middle.addWidget(self._papers_card())
        right, left = self.panel, self._facts_side(context)
        if wide:
            for side, share in ((left, 4), (right, 6)):
                scroll = QScrollArea()
                scroll.setWidgetResizable(True)
                scroll.setWidget(side)
                sides.addWidget(scroll, share)
            down.addLayout(sides, 1)
        else:
            whole, scroll = QWidget(), QScrollArea()
            whole.setLayout(sides)
            sides.addWidget(right)
            sides.addWidget(left)
            scroll.setWidgetResizable(True)
            scroll.setWidget(whole)
            down.addWidget(scroll, 1)
        self._cover = QTimer(self)
        self._cover.setSingleShot(True)
        self._cover.setInterval(SHOWN_MS)
        self._cover.timeout.connect(self.cover_phone)

    def show_case(self, opened: Opened) -> None:
        """Show a case."""
        same = self.opened is not None and self.opened.rid == opened.rid
        self.opened = opened
        self.number.setText(opened.number)
        self.title.setText(opened.title)
        papers = tuple(one.number for one in opened.papers if not one.voided_at)
        links = tuple(one.number for one in opened.linked if one.direct)
        firm = opened.raw.record.values.get("respondent_name", "")
        alike = tuple(
            choice({"complaint_no": one.number, "respondent_name": firm, "product": one.product})
            for one in opened.related
            if one.number not in links
        )
        self._fields.show_case(opened.raw, papers, links, alike)
        self._offered = {one.id: one for one in opened.case.offers if not one.obstacle}
        self._show_facts(opened)
        if not same:
            self.attachments.show_record(TYPE, opened.rid, editable=True)
            self.cover_phone()
        self.panel.show_case(opened.case)
        self._show_papers(opened)

    def show_phone(self, phone: str) -> None:
        """Show the phone for a while."""
        self.phone.setText(phone)
        self._reason.hide()
        self._cover.start()

    def cover_phone(self) -> None:
        """Hide it again."""
        self._cover.stop()
        if self.opened is not None:
            self.phone.setText(self.opened.phone)

    def offer_paper(self) -> None:
        """Put the cursor on the paper of the latest step."""
        first = self._offers.itemAt(0)
        widget = first.widget() if first is not None else None
        if widget is not None:
            widget.setFocus()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _facts_side(self, context: Context) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        said = card()
        inside = column(said, margin=12, gap=6)
        inside.addWidget(label(tr("投诉内容"), "heading"))
        inside.addLayout(self._phone_line())
        self._lines = QFormLayout()
        self._lines.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self._lines)
        down.addWidget(said)
        self._related = column(gap=4)
        down.addLayout(self._related)
        self.attachments = AttachmentsPanel(context)
        down.addWidget(self.attachments)
        down.addStretch(1)
        return made

    def _phone_line(self) -> QVBoxLayout:
        down = column(gap=4)
        across = row(gap=8)
        self.phone = label("")
        self.phone.setAccessibleName(tr("投诉人电话"))
        self.show_button = button(tr("显示电话"), "link", "eye")
        self.show_button.clicked.connect(self._ask_phone)
        across.addWidget(self.phone)
        across.addWidget(self.show_button)
        across.addStretch(1)
        down.addLayout(across)
        self._reason = TextField(max_length=100)
        self._reason.setPlaceholderText(tr("查看事由(记入查询日志)，回车显示"))
        self._reason.setAccessibleName(tr("查看事由"))
        self._reason.returnPressed.connect(lambda: self.phone_wished.emit(self._reason.text().strip()))
        self._reason.hide()
        down.addWidget(self._reason)
        return down

    def _ask_phone(self) -> None:
        """One's own open case needs no reason; every look is logged."""
        if self.opened is None:
            return
        if self.opened.own_open:
            self.phone_wished.emit("")
            return
        self._reason.clear()
        self._reason.show()
        self._reason.setFocus()

    def _papers_card(self) -> QWidget:
        papers = card()
        inside = column(papers, margin=12, gap=6)
        inside.addWidget(label(tr("文书"), "heading"))
        self._offers = Flow()
        inside.addLayout(self._offers)
        self._given = column(gap=2)
        inside.addLayout(self._given)
        return papers

    def _show_facts(self, opened: Opened) -> None:
        while self._lines.rowCount():
            self._lines.removeRow(0)
        for name, text in opened.facts:
            words = label(text, wrap=True)
            self._lines.addRow(label(name, "muted"), words)
        self.show_button.setVisible(bool(opened.phone))
        clear(self._related)
        if opened.linked:
            self._related.addWidget(label(tr("人工关联的投诉"), "heading"))
        for one in opened.linked:
            self._related.addLayout(
                self._other_line(one.rid, one.number, f"{one.number} {one.product}", "unlink" if one.direct else "")
            )
            relation = one.relation if one.direct else tr("经其他投诉关联")
            self._related.addWidget(label(f"{relation}　{one.state}", "hint", wrap=True))
        linked = {one.number for one in opened.linked}
        others = [one for one in opened.related if one.number not in linked]
        if others:
            self._related.addWidget(label(tr("同一企业的其他投诉"), "heading"))
        for other in others[:8]:
            self._related.addLayout(self._other_line(other.rid, other.number, _related_words(other), "link"))

    def _other_line(self, rid: str, number: str, words: str, step: str) -> QBoxLayout:
        """Another complaint: a way to it, and beside it the step that links the two or undoes that."""
        across = row(gap=8)
        way = button(words, "link")
        way.clicked.connect(lambda: self.other_wished.emit(rid))
        across.addWidget(way)
        if step in self._offered:
            act = button(tr("解除关联") if step == "unlink" else tr("关联"), "link")
            act.setAccessibleName(f"{act.text()} {number}")
            act.clicked.connect(lambda: self._open_link(step, number))
            across.addWidget(act)
        across.addStretch(1)
        return across

    def _open_link(self, step: str, number: str) -> None:
        offer = self._offered.get(step)
        if offer is not None:
            self._fields.likely_other = number
            self.panel.open_form(offer)
            self._fields.likely_other = ""

    def _show_papers(self, opened: Opened) -> None:
        clear(self._offers)
        clear(self._given)
        names = [opened.offered] if opened.offered else []
        names += [name for name in ("complaint-receipt", "complaint-service", "complaint-closing") if name not in names]
        for name in names:
            made = button(tr("出具《{paper}》", paper=shipped()[name].label), "", "print")
            made.clicked.connect(lambda _checked=False, name=name: self.paper_wished.emit(name))
            self._offers.addWidget(made)
        for paper in opened.papers:
            self._given.addLayout(self._paper_line(paper))

    def _paper_line(self, paper: Paper) -> QBoxLayout:
        across = row(gap=8)
        words = f"《{paper.label}》{paper.number}"
        across.addWidget(label(f"{words} {tr('已作废')}" if paper.voided_at else words))
        if not paper.voided_at:
            again = button(tr("再存一份"), "link")
            again.clicked.connect(lambda: self.again_wished.emit(paper.number))
            void = button(tr("作废"), "link")
            void.clicked.connect(lambda: self._ask_void(paper.number, across))
            across.addWidget(again)
            across.addWidget(void)
        across.addStretch(1)
        return across

    def _ask_void(self, number: str, across: QBoxLayout) -> None:
        reason = TextField(max_length=100)
        reason.setPlaceholderText(tr("作废理由，回车作废；编号保留在登记簿里"))
        reason.returnPressed.connect(lambda: self.void_wished.emit(number, reason.text().strip()))
        across.addWidget(reason, 1)
        reason.setFocus()


def _related_words(one: Related) -> str:
    if one.same_order:
        return tr("{number} {product}(同一订单)", number=one.number, product=one.product)
    if one.same_product:
        return tr("{number} {product}(同一产品)", number=one.number, product=one.product)
    return f"{one.number} {one.product}"
