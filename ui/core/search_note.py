"""Writes into the audit trail that somebody searched by a person's own number, once for each search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jmdesk.audit.searching import personal_key

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from ui.core.runner import Runner


class SearchNote:
    """The searches of one list."""

    def __init__(self, desk: Desk, runner: Runner) -> None:
        self._desk, self._runner = desk, runner
        self._noted = ""

    def take(self, type_id: str, text: str) -> None:
        """A list of a type was searched; what the number was is not written down."""
        if text != self._noted and personal_key(text):
            self._noted, audit = text, self._desk.audit
            self._runner.submit(lambda _progress, _cancelled: audit.note_search(type_id, text))
