"""Whether this desk's change log still is the one whose head the platform countersigned.

Every batch carries the head of the log, and the platform's receipt repeats it under the platform's signature. A log
that was cut off or rewritten since no longer has that hash at that place: the next exchange tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jmdesk.store import change_log, outbox
from sync.protocol.envelope import PayloadType, open_envelope
from sync.protocol.errors import ProtocolError
from sync.protocol.manifest import AuditHead
from sync.protocol.strict_json import read_json

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.protocol.suites import Keyring


class _Countersigned(msgspec.Struct, frozen=True):
    audit: AuditHead


def log_cut_at(desk: Desk, keyring: Keyring) -> int:
    """The entry up to which the platform countersigned a log that is no longer here; 0 when all is as it was.

    The newest receipt that can still be verified counts: its head covers everything before it.
    """
    with desk.store.reading() as connection:
        for batch in reversed(outbox.batch_list(connection)):
            audit = _countersigned(batch.receipt, keyring) if batch.receipt else None
            if audit is not None:
                found = change_log.hash_at(connection, audit.count)
                return 0 if found is not None and found.hex() == audit.head else audit.count
    return 0


def _countersigned(receipt: bytes, keyring: Keyring) -> AuditHead | None:
    """The head in a stored receipt; ``None`` where its key has been withdrawn since."""
    try:
        payload = open_envelope(receipt, PayloadType.PROCESSING_RECEIPT, keyring).payload
        return read_json(payload, _Countersigned).audit
    except ProtocolError:
        return None
