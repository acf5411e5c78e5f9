"""Errors of the protocol core: whose fault (ours or theirs), and a stable code."""

from __future__ import annotations

from enum import StrEnum


class ProtocolError(Exception):
    """Something that the protocol forbids.

    ``code`` is stable and dotted (``protocol.part_digest``); ``params`` are numbers, names of protocol fields and key
    ids only, never record values (I13). ``str()`` gives the code alone. Callers hand code and params to their own
    error class; texts are in ``resources/i18n/errors/protocol.json``.
    """

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class LocalProtocolError(ProtocolError):
    """We were about to build something that the protocol forbids: a bug or a wrong input on this side."""


class RemoteProtocolError(ProtocolError):
    """What the other side sent is not what the protocol allows: refuse it, change no state."""


class Problem(StrEnum):
    """``code`` of an ``application/problem+json`` body. Unsigned: it pauses and tells, it never changes state."""

    MALFORMED = "malformed"  # 400: not what this path takes; the protocol code is in `detail_code`
    UNAUTHENTICATED = "unauthenticated"  # 401: no session, or it ended
    DEVICE_UNKNOWN = "device_unknown"  # 401: this key was never enrolled here
    DEVICE_REVOKED = "device_revoked"  # 403: batches are still taken into custody, held for release
    DEVICE_RETIRED = "device_retired"  # 403: this key was ended or replaced; late batches go to review
    NOT_APPROVED = "not_approved"  # 403: an administrator refused this request
    NOT_YOURS = "not_yours"  # 403: the batch, page or unit is another device's
    NOT_FOUND = "not_found"  # 404
    SEQ_REUSE = "seq_reuse"  # 409: this (epoch, seq) was used for other bytes; alarm
    SEQ_GAP = "seq_gap"  # 409: numbers before this one are missing, listed in `missing`
    CHAIN_FORK = "chain_fork"  # 409: `prev` is not what this platform holds, or the epoch is closed
    CURSOR_UNKNOWN = "cursor_unknown"  # 409: the cursor is of another server epoch or ahead of us
    PARTS_MISSING = "parts_missing"  # 409: commit before all parts are here, listed in `missing`
    DIGEST_MISMATCH = "digest_mismatch"  # 400: Content-Digest or the manifest's sha256 differs from the body
    CODE_INVALID = "code_invalid"  # 403: enrolment code unknown, used up, expired or wrong
    CODE_UNIT = "code_unit"  # 403: the code was issued for another unit
    BLOCKS_FULL = "blocks_full"  # 409: no desk block is free in these regions; an administrator has to make room
    TOO_LARGE = "too_large"  # 413
    TOO_MANY = "too_many"  # 429 with Retry-After
    SPOOL_FULL = "spool_full"  # 507 with Retry-After: too much waits to be processed; `scope` says whose
    UNAVAILABLE = "unavailable"  # 503
    INTERNAL = "internal"  # 500
