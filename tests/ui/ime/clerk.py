"""A clerk who types Chinese through a real input method: ``python tests/ui/ime/clerk.py FOLDER``, inside a session.

Opens the real window on a real display, goes to one text field of every kind on the pages named below, lets xdotool
press the keys of "jiangmen" and a space, and prints one JSON object per field: the page, the field, the text that
arrived in it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEventLoop, QProcess, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from tests.ui.desks import make_desk
from ui.app import prepare
from ui.core.context import Context, Target
from ui.core.settings import Settings
from ui.core.vaults import VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.unlock.page import UnlockPage
from ui.widgets.passphrase_field import PassphraseField

KEYS = "jiangmen"
WANTED = "江门"
PATIENCE = 6.0
"""Seconds for the first word; the input method loads its dictionary then."""

FORMS = ("R06", "R07", "R13", "R22", "R24", "R27")
"""Record types whose forms together have every kind of field."""

TextWidget = QLineEdit | QPlainTextEdit


def wait(done: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Let Qt work until something holds or the time is over."""
    loop, watch = QEventLoop(), QTimer()
    end = time.monotonic() + seconds
    watch.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > end else None)
    watch.start(20)
    loop.exec()
    return done()


def press(*arguments: str) -> None:
    """Press keys from outside, as a keyboard does; the window goes on meanwhile."""
    process = QProcess()
    process.start("xdotool", list(arguments))
    wait(lambda: process.state() == QProcess.ProcessState.NotRunning)


def said(widget: TextWidget) -> str:
    return widget.text() if isinstance(widget, QLineEdit) else widget.toPlainText()


def takes_text(widget: QWidget) -> bool:
    """Whether a clerk could type here."""
    return (
        isinstance(widget, TextWidget)
        and widget.isVisible()
        and widget.isEnabled()
        and not widget.isReadOnly()
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    )


def one_of_each(window: QWidget) -> Iterator[TextWidget]:
    """The first field of every kind on a page."""
    seen: set[type[QWidget]] = set()
    for widget in cast("list[QWidget]", window.findChildren(QWidget)):
        if takes_text(widget) and type(widget) not in seen:
            seen.add(type(widget))
            assert isinstance(widget, TextWidget)
            yield widget


def type_into(widget: TextWidget) -> str:
    """The text that arrived in a field."""
    if isinstance(widget, PassphraseField) and not widget.shown:
        widget.toggle()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    wait(widget.hasFocus)
    widget.clear()
    press("type", "--delay", "40", KEYS)
    press("key", "space")
    wait(lambda: WANTED in said(widget))
    text = said(widget)
    press("key", "Escape")
    widget.clear()
    return text


def report(page: str, window: QWidget) -> None:
    for widget in list(one_of_each(window)):
        line = {"page": page, "field": type(widget).__name__, "text": type_into(widget)}
        print(json.dumps(line, ensure_ascii=False), flush=True)


def main(folder: Path) -> None:
    """Type into one field of each kind on every page."""
    settings = Settings(folder / "ime.ini")
    prepare(settings)
    context = Context(settings)
    front = UnlockPage(context, VaultsOnDisk())
    window = MainWindow(context, front)
    window.resize(1366, 768)
    window.show()
    window.activateWindow()
    wait(window.isActiveWindow)
    front.start_create()
    report("unlock", window)
    secret = QWidget()
    QVBoxLayout(secret).addWidget(PassphraseField("口令"))
    secret.show()
    secret.activateWindow()
    wait(secret.isActiveWindow)
    report("passphrase", secret)
    secret.close()
    desk = make_desk(folder / "信用资料库", 12)
    window.enter(desk)
    household = desk.services.records.find("R05", limit=1)[0].rid
    places = {page: Target(page) for page in ("households", "records")}
    places |= {"household": Target("households", "R05", new={})}
    places |= {kind: Target("records", kind, new={"household_id": household}) for kind in FORMS}
    for name, target in places.items():
        if window.page is not None:
            window.page.discard()
        window.go(target)
        wait(lambda: context.runner.idle)
        report(name, window)
    context.runner.close()
    desk.close()
    QApplication.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
