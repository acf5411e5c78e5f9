"""Taking attachments in: one ciphertext at a time, kept until its batch is processed (the spool's quotas count them).

Nothing is opened here: the gateway that faces the desks cannot. What becomes of them is said in `evidence`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sync.gateway.body import read_body
from sync.gateway.media import json_answer
from sync.gateway.paths import batch_named, number_named
from sync.gateway.problem import Declined
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sync.gateway.app import Gateway
    from sync.gateway.database import Connection
    from sync.gateway.ledger import BatchKey
    from sync.protocol.manifest import AttachmentEntry


async def put_attachment(gateway: Gateway, request: Request) -> Response:
    """``PUT /v1/batches/{id}/attachments/{n}``: 201 new, 200 known: ``{"state", "n"}``."""
    device, batch_id = await gateway.device(request), batch_named(request)
    n = number_named(request, LIMITS.attachments_per_batch)
    if "content-digest" not in request.headers:
        raise Declined(Problem.MALFORMED, detail_code="gateway.content_digest")
    ciphertext = await read_body(request, LIMITS.attachment_bytes)
    taken = await run_in_threadpool(gateway.batches.put_attachment, device, batch_id, n, ciphertext)
    return json_answer({"state": taken.state.value, "n": n}, status=201 if taken.fresh else 200)


def lacking(connection: Connection, key: BatchKey, attachments: int) -> tuple[int, ...]:
    """The numbers of a batch's attachments that have not come yet."""
    if not attachments:
        return ()
    rows = connection.execute(
        "SELECT n FROM batch_attachments WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key
    )
    held = {n for (n,) in rows}
    return tuple(n for n in range(attachments) if n not in held)


def keep_sealed(connection: Connection, key: BatchKey, entry: AttachmentEntry, ciphertext: bytes) -> bool:
    """Keep one attachment's ciphertext, already checked against its entry; whether it is new."""
    stored = connection.execute(
        "INSERT INTO batch_attachments (county, device, epoch, seq, n, ciphertext) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (*key, entry.n, ciphertext),
    )
    return stored.rowcount == 1
