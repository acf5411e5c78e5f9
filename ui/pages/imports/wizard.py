"""What an import is doing, apart from how it looks: it outlives the page, which is built anew at another text size."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from jmdesk.core.changes import Changes
from jmdesk.core.errors import KnownError, Refused
from jmdesk.registers.mapping import Mapping
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.messages import INFO, OK, Notice
from ui.core.runner import Outcome, Report, Task
from ui.pages.imports.reading import Opened, Preview, open_source, preview
from ui.pages.imports.trial import Scan, Told, run

SOURCE, COLUMNS, TRIAL, RESULT = range(4)
_CANCELLED = "registers.cancelled"
_STOPPED = "store.cancelled"
_PASSWORDS = ("registers.password_needed", "registers.wrong_password")


class Wizard(QObject):
    """One import of one window. ``changed`` after every step; ``previewed`` when the first households were read."""

    changed = Signal()
    previewed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._newer = threading.Event()
        self.task: Task | None = None
        self.doing = ""
        context.runner.changed.connect(self._records_changed)
        self._begin()

    @classmethod
    def of(cls, context: Context) -> Wizard:
        """The wizard of a window; made when first asked for."""
        return next((child for child in context.children() if isinstance(child, cls)), None) or cls(context)

    def _begin(self) -> None:
        self.step = SOURCE
        self.source: Path | None = None
        self.error: KnownError | None = None
        self.opened: Opened | None = None
        self.mapping: Mapping | None = None
        self.scan: Scan | None = None
        self.preview: Preview | None = None
        self.trial: Told | None = None
        self.done: Told | None = None
        self.undoable = self.undone = False

    @property
    def busy(self) -> bool:
        """Whether a file is being read, tried or imported."""
        return self.task is not None

    @property
    def wants_password(self) -> bool:
        """Whether the file chosen waits for its password."""
        return self.error is not None and self.error.code in _PASSWORDS

    # -- going -----------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Begin another import."""
        if not self.busy:
            self._begin()
            self.changed.emit()

    def back(self) -> None:
        """One step back; everything chosen stays. After an import there is only another one, or undoing it."""
        if self.busy or self.step == SOURCE or (self.done is not None and not self.undone):
            return
        self.step = COLUMNS if self.undone else self.step - 1
        self.done, self.error, self.undone = None, None, False
        self.changed.emit()

    def forward(self) -> None:
        """One step on, when it can be taken."""
        if self.busy:
            return
        if self.step == SOURCE and self.opened is not None:
            self.step = COLUMNS
            self.changed.emit()
        elif self.step == COLUMNS:
            self.try_out()
        elif self.step == TRIAL and self.trial is not None and self.trial.result.landed:
            self.import_all()

    def cancel(self) -> None:
        """Stop what is under way; nothing half-written stays."""
        if self.task is not None:
            self.task.cancel()

    # -- reading ---------------------------------------------------------------------------------------------------

    def open(self, source: Path, password: str | None = None, *, again: bool = False) -> None:
        """Read a file or a folder; ``again`` keeps the choices made for it."""
        if self.busy:
            return
        desk, before = self._context.services, self.mapping if again else None
        again = again and self.opened is not None

        def work(_progress: Report, cancelled: Callable[[], bool]) -> object:
            return open_source(desk, source, password, before, cancelled)

        self.source, self.error = source, None
        self._start(work, self._read_again if again else self._opened, tr("正在读取“{name}”", name=source.name))

    def _opened(self, outcome: Outcome) -> None:
        self.task = None
        if isinstance(outcome.value, Opened):
            self._take(outcome.value)
        else:
            self.opened = self.mapping = self.preview = self.trial = None
            self._fail(outcome)
        self.changed.emit()

    def _read_again(self, outcome: Outcome) -> None:
        """A file that cannot be read anew leaves what was read before."""
        self.task = None
        if isinstance(outcome.value, Opened):
            self._take(outcome.value)
            self.try_out()
        else:
            self._fail(outcome)
            self.changed.emit()

    def _take(self, opened: Opened) -> None:
        self.opened, self.mapping = opened, opened.mapping
        self.preview = self.trial = self.done = None
        self.undoable = self.undone = False
        self.step = COLUMNS
        self.look()

    def read_again(self, password: str | None = None) -> None:
        """Read the file anew after it was mended, and try it; every choice stays."""
        if self.source is not None:
            self.open(self.source, password, again=True)

    # -- mapping ---------------------------------------------------------------------------------------------------

    def choose(self, mapping: Mapping) -> None:
        """Read the register in another way from now on."""
        if mapping != self.mapping:
            self.trial = None
        self.mapping = mapping
        self.look()
        self.changed.emit()

    def take_scan(self, scan: Scan | None) -> None:
        """Import with a scan of signed authorisations, or without."""
        if scan != self.scan:
            self.scan, self.trial = scan, None
            self.changed.emit()

    def look(self) -> None:
        """Read the first households anew."""
        opened, mapping, desk = self.opened, self.mapping, self._context.services
        if opened is None or mapping is None:
            return
        self._newer.set()
        newer = self._newer = threading.Event()

        def arrived(outcome: Outcome) -> None:
            if newer.is_set():
                return
            if isinstance(outcome.value, Preview):
                self.preview = outcome.value
                self.previewed.emit()
            elif outcome.error is not None:
                self._context.notices.error(outcome.error)

        self._context.runner.read(lambda: preview(desk, opened, mapping), arrived)

    # -- trying and importing --------------------------------------------------------------------------------------

    def try_out(self) -> None:
        """Import everything and take it back at once, to see what would happen."""
        self.step, self.error = TRIAL, None
        if self.trial is None:
            self._run(dry=True)
        else:
            self.changed.emit()

    def import_all(self) -> None:
        """Import for real."""
        self.step, self.error = RESULT, None
        self.undoable = self.undone = False
        self._run(dry=False)

    def _run(self, *, dry: bool) -> None:
        opened, mapping, scan, desk = self.opened, self.mapping, self.scan, self._context.services
        if opened is None or mapping is None or self.busy:
            return

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            return run(desk, opened.register, mapping, scan, progress, cancelled, dry=dry)

        if dry:
            self._start(work, self._tried, tr("正在试导入，不会写入任何内容"))
        else:
            self._start(work, self._imported, tr("正在导入"))

    def _tried(self, outcome: Outcome) -> None:
        self.task = None
        if isinstance(outcome.value, Told):
            self.trial = outcome.value
        else:
            self.step = COLUMNS
            self._fail(outcome)
        self.changed.emit()

    def _imported(self, outcome: Outcome) -> None:
        self.task = None
        if isinstance(outcome.value, Told):
            self.done, result = outcome.value, outcome.value.result
            self.undoable = bool(result.new + result.changed)
            text = tr("已导入：新增 {new} 户，更新 {changed} 户。", new=result.new, changed=result.changed)
            undo = self.undo if self.undoable else None
            self._context.notices.post(Notice(text, OK, action_text=tr("撤销") if undo else "", action=undo))
        else:
            self.step = TRIAL
            self._fail(outcome)
        self.changed.emit()

    # -- taking back -----------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the import back, as long as nothing was changed since."""
        desk = self._context.desk
        if desk is None or not self.undoable or self.busy:
            return
        self.undoable, self.error = False, None
        self._start(desk.undo_last, self._taken_back, tr("正在撤销这次导入"))

    def _taken_back(self, outcome: Outcome) -> None:
        self.task = None
        if outcome.ok:
            self.undone, self.trial = True, None
            self._context.notices.say(tr("已撤销这次导入。"), INFO)
        else:
            # Stopped halfway, nothing was taken back: it may be tried again.
            self._fail(outcome)
            self.undoable = self.error is not None and self.error.code in (_CANCELLED, _STOPPED)
        self.changed.emit()

    def _records_changed(self, changes: Changes) -> None:
        """After any other change, undoing would take back something else."""
        if self.undoable and not self.busy and changes.types:
            self.undoable = False
            self.changed.emit()

    # -- work ------------------------------------------------------------------------------------------------------

    def _start(
        self,
        work: Callable[[Report, Callable[[], bool]], object],
        done: Callable[[Outcome], None],
        text: str,
    ) -> None:
        self.doing = text
        self.task = self._context.runner.submit(work, done)
        self.changed.emit()

    def _fail(self, outcome: Outcome) -> None:
        """Keep a known error for the step on screen; anything else is a bug."""
        if outcome.cancelled:
            self.error = Refused(_CANCELLED)
        elif isinstance(outcome.error, KnownError):
            self.error = outcome.error
        elif outcome.error is not None:
            self._context.notices.error(outcome.error)
