"""The NDJSON lines that travel inside parts: operations up, verdicts and changes down."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

Value = str | int | bool | list[Any] | dict[str, Any]
"""A wire value. Decimals are strings at exact scale; there is no null and no float (decision: absent means no value)."""


class Op(StrEnum):
    """What an operation does to its record."""

    UPSERT = "upsert"
    TOMBSTONE = "tombstone"


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """An operation before it has a place in a batch.

    ``base_version`` 0 means new; ``seen`` has exactly the keys of ``set`` and ``unset`` (0: never seen a value);
    ``at`` is UTC, ``by`` an opaque user id, ``evidence`` SHA-256 of documents, ``consent`` ids of consents,
    ``reason`` only with a tombstone. Keys travel in this order; all but the last are always written.
    """

    op: Op
    rid: str
    type: str
    base_version: int
    set: dict[str, Value]
    unset: list[str]
    seen: dict[str, int]
    at: str
    by: str
    catalogue: str
    evidence: list[str]
    consent: list[str]
    reason: str = ""


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record line of a batch: a draft and its op_id ``<device>.<epoch>.<seq>.<index>``."""

    op_id: str
    op: Op
    rid: str
    type: str
    base_version: int
    set: dict[str, Value]
    unset: list[str]
    seen: dict[str, int]
    at: str
    by: str
    catalogue: str
    evidence: list[str]
    consent: list[str]
    reason: str = ""


class Verdict(StrEnum):
    """The one signed outcome of an operation (I9). Each has one meaning and one next step."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden"
    GONE = "gone"


class VerdictLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome of one operation; only the members that belong to its verdict are written.

    accepted, merged, duplicate: ``version`` the record has now · conflict: ``version``, ``values``, ``versions`` of the
    touched fields as the platform holds them · rejected: ``code``, ``path`` (field), ``params`` · forbidden: ``scope``
    or ``role`` that lacks · gone: ``version`` of the tombstone. ``flags`` are remarks that change nothing.
    """

    op_id: str
    rid: str
    verdict: Verdict
    version: int = 0
    values: dict[str, Value] = {}
    versions: dict[str, int] = {}
    code: str = ""
    path: str = ""
    params: dict[str, str] = {}
    scope: str = ""
    role: str = ""
    flags: list[str] = []


class ChangeLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as the platform holds it now: the whole record, never a delta.

    ``versions`` lists the fields whose version is lower than the record's ``version``; every other field has it.
    ``origin`` is the op_id that wrote this version, empty where the platform itself did. A tombstone has no ``set``.
    """

    cursor: int
    op: Op
    type: str
    rid: str
    version: int
    region: str
    unit: str
    at: str
    origin: str = ""
    set: dict[str, Value] = {}
    versions: dict[str, int] = {}
    reason: str = ""


def encode_draft(draft: Draft, op_id: str) -> bytes:
    """One line without its line feed."""
    raise NotImplementedError


def read_operations(raw: bytes) -> list[Operation]:
    """Every operation of one part's NDJSON, typed. Raises `RemoteProtocolError` naming the line number only."""
    raise NotImplementedError


def read_verdicts(raw: bytes) -> list[VerdictLine]:
    """Every verdict of one part's NDJSON, typed."""
    raise NotImplementedError


def read_changes(raw: bytes) -> list[ChangeLine]:
    """Every change of one part's NDJSON, typed."""
    raise NotImplementedError
