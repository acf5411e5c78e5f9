"""How complete an archive is: a bar, what is missing and why it matters, and what does not fit together."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar

from jmdesk.desk import Desk
from jmdesk.households.completeness import RATE, SEND, Gap
from ui.core.i18n import language, tr
from ui.core.theme import look
from ui.pages.households.editor import Editing
from ui.pages.households.model import Shown
from ui.widgets.section import Section
from ui.widgets.styling import button, clear, column, label, row

MOST_GAPS = 12
"""So many are listed; more are counted."""


class CompletenessBar(QFrame):
    """``wished`` carries an ``Editing``: where to fill in what is missing."""

    wished = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("role", "card")
        down = column(self, margin=10, gap=6)
        across = row(gap=8)
        self.text = label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        self.bar.setMaximumWidth(look().theme.px(220))
        self.bar.setAccessibleName(tr("资料完整度"))
        across.addWidget(self.bar)
        across.addWidget(self.text, 1)
        down.addLayout(across)
        self.missing = Section(tr("还缺什么、为什么"), unfolded=False)
        down.addWidget(self.missing)
        self.problems = label("", "warning", wrap=True)
        down.addWidget(self.problems)

    def show_household(self, shown: Shown) -> None:
        """Say how complete this household is and what does not fit."""
        found = shown.completeness
        self.bar.setValue(found.percent)
        if found.gaps and found.percent == 100:
            self.text.setText(tr("必填资料已齐；另有 {n} 项登记了才好评级和查重", n=len(found.gaps)))
        elif found.gaps:
            self.text.setText(tr("必填资料已有 {percent}%，还缺 {n} 项", percent=found.percent, n=len(found.gaps)))
        else:
            self.text.setText(tr("资料齐全"))
        clear(self.missing.layout_)
        for gap in found.gaps[:MOST_GAPS]:
            link = button(self._words(gap, shown), "link", "edit")
            link.clicked.connect(lambda _checked=False, gap=gap: self.wished.emit(self._editing(gap, shown)))
            across = row(gap=0)
            across.addWidget(link)
            across.addStretch(1)
            self.missing.layout_.addLayout(across)
        if len(found.gaps) > MOST_GAPS:
            self.missing.add(label(tr("另有 {n} 项。", n=len(found.gaps) - MOST_GAPS), "muted"))
        self.missing.setVisible(bool(found.gaps) and not shown.voided)
        told = [
            f"{self._about(one.type, one.rid, shown)}{one.problem.message(language()).text}" for one in shown.findings
        ]
        self.problems.setText("\n".join(dict.fromkeys(told)))
        self.problems.setVisible(bool(told))

    def _words(self, gap: Gap, shown: Shown) -> str:
        record_type = self._desk.catalogue.types[gap.type]
        what = record_type.by_identifier[gap.field].label if gap.field else record_type.label
        why = {SEND: tr("不补齐不能报送"), RATE: tr("不登记，评级缺少依据")}.get(gap.why, tr("缺了难以发现重复登记"))
        return tr("{what}：{why}", what=f"{self._about(gap.type, gap.rid, shown)}{what}", why=why)

    @staticmethod
    def _about(type_id: str, rid: str, shown: Shown) -> str:
        member = next((one for one in shown.dossier.members if one.rid == rid), None) if type_id == "R06" else None
        return f"{member.values.get('person_name', '')} " if member else ""

    @staticmethod
    def _editing(gap: Gap, shown: Shown) -> Editing:
        return Editing(gap.type, gap.rid or (shown.rid if gap.type == "R05" else ""), field=gap.field)
