"""What the platform judges by: the catalogue that an operation names, and every rule package, as they are published."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date

from jmdesk import version as program_version
from jmdesk.catalogue.issues import Issue, built, in_force, latest
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.errors import Refused
from jmdesk.ratings.rulebook import Rulebook
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.keys import PlatformKeys
from sync.gateway.packages import issues


@dataclass(frozen=True)
class Editions:
    """The catalogues by their version, and the rules, on one day. Without packages: what came with the program."""

    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    rules: Rulebook = field(default_factory=Rulebook)

    def catalogue(self, version: str) -> Catalogue | None:
        """The catalogue that an operation was made under ("" is the program's own); None for one not known here."""
        return self.catalogues.get(version) or (catalogue() if version in ("", catalogue().version) else None)


class Editioning:
    """Reads the published packages again when there are others or another day has begun. Thread-safe."""

    def __init__(self, database: Database, keys: PlatformKeys) -> None:
        self._database, self._keys = database, keys
        self._turn = threading.Lock()
        self._state: tuple[object, date] | None = None
        self._editions = Editions()

    def on(self, day: date) -> Editions:
        """The editions of a day."""
        with self._turn:
            self._database.run(Access(Role.INGEST), lambda connection: self._renew(connection, day))
            return self._editions

    def _renew(self, connection: Connection, day: date) -> None:
        state = (connection.execute("SELECT count(*), max(created) FROM packages").fetchone(), day)
        if state != self._state:
            self._editions = editions_of(list(issues(connection, self._keys.trust)), day)
            self._state = state


def editions_of(published: list[Issue], day: date) -> Editions:
    """The editions that published packages make on a day.

    A catalogue that was in force once is known for ever, over the regions and the calendar of today: work that was
    done under it may come late. A withdrawn one stays too, for those who worked under it before they heard.
    """
    newest = latest(published)
    today = in_force(newest, day, program_version())
    beneath = {line: issue for line, issue in today.items() if line[0] in ("regions", "calendar")}
    base = built(catalogue(), beneath)
    made = {base.version: base}
    for issue in newest:
        if issue.kind == "catalogue":
            try:
                made[issue.version] = built(catalogue(), {**beneath, ("catalogue", ""): issue})
            except Refused:  # made for a newer program than this one: unknown here until it is brought up
                continue
    return Editions(made, Rulebook(newest, today))
