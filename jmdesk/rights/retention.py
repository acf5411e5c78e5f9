"""What may no longer be kept: shown as due, and erased by a recorded act of somebody with the duty.

Negatives five years after they ended (Regulation on the Administration of the Credit Reporting Industry, article 16),
entries of the query log after five years (article 22). Values without consent and documents taken off a record go by
themselves after 30 days; erasures after a withdrawal are cases (``Rights.countdowns``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from jmdesk.core.clock import beijing_date, is_plausible, utc_text
from jmdesk.core.errors import Refused
from jmdesk.drafts import queries as drafts
from jmdesk.rights import queries
from jmdesk.rights.erasure import Erased, erase_documents
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store.erasing import erase_record, merge_search_terms

NEGATIVES, QUERIES = "R14", "R26"
_QUERY_YEARS: Final = 5
_KEPT: Final = {QUERIES: ("log_seq", "prev_digest", "digest")}
_REASONS: Final = {NEGATIVES: "不良信息保存期满五年，依法删除", QUERIES: "查询记录保存期满五年，依法删除"}


@dataclass(frozen=True, slots=True)
class OutOfTerm:
    """Records whose term is over: the type and their record ids."""

    type: str
    rids: tuple[str, ...]


class Retention:
    """Finds and erases what is out of term."""

    def __init__(self, desk: RightsDesk) -> None:
        self._desk = desk

    def due(self) -> tuple[OutOfTerm, ...]:
        """What is out of term today, by type; types with nothing due are left out. Nothing under a wrong clock."""
        now = self._desk.clock.now()
        if not is_plausible(now):
            return ()
        today = beijing_date(now)
        years_ago = today.replace(year=today.year - _QUERY_YEARS, day=min(today.day, 28))
        before = utc_text(now - timedelta(days=(today - years_ago).days))
        with self._desk.store.reading() as connection:
            found = (
                OutOfTerm(NEGATIVES, tuple(queries.negatives_out_of_term(connection, today.isoformat()))),
                OutOfTerm(QUERIES, tuple(queries.queries_before(connection, before))),
            )
        return tuple(one for one in found if one.rids)

    def purge(self, type_id: str) -> Erased:
        """Erase what is out of term of one type; the log says who did it.

        ``Refused`` "rights.nothing_due", "records.clock" under a clock that cannot be right, and the guard's for a user
        without the duty: negatives need the right to void them, the query log the auditor's to take it out.
        """
        desk = self._desk
        if not is_plausible(desk.clock.now()):
            raise Refused("records.clock", day=beijing_date(desk.clock.now()).isoformat())
        rids = next((one.rids for one in self.due() if one.type == type_id), ())
        if not rids:
            raise Refused("rights.nothing_due")
        desk.records.guard.require("void" if type_id == NEGATIVES else "export", type_id)
        with desk.records.writing("erase", reason=_REASONS[type_id]) as writer:
            for rid in rids:
                keep = _KEPT.get(type_id, ())
                erase_record(writer.transaction, type_id, rid, reason=_REASONS[type_id], keep=keep)
            connection = writer.transaction.connection
            documents = erase_documents(connection, rids)
            drafts.forget_records(connection, list(rids))
            merge_search_terms(writer.transaction)
        desk.store.fold_log()
        return Erased(len(rids), documents)
