"""The one way to work off the GUI thread: every write and everything that may take longer than a frame."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from jmdesk.core.errors import KnownError
from ui.core.bugs import describe
from ui.core.collecting import Collector

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far work has come: ``done`` of ``total`` (0 = unknown) and what it is doing."""

    done: int = 0
    total: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How work ended: with a value, with an error, or cancelled."""

    value: object = None
    error: BaseException | None = None
    cancelled: bool = False

    @property
    def ok(self) -> bool:
        """Whether ``value`` may be used."""
        return self.error is None and not self.cancelled


class Cancelled(Exception):
    """Raised by work that stops because the user asked it to."""


class Report(Protocol):
    """What work calls to tell how far it is."""

    def __call__(self, done: int, total: int = 0, text: str = "") -> None: ...


Work = Callable[[Report, Callable[[], bool]], object]
"""Work is given ``progress(done, total, text)`` and ``cancelled()``, and returns its value."""


class Task(QObject):
    """One piece of work under way. Both signals arrive on the GUI thread and carry one object."""

    progressed = Signal(object)
    finished = Signal(object)
    _told = Signal(object)
    _ended = Signal(object)

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work
        self._stop = threading.Event()
        self.done = False
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._end, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Ask the work to stop at its next step; nothing half-written stays behind."""
        self._stop.set()

    def run(self) -> None:
        """Do the work; called on the worker's thread."""
        if self._stop.is_set():
            self._ended.emit(Outcome(cancelled=True))
            return
        try:
            outcome = Outcome(self._work(self._report, self._stop.is_set))
        except Cancelled:
            outcome = Outcome(cancelled=True)
        except KnownError as error:
            outcome = Outcome(error=error)
        except Exception as error:  # noqa: BLE001 -- a bug must reach the window, not vanish with its thread
            log.error("work failed: %s", describe(error))  # noqa: TRY400 -- a traceback may carry personal data
            outcome = Outcome(error=error)
        self._ended.emit(outcome)

    def _report(self, done: int, total: int = 0, text: str = "") -> None:
        self._told.emit(Progress(done, total, text))

    @Slot(object)
    def _tell(self, progress: Progress) -> None:
        if not self.done:
            self.progressed.emit(progress)

    @Slot(object)
    def _end(self, outcome: Outcome) -> None:
        self.done = True
        self.finished.emit(outcome)


def _listens(slot: Callable[[Outcome], None]) -> bool:
    """Whether the page that waits for an outcome still exists: it may have been left and rebuilt meanwhile."""
    owner = getattr(getattr(slot, "func", slot), "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)


class Runner(QObject):
    """Three lanes: writes one after another, long work and reads beside them.

    ``changed`` carries the ``Changes`` of every committed write, as the store announces them (see ``Context.take``).
    ``failed`` carries errors that nobody handled. ``busy`` tells when the write lane starts and falls idle.
    """

    changed = Signal(object)
    failed = Signal(object)
    busy = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._writes = ThreadPoolExecutor(1, "jmdesk-write")
        self._long = ThreadPoolExecutor(1, "jmdesk-long")
        self._reads = ThreadPoolExecutor(2, "jmdesk-read")
        self._open: set[Task] = set()
        self._writing = 0
        self._closed = False
        self._collector = Collector(self)
        self._collector.begin()

    def submit(
        self,
        work: Work,
        done: Callable[[Outcome], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Task:
        """Queue a write. Without ``done``, errors go to ``failed``."""
        return self._start(self._writes, work, done, progress, write=True)

    def beside(
        self,
        work: Work,
        done: Callable[[Outcome], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Task:
        """Queue long work of many small transactions: a save takes its turn between them, it need not wait."""
        return self._start(self._long, work, done, progress, write=True)

    def read(self, work: Callable[[], object], done: Callable[[Outcome], None]) -> Task:
        """Queue a read; it never waits for a write."""
        return self._start(self._reads, lambda _progress, _cancelled: work(), done, None, write=False)

    def _start(
        self,
        lane: ThreadPoolExecutor,
        work: Work,
        done: Callable[[Outcome], None] | None,
        progress: Callable[[Progress], None] | None,
        *,
        write: bool,
    ) -> Task:
        task = Task(work)
        if self._closed:  # a page's timer may fire between the end of the desk and its own
            task.done = True
            return task
        if write:
            self._writing += 1
            if self._writing == 1:
                self.busy.emit(True)  # noqa: FBT003 -- Qt signal
        self._open.add(task)
        if progress is not None:
            task.progressed.connect(progress)
        task.finished.connect(lambda outcome: self._finish(task, outcome, done, write=write))
        lane.submit(task.run)
        return task

    def _finish(self, task: Task, outcome: Outcome, done: Callable[[Outcome], None] | None, *, write: bool) -> None:
        self._open.discard(task)
        if write:
            self._writing -= 1
            if self._writing == 0:
                self.busy.emit(False)  # noqa: FBT003 -- Qt signal
        if done is not None:
            if _listens(done):
                done(outcome)
        elif outcome.error is not None:
            self.failed.emit(outcome.error)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._open

    def close(self) -> None:
        """Cancel what waits, let what runs come to its end, and stop the threads. Later work is not begun."""
        self._closed = True
        for task in tuple(self._open):
            task.cancel()
        for lane in (self._writes, self._long):
            lane.shutdown(wait=True, cancel_futures=True)
        self._reads.shutdown(wait=True, cancel_futures=True)
        self._collector.end()
