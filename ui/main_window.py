"""The window: a rail of pages, a header, notices, and one page at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFrame, QMainWindow, QScrollArea, QStackedWidget, QWidget

from ui.core.actions import ACTIONS, bind, tip
from ui.core.context import Context, Page, Target
from ui.core.i18n import language, tr
from ui.core.icons import icon
from ui.core.messages import WARN, Notice
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.core.settings import TEXT_SCALES
from ui.core.theme import look, theme
from ui.page_table import PAGES, PageSpec
from ui.widgets.styling import button, column, row

if TYPE_CHECKING:
    from jmdesk.drafts.service import Draft
    from ui.core.ports import Unlocked
    from ui.widgets.demonstration_banner import DemonstrationBanner


def _framed(page: Page) -> QScrollArea:
    """A page that scrolls when the window is smaller than it, so that no text size makes the window too large."""
    frame = QScrollArea()
    frame.setWidgetResizable(True)
    frame.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    frame.setWidget(page)
    return frame


def _frame_of(page: Page) -> QScrollArea:
    """The frame that ``_framed`` put around a page."""
    viewport = page.parentWidget()
    frame = viewport.parentWidget() if viewport is not None else None
    assert isinstance(frame, QScrollArea)  # noqa: S101 -- made above
    return frame


class MainWindow(QMainWindow):
    """Shown with ``front`` (the unlock page) until a desk is open. ``locked`` asks for the process to end."""

    locked = Signal()
    reset_wished = Signal()
    """The demonstration is to begin anew."""

    def __init__(self, context: Context, front: QWidget, pages: tuple[PageSpec, ...] = PAGES) -> None:
        super().__init__()
        self.context = context
        self._specs = {spec.id: spec for spec in pages}
        self._pages: dict[str, Page] = {}
        self._trail: list[str] = []
        self.setWindowTitle(tr("江门信用桌面端"))
        self.setWindowIcon(icon("app", "accent"))
        self._whole = QStackedWidget()
        self._whole.addWidget(front)
        self.setCentralWidget(self._whole)
        self._fit()
        self._bind_actions()
        context.going.connect(self.go)
        context.locking.connect(self.locked)
        context.notices.bug.connect(self.show_bug)
        context.runner.changed.connect(self._read_sync)
        look().changed.connect(self._dress)

    @property
    def page(self) -> Page | None:
        """The page shown now; ``None`` before a desk is open."""
        if self.context.desk is None:
            return None
        frame = self.stack.currentWidget()
        page = frame.widget() if isinstance(frame, QScrollArea) else None
        return page if isinstance(page, Page) else None

    @property
    def page_id(self) -> str:
        """The id of the page shown now; empty before a desk is open."""
        return self._trail[-1] if self._trail else ""

    def enter(self, desk: Unlocked) -> None:
        """Show the workspace of an open desk; it is only built now, so that the unlock page comes at once."""
        self.context.take(desk)
        self._whole.addWidget(self._workspace())
        self.context.notices.posted.connect(self.notices.show_notice)
        self.unit.setText(desk.unit_name)
        self.user.setText(desk.user_name)
        self._whole.setCurrentIndex(1)
        self.go(Target("home"))
        self._read_sync()
        self._tell_of_vault()

    def _tell_of_vault(self) -> None:
        """Say what happened to the vault, then the rest: one notice hides the one before."""
        told = self.context.services.notice(language())
        if told is None:
            self._tell_of_the_user()
        else:
            notice = Notice(told.text, WARN, told.action, tr("知道了"), self._tell_of_the_user)
            self.context.notices.post(notice)

    def _tell_of_the_user(self) -> None:
        self._tell_of_age()
        self._tell_of_attempts()
        self.context.runner.read(self.context.services.drafts.all, self._tell_of_drafts)

    def _tell_of_attempts(self) -> None:
        """Say that somebody tried this user's door in vain."""
        failed = self.context.services.vault.failed_attempts
        if failed:
            text = tr("自上次开库以来有 {n} 次失败的口令尝试。", n=failed)
            self.context.notices.post(Notice(text, WARN, tr("不是您本人输错的，请告诉单位安全管理员。")))

    def _tell_of_age(self) -> None:
        """Say that the passphrase should be changed, by the city's policy; nobody is locked out over it."""
        from jmdesk.packages.security import security_of  # the unlock page needs no store
        from jmdesk.vault.people import slot_of

        desk = self.context.services
        created = slot_of(desk.vault.header, desk.actor).created
        overdue = security_of(desk.packages).days_overdue(created, desk.clock.now())
        if overdue:
            text = tr("开库口令该换了(已过 {n} 天)。", n=overdue)
            go = partial(self.go, Target("users"))
            self.context.notices.post(Notice(text, WARN, "", tr("去更换"), go))

    def _tell_of_drafts(self, outcome: Outcome) -> None:
        """Offer to go on with what was typed before a lock or a crash."""
        if not isinstance(outcome.value, list) or not outcome.value:
            return
        newest: Draft = outcome.value[0]
        target = Target("complaints" if newest.page == "complaints" else "households", new={})
        if newest.page == "records":
            type_id, _, rid = newest.record.partition(":")
            begun = newest.content.get("new")
            target = Target("records", type_id, rid)
            if rid.startswith("new:"):
                target = Target("records", type_id, new=begun if isinstance(begun, dict) else {})
        text = tr("有 {n} 份上次没有保存的填写。", n=len(outcome.value))
        go_on = partial(self.go, target)
        self.context.notices.post(Notice(text, WARN, tr("已加密保存在本机。"), tr("继续填写"), go_on))

    def _read_sync(self) -> None:
        if self.context.desk is not None:
            self.context.runner.read(self.context.desk.overview, self._show_sync)

    def _show_sync(self, outcome: Outcome) -> None:
        from ui.core.ports import Overview
        from ui.widgets.sync_chip import sync_chip

        if isinstance(outcome.value, Overview):
            self.sync_badge.show_chip(sync_chip(outcome.value.sync))

    def go(self, target: Target) -> None:
        """Show a page, building it when it is new. An unsaved page keeps the window where it is."""
        spec = self._specs.get(target.page)
        if spec is None or self.context.desk is None:
            return
        if self.page_id != target.page and self._holds(lambda: self.go(target)):
            return
        page = self._pages.get(target.page)
        if page is None:
            page = self._pages[target.page] = spec.build(self.context)
            page.setObjectName("page")
            self.stack.addWidget(_framed(page))
        fresh = self.page_id != target.page
        if fresh:
            self._trail = [*self._trail[-20:], target.page]
        self.stack.setCurrentWidget(_frame_of(page))
        self.rail.show_page(spec.above or spec.id)
        mark = tr("【演示】") if self.context.services.demonstration else ""
        self.setWindowTitle(f"{mark}{tr(spec.title)} - {tr('江门信用桌面端')}")
        page.show_target(target)
        focus = QApplication.focusWidget()
        if fresh or focus is None or not page.isAncestorOf(focus):
            page.take_focus()

    def show_bug(self, error: BaseException) -> None:
        """Show an error that nobody foresaw."""
        from ui.pages.help.page import program_version
        from ui.widgets.bug_dialog import BugDialog

        self.bug_dialog = BugDialog(error, program_version(), self)
        self.bug_dialog.open()

    def lock(self) -> None:
        """Close the desk; the process that held its key ends with it. Unsaved input waits as an encrypted draft."""
        if self.context.desk is not None:
            self.locked.emit()

    def keep_drafts(self) -> None:
        """Keep what every page holds unsaved."""
        for page in self._pages.values():
            page.keep_draft()

    def _workspace(self) -> QWidget:
        from ui.widgets.notice_bar import NoticeBar  # as all that only an open desk shows
        from ui.widgets.rail import Rail, RailEntry

        made = QWidget()
        made.setObjectName("content")
        across = row(made, gap=0)
        across.setSpacing(0)
        shown = [spec for spec in self._specs.values() if not spec.above and spec.concerns(self.context)]
        entries = [RailEntry(spec.id, tr(spec.title), spec.icon, spec.id == "help") for spec in shown]
        invented = self.context.services.demonstration
        self.rail = Rail(tr("演示") if invented else tr("江门信用"), entries)
        self.rail.chosen.connect(lambda page: self.go(Target(page)))
        across.addWidget(self.rail)
        down = column(gap=0)
        down.setSpacing(0)
        if invented:
            down.addWidget(self._banner())
        down.addWidget(self._header())
        px = look().theme.px
        self.notices = NoticeBar()
        self._notice_room = QWidget()
        room = column(self._notice_room)
        room.setContentsMargins(px(20), px(8), px(20), 0)
        room.addWidget(self.notices)
        down.addWidget(self._notice_room)
        self.stack = QStackedWidget()
        down.addWidget(self.stack, 1)
        across.addLayout(down, 1)
        return made

    def _banner(self) -> DemonstrationBanner:
        from ui.widgets.demonstration_banner import DemonstrationBanner

        self.banner = DemonstrationBanner()
        self.banner.left.connect(self.lock)
        self.banner.reset.connect(self.reset_wished)
        return self.banner

    def come_forward(self) -> None:
        """Show the window over all others: somebody started the program again."""
        self.setWindowState((self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def _header(self) -> QFrame:
        from ui.core.ports import SyncState
        from ui.widgets.chip import ChipLabel
        from ui.widgets.elided import Elided
        from ui.widgets.sync_chip import sync_chip

        header = QFrame()
        header.setObjectName("header")
        across = row(header, gap=12)
        px = look().theme.px
        across.setContentsMargins(px(20), px(7), px(16), px(7))
        self.unit = Elided("heading")
        self.user = button("", "link")
        self.user.setToolTip(tip("go.users"))
        self.user.clicked.connect(lambda: self.go(Target("users")))
        self.sync_badge = ChipLabel(sync_chip(SyncState()))
        self.lock_button = button(tr("锁定"), "", "lock")
        self.lock_button.setToolTip(tip("app.lock"))
        self.lock_button.clicked.connect(self.lock)
        across.addWidget(self.unit)
        across.addWidget(self.user)
        across.addStretch(1)
        across.addWidget(self.sync_badge)
        across.addWidget(self.lock_button)
        return header

    def _dress(self) -> None:
        """Build the pages anew at another text size or colour, for they take their measures when they are made.

        A page with unsaved input stays as it is until it is left.
        """
        if self.context.desk is None:
            return
        self.lock_button.setIcon(icon("lock"))
        here = self.page
        for name, page in list(self._pages.items()):
            if page is not here:
                self._drop(name)
        if here is not None and not here.unsaved():
            QTimer.singleShot(0, self, self._rebuild)

    def _rebuild(self) -> None:
        name = self.page_id
        if name in self._pages and not self._pages[name].unsaved():
            self._drop(name)
            self.go(Target(name))

    def _drop(self, name: str) -> None:
        frame = _frame_of(self._pages.pop(name))
        self.stack.removeWidget(frame)
        frame.hide()
        frame.deleteLater()

    def _fit(self) -> None:
        room = self.screen().availableGeometry()
        self.setMinimumSize(min(1000, room.width()), min(600, room.height()))
        self.resize(min(1366, room.width()), min(768, room.height()))

    def _bind_actions(self) -> None:
        def on_page(call: Callable[[Page], object]) -> Callable[[], None]:
            def slot() -> None:
                if self.page is not None:
                    call(self.page)

            return slot

        slots: dict[str, Callable[[], None]] = {
            "app.help": lambda: self.go(Target("help")),
            "app.lock": self.lock,
            "app.find": on_page(lambda page: page.start_search()),
            "app.new": on_page(lambda page: page.start_new()),
            "app.save": on_page(lambda page: page.save()),
            "app.back": on_page(lambda page: page.go_back()),
            "app.undo": self.context.undo,
            "app.notice": self.notices_act,
            "app.larger": lambda: self._scale(1),
            "app.smaller": lambda: self._scale(-1),
            "app.theme": self._switch_theme,
        }
        for entry in ACTIONS:
            if entry.id.startswith("go."):
                page = entry.id.removeprefix("go.")
                bind(self, entry.id, partial(self.go, Target(page)))
            elif entry.id in slots:
                bind(self, entry.id, slots[entry.id])

    def notices_act(self) -> None:
        """Do what the notice on screen offers."""
        if self.context.desk is not None:
            self.notices.act()

    def _scale(self, steps: int) -> None:
        settings = self.context.settings
        place = TEXT_SCALES.index(settings.text_scale) + steps
        settings.text_scale = TEXT_SCALES[min(len(TEXT_SCALES) - 1, max(0, place))]
        look().apply(theme(settings.theme, settings.text_scale))

    def _switch_theme(self) -> None:
        settings = self.context.settings
        settings.theme = "light" if settings.theme == "dark" else "dark"
        look().apply(theme(settings.theme, settings.text_scale))

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._holds(self.close):
            event.ignore()
            return
        super().closeEvent(event)

    def _holds(self, then: Callable[[], object]) -> bool:
        """Whether unsaved input keeps the window here; the notice offers to let it go and do ``then``."""
        page = self.page
        if page is None or not page.unsaved():
            return False

        def let_go() -> None:
            page.discard()
            then()

        shown = self._specs[self.page_id]
        self.rail.show_page(shown.above or shown.id)
        text, hint = tr("这一页有未保存的修改。"), tr("按 Ctrl+S 保存，或放弃修改。")
        self.context.notices.post(Notice(text, WARN, hint, tr("放弃修改并离开"), let_go))
        return True
