"""What a page is given: settings, the runner, notices, the desk, and a way to other pages."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ui.core.messages import Notices
from ui.core.ports import Unlocked
from ui.core.runner import Runner
from ui.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go: a page, and there a record type and a record (empty: the page as it is)."""

    page: str
    type: str = ""
    rid: str = ""


class Context(QObject):
    """Shared by all pages of one window; pages know this and not each other."""

    going = Signal(object)

    def __init__(self, settings: Settings, runner: Runner | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.runner = runner or Runner()
        self.notices = Notices()
        self.desk: Unlocked | None = None
        self.runner.failed.connect(self.notices.error)

    def go(self, page: str, type: str = "", rid: str = "") -> None:  # noqa: A002 -- the word of the records
        """Ask the window for another page."""
        self.going.emit(Target(page, type, rid))


class Page(QWidget):
    """A page of the window. What a page does not offer, it leaves as it is here."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    def show_target(self, target: Target) -> None:
        """Show what ``target`` names."""

    def start_search(self) -> None:
        """Put the cursor where one searches (Ctrl+F)."""

    def start_new(self) -> None:
        """Begin a new record (Ctrl+N)."""

    def save(self) -> None:
        """Save what is being edited (Ctrl+S)."""

    def go_back(self) -> None:
        """Go back one step within the page (Alt+Left)."""

    def unsaved(self) -> bool:
        """Whether there is input that leaving the page would lose."""
        return False

    def discard(self) -> None:
        """Let unsaved input go; the user has said so."""
