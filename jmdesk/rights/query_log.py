"""The query log (R26): who looked at whom, when, for what, on which consent; chained, kept for five years.

Articles 18 and 22 of the Regulation on the Administration of the Credit Reporting Industry. A log of its own beside the
change log, for it is what a person, a bank and an inspector are shown. Values of what was found never go into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import utc_text
from jmdesk.records.writer import Writer
from jmdesk.rights import queries
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store.store import Connection

LOG: Final = "R26"
GENESIS: Final = "0" * 64
_CHAINED: Final = (
    "log_seq", "user_id", "org_uscc", "query_at", "subject_id", "purpose", "consent_id", "fields", "prev_digest",
)  # fmt: skip


def note_query(
    writer: Writer,
    desk: RightsDesk,
    subject: str,
    purpose: str,
    fields: Sequence[str],
    *,
    consent: str = "",
    recipient: str = "",
) -> str:
    """Add a query inside a command: about ``subject`` (``R05:…``), for a purpose (CL-PURPOSE), on a consent.

    ``recipient`` is the unit that asked, this one by default. Gives the record id of the entry.
    """
    writer.transaction.flush()
    seq, previous = queries.end_of_log(writer.transaction.connection)
    values: Record = {
        "log_seq": seq + 1,
        "user_id": desk.actor,
        "org_uscc": recipient or desk.unit,
        "query_at": utc_text(desk.clock.now()),
        "subject_id": subject,
        "purpose": purpose,
        "fields": list(fields),
        "prev_digest": previous or GENESIS,
    }
    if consent:
        values["consent_id"] = consent
    values["digest"] = _digest(values)
    rid = writer.transaction.new_id()
    writer.bookkeep(LOG, rid, values)
    return rid


def verify_queries(connection: Connection) -> Iterator[int]:
    """The numbers of entries that do not follow from the one before, or do not say what their digest says.

    An entry whose five years are over holds only its number and digests: the chain goes on through it.
    """
    previous, expected = GENESIS, 1
    for values in queries.log(connection):
        seq, digest = values.get("log_seq"), str(values.get("digest", ""))
        if (
            seq != expected
            or values.get("prev_digest") != previous
            or ("subject_id" in values and _digest(values) != digest)
        ):
            yield expected
        previous, expected = digest, expected + 1


def _digest(values: Record) -> str:
    kept = [values.get(name) for name in _CHAINED]
    return sha256(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
