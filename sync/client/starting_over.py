"""Reading everything in scope anew, and what is done with unsettled edits once it is here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jmdesk.attachments.queries import ask_again
from jmdesk.core.clock import from_utc_text
from jmdesk.core.errors import Refused
from jmdesk.inbox import CURSOR
from jmdesk.store.store import set_setting
from sync.client.grants import REVIEW
from sync.client.membership import Membership, granted_at, load_membership, store_membership

if TYPE_CHECKING:
    from jmdesk.desk import Desk

ROTATE_DAYS: Final = 365
"""A device key older than this is replaced at the next exchange that leaves nothing open."""

_EVERY: Final = 1_000_000


def other_history(membership: Membership, server_epoch: str, signed_at: str) -> Membership | None:
    """The membership in another history of the platform, as a signed message shows it; ``None`` where none is shown.

    A restore comes after everything that was signed before it: an older message of another history is one that
    somebody kept, and leads nowhere.
    """
    if membership.server_epoch in ("", server_epoch) or signed_at < membership.server_seen:
        return None
    return membership.at(server_epoch, signed_at)


def start_over(desk: Desk, membership: Membership) -> None:
    """Read everything in scope anew with the next pull, and then review what is unsettled here.

    ``membership`` names the history to read, as the platform signed it (`other_history`): the first page is taken of
    no other. What documents the platform still has cannot be seen from records: all are offered again.
    """
    with desk.store.transaction(desk.actor, "start_over") as transaction:
        store_membership(transaction.connection, membership)
        set_setting(transaction.connection, CURSOR, "0")
        set_setting(transaction.connection, REVIEW, "history")
        ask_again(transaction.connection)


def review_due(desk: Desk) -> bool:
    """Whether unsettled edits wait to be compared with a fresh snapshot."""
    return bool(desk.store.setting(REVIEW))


def review(desk: Desk) -> int:
    """Compare every unsettled edit with what a fresh snapshot brought; how many were joined with it without asking.

    An edit that says what the platform says is settled by that; one that the platform knows nothing about waits to be
    sent; where both sides changed the same group of fields the conflict desk asks. May be repeated at any point.
    """
    joined = 0
    for case in desk.conflicts.cases(_EVERY):
        if not case.mergeable:
            continue
        try:
            desk.conflicts.merge(case.type, case.rid)
        except Refused:
            continue  # it stays with the conflict desk
        joined += 1
    desk.store.put_setting(REVIEW, "")
    return joined


def rotation_due(desk: Desk) -> bool:
    """Whether this desk's key is older than a year."""
    granted = granted_at(load_membership(desk.store))
    return desk.clock.now() - from_utc_text(granted) > timedelta(days=ROTATE_DAYS)
