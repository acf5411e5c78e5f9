"""The notice of a batch: who stands on it, given out anew whenever somebody joins or leaves; the one before is void."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.papers import queries as papers
from jmdesk.records.consent_book import read_many
from jmdesk.reviews import documents, queries
from jmdesk.reviews.office import Office
from jmdesk.reviews.watch import RATING_CONSENT

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer
    from jmdesk.reviews.queries import Batch

LEFT: Final = "名单中有农户更正或者撤回授权，其余农户公示起止不变"


class Notices:
    """The notices that one desk gives out."""

    def __init__(self, desk: Office) -> None:
        self._desk = desk

    def anew(self, writer: Writer, rating: str, why: str, leaving: str = "") -> str:
        """Give out the notice of everybody who is on notice now; the one before, if any, is void."""
        writer.transaction.flush()
        connection = writer.transaction.connection
        batch = queries.batches(connection, queries.batch_of(connection, rating))[0]
        on_notice = [
            line
            for line in queries.lines(connection, queries.ratings_of(connection, batch.number))
            if line.publicity and line.rating != leaving and line.status in ("30", "35", "40")
        ]
        ended = beijing_date(self._desk.clock.now()).isoformat()
        on_notice = [line for line in on_notice if line.publicity[-1] >= ended]
        consents = read_many(connection, [line.household for line in on_notice], writer.on)
        on_notice = [line for line in on_notice if RATING_CONSENT in consents[line.household].signed]
        if batch.notice:
            with suppress(Refused):
                self._desk.papers.strike(writer, batch.notice, why)
        if not on_notice:
            queries.mark(connection, batch.number, notice="")
            return ""
        values = documents.notice(self._desk, batch, on_notice)
        region = batch.region
        issued = self._desk.papers.write(writer, "review-notice", "batch", batch.number, values, region=region)
        queries.mark(connection, batch.number, notice=issued.paper.number)
        return issued.paper.number

    def left_elsewhere(self, batch: Batch) -> str:
        """A rating that another unit took off the notice given out here after it was given out, "" for none."""
        with self._desk.store.reading() as connection:
            mine, issued = queries.ratings_of(connection, batch.number), papers.get(connection, batch.notice)
        since = issued.issued_at if issued is not None else ""
        for rating, case in self._desk.workflows.standings("W2", "R16", mine).items():
            last = case.last("correct", "stop")
            if last is not None and last.org != self._desk.unit and last.at > since:
                return rating
        return ""
