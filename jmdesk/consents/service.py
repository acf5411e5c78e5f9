"""Records consents, declines and withdrawals; what they open or close happens in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jmdesk.attachments.content import Content
from jmdesk.attachments.linking import attach, file_scan
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.consents import queries
from jmdesk.consents.standing import LockStanding, locks_of
from jmdesk.core.clock import Clock, beijing_date, is_plausible, utc_text
from jmdesk.core.errors import Refused
from jmdesk.records.consent_book import (
    DECLINED,
    EXPIRED,
    OPEN_STATES,
    SCAN_PENDING,
    SIGNED,
    WITHDRAWN,
    HouseholdConsents,
    is_adult,
    read_consents,
    state_on,
)
from jmdesk.records.service import Records
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.reading import Connection, Filter
from jmdesk.store.store import Store
from jmdesk.store.stored import Stored

HOUSEHOLD_KINDS = ("C1", "C2", "C4")
PERSON_KINDS = ("C3",)
GUARDIAN_KINDS = ("C6",)
KINDS_OF_NOTICE = ("C1", "C2", "C3", "C4", "C5", "C6", "C7")
"""Every kind (CL-CONSENT): the notice says of each what not giving it may cost."""
NOTICE_VERSION = "JM-GZ-2026.1"
_YEARS_VALID = 2
_BANK_YEARS_VALID = 1


@dataclass(frozen=True, slots=True)
class Signature:
    """What the signed paper says: when, which notice text, archive number and scan digest if there are any.

    ``recipient`` (unified social credit code) and ``purpose`` (CL-PURPOSE) belong to a consent for one bank (C5).
    """

    signed_at: str
    notice_version: str = NOTICE_VERSION
    number: str = ""
    doc_digest: str = ""
    method: str = "1"
    valid_to: str = ""
    recipient: str = ""
    purpose: str = "1"


def consent_record(kind: str, subject: str, subject_type: str, signature: Signature, consent_id: str) -> Record:
    """The R04 record of one signed consent; without a scan its state says that the scan is still to be filed."""
    signed = date.fromisoformat(signature.signed_at[:10])
    years = _BANK_YEARS_VALID if kind == "C5" else _YEARS_VALID
    record: Record = {
        "consent_id": consent_id,
        "subject_type": subject_type,
        "subject_id": subject,
        "consent_kind": kind,
        "consent_state": SIGNED if signature.doc_digest else SCAN_PENDING,
        "scope_items": [kind],
        "purpose": signature.purpose,
        "notice_version": signature.notice_version,
        "consent_method": signature.method,
        "signed_at": signature.signed_at,
        "valid_to": signature.valid_to or signed.replace(year=signed.year + years, day=min(signed.day, 28)).isoformat(),
    }
    if signature.recipient:
        record["recipient_uscc"] = signature.recipient
    if signature.doc_digest:
        record["doc_digest"] = signature.doc_digest
    return record


def write_consents(
    writer: Writer, household: str, adults: Iterable[str], signature: Signature, *, kinds: Sequence[str] | None = None
) -> list[str]:
    """Write the consents of one signed paper: the household's kinds by its head, C3 by each adult; their record ids."""
    written: list[str] = []
    persons = list(adults)
    for kind in kinds or (*HOUSEHOLD_KINDS, *PERSON_KINDS):
        own = kind in PERSON_KINDS or kind in GUARDIAN_KINDS
        subjects = [(f"R06:{person}", "2") for person in persons] if own else [(f"R05:{household}", "1")]
        for subject, subject_type in subjects:
            consent_id = writer.transaction.new_id()
            values = consent_record(kind, subject, subject_type, signature, consent_id)
            writer.create("R04", values, rid=consent_id)
            written.append(consent_id)
    return written


def consents_of(connection: Connection, household: str) -> list[Stored]:
    """Every consent record of a household and its members that is not void."""
    members = reading.find(connection, "R06", Filter(where={"household_id": household}))
    subjects = [f"R05:{household}", *(f"R06:{member.rid}" for member in members)]
    return [
        one for subject in subjects for one in reading.find(connection, "R04", Filter(where={"subject_id": subject}))
    ]


def sign_paper(
    writer: Writer,
    household: str,
    signature: Signature,
    *,
    kinds: Sequence[str] | None = None,
    persons: Sequence[str] | None = None,
    scan: Content | None = None,
) -> int:
    """Record a signed paper inside a command; gives how many waiting values came into place. See ``Consents.sign``."""
    if scan is not None:
        signature = replace(signature, doc_digest=scan.sha256)
    signers = persons if persons is not None else adults_of(writer.transaction.connection, household, writer.on)
    written = write_consents(writer, household, signers, signature, kinds=kinds)
    if scan is not None:
        file_scan(writer, scan, written)
    return writer.release(household)


def file_pending(writer: Writer, household: str, scan: Content) -> int:
    """File a scan for every consent of a household that lacks one, inside a command; gives how many."""
    found = consents_of(writer.transaction.connection, household)
    pending = [one.rid for one in found if state_on(one.values, writer.on) == SCAN_PENDING]
    for rid in pending:
        attach(writer, "R04", rid, scan)
    return len(pending)


def write_withdrawal(
    writer: Writer, household: str, kinds: Sequence[str], *, reason: str, persons: Sequence[str] | None = None
) -> int:
    """Withdraw consents inside a command; gives how many values were taken back. See ``Consents.withdraw``."""
    subjects = None if persons is None else {f"R06:{person}" for person in persons}
    found = [
        one
        for one in consents_of(writer.transaction.connection, household)
        if one.values.get("consent_kind") in kinds
        and "revoked_at" not in one.values
        and one.values.get("consent_state") in OPEN_STATES
        and (subjects is None or one.values.get("subject_id") in subjects)
    ]
    if not found:
        raise Refused("consents.none_in_force")
    for one in found:
        revoked: Record = {"consent_state": WITHDRAWN, "revoked_at": writer.transaction.at}
        writer.change("R04", one.rid, revoked, reason=reason)
    return writer.withhold(household)


def adults_of(connection: Connection, household: str, on: date) -> list[str]:
    """The members who sign for themselves."""
    members = reading.find(connection, "R06", Filter(where={"household_id": household}))
    return [m.rid for m in members if is_adult(m.values.get("birth_date"), m.values.get("is_under14"), on)]


def _household_of(writer: Writer, consent: str) -> set[str]:
    """The household that a consent belongs to, by its subject."""
    found = writer.transaction.get("R04", consent)
    kind, _, subject = str(found.values.get("subject_id", "")).partition(":") if found else ("", "", "")
    if kind == "R06":
        member = writer.transaction.get("R06", subject)
        subject = str(member.values.get("household_id", "")) if member else ""
    return {subject} - {""}


class Consents:
    """Consents of the households of one vault."""

    def __init__(self, store: Store, catalogue: Catalogue, records: Records, clock: Clock) -> None:
        self._store, self._catalogue, self._records, self._clock = store, catalogue, records, clock

    @property
    def today(self) -> date:
        """The day in Beijing, by which papers expire."""
        return beijing_date(self._clock.now())

    def of(self, household: str) -> HouseholdConsents:
        """What a household has agreed to as of today."""
        with self._store.reading() as connection:
            return read_consents(connection, household, self.today)

    def records_of(self, household: str) -> list[str]:
        """The record ids of a household's and its members' consents, whatever their state."""
        self._records.guard.require("read", "R04")
        with self._store.reading() as connection:
            return [one.rid for one in consents_of(connection, household)]

    def locks(self, household: str) -> tuple[LockStanding, ...]:
        """What is locked of a household: which consent opens each lock, and whose signatures are missing."""
        self._records.guard.require("read", "R04")
        with self._store.reading() as connection:
            book = read_consents(connection, household, self.today)
            waiting = reading.sealed(connection, household=household)
        return locks_of(book, self._catalogue, waiting)

    def sign(
        self,
        household: str,
        signature: Signature,
        *,
        kinds: Sequence[str] | None = None,
        persons: Sequence[str] | None = None,
        scan: Content | None = None,
    ) -> int:
        """Record a signed paper and put in place every value it opens; returns how many values were waiting for it.

        ``persons`` are the members who signed what each adult signs (C3), or the children a guardian signed for (C6);
        None: every adult. ``scan`` is the paper itself; without it the consents say that it is still to be filed.
        ``Refused``: "consents.recipient_needed" for a bank's consent (C5) that names no bank.
        """
        if "C5" in (kinds or ()) and not signature.recipient:
            raise Refused("consents.recipient_needed")
        if "C6" in (kinds or ()) and not persons:
            raise Refused("consents.child_needed")
        with self._records.writing("consent") as writer:
            return sign_paper(writer, household, signature, kinds=kinds, persons=persons, scan=scan)

    def decline(
        self,
        household: str,
        kinds: Sequence[str],
        *,
        on: str,
        persons: Sequence[str] | None = None,
        notice_version: str = NOTICE_VERSION,
    ) -> int:
        """Record that a household, or some of its adults, chose not to give consents; gives how many answers.

        It is an answer like any other: what depends on it counts as not applicable, nobody is asked again and again.
        Values typed already are no longer looked at and go when their 30 days are over. ``on``: when they said
        so (UTC). ``Refused`` "consents.withdraw_first" when one of them is in force.
        """
        with self._records.writing("consent") as writer:
            connection = writer.transaction.connection
            book = read_consents(connection, household, self.today)
            signers = list(persons) if persons is not None else sorted(book.adults)
            if any(self._in_force(book, kind, signers) for kind in kinds):
                raise Refused("consents.withdraw_first")
            written = write_consents(writer, household, signers, Signature(on, notice_version), kinds=kinds)
            for rid in written:
                writer.change("R04", rid, {"consent_state": DECLINED}, ("valid_to",))
        return len(written)

    @staticmethod
    def _in_force(book: HouseholdConsents, kind: str, persons: Sequence[str]) -> bool:
        if kind in PERSON_KINDS:
            return any(kind in book.by_person.get(person, set()) for person in persons)
        return kind in book.signed

    def file_scan(self, household: str, scan: Content) -> int:
        """File the scan of a paper that was signed before: every consent of the household that lacks one takes it.

        Returns how many. ``Refused`` "consents.none_pending" when none does.
        """
        with self._records.writing("attach") as writer:
            filed = file_pending(writer, household, scan)
            if not filed:
                raise Refused("consents.none_pending")
            return filed

    def lapse(self) -> int:
        """Note every consent whose term has ended and take back what it had opened; gives how many ended.

        Values taken back wait 30 days for a new signature like any others. Runs at opening and when a day begins.
        """
        if not is_plausible(self._clock.now()):
            return 0
        with self._store.reading() as connection:
            ended = queries.ended(connection, self.today.isoformat())
        if not ended:
            return 0
        households: set[str] = set()
        with self._records.writing("expire") as writer:
            for rid in ended:
                writer.follow("R04", rid, {"consent_state": EXPIRED})
                households |= _household_of(writer, rid)
            for household in sorted(households):
                writer.withhold(household)
        return len(ended)

    def erase_overdue(self) -> int:
        """Erase values that have awaited a consent for longer than the catalogue allows (30 days); returns how many.

        The history says that and which fields were erased; what they held is gone.
        """
        days = timedelta(days=self._catalogue.awaiting_consent_days)
        if not is_plausible(self._clock.now()):
            return 0
        with self._store.reading() as connection:
            overdue = reading.sealed(connection, before=utc_text(self._clock.now() - days))
        if not overdue:
            return 0
        by_record: dict[tuple[str, str], list[str]] = {}
        for entry in overdue:
            by_record.setdefault((entry.type, entry.rid), []).append(entry.field)
        with self._records.writing("expire") as writer:
            for (type_id, rid), names in by_record.items():
                writer.transaction.unseal(rid, names)
                labels = self._catalogue.types[type_id].by_identifier
                told = "、".join(labels[name].label for name in names if name in labels)
                writer.transaction.remark(type_id, rid, f"待授权满 {days.days} 天未取得授权，已清除：{told}")
        return len(overdue)

    def withdraw(
        self, household: str, kinds: Sequence[str], *, reason: str, persons: Sequence[str] | None = None
    ) -> int:
        """Withdraw consents of a household: the values they opened are taken back at once and leave the platform with
        the next batch. Returns how many values. ``Refused`` "consents.none_in_force" when there is nothing to withdraw.
        """
        with self._records.writing("withdraw", reason=reason) as writer:
            return write_withdrawal(writer, household, kinds, reason=reason, persons=persons)
