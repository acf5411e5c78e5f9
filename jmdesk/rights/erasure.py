"""Erasing what a withdrawn consent had opened: from rows, history, index, drafts, papers, attachments and batch files.

What the law wants kept stays: negatives and the papers they rest on until their five years are over, the query log,
that a consent was given and withdrawn, and of a rating its points and the digest of its inputs (decision record 4).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from jmdesk.attachments import queries as attachments
from jmdesk.catalogue.types import Field
from jmdesk.drafts import queries as drafts
from jmdesk.papers import queries as papers
from jmdesk.records.writer import Writer
from jmdesk.rights.scope import Holdings, holdings_of
from jmdesk.store.erasing import erase_fields, erase_record, forget_history, merge_search_terms
from jmdesk.store.reading import Connection
from jmdesk.store.stored import Stored

EVERYTHING: Final = "C1"
"""The consent on which the whole archive rests."""

BLANK: Final = "（已依法删除）"
"""Stands where a text is required that said something about a person."""

KEPT: Final = {
    "R16": ("model_ver", "rating_year", "applicable_max", "score", "grade", "input_digest", "rating_status"),
    "workflow_event": ("target_ref", "step", "event_at", "actor_id", "org_uscc"),
}
_PLAIN_DETAILS: Final = ("rules", "on", "of", "kinds", "household", "result")
"""What the details of a step in the case itself may still say: nothing that somebody wrote about a person."""

_RATED: Final = ("item_scores", "veto_codes")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much an erasure took: records emptied or cleared of fields, and documents (attachments and papers)."""

    records: int
    documents: int


def erase_household(writer: Writer, household: str, kinds: Collection[str], *, reason: str) -> Erased:
    """Erase what these consents had opened of a household, inside a command; C1 is the whole archive.

    The caller has asked who may, folds the write-ahead log after the commit and removes files of settled batches.
    """
    transaction = writer.transaction
    transaction.flush()
    held = holdings_of(transaction.connection, writer.catalogue, household)
    whole = EVERYTHING in kinds
    records = _erase_all(writer, held, reason) if whole else _erase_opened(writer, held, kinds, reason)
    rids = [one.rid for one in held.every]
    papered = [one.rid for one in (*held.own, *held.consents, *held.requests, *held.steps)]
    documents = erase_documents(transaction.connection, papered) if whole else 0
    drafts.forget_records(transaction.connection, rids)
    merge_search_terms(transaction)
    return Erased(records, documents)


def _erase_all(writer: Writer, held: Holdings, reason: str) -> int:
    transaction = writer.transaction
    for one in (*held.own, *held.steps):
        erase_record(transaction, one.type, one.rid, reason=reason, keep=KEPT.get(one.type, ()))
    for consent in held.consents:
        erase_fields(transaction, "R04", consent.rid, ("witness",), reason=reason)
        forget_history(transaction, "R04", consent.rid, reason=reason)
    for request in held.requests:
        erase_fields(transaction, "R25", request.rid, ("reason",), reason=reason, instead={"reason": BLANK})
        forget_history(transaction, "R25", request.rid, reason=reason)
    for step in held.handling:
        details = step.values.get("details")
        plain = {n: v for n, v in details.items() if n in _PLAIN_DETAILS} if isinstance(details, dict) else {}
        erase_fields(transaction, step.type, step.rid, ("reason", "details"), reason=reason, instead={"details": plain})
        forget_history(transaction, step.type, step.rid, reason=reason)
    return len(held.own) + len(held.steps)


def _erase_opened(writer: Writer, held: Holdings, kinds: Collection[str], reason: str) -> int:
    """The fields behind the locks that these consents open; a rating that rests on them loses what it says of them."""
    catalogue = writer.catalogue
    locks = {lock.name for lock in catalogue.locks.values() if lock.effect == "seal" and set(lock.kinds) & set(kinds)}
    erased = 0
    for one in held.own:
        names = _opened(one, locks, catalogue.types[one.type].fields)
        if one.type == "R16" and (locks or "C4" in kinds):
            names = [*names, *_RATED]
        if names and erase_fields(writer.transaction, one.type, one.rid, names, reason=reason):
            erased += 1
    return erased


def _opened(one: Stored, locks: Collection[str], fields: Sequence[Field]) -> list[str]:
    return [field.identifier for field in fields if field.lock in locks] if one.type != "R16" else []


def erase_documents(connection: Connection, rids: Sequence[str]) -> int:
    """Erase the attachments and papers of these records; gives how many."""
    return attachments.erase_of(connection, rids) + papers.erase_documents(connection, rids)
