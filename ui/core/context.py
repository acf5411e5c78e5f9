"""What a page is given: settings, the runner, notices, the desk, and a way to other pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.core.daybreak import Daybreak
from ui.core.i18n import tr
from ui.core.messages import INFO, WARN, Notice, Notices
from ui.core.runner import Outcome, Runner
from ui.core.settings import Settings

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Record
    from jmdesk.desk import Desk
    from ui.core.ports import Unlocked


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go: a page, and there a record type and a record (empty: the page as it is).

    ``new`` asks for a new record of the type with these values filled in; ``came_from`` is where back leads.
    """

    page: str
    type: str = ""
    rid: str = ""
    new: Record | None = None
    came_from: Target | None = None


class Context(QObject):
    """Shared by all pages of one window; pages know this and not each other."""

    going = Signal(object)
    settings_changed = Signal()
    locking = Signal()
    """A page asks for the desk to be locked, because its vault has got a new key."""

    def __init__(self, settings: Settings, runner: Runner | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.runner = runner or Runner()
        self.notices = Notices()
        self.desk: Unlocked | None = None
        self.daybreak: Daybreak | None = None
        self.runner.failed.connect(self.notices.error)

    def take(self, desk: Unlocked) -> None:
        """Work on an open desk; views hear of whatever its store commits, from whichever thread."""
        self.desk = desk
        desk.services.store.listen(self.runner.changed.emit)
        self.daybreak = Daybreak(desk.services.clock, self._begin_day, self)
        self._back_up()

    def _begin_day(self) -> None:
        """Go by the packages of the new day; what has taken effect is told, and views read anew."""
        self._back_up()
        desk = self.services
        self.runner.submit(lambda _progress, _cancelled: desk.begin_day(), self._began)

    def _back_up(self) -> None:
        """Make the backup of the day, beside whatever is going on."""
        backups = self.services.backups
        self.runner.beside(lambda _progress, cancelled: backups.daily(cancelled=cancelled), self._backed_up)

    def _backed_up(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.notices.error(outcome.error)
        elif outcome.value is not None and (problem := getattr(outcome.value, "second_problem", None)) is not None:
            text = tr("今日备份已在本机完成，第二处没有备份成。")
            self.notices.post(Notice(text, WARN, str(problem.message_for_user())))

    def _began(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.notices.error(outcome.error)
        elif isinstance(outcome.value, list) and outcome.value:
            names = "、".join(held.issue.version for held in outcome.value)
            self.notices.say(tr("今日起执行：{names}。详见“报送”页的发布包。", names=names), INFO)
            self.settings_changed.emit()

    @property
    def services(self) -> Desk:
        """The open desk's services. A page is only built while a desk is open."""
        assert self.desk is not None, "no desk is open"  # noqa: S101 -- a bug of ours
        return self.desk.services

    def go(self, target: Target) -> None:
        """Ask the window for another page."""
        self.going.emit(target)

    def printed(self, paper: str, type_id: str, rid: str = "", *, serial: str = "", way: str = "pdf") -> None:
        """Write into the audit trail that a paper left the program (``Audit.printed``)."""
        audit = self.services.audit
        self.runner.submit(lambda _progress, _cancelled: audit.printed(paper, type_id, rid, serial=serial, way=way))

    def undo(self) -> None:
        """Take back the desk's last change, and say so."""
        desk = self.desk
        if desk is not None:
            self.runner.submit(desk.undo_last, self._undone)

    def _undone(self, outcome: Outcome) -> None:
        if outcome.ok:
            self.notices.say(tr("已撤销上一次保存的修改。"), INFO)
        elif outcome.error is not None:
            self.notices.error(outcome.error)


class Page(QWidget):
    """A page of the window. What a page does not offer, it leaves as it is here."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def take_focus(self) -> None:
        """Put the cursor where one works on this page; called when it is shown."""
        self.setFocus()

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

    def keep_draft(self) -> None:
        """Keep unsaved input as a draft: the desk is about to be locked."""
