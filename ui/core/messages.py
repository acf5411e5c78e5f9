"""Notices instead of dialogs: what happened, how grave it is, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from jmdesk.core.errors import KnownError, Unreachable
from ui.core.i18n import language, tr

OK, INFO, WARN, BAD = "ok", "info", "warn", "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. ``text`` says what happened, ``hint`` what to do; ``action`` (with its text) does it at once."""

    text: str
    kind: str = INFO
    hint: str = ""
    action_text: str = ""
    action: Callable[[], None] | None = None

    @property
    def lasting(self) -> bool:
        """Whether it stays until closed: whatever went wrong is never taken away unread."""
        return self.kind in (WARN, BAD)


def present(error: KnownError) -> Notice:
    """A known error as a notice: its text and its next step."""
    told = error.message_for_user(language())
    return Notice(told.text, WARN if isinstance(error, Unreachable) else BAD, told.action)


class Notices(QObject):
    """Where pages post notices; the main window shows them. ``bug`` carries errors that nobody expected."""

    posted = Signal(object)
    bug = Signal(object)

    def post(self, notice: Notice) -> None:
        """Show a notice."""
        self.posted.emit(notice)

    def say(self, text: str, kind: str = OK) -> None:
        """Show a plain text."""
        self.post(Notice(text, kind))

    def error(self, error: BaseException) -> None:
        """Show a known error as a notice, anything else as a bug."""
        if isinstance(error, KnownError):
            self.post(present(error))
        else:
            self.bug.emit(error)

    def done_with_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Say that something was saved, with the button that takes it back."""
        self.post(Notice(text, OK, action_text=tr("撤销"), action=undo))
