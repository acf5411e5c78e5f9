"""Records consents and their withdrawal; what they open or close happens in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from jmdesk.attachments.content import Content
from jmdesk.attachments.linking import SCAN_PENDING, attach, file_scan
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from jmdesk.records.consent_book import HouseholdConsents, is_adult, read_consents
from jmdesk.records.service import Records
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.store import Store

HOUSEHOLD_KINDS = ("C1", "C2", "C4")
PERSON_KINDS = ("C3",)
NOTICE_VERSION = "JM-GZ-2026.1"
_YEARS_VALID = 2


@dataclass(frozen=True, slots=True)
class Signature:
    """What the signed paper says: when, which notice text, archive number and scan digest if there are any."""

    signed_at: str
    notice_version: str = NOTICE_VERSION
    number: str = ""
    doc_digest: str = ""
    method: str = "1"
    valid_to: str = ""


def consent_record(kind: str, subject: str, subject_type: str, signature: Signature, consent_id: str) -> Record:
    """The R04 record of one signed consent; without a scan its state says that the scan is still to be filed."""
    signed = date.fromisoformat(signature.signed_at[:10])
    record: Record = {
        "consent_id": consent_id,
        "subject_type": subject_type,
        "subject_id": subject,
        "consent_kind": kind,
        "consent_state": "2" if signature.doc_digest else "1",
        "scope_items": [kind],
        "purpose": "1",
        "notice_version": signature.notice_version,
        "consent_method": signature.method,
        "signed_at": signature.signed_at,
        "valid_to": signature.valid_to
        or signed.replace(year=signed.year + _YEARS_VALID, day=min(signed.day, 28)).isoformat(),
    }
    if signature.doc_digest:
        record["doc_digest"] = signature.doc_digest
    return record


def write_consents(
    writer: Writer, household: str, adults: Iterable[str], signature: Signature, *, kinds: Sequence[str] | None = None
) -> list[str]:
    """Write the consents of one signed paper: the household's kinds by its head, C3 by each adult; their record ids."""
    written: list[str] = []
    for kind in kinds or (*HOUSEHOLD_KINDS, *PERSON_KINDS):
        subjects = (
            [(f"R06:{person}", "2") for person in adults] if kind in PERSON_KINDS else [(f"R05:{household}", "1")]
        )
        for subject, subject_type in subjects:
            consent_id = writer.transaction.new_id()
            values = consent_record(kind, subject, subject_type, signature, consent_id)
            writer.create("R04", values, rid=consent_id)
            written.append(consent_id)
    return written


class Consents:
    """Consents of the households of one vault."""

    def __init__(self, store: Store, catalogue: Catalogue, records: Records, clock: Clock) -> None:
        self._store, self._catalogue, self._records, self._clock = store, catalogue, records, clock

    def of(self, household: str) -> HouseholdConsents:
        """What a household has agreed to as of today."""
        with self._store.reading() as connection:
            return read_consents(connection, household, self._clock.now().date())

    def sign(
        self,
        household: str,
        signature: Signature,
        *,
        kinds: Sequence[str] | None = None,
        scan: Content | None = None,
    ) -> int:
        """Record a signed paper and put in place every value it opens; returns how many values were waiting for it.

        ``scan`` is the paper itself; without it the consents say that it is still to be filed.
        """
        if scan is not None:
            signature = replace(signature, doc_digest=scan.sha256)
        with self._records.writing("consent") as writer:
            today = self._clock.now().date()
            members = reading.find(writer.transaction.connection, "R06", Filter(where={"household_id": household}))
            adults = [m.rid for m in members if is_adult(m.values.get("birth_date"), m.values.get("is_under14"), today)]
            written = write_consents(writer, household, adults, signature, kinds=kinds)
            if scan is not None:
                file_scan(writer, scan, written)
            return writer.release(household)

    def file_scan(self, household: str, scan: Content) -> int:
        """File the scan of a paper that was signed before: every consent of the household that lacks one takes it.

        Returns how many. ``Refused`` "consents.none_pending" when none does.
        """
        with self._records.writing("attach") as writer:
            connection = writer.transaction.connection
            members = reading.find(connection, "R06", Filter(where={"household_id": household}))
            pending = [
                consent.rid
                for subject in (f"R05:{household}", *(f"R06:{member.rid}" for member in members))
                for consent in reading.find(connection, "R04", Filter(where={"subject_id": subject}))
                if consent.values.get("consent_state") == SCAN_PENDING and "revoked_at" not in consent.values
            ]
            if not pending:
                raise Refused("consents.none_pending")
            for rid in pending:
                attach(writer, "R04", rid, scan)
            return len(pending)

    def erase_overdue(self) -> int:
        """Erase values that have awaited a consent for longer than the catalogue allows (30 days); returns how many.

        The history says that and which fields were erased; what they held is gone.
        """
        days = timedelta(days=self._catalogue.awaiting_consent_days)
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

    def withdraw(self, household: str, kinds: Sequence[str], *, reason: str) -> int:
        """Withdraw consents of a household: the values they opened are taken back at once and leave the platform with
        the next batch. Returns how many values. ``Refused`` "consents.none_in_force" when there is nothing to withdraw.
        """
        with self._records.writing("withdraw", reason=reason) as writer:
            connection = writer.transaction.connection
            members = reading.find(connection, "R06", Filter(where={"household_id": household}))
            subjects = [f"R05:{household}", *(f"R06:{m.rid}" for m in members)]
            now, found = utc_text(self._clock.now()), 0
            for subject in subjects:
                for consent in reading.find(connection, "R04", Filter(where={"subject_id": subject})):
                    if consent.values.get("consent_kind") in kinds and "revoked_at" not in consent.values:
                        writer.change("R04", consent.rid, {"consent_state": "4", "revoked_at": now}, reason=reason)
                        found += 1
            if not found:
                raise Refused("consents.none_in_force")
            return writer.withhold(household)
