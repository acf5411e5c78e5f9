"""The application: Qt set up for this product, the unlock page, the window, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLibraryInfo, QProcess, QTranslator
from PySide6.QtWidgets import QApplication

from jmdesk.core.errors import KnownError
from jmdesk.core.messages import message
from ui.core.bugs import describe
from ui.core.context import Context
from ui.core.i18n import set_language
from ui.core.icons import icon
from ui.core.idle import IdleWatch
from ui.core.ports import Unlocked, Vaults
from ui.core.settings import Settings
from ui.core.theme import look, theme
from ui.core.vaults import VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.unlock.page import UnlockPage

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


def start_again() -> None:
    """Start a fresh process that shows the unlock page: the one that held the key is about to end."""
    QProcess.startDetached(sys.executable, [] if getattr(sys, "frozen", False) else ["-m", "jmdesk"])


class Session:
    """One run of the window: from the unlock page to the end of the process."""

    def __init__(self, vaults: Vaults, settings: Settings, again: Callable[[], None] = start_again) -> None:
        self.context = Context(settings)
        self._again = again
        self.front = UnlockPage(self.context, vaults)
        self.window = MainWindow(self.context, self.front)
        self.idle = IdleWatch(settings.idle_minutes)
        self.front.unlocked.connect(self._enter)
        self.window.locked.connect(self.lock)
        self.idle.expired.connect(self.lock)
        self.context.settings_changed.connect(lambda: self.idle.set_minutes(settings.idle_minutes))

    def _enter(self, desk: Unlocked) -> None:
        self.window.enter(desk)
        self.idle.start()

    def lock(self) -> None:
        """Let go of the vault, start a process without its key, and end this one."""
        self.window.keep_drafts()
        self.close()
        self._again()
        QApplication.quit()

    def close(self) -> None:
        """Finish what is under way and let go of the vault; may be called twice."""
        self.idle.stop()
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

    ``--vault FOLDER`` offers that vault first; anything else is wrong usage.
    """
    settings = Settings()
    match list(arguments):
        case []:
            pass
        case ["--vault", folder]:
            settings.remember_vault(Path(folder).absolute())
        case _:
            sys.stderr.write(f"{message('ui.bad_arguments', {})}\n")
            return WRONG_USAGE
    app = prepare(settings)
    session = Session(VaultsOnDisk(), settings)
    sys.excepthook = session.caught
    session.window.show()
    try:
        return app.exec()
    finally:
        session.close()
