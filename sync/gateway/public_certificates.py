"""What anybody may learn of a certificate: how the platform's records stand to a number, a code, check digits, a PDF.

Asked in the role ``jmdesk_public``, which reads no table: two functions of the database answer one number and one key
at a time, names masked. A household's masked name and grade are shown to who has the paper in hand (its code or its
check digits); the number alone tells only whether it holds: numbers tried one by one give no list of people.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from jmdesk.core.clock import Clock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.seals import MARK, Sealed, check_digits, check_signature, code_in, file_seal, plain_check, read_code
from sync.gateway.database import Access, Connection, Database, Role

PUBLIC: Final = Access(Role.PUBLIC)
_LONGEST_NUMBER: Final = 40
_KEYID: Final = re.compile(r"[0-9a-f]{32}")


class Standing(StrEnum):
    """How a certificate stands at the platform."""

    VALID = "valid"
    EXPIRED = "expired"
    REISSUED = "reissued"
    """Another certificate took its place."""
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    """Not in force any more for another reason, such as a withdrawn consent; the page does not say which."""
    PROVISIONAL = "provisional"
    """Signed by an enrolled desk; the platform has no record of it yet."""
    UNKNOWN = "unknown"
    CHANGED = "changed"
    """Number, code, check digits or file do not belong together: the paper is not what was issued."""


class Fault(StrEnum):
    """Why a paper is not what was issued; "" where nothing was wrong."""

    NONE = ""
    CODE = "code"
    """No code of a certificate, or one of another number."""
    SIGNATURE = "signature"
    """The code was changed, or its digest is not that of the certificate that was issued."""
    SIGNER = "signer"
    """Signed by a key that is unknown here, revoked, or of another place."""
    UNSIGNED = "unsigned"
    CHECK = "check"
    FILE = "file"
    """The PDF's bytes were changed, or it is none that the program saved."""
    TWICE = "twice"
    """Several records bear the number, and nothing given tells which."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One answer of the page. Empty text: not known or not shown. ``proved``: who asks has the paper in hand."""

    number: str
    standing: Standing
    fault: Fault = Fault.NONE
    kind: str = ""
    """"household", "enterprise", "village" or "town"."""
    holder: str = ""
    grade: str = ""
    org: str = ""
    document: str = ""
    office: str = ""
    issued: str = ""
    valid_to: str = ""
    proved: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody gave: a number, and what else they have of the paper."""

    number: str
    check: str = ""
    code: str = ""
    """What was scanned: the code itself or the address that holds it."""
    file: bytes = b""


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    standing: str
    rid: str
    region: str
    holder: str
    grade: str
    org: str
    document: str
    office: str
    issued: str
    valid_to: str
    digest: str


def look(database: Database, clock: Clock, asked: Asked) -> Certificate:
    """How the certificate that somebody asks about stands. Never refuses: what is wrong is part of the answer."""
    day = beijing_date(clock.now()).isoformat()
    return database.run(PUBLIC, lambda connection: _look(connection, asked, day))


def _look(connection: Connection, asked: Asked, day: str) -> Certificate:
    sealed: Sealed | None = None
    number = asked.number.strip().upper()
    try:
        if asked.file:
            sealed, number = _of_file(asked.file, number)
        elif asked.code.strip():
            sealed, number = _of_code(asked.code, number)
    except Refused:
        fault = Fault.FILE if asked.file else Fault.CODE
        return Certificate(number[:_LONGEST_NUMBER], Standing.CHANGED, fault)
    if not 0 < len(number) <= _LONGEST_NUMBER or not number.isprintable():
        return Certificate(number[:_LONGEST_NUMBER], Standing.UNKNOWN)
    rows = _rows(connection, number, day)
    if sealed is not None:
        fault, rows = _signed(connection, sealed, rows)
        if fault is not Fault.NONE:
            return Certificate(number, Standing.CHANGED, fault)
    elif asked.check.strip():
        rows = [row for row in rows if plain_check(asked.check) == plain_check(check_digits(number, row.rid))]
        if not rows:
            return Certificate(number, Standing.CHANGED, Fault.CHECK)
    proved = sealed is not None or bool(asked.check.strip())
    if not rows:
        return Certificate(number, Standing.PROVISIONAL if sealed else Standing.UNKNOWN, proved=proved)
    if len(rows) > 1:
        return Certificate(number, Standing.CHANGED, Fault.TWICE)
    return _shown(number, rows[0], proved=proved)


def _of_code(text: str, number: str) -> tuple[Sealed, str]:
    sealed = read_code(code_in(text))
    if number not in ("", sealed.number):
        raise Refused("reviews.no_code")
    return sealed, sealed.number


def _of_file(data: bytes, number: str) -> tuple[Sealed, str]:
    """The seal over a PDF's bytes, which hold; errors as for what is none."""
    found = file_seal(data)
    if found is None or number not in ("", found[1].number) or hashlib.sha256(found[0]).digest() != found[1].digest:
        raise Refused("reviews.no_code")
    return found[1], found[1].number


def _rows(connection: Connection, number: str, day: str) -> list[_Row]:
    """The records that bear a number; a record counts once however many steps name it."""
    found = connection.execute("SELECT * FROM public_certificate(%s, %s)", (number, day)).fetchall()
    return list({row[2]: _Row(*row) for row in found}.values())


def _signed(connection: Connection, sealed: Sealed, rows: list[_Row]) -> tuple[Fault, list[_Row]]:
    """What is wrong with a code, and the records that it may be about: those where its device works."""
    if not sealed.is_signed:
        return Fault.UNSIGNED, rows
    known = _KEYID.fullmatch(sealed.keyid) is not None
    signer = connection.execute("SELECT * FROM public_signer(%s)", (sealed.keyid,)).fetchone() if known else None
    if signer is None:
        return Fault.SIGNER, rows
    public, _, regions, revoked = signer
    try:
        check_signature(sealed, {sealed.keyid: bytes(public)})
    except Refused:
        return Fault.SIGNATURE, rows
    own = [row for row in rows if row.region.startswith(tuple(regions))]
    if revoked or (rows and not own):
        return Fault.SIGNER, rows
    digest = sealed.digest.hex()
    if sealed.mark == MARK and own and all(row.digest not in ("", digest) for row in own):
        return Fault.SIGNATURE, own
    return Fault.NONE, own


def _shown(number: str, row: _Row, *, proved: bool) -> Certificate:
    found = Certificate(
        number,
        Standing(row.standing),
        Fault.NONE,
        *(row.kind, row.holder, row.grade, row.org, row.document, row.office, row.issued[:10], row.valid_to),
        proved=proved,
    )
    return found if proved or row.kind != "household" else replace(found, holder="", grade="")
