"""A page with a list, one of its entries, and forms in place; what a form confirms is done off the window and told."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton

from jmdesk.papers.queries import Paper
from ui.core.context import Context, Page, Target
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.widgets.entry_form import EntryForm, InPlaceForm
from ui.widgets.paper_file import PaperFile
from ui.widgets.sides import Sides
from ui.widgets.styling import clear, column, come_forward, stand_back
from ui.widgets.table_view import WindowedTable

LIST, ONE = range(2)


class FormPage(Page):
    """Shows ``stack``: the list (``table``) first, one entry (``lines``) second, further sides as a page likes.

    A subclass adds its sides in that order, puts ``room[LIST]`` and ``room[ONE]`` beneath their headings, where short
    forms appear, and reads by ``read_list`` and ``read_one``. A form that is being filled in is never read over.
    """

    table: WindowedTable
    lines: WindowedTable

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.rid = ""
        """The entry that is shown; "" while the list is."""
        self.form: InPlaceForm | None = None
        self.paper_file = PaperFile(self, context)
        self.stack = Sides()
        self.room = (column(gap=0), column(gap=0))
        self._alone = column(gap=0)
        self._others: list[QPushButton] = []
        down = column(self, margin=20)
        down.addLayout(self._alone)
        down.addWidget(self.stack, 1)

    def read_list(self) -> None:
        """Read the list."""
        raise NotImplementedError

    def read_one(self, rid: str) -> None:
        """Read one entry; ``show_one`` once it is here."""
        raise NotImplementedError

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if target.rid:
            self.open(target.rid)

    @override
    def take_focus(self) -> None:
        (self.lines if self.stack.currentIndex() == ONE else self.table).setFocus()

    @override
    def unsaved(self) -> bool:
        return self.form is not None

    @override
    def discard(self) -> None:
        self.close_form()

    @override
    def go_back(self) -> None:
        if self.form is not None:
            self.close_form()
        else:
            self.show_list()

    # -- list and entry --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is shown anew."""
        self.read_list()
        if self.rid:
            self.read_one(self.rid)

    def open(self, rid: str) -> None:
        """Show one entry as soon as it is read."""
        self.rid = rid
        self.read_one(rid)

    def show_one(self) -> None:
        """Bring the entry that was read in front."""
        if self.stack.currentIndex() != ONE:
            self.stack.setCurrentIndex(ONE)
            self.lines.setFocus()

    def show_list(self) -> None:
        """Leave the entry."""
        self.rid = ""
        self.stack.setCurrentIndex(LIST)
        self.refresh()
        self.table.setFocus()

    # -- forms -----------------------------------------------------------------------------------------------------

    def show_form(self, form: InPlaceForm) -> None:
        """Put a short form beneath the heading of what is shown, a long one alone."""
        self.close_form()
        self.form = form
        form.cancelled.connect(self.close_form)
        self._others = stand_back(self, form)
        short = isinstance(form, EntryForm)
        self.stack.setVisible(short)
        (self.room[self.stack.currentIndex()] if short else self._alone).addWidget(form)
        form.focus_first()

    def close_form(self) -> None:
        """Take the open form away."""
        for place in (self._alone, *self.room):
            clear(place)
        come_forward(self._others)
        self._others = []
        self.stack.show()
        if self.form is not None:
            self.form = None
            self.take_focus()

    def submit(self, work: Callable[[], object], done: str) -> None:
        """Do what was confirmed; close the form, say ``done`` and read anew, or say what is wrong and keep the form.

        A paper that comes of it is offered as a file.
        """
        self.context.runner.submit(lambda _progress, _cancelled: work(), lambda outcome: self._submitted(outcome, done))

    def _submitted(self, outcome: Outcome, done: str) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.close_form()
        if isinstance(outcome.value, Paper):
            self.paper_file.tell(done, outcome.value)
        else:
            self.context.notices.say(done)
        self.refresh()
