"""The application: Qt set up for this product, the unlock page, the window, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from jmdesk.core.errors import KnownError
from jmdesk.core.messages import message
from ui.core.bugs import describe
from ui.core.context import Context
from ui.core.doorbell import Doorbell, ring
from ui.core.i18n import set_language, tr
from ui.core.icons import icon
from ui.core.idle import IdleWatch
from ui.core.readying import AFTER_MS, get_ready
from ui.core.runner import Outcome
from ui.core.settings import Settings
from ui.core.stamping import stamp
from ui.core.theme import look, theme
from ui.core.vaults import VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.unlock.page import UnlockPage

if TYPE_CHECKING:
    from ui.core.ports import Unlocked, Vaults

DEMONSTRATION = "--demonstration"
WRONG_USAGE = 2
"""Exit status. 0 is a window that was closed, also by a lock: another process shows the unlock page then."""

log = logging.getLogger(__name__)


def prepare(settings: Settings) -> QApplication:
    """The Qt application in the user's language, text size and colours."""
    # Without a display nobody types, and asking for an input method aborts the process where D-Bus is not set up.
    if os.environ.get("QT_QPA_PLATFORM") != "offscreen":
        # Qt 6.7 tries these in turn: the platform's wish first, then what UOS, Kylin and others run.
        wish = os.environ.get("QT_IM_MODULE", "")
        os.environ.setdefault("QT_IM_MODULES", ";".join(filter(None, (wish, "wayland", "fcitx", "ibus", "compose"))))
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("jmdesk")
    app.setOrganizationName("jmdesk")
    # Where an installer puts input method plugins built for this very Qt (fcitx on UOS and Kylin).
    app.addLibraryPath(str(Path(sys.executable).resolve().parent / "qt-plugins"))
    set_language(settings.language)
    if settings.language == "zh":
        own = QTranslator(app)
        if own.load("qtbase_zh_CN", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(own)
    look().apply(theme(settings.theme, settings.text_scale))
    app.setWindowIcon(icon("app", "accent"))
    return app


def start_again(*arguments: str) -> None:
    """Start a fresh process that shows the unlock page: the one that held the key is about to end."""
    from PySide6.QtCore import QProcess

    own = [] if getattr(sys, "frozen", False) else ["-m", "jmdesk"]
    QProcess.startDetached(sys.executable, [*own, *arguments])


class Session:
    """One run of the window: from the unlock page to the end of the process."""

    def __init__(self, vaults: Vaults, settings: Settings, again: Callable[..., None] = start_again) -> None:
        self.context = Context(settings)
        self._again, self._vaults = again, vaults
        self.front = UnlockPage(self.context, vaults)
        self.window = MainWindow(self.context, self.front)
        self.idle = IdleWatch(settings.idle_minutes)
        self.doorbell = Doorbell()
        self.doorbell.rung.connect(self.window.come_forward)
        self.window.reset_wished.connect(self.begin_anew)
        self.front.unlocked.connect(self._enter)
        self.window.locked.connect(self.lock)
        self.idle.expired.connect(self.lock)
        self.context.settings_changed.connect(lambda: self.idle.set_minutes(settings.idle_minutes))
        self.ready = False
        """Whether what an open desk needs has been imported."""
        QTimer.singleShot(AFTER_MS, self.front, self._get_ready)

    def _get_ready(self) -> None:
        self.context.runner.read(get_ready, self._got_ready)

    def _got_ready(self, outcome: Outcome) -> None:
        self.ready = outcome.ok
        if outcome.error is not None:
            self.context.notices.error(outcome.error)

    def _enter(self, desk: Unlocked) -> None:
        self.doorbell.hang(desk.services.vault.folder)
        if desk.services.demonstration:
            stamp(tr("演示 · 数据虚构 · 无效"))
        self.window.enter(desk)
        self.idle.start()

    def lock(self) -> None:
        """Let go of the vault, start a process without its key, and end this one."""
        self.window.keep_drafts()
        self.close()
        self._again()
        QApplication.quit()

    def begin_anew(self) -> None:
        """Throw the demonstration away and start a process that makes another."""
        self.close()
        self._vaults.reset_demonstration()
        self._again(DEMONSTRATION)
        QApplication.quit()

    def close(self) -> None:
        """Finish what is under way and let go of the vault; may be called twice."""
        self.idle.stop()
        self.doorbell.take_down()
        stamp("")
        self.context.runner.close()
        desk, self.context.desk = self.context.desk, None
        if desk is not None:
            desk.close()

    def caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show what escaped from a slot: a known error as a notice, anything else as a bug."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        if not isinstance(error, KnownError):
            log.error("unexpected: %s", describe(error.with_traceback(trace)))
        self.context.notices.error(error)


def run(arguments: Sequence[str]) -> int:
    """Show the window until it is closed or locked; gives the exit status.

    ``--vault FOLDER`` offers that vault first, ``--demonstration`` shows invented data; anything else is wrong usage.
    A vault that is named, or the only one that this computer knows, brings its window forward where it is open.
    """
    settings, vaults = Settings(), VaultsOnDisk()
    wanted = settings.vaults[0] if len(settings.vaults) == 1 else None
    match list(arguments):
        case []:
            pass
        case ["--vault", folder]:
            wanted = Path(folder).absolute()
            settings.remember_vault(wanted)
        case [arg] if arg == DEMONSTRATION:
            wanted = vaults.demonstration_vault
        case _:
            sys.stderr.write(f"{message('ui.bad_arguments', {})}\n")
            return WRONG_USAGE
    app = prepare(settings)
    if wanted is not None and ring(wanted):
        return 0
    session = Session(vaults, settings)
    sys.excepthook = session.caught
    session.window.show()
    if list(arguments) == [DEMONSTRATION]:
        session.front.start_demonstration()
    try:
        return app.exec()
    finally:
        session.close()
