"""Step 1: which register."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QWidget

from ui.core.i18n import tr
from ui.pages.imports.parts import Trouble, scrolled
from ui.pages.imports.wizard import Wizard
from ui.widgets.elided import Elided
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.styling import button, card, column, label, picture, row


class SourceStep(QWidget):
    """Emits ``template_wished`` and ``sample_wished`` with a path where a workbook is to be written."""

    template_wished = Signal(object)
    sample_wished = Signal(object)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self._wizard = wizard
        self._folder = ""
        self.trouble = Trouble(tr("重新读取"))
        self.trouble.acted.connect(self._retry)
        _, down = scrolled(self, gap=12)
        down.addWidget(self.trouble)
        down.addWidget(self._password_row())
        down.addWidget(self._drop_card(), 1)
        down.addWidget(self._help_card())
        self.refresh()

    def take_focus(self) -> None:
        """To the password when it is asked for, else to the file."""
        (self.password if self._wizard.wants_password else self.file_button).setFocus()

    def refresh(self) -> None:
        """Show how the wizard stands."""
        wizard = self._wizard
        asked = wizard.wants_password and not wizard.busy
        self.password_row.setVisible(asked)
        self.trouble.show_error(None if wizard.busy else wizard.error)
        self.trouble.action.setVisible(not asked and wizard.source is not None)
        name = str(wizard.source) if wizard.source else ""
        self.chosen.setText(tr("已选择：{name}", name=name) if name else "")
        self.chosen.setVisible(bool(name))
        if asked and self.isVisible():
            self.password.setFocus()

    def ask_file(self) -> None:
        """Let the system's chooser find a file."""
        kinds = f"{tr('登记表')} (*.xlsx *.xlsm *.xls *.et *.csv *.txt);;{tr('所有文件')} (*)"
        name, _ = QFileDialog.getOpenFileName(self, tr("选择登记表"), self._folder, kinds)
        if name:
            self.choose(Path(name))

    def ask_folder(self) -> None:
        """Let the system's chooser find a folder."""
        name = QFileDialog.getExistingDirectory(self, tr("选择放有登记表的文件夹"), self._folder)
        if name:
            self.choose(Path(name))

    def choose(self, source: Path) -> None:
        """Read a file or a folder."""
        self._folder = str(source.parent)
        self._wizard.open(source)

    def unlock(self) -> None:
        """Read the file with the password typed."""
        source, typed = self._wizard.source, self.password.take()
        if source is not None and typed:
            self._wizard.open(source, typed)

    def _retry(self) -> None:
        if self._wizard.source is not None:
            self._wizard.open(self._wizard.source)

    def _drop_card(self) -> QFrame:
        made = card()
        down = column(made, margin=20, gap=8)
        down.addStretch(1)
        down.addWidget(picture("import", "accent", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        heading = label(tr("把登记表或文件夹拖到这里"), "heading")
        hint = label(
            tr(
                "可以是 .xlsx、.xls、.et、.csv 文件，也可以是一户一表的文件夹。"
                "原文件只读不改，宏不会运行；第 4 步之前什么也不写入。"
            ),
            "muted",
            wrap=True,
        )
        self.chosen = Elided("muted")
        for words in (heading, hint, self.chosen):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        down.addWidget(heading)
        down.addWidget(hint)
        across = row(gap=10)
        self.file_button = button(tr("选择文件"), "primary", "import")
        self.folder_button = button(tr("选择文件夹"), "", "folder")
        self.file_button.clicked.connect(self.ask_file)
        self.folder_button.clicked.connect(self.ask_folder)
        across.addStretch(1)
        across.addWidget(self.file_button)
        across.addWidget(self.folder_button)
        across.addStretch(1)
        down.addLayout(across)
        down.addWidget(self.chosen)
        down.addStretch(1)
        return made

    def _password_row(self) -> QWidget:
        self.password_row = QWidget()
        across = row(self.password_row, gap=8)
        self.password = PassphraseField(tr("工作簿的打开密码"))
        self.open_button = button(tr("打开"), "primary", "unlock")
        name = label(tr("打开密码"), "label")
        name.setBuddy(self.password)
        across.addWidget(name)
        across.addWidget(self.password, 1)
        across.addWidget(self.open_button)
        self.open_button.clicked.connect(self.unlock)
        self.password.returnPressed.connect(self.unlock)
        self.password_row.hide()
        return self.password_row

    def _help_card(self) -> QFrame:
        made = card()
        down = column(made, margin=14, gap=4)
        down.addWidget(label(tr("还没有电子登记表？"), "heading"))
        for text, icon_name, wish, hint in (
            (tr("下载导入模板"), "export", self._ask_template, tr("空白登记表，带下拉列表和填写说明，填好就能导入。")),
            (tr("生成练习用样表"), "records", self._ask_sample, tr("虚构的农户，有意留了差错，只供练习试导入。")),
        ):
            across = row(gap=8)
            made_button = button(text, "link", icon_name)
            made_button.clicked.connect(wish)
            across.addWidget(made_button)
            across.addWidget(label(hint, "hint", wrap=True), 1)
            down.addLayout(across)
        return made

    def _ask_template(self) -> None:
        path = ask_workbook(self, tr("保存导入模板"), tr("农户信用信息登记表模板"))
        if path:
            self.template_wished.emit(path)

    def _ask_sample(self) -> None:
        path = ask_workbook(self, tr("保存练习用样表"), tr("练习用样表"))
        if path:
            self.sample_wished.emit(path)


def ask_workbook(parent: QWidget, title: str, name: str) -> Path | None:
    """Ask where a workbook is to be written; the ending is added when it is missing."""
    found, _ = QFileDialog.getSaveFileName(parent, title, f"{name}.xlsx", f"{tr('工作簿')} (*.xlsx)")
    if not found:
        return None
    return Path(found if found.lower().endswith(".xlsx") else f"{found}.xlsx")
