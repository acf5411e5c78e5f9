"""Packages at the platform: signed, published for every desk, withdrawn; for good, since ratings point at them.

A package is an envelope of a publisher that the trust document certifies. What is published is checked as a desk would
check it, so that no desk gets what it must refuse.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from jmdesk.catalogue.issues import Issue, issue_of
from jmdesk.catalogue.layers import regions_of
from jmdesk.catalogue.loader import catalogue
from jmdesk.core.clock import Clock, beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.ratings.rulebook import check_issue
from sync.gateway.database import Connection
from sync.gateway.keys import PlatformKeys
from sync.gateway.units import add_regions
from sync.protocol.envelope import PayloadType, open_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION
from sync.protocol.packages import Package, PackageKind, open_package, sign_package
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring

_LOCK: Final = 0x706B6773  # "pkgs"


@dataclass(frozen=True, slots=True)
class Label:
    """What a publisher writes on a package: kind, name, version, dates (``until`` may be ""), least program."""

    kind: str
    name: str
    version: str
    effective: str
    until: str = ""
    min_client: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """One published package, without its content; ``digest`` is the SHA-256 of its envelope."""

    digest: str
    kind: str
    name: str
    version: str
    sequence: int
    effective: str
    until: str
    min_client: str
    issued: str


def sign_folder(connection: Connection, keys: PlatformKeys, clock: Clock, label: Label, folder: Path) -> bytes:
    """The envelope of the package that a folder's files make, numbered after what is published under its name.

    ``Refused``: "gateway.package_label", "gateway.package_folder", what a desk would refuse, "protocol.package_…".
    """
    if label.kind not in set(PackageKind):
        raise Refused("gateway.package_label", field="kind")
    try:
        files = dict(_carried(path) for path in sorted(folder.iterdir()) if path.is_file())
    except (OSError, UnicodeError):
        raise Refused("gateway.package_folder", path=str(folder)) from None
    return _signed(keys, clock, label, _next_sequence(connection, label.kind, label.name), files)


def _carried(path: Path) -> tuple[str, str]:
    """A file as a package carries it: text as it is, a Word document in base64 under ``….docx.b64``."""
    if path.suffix.lower() == ".docx":
        return f"{path.name}.b64", b64encode(path.read_bytes()).decode()
    return path.name, path.read_text(encoding="utf-8")


def _signed(keys: PlatformKeys, clock: Clock, label: Label, sequence: int, files: dict[str, str]) -> bytes:
    package = Package(
        v=VERSION,
        kind=PackageKind(label.kind),
        name=label.name,
        version=label.version,
        sequence=sequence,
        effective=label.effective,
        until=label.until,
        min_client=label.min_client,
        issued=utc_text(clock.now()),
        files=files,
    )
    try:
        for day in filter(None, (label.effective, label.until)):
            date.fromisoformat(day)
        envelope = sign_package(package, keys.publisher)
    except (LocalProtocolError, ValueError):
        raise Refused("gateway.package_label", field="date, name, version") from None
    check_issue(catalogue(), issue_of(package, envelope))
    return envelope


def publish(connection: Connection, keyring: Keyring, clock: Clock, envelope: bytes) -> tuple[Issue, bool]:
    """Publish a signed package; whether it was not published yet. Run as the schema's owner.

    ``Refused``: ``protocol.…`` (signature, role, form), "protocol.package_rollback", "packages.sequence_twice", and
    what a desk would refuse.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    try:
        package = open_package(envelope, keyring).package
    except RemoteProtocolError as error:
        raise Refused(error.code, **error.params) from None
    issue = issue_of(package, envelope)
    if any(one.digest == issue.digest for one in published(connection)):
        return issue, False
    check_issue(catalogue(), issue)
    current = _next_sequence(connection, issue.kind, issue.name) - 1
    if issue.sequence < current:
        raise Refused("protocol.package_rollback", sequence=issue.sequence, current=current)
    if issue.sequence == current:
        raise Refused("packages.sequence_twice", sequence=current)
    connection.execute(
        "INSERT INTO packages (digest, kind, name, version, sequence, effective, until, min_client, issued, created,"
        " envelope) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(issue.digest, issue.kind, issue.name, issue.version, issue.sequence, issue.effective, issue.until),
            *(issue.min_client, issue.issued, clock.now(), envelope),
        ),
    )
    _note_moves(connection, issue)
    return issue, True


def withdraw(
    connection: Connection, keys: PlatformKeys, clock: Clock, kind: str, name: str, version: str
) -> tuple[Issue, bool]:
    """Take a version back: the same content issued again, in force no more from today (never, if it was to come).

    ``Refused``: "gateway.package_unknown" for a version that is not published.
    """
    found = [one for one in published(connection) if (one.kind, one.name, one.version) == (kind, name, version)]
    if not found:
        raise Refused("gateway.package_unknown", version=version)
    last = max(found, key=lambda one: one.sequence)
    today = beijing_date(clock.now()).isoformat()
    label = Label(kind, name, version, last.effective, max(last.effective, today), last.min_client)
    envelope_ = envelope_of(connection, last.digest)
    files = read_json(open_envelope(envelope_, PayloadType.PACKAGE, keys.trust).payload, Package).files
    return publish(
        connection, keys.trust, clock, _signed(keys, clock, label, _next_sequence(connection, kind, name), files)
    )


def published(connection: Connection) -> list[Published]:
    """Every published package in the order in which a desk can take them."""
    rows = connection.execute(
        "SELECT digest, kind, name, version, sequence, effective, until, min_client, issued FROM packages"
        " ORDER BY kind, name, sequence"
    ).fetchall()
    return [Published(*row) for row in rows]


def envelope_of(connection: Connection, digest: str) -> bytes:
    """The signed bytes of a package. ``LookupError`` when it is not published."""
    row = connection.execute("SELECT envelope FROM packages WHERE digest = %s", (digest,)).fetchone()
    if row is None:
        raise LookupError(digest)
    return bytes(row[0])


def issues(connection: Connection, keyring: Keyring) -> Iterator[Issue]:
    """Every published package opened and verified anew."""
    for (stored,) in connection.execute("SELECT envelope FROM packages ORDER BY kind, name, sequence").fetchall():
        envelope = bytes(stored)
        yield issue_of(open_package(envelope, keyring).package, envelope)


def _next_sequence(connection: Connection, kind: str, name: str) -> int:
    row = connection.execute(
        "SELECT coalesce(max(sequence), 0) + 1 FROM packages WHERE kind = %s AND name = %s", (kind, name)
    ).fetchone()
    return int(row[0]) if row else 1


def _note_moves(connection: Connection, issue: Issue) -> None:
    """Which regions take whose place from which day: devices go on working for what took the place of theirs."""
    if issue.kind != "regions":
        return
    connection.execute("DELETE FROM region_moves WHERE edition = %s", (issue.version,))
    if issue.withdrawn:
        return
    regions = regions_of(issue.version, issue.files)
    add_regions(connection, regions)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO region_moves (edition, old, new, effective, until) VALUES (%s, %s, %s, %s, %s)",
            [(issue.version, old, regions.current(old), issue.effective, issue.until) for old in regions.moved],
        )
