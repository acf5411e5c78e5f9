"""The form that admits this computer to the platform."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QProgressBar, QWidget

from jmdesk.core.errors import KnownError
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.pages.sync.exchange import Application, problem_of_code
from ui.widgets.field import LineField, TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.styling import button, column, label, row

_WIDTH = 860


class AddressField(LineField):
    """The platform's address; what lacks ``https://`` gets it."""

    @override
    def read(self, text: str) -> object:
        address = "".join(text.split())
        if "://" not in address:
            address = f"https://{address}"
        if not address.lower().startswith("https://") or len(address) <= len("https://"):
            raise ValueError(tr("地址须以 https:// 开头。"))
        return address


class CodeField(LineField):
    """An enrolment code, typed in any case, with or without its dashes, shown as it is printed."""

    @override
    def read(self, text: str) -> object:
        code, problem = problem_of_code(text)
        if problem:
            raise ValueError(problem)
        return code


class EnrolmentForm(QFrame):
    """Emits ``wanted`` with an ``Application``."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setMaximumWidth(look().theme.px(_WIDTH))
        down = column(self, margin=16, gap=10)
        self.heading = label(tr("登记到市平台"), "heading")
        down.addWidget(self.heading)
        why = tr(
            "登记一次，本机就能报送。登记码由平台管理员当面或电话告知，只能用一次；"
            "它同时用来核对平台的身份。没有登记也可以照常建档、评定，资料都在本机。"
        )
        self.why = label(why, "muted", wrap=True)
        down.addWidget(self.why)
        self.address, self.code, self.ca = AddressField(), CodeField(max_length=80), TextField()
        self.address.setPlaceholderText("https://")
        self.code.setPlaceholderText("XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX")
        self.rows = (
            FormRow(RowText(tr("平台地址"), required=True), self.address),
            FormRow(
                RowText(
                    tr("登记码"), required=True, help=tr("35 位，大小写、空格和横线都不要紧；O 和 0、I 和 1 不分。")
                ),
                self.code,
            ),
        )
        for line in self.rows:
            down.addWidget(line)
        down.addWidget(self._certificate_row())
        self.problem = label("", "problem", wrap=True)
        self.problem.hide()
        down.addWidget(self.problem)
        self.waiting = QProgressBar()
        self.waiting.setRange(0, 0)
        self.waiting.setTextVisible(False)
        self.waiting.setAccessibleName(tr("正在登记"))
        self.waiting.hide()
        down.addWidget(self.waiting)
        across = row()
        across.addStretch(1)
        self.send_button = button(tr("登记"), "primary")
        self.send_button.clicked.connect(self.send)
        across.addWidget(self.send_button)
        down.addLayout(across)
        self.code.returnPressed.connect(self.send)

    def enrol_again(self, address: str) -> None:
        """Ask for a new code for a computer that was enrolled at this address; what was typed stays."""
        self.heading.setText(tr("重新登记到市平台"))
        what = tr(
            "平台不再认本机现在的密钥：资料库多半是从备份恢复的，而备份之后本机换过密钥，或密钥文件已丢失。"
            "资料没有丢失，未报送的内容都在，建档照常。"
        )
        how = tr(
            "请向平台管理员要一个新的登记码，并请他停用本机原来的登记。登记后本机用新的编号段，避免与恢复前编过的号相撞；"
            "未报送的内容先与平台核对，再由本机报送，一条都不会丢。"
        )
        self.why.setText(f"{what}\n{how}")
        self.ca.setPlaceholderText(tr("不填就用原来登记时的证书"))
        if not self.address.text():
            self.address.set_value(address)

    @property
    def touched(self) -> bool:
        """Whether something was typed."""
        return any(field.text() for field in (self.address, self.code, self.ca))

    def send(self) -> None:
        """Ask for enrolment when address and code can be used; else say what is wrong and go there."""
        self.show_error(None)
        if not self.send_button.isEnabled():
            return
        for field, line in ((self.address, self.rows[0]), (self.code, self.rows[1])):
            if field.value() is None:
                line.show_problem(field.problem() or tr("请填写“{name}”。", name=line.text.label))
                field.setFocus()
                return
            line.show_problem("")
        self.wanted.emit(Application(str(self.address.value()), str(self.code.value()), str(self.ca.value() or "")))

    def wait(self, *, waiting: bool) -> None:
        """Show that the platform is being asked."""
        self.waiting.setVisible(waiting)
        self.send_button.setEnabled(not waiting)

    def show_error(self, error: KnownError | None) -> None:
        """Show why the platform did not take this computer."""
        self.problem.setText(str(error.message_for_user(language())) if error else "")
        self.problem.setVisible(error is not None)

    def _certificate_row(self) -> FormRow:
        holder = QWidget()
        across = row(holder, gap=6)
        self.browse_button = button(tr("选择文件"), "", "folder")
        self.browse_button.clicked.connect(self._browse)
        across.addWidget(self.ca, 1)
        across.addWidget(self.browse_button)
        self.ca.setAccessibleName(tr("平台证书文件"))
        self.ca.setPlaceholderText(tr("不填就用系统信任的证书"))
        help_text = tr("只有管理员给了证书文件(.pem 或 .crt)时才要选。")
        return FormRow(RowText(tr("平台证书文件"), help=help_text), holder)

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("选择平台证书文件"), "", f"{tr('证书')} (*.pem *.crt *.cer)")
        if name:
            self.ca.set_value(name)
