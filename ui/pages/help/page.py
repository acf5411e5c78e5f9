"""Help: the keys (from the table of actions), the words of the program, look, and its version."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from ui.core.actions import ACTIONS, EVERYWHERE, TYPED, shortcut_text, tip
from ui.core.context import Context, Page, Target
from ui.core.i18n import LANGUAGES, tr
from ui.core.messages import INFO
from ui.core.settings import TEXT_SCALES, THEMES
from ui.core.theme import look, theme
from ui.widgets.flow import Flow
from ui.widgets.styling import button, card, column, label, row

WORDS: tuple[tuple[str, str], ...] = (
    ("本机资料库", "这台电脑上加密存放的全部记录。忘记开库口令就打不开，没有后门。"),
    ("信用信息档案", "一户或一家单位的全部记录。"),
    ("待报送", "已经保存在本机、平台还没有收到的修改。"),
    ("报送包", "签名并加密的一批修改；联网上传和优盘带去是同一个文件。"),
    ("平台回执", "平台签名的答复；每条记录收下还是退回，以回执为准。"),
    ("两处修改不一致", "同一项在两台电脑上改得不一样，需要有人选定。两个值都会留在历史里。"),
    ("作废(留痕)", "记录不再有效，但仍可查到是谁、何时、为何作废。"),
    ("退回补正", "平台或审核人退回的记录，补正后再报送。"),
    ("撤回授权", "本人收回同意；相应信息停止使用，法律要求保留的除外。"),
    ("本次评定得分(仅供评定)", "按公开规则算出的分数，每一项都可以查看依据。"),
)
CONTROLS: tuple[tuple[str, str], ...] = (
    ("加密保护", "资料库和备份都已加密。电脑丢了、硬盘被拆、优盘被拿走，没有口令也打不开；口令越长越安全。"),
    ("平台核对", "报送包有签名，日志链每次报送都由平台会签。资料库被换成旧的、日志被截短，下次联网时平台能看出来。"),
    ("本机规矩", "角色、双人复核、遮蔽、留痕、自动锁定，管住照规矩使用本程序的人；改动了程序的人不受它约束。"),
)
"""The kinds of protection, as SECURITY.md tells them apart."""
NOT_DEFENDED: tuple[str, ...] = (
    "同一个 Windows 或 Linux 账号下运行的木马、键盘记录器：它能看到您看到的一切。",
    "这台电脑的系统管理员，以及被人换掉的程序文件：请只从单位管理员处安装和升级。",
    "开着资料库离开座位：请先锁定(Ctrl+L)。",
    "休眠文件和换页文件：请单位打开整盘加密。",
    "打印件和未加密的导出文件：文件出了本程序，要靠人保管，用完删除。",
    "整个资料库文件夹被换成以前的拷贝：要到下次与平台联系时才看得出来。",
    "恢复码连同电脑一起丢失：恢复码请封存在保险柜，与电脑分开。",
)
"""What no control of this program stops; the same list as in SECURITY.md, for who works with it."""
IDLE_MINUTES = (5, 10, 15, 30)
PAGE_NAMES = {
    "records": "记录",
    "households": "农户档案",
    "imports": "导入",
    "complaints": "投诉",
    "ratings": "评级",
    "sync": "报送",
    "enterprises": "会员企业",
    "selections": "信用评价",
    "green_cards": "诚信绿卡",
}


def program_version() -> str:
    """The version in the package's metadata."""
    try:
        return version("jmdesk")
    except PackageNotFoundError:
        return tr("未安装")


class HelpPage(Page):
    """One page to read; nothing in it needs a network."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        outer = column(self)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, margin=20, gap=12)
        self._scroll.setWidget(inside)
        outer.addWidget(self._scroll)
        down.addWidget(label(tr("帮助"), "title"))
        across = row(gap=12)
        across.addWidget(self._keys(), 1, Qt.AlignmentFlag.AlignTop)
        right = column(gap=12)
        right.addWidget(self._look())
        right.addWidget(self._care())
        right.addWidget(self._safety())
        right.addWidget(self._words())
        right.addStretch(1)
        across.addLayout(right, 1)
        down.addLayout(across)
        down.addWidget(label(tr("江门信用桌面端 {version}", version=program_version()), "hint"))
        down.addStretch(1)

    def _keys(self) -> QFrame:
        made = card()
        down = column(made, margin=16, gap=8)
        down.addWidget(label(tr("键盘"), "heading"))
        grid = self._grid()
        lines = [(shortcut_text(entry.id), self._named(entry.text, entry.page)) for entry in ACTIONS]
        lines += [(keys, tr(meaning)) for keys, meaning in TYPED]
        for line, (keys, meaning) in enumerate(lines):
            grid.addWidget(label(keys, "key"), line, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label(meaning, wrap=True), line, 1)
        down.addLayout(grid)
        return made

    @staticmethod
    def _named(text: str, page: str) -> str:
        return tr(text) if page == EVERYWHERE else f"{tr(text)}（{tr(PAGE_NAMES.get(page, page))}）"

    def _care(self) -> QFrame:
        """The ways to what is looked after now and then."""
        made = card()
        down = column(made, margin=16, gap=8)
        down.addWidget(label(tr("维护"), "heading"))
        ways, across = QWidget(), Flow()
        ways.setLayout(across)
        for page, text, icon_name in (
            ("backups", tr("备份与恢复"), "vault"),
            ("audit", tr("审计"), "history"),
            ("handover", tr("工作交接"), "seal"),
            ("caretaking", tr("代管村"), "region"),
        ):
            way = button(text, "", icon_name)
            way.setToolTip(tip(f"go.{page}"))
            way.clicked.connect(partial(self.context.go, Target(page)))
            across.addWidget(way)
        down.addWidget(ways)
        return made

    def _safety(self) -> QFrame:
        """What protects the data here, and, as plainly, what nothing here protects against."""
        made = card()
        down = column(made, margin=16, gap=8)
        down.addWidget(label(tr("数据安全：防得住什么"), "heading"))
        grid = self._grid()
        for line, (name, meaning) in enumerate(CONTROLS):
            grid.addWidget(label(tr(name)), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(tr(meaning), "muted", wrap=True), line, 1)
        down.addLayout(grid)
        down.addWidget(label(tr("防不住什么"), "heading"))
        for sentence in NOT_DEFENDED:
            down.addWidget(label(f"· {tr(sentence)}", "muted", wrap=True))
        return made

    def _words(self) -> QFrame:
        made = card()
        down = column(made, margin=16, gap=8)
        down.addWidget(label(tr("用词"), "heading"))
        grid = self._grid()
        for line, (word, meaning) in enumerate(WORDS):
            name = label(tr(word), wrap=True)
            name.setMinimumWidth(look().theme.px(96))
            grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(tr(meaning), "muted", wrap=True), line, 1)
        down.addLayout(grid)
        return made

    def _look(self) -> QFrame:
        made = card()
        down = column(made, margin=16, gap=8)
        down.addWidget(label(tr("显示"), "heading"))
        across = row()
        self.text_scale = QComboBox()
        self.text_scale.setAccessibleName(tr("文字大小"))
        for scale in TEXT_SCALES:
            self.text_scale.addItem(f"{scale}%", scale)
        self.text_scale.setCurrentIndex(TEXT_SCALES.index(self.context.settings.text_scale))
        self.theme = QComboBox()
        self.theme.setAccessibleName(tr("配色"))
        for name, text in zip(THEMES, (tr("浅色"), tr("深色")), strict=True):
            self.theme.addItem(text, name)
        self.theme.setCurrentIndex(THEMES.index(self.context.settings.theme))
        across.addWidget(label(tr("文字大小"), "label"))
        across.addWidget(self.text_scale)
        across.addSpacing(look().theme.px(12))
        across.addWidget(label(tr("配色"), "label"))
        across.addWidget(self.theme)
        across.addStretch(1)
        down.addLayout(across)
        down.addLayout(self._more())
        self.text_scale.activated.connect(self._chosen)
        self.theme.activated.connect(self._chosen)
        return made

    def _more(self) -> QHBoxLayout:
        across = row()
        self.language = QComboBox()
        self.language.setAccessibleName(tr("语言"))
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(self.language.findData(self.context.settings.language))
        self.idle = QComboBox()
        self.idle.setAccessibleName(tr("闲置锁定"))
        for minutes in IDLE_MINUTES:
            self.idle.addItem(tr("{n} 分钟", n=minutes), minutes)
        self.idle.setCurrentIndex(max(0, self.idle.findData(self.context.settings.idle_minutes)))
        across.addWidget(label(tr("语言"), "label"))
        across.addWidget(self.language)
        across.addSpacing(look().theme.px(12))
        across.addWidget(label(tr("闲置锁定"), "label"))
        across.addWidget(self.idle)
        across.addStretch(1)
        self.language.activated.connect(self._language_chosen)
        self.idle.activated.connect(self._idle_chosen)
        return across

    def _language_chosen(self) -> None:
        self.context.settings.language = str(self.language.currentData())
        self.context.notices.say(tr("语言在下次打开程序时改变。"), INFO)

    def _idle_chosen(self) -> None:
        self.context.settings.idle_minutes = int(self.idle.currentData())
        self.context.settings_changed.emit()

    def _chosen(self) -> None:
        settings = self.context.settings
        settings.text_scale = int(self.text_scale.currentData())
        settings.theme = str(self.theme.currentData())
        look().apply(theme(settings.theme, settings.text_scale))

    @staticmethod
    def _grid() -> QGridLayout:
        grid = QGridLayout()
        px = look().theme.px
        grid.setHorizontalSpacing(px(14))
        grid.setVerticalSpacing(px(6))
        grid.setColumnStretch(1, 1)
        return grid
