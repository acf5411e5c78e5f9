"""Everything that can be done by a key: one table. Clashes fail a test; the help page is made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.core.i18n import tr

EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action: a stable id, its Chinese text, its keys (``Ctrl+N``), and the page it belongs to."""

    id: str
    text: str
    shortcut: str
    page: str = EVERYWHERE


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("go.home", "转到首页", "Ctrl+1"),
    ActionSpec("go.households", "转到农户档案", "Ctrl+2"),
    ActionSpec("go.records", "转到记录", "Ctrl+3"),
    ActionSpec("go.imports", "转到导入", "Ctrl+4"),
    ActionSpec("go.ratings", "转到评级", "Ctrl+5"),
    ActionSpec("go.sync", "转到报送", "Ctrl+6"),
    ActionSpec("go.help", "转到帮助", "Ctrl+7"),
    ActionSpec("go.users", "转到用户", "Ctrl+0"),
    ActionSpec("go.cases", "转到在办事项", "Ctrl+9"),
    ActionSpec("go.complaints", "转到投诉", "Ctrl+T"),
    ActionSpec("go.reviews", "转到评议与认定", "Ctrl+R"),
    ActionSpec("go.consents", "转到授权与删除", "Ctrl+E"),
    ActionSpec("go.enterprises", "转到会员企业", "Ctrl+O"),
    ActionSpec("go.selections", "转到信用评价", "Ctrl+J"),
    ActionSpec("go.green_cards", "转到诚信绿卡", "Ctrl+K"),
    ActionSpec("go.conflicts", "转到两处修改不一致", "Ctrl+8"),
    ActionSpec("go.villages", "转到信用村镇", "Ctrl+Shift+M"),
    ActionSpec("go.lookup", "转到信用查询", "Ctrl+Shift+Q"),
    ActionSpec("app.help", "打开帮助", "F1"),
    ActionSpec("go.backups", "转到备份与恢复", "Ctrl+Shift+B"),
    ActionSpec("go.audit", "转到审计", "Ctrl+Shift+A"),
    ActionSpec("go.caretaking", "转到代管村", "Ctrl+Shift+K"),
    ActionSpec("go.handover", "转到工作交接", "Ctrl+Shift+J"),
    ActionSpec("app.lock", "锁定资料库", "Ctrl+L"),
    ActionSpec("app.find", "查找", "Ctrl+F"),
    ActionSpec("app.new", "新建", "Ctrl+N"),
    ActionSpec("app.undo", "撤销上一次保存的修改", "Ctrl+Z"),
    ActionSpec("app.back", "返回上一页", "Alt+Left"),
    ActionSpec("app.save", "保存", "Ctrl+S"),
    ActionSpec("app.larger", "放大文字", "Ctrl++"),
    ActionSpec("app.smaller", "缩小文字", "Ctrl+-"),
    ActionSpec("app.theme", "切换深色和浅色", "Ctrl+Shift+D"),
    ActionSpec("app.notice", "执行提示条上的操作", "Ctrl+Shift+Z"),
    ActionSpec("records.history", "查看修改历史", "Ctrl+H", "records"),
    ActionSpec("records.case", "办理", "Ctrl+G", "records"),
    ActionSpec("records.attachments", "转到附件", "Ctrl+I", "records"),
    ActionSpec("records.void", "作废(留痕)", "Ctrl+Delete", "records"),
    ActionSpec("records.filter", "转到筛选", "Ctrl+Shift+F", "records"),
    ActionSpec("complaints.register", "登记投诉", "Ctrl+Return", "complaints"),
    ActionSpec("complaints.paper", "转到文书", "Ctrl+P", "complaints"),
    ActionSpec("complaints.wall", "图表墙(投影)", "F11", "complaints"),
    ActionSpec("enterprises.case", "办理", "Ctrl+G", "enterprises"),
    ActionSpec("selections.case", "办理", "Ctrl+G", "selections"),
    ActionSpec("green_cards.case", "办理", "Ctrl+G", "green_cards"),
    ActionSpec("imports.next", "下一步", "Ctrl+Return", "imports"),
    ActionSpec("households.filter", "转到筛选", "Ctrl+Shift+F", "households"),
    ActionSpec("households.next_part", "档案下一部分", "Ctrl+PgDown", "households"),
    ActionSpec("households.previous_part", "档案上一部分", "Ctrl+PgUp", "households"),
    ActionSpec("households.add", "在这一部分新增一条", "Ctrl+Shift+N", "households"),
    ActionSpec("households.family", "家庭变动", "Ctrl+M", "households"),
    ActionSpec("households.request", "个人信息请求", "Ctrl+Shift+R", "households"),
    ActionSpec("households.attachments", "转到附件", "Ctrl+I", "households"),
)

TYPED: tuple[tuple[str, str], ...] = (
    ("↑ ↓ PgUp PgDn Home End", "在列表中移动"),
    ("Enter", "打开选中的一行；在表单中跳到下一项"),
    ("Tab / Shift+Tab", "下一项、上一项"),
    ("Alt+↓", "展开选项"),
    ("Esc", "关闭选项或提示条"),
    ("t", "日期：今天"),
)
"""Keys that belong to a kind of field rather than to an action."""


def spec(action_id: str) -> ActionSpec:
    """The table's entry. ``KeyError`` for an unknown id."""
    for found in ACTIONS:
        if found.id == action_id:
            return found
    raise KeyError(action_id)


def clashes() -> Iterator[tuple[str, str]]:
    """Pairs of actions that one key press would mean at once."""
    for one, other in combinations(ACTIONS, 2):
        same_place = one.page == other.page or EVERYWHERE in (one.page, other.page)
        if same_place and QKeySequence(one.shortcut) == QKeySequence(other.shortcut):
            yield one.id, other.id


def bind(widget: QWidget, action_id: str, slot: Callable[[], None]) -> QAction:
    """Give ``widget`` (and all in it) an action of the table."""
    entry = spec(action_id)
    action = QAction(tr(entry.text), widget)
    action.setObjectName(entry.id)
    action.setShortcut(QKeySequence(entry.shortcut))
    # An action of the whole window works even when nothing in it has the focus; one of a page only within it.
    within = Qt.ShortcutContext.WidgetWithChildrenShortcut
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut if entry.page == EVERYWHERE else within)
    action.triggered.connect(lambda _checked=False: slot())
    widget.addAction(action)
    return action


def shortcut_text(action_id: str) -> str:
    """The keys of an action as the help page and tooltips show them."""
    return QKeySequence(spec(action_id).shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def tip(action_id: str) -> str:
    """What an action does and its keys, for the tooltip of the button that does it."""
    return f"{tr(spec(action_id).text)}  {shortcut_text(action_id)}"
