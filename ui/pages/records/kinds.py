"""The record types at the left, in the order of an office's work."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from jmdesk.catalogue.types import Catalogue
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.theme import look

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "农户",
        ("R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "assessment", "R15", "R16", "R04"),
    ),
    ("村镇与银行", ("R03", "R17", "R18", "R19")),
    ("企业与投诉", ("R20", "R21", "R22", "R23", "R24")),
    ("办理", ("R25", "R27", "workflow_event")),
    ("系统记录", ("R01", "R02", "R26", "R28", "R29")),
)
_TYPE = int(Qt.ItemDataRole.UserRole)


class KindList(QListWidget):
    """Every record type under its heading. ``chosen`` carries the type that the user moved to."""

    chosen = Signal(str)

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.setAccessibleName(tr("记录种类"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        px = look().theme.px
        self.setFixedWidth(px(112) + 56)
        self.setIconSize(QSize(px(13), px(13)))
        for heading, members in GROUPS:
            self._add_heading(tr(heading))
            for type_id in members:
                record_type = catalogue.types[type_id]
                item = QListWidgetItem(record_type.label)
                item.setData(_TYPE, type_id)
                if record_type.bookkeeping:
                    item.setIcon(icon("lock", "muted"))
                    item.setToolTip(tr("系统记录，只能查看"))
                self.addItem(item)
        self.currentItemChanged.connect(self._tell)

    def mark(self, type_id: str) -> None:
        """Move to a type."""
        for number in range(self.count()):
            if self.item(number).data(_TYPE) == type_id:
                self.setCurrentRow(number)

    def _add_heading(self, text: str) -> None:
        title = QListWidgetItem(text)
        title.setFlags(Qt.ItemFlag.NoItemFlags)
        font = self.font()
        font.setBold(True)
        title.setFont(font)
        self.addItem(title)

    def _tell(self, item: QListWidgetItem | None) -> None:
        type_id = item.data(_TYPE) if item is not None else None
        if type_id:
            self.chosen.emit(str(type_id))
