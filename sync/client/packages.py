"""Packages that come to this desk: over the line, on a stick or as a file; each verified, then handed to the vault."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jmdesk.catalogue.issues import Issue, issue_of
from jmdesk.core.errors import Refused
from sync.client.faults import of_the_platform
from sync.protocol.packages import open_package

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.membership import Membership
    from sync.client.report import SyncReport
    from sync.client.session import Session
    from sync.client.steering import Steering


def take_package(desk: Desk, membership: Membership, envelope: bytes) -> Issue | None:
    """Keep a package that a publisher of the platform signed; None when it is here already.

    ``Refused``: ``protocol.…`` when the signature or the form does not hold, and as ``Packages.take``. It takes effect
    by its date: call ``desk.renew`` once all that came are kept.
    """
    with of_the_platform():
        issue = issue_of(open_package(envelope, membership.keyring).package, envelope)
    return issue if desk.packages.take(issue, envelope) else None


def fetch_packages(
    desk: Desk, membership: Membership, session: Session, steering: Steering, report: SyncReport
) -> None:
    """Ask for every published package that is not here, and go by what is in force.

    A package that does not hold is told in the report and keeps nothing else from being done. One that came damaged is
    asked for again next time, before its successors: they would bar it as a downgrade. A platform of an earlier release
    publishes none.
    """
    try:
        listed = session.run(session.transport.packages)
    except Refused as refused:
        if refused.code != "sync.not_found":
            raise
        return
    wanted = desk.packages.unknown(listed)
    for number, digest in enumerate(wanted):
        steering.check()
        steering.tell("packages", number, len(wanted))
        envelope = session.run(lambda digest=digest: session.transport.package(digest))  # type: ignore[misc]
        note_package(desk, membership, envelope, report)
        if hashlib.sha256(envelope).hexdigest() != digest:
            break
    if wanted:
        desk.renew()


def note_package(desk: Desk, membership: Membership, envelope: bytes, report: SyncReport) -> None:
    """Take one package and tell the report what came of it."""
    try:
        issue = take_package(desk, membership, envelope)
    except Refused as refused:
        if refused.code == "protocol.key_unknown":
            raise  # a newer trust document may know the publisher
        report.refused_packages.append(refused)
        return
    if issue is not None:
        report.packages.append(issue)
