"""What holds for the whole register: place, year, hidden rows, sheets, the scan of signed authorisations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QWidget

from jmdesk.core.clock import beijing_date
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.pickers import children_within, region_path, regions_within
from ui.core.theme import look
from ui.pages.imports.trial import Scan
from ui.pages.imports.wizard import Wizard
from ui.widgets.date_field import DateField
from ui.widgets.elided import Elided
from ui.widgets.field import YearField
from ui.widgets.region_picker import RegionPicker
from ui.widgets.section import Section
from ui.widgets.styling import button, clear, column, label, row


class WholeCard(QFrame):
    """Choices that no single column has; each is applied as soon as it is made."""

    def __init__(self, wizard: Wizard, context: Context) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._wizard, self._context = wizard, context
        scope = context.services.regions
        self.region = RegionPicker(regions_within(scope), region_path, children_within(scope))
        self.year = YearField()
        self.skip_hidden = QCheckBox(tr("跳过隐藏行(含筛选掉的行)"))
        self.sheets: dict[str, QCheckBox] = {}
        down = self._down = column(self, margin=12, gap=6)
        down.addWidget(label(tr("整份登记表"), "heading"))
        self._line(tr("所在村(居)"), self.region, self.region.line)
        self._line(tr("收支年度"), self.year, self.year)
        down.addWidget(self.skip_hidden)
        self.sheet_section = Section(tr("要导入的工作表"), unfolded=False)
        down.addWidget(self.sheet_section)
        down.addWidget(self._scan_part())
        down.addStretch(1)
        self.region.edited.connect(self._place)
        self.region.line.editingFinished.connect(self._place)
        self.year.editingFinished.connect(self._year)
        self.skip_hidden.toggled.connect(self._hidden)
        self.signed_on.editingFinished.connect(self._signed)

    def _line(self, name: str, field: QWidget, buddy: QWidget) -> None:
        across = row(gap=8)
        words = label(name, "label")
        words.setMinimumWidth(look().theme.px(84))
        words.setBuddy(buddy)
        buddy.setAccessibleName(name)
        across.addWidget(words, 0, Qt.AlignmentFlag.AlignTop)
        across.addWidget(field, 1)
        self._down.addLayout(across)

    def refresh(self) -> None:
        """Show the wizard's choices."""
        opened, mapping, scan = self._wizard.opened, self._wizard.mapping, self._wizard.scan
        if opened is None or mapping is None:
            return
        if not self.region.line.isModified():
            self.region.set_value(mapping.region or None)
        if not self.year.isModified():
            self.year.set_value(mapping.year)
        before = beijing_date(self._context.services.clock.now()).year - 1
        self.year.setPlaceholderText(tr("表中没有写时按 {year} 年", year=before))
        self.skip_hidden.setVisible(opened.hidden > 0)
        self._check(self.skip_hidden, on=mapping.skip_hidden)
        self._show_sheets(opened.sheets, mapping.skip_sheets)
        self.scan_name.setText(scan.path.name if scan else tr("没有选；未授权的内容先封存"))
        self.signed_row.setVisible(scan is not None)
        self.drop_scan.setVisible(scan is not None)
        if scan and not self.signed_on.isModified():
            self.signed_on.set_value(scan.signed_on.isoformat())

    @staticmethod
    def _check(box: QCheckBox, *, on: bool) -> None:
        blocked = box.blockSignals(True)  # noqa: FBT003 -- Qt's signature
        box.setChecked(on)
        box.blockSignals(blocked)

    # -- place, year, rows, sheets ---------------------------------------------------------------------------------

    def _place(self) -> None:
        mapping, value = self._wizard.mapping, self.region.value()
        if mapping is not None and not self.region.problem() and str(value or "") != mapping.region:
            self._wizard.choose(replace(mapping, region=str(value or "")))

    def _year(self) -> None:
        mapping, value = self._wizard.mapping, self.year.value()
        if mapping is not None and not self.year.problem() and value != mapping.year:
            self._wizard.choose(replace(mapping, year=value if isinstance(value, int) else None))

    def _hidden(self, skip: bool) -> None:
        if self._wizard.mapping is not None:
            self._wizard.choose(replace(self._wizard.mapping, skip_hidden=skip))

    def _show_sheets(self, names: tuple[str, ...], skipped: frozenset[str]) -> None:
        self.sheet_section.setVisible(bool(names))
        if tuple(self.sheets) != names:
            clear(self.sheet_section.layout_)
            self.sheets = {name: QCheckBox(name) for name in names}
            for box in self.sheets.values():
                box.toggled.connect(self._choose_sheets)
                self.sheet_section.add(box)
        for name, box in self.sheets.items():
            self._check(box, on=name not in skipped)
        left_out = sum(name in skipped for name in names)
        self.sheet_section.remark.setText(
            tr("{n} 张，跳过 {skipped} 张", n=len(names), skipped=left_out) if left_out else tr("{n} 张", n=len(names))
        )

    def _choose_sheets(self) -> None:
        if self._wizard.mapping is not None:
            skipped = frozenset(name for name, box in self.sheets.items() if not box.isChecked())
            self._wizard.choose(replace(self._wizard.mapping, skip_sheets=skipped))

    # -- the scan --------------------------------------------------------------------------------------------------

    def _scan_part(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=4)
        across = row(gap=6)
        across.addWidget(label(tr("授权书扫描件"), "label"))
        self.scan_name = Elided("hint")
        self.scan_button = button(tr("选择"), "link", "folder")
        self.drop_scan = button(tr("去掉"), "link")
        self.scan_button.setAccessibleName(tr("选择这批农户的授权书扫描件"))
        self.scan_button.clicked.connect(self._ask_scan)
        self.drop_scan.clicked.connect(lambda: self._wizard.take_scan(None))
        across.addWidget(self.scan_name, 1)
        across.addWidget(self.scan_button)
        across.addWidget(self.drop_scan)
        down.addLayout(across)
        self.signed_row = QWidget()
        line = row(self.signed_row, gap=8)
        words = label(tr("签署日期"), "label")
        self.signed_on = DateField(self._today)
        self.signed_on.setAccessibleName(tr("签署日期"))
        words.setBuddy(self.signed_on)
        line.addWidget(words)
        line.addWidget(self.signed_on, 1)
        down.addWidget(self.signed_row)
        self.scan_problem = label("", "problem", wrap=True)
        self.scan_problem.hide()
        self.signed_on.problem_changed.connect(self._show_scan_problem)
        down.addWidget(self.scan_problem)
        return made

    def _show_scan_problem(self, text: str) -> None:
        self.scan_problem.setText(text)
        self.scan_problem.setVisible(bool(text))

    def _ask_scan(self) -> None:
        kinds = f"{tr('扫描件')} (*.pdf *.jpg *.jpeg *.png *.tif *.tiff *.zip);;{tr('所有文件')} (*)"
        name, _ = QFileDialog.getOpenFileName(self, tr("选择这批农户的授权书扫描件"), "", kinds)
        if name:
            self.take_scan(Path(name))

    def take_scan(self, path: Path) -> None:
        """Import with this scan, signed today unless said otherwise."""
        before = self._wizard.scan
        self._wizard.take_scan(Scan(path, before.signed_on if before else self._today()))

    def _signed(self) -> None:
        scan, value = self._wizard.scan, self.signed_on.value()
        if scan is None or not isinstance(value, str):
            return
        day = date.fromisoformat(value)
        if day > self._today():
            self.signed_on.show_problem(tr("签署日期不能在今天之后。"))
        else:
            self._wizard.take_scan(replace(scan, signed_on=day))

    def _today(self) -> date:
        return beijing_date(self._context.services.clock.now())
