"""The NDJSON lines that travel inside parts: operations up, verdicts and changes down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec

from sync.protocol.errors import ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import Count, Moment, Token, Uuid
from sync.protocol.strict_json import check_json, place_of

Value = str | int | bool | list[Any] | dict[str, Any]
"""A wire value. Decimals are strings at exact scale; there is no null and no float: absent means no value."""

TypeName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}\Z")]


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
    base_version: Count
    set: dict[str, Value]
    unset: list[str]
    seen: dict[str, Count]
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
    base_version: Count
    set: dict[str, Value]
    unset: list[str]
    seen: dict[str, Count]
    at: str
    by: str
    catalogue: str
    evidence: list[str]
    consent: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a batch that is no operation: it is rejected by itself and never blocks its neighbours.

    ``op_id`` follows from the line's place; ``code`` is the rejection's code, ``path`` where in the line.
    """

    op_id: str
    code: str
    path: str


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
    rid: Annotated[str, msgspec.Meta(max_length=36)]
    verdict: Verdict
    version: Count = 0
    values: dict[str, Value] = {}
    versions: dict[str, Count] = {}
    code: Token = ""
    path: str = ""
    params: dict[str, str] = {}
    scope: str = ""
    role: str = ""
    flags: list[Token] = []


class ChangeLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as the platform holds it now: the whole record, never a delta.

    ``versions`` lists the fields whose version is lower than the record's ``version``; every other field has it.
    ``origin`` is the op_id that wrote this version, empty where the platform itself did. A tombstone has no ``set``.
    """

    cursor: Count
    op: Op
    type: TypeName
    rid: Uuid
    version: Count
    region: Token
    unit: Token
    at: Moment
    origin: str = ""
    set: dict[str, Value] = {}
    versions: dict[str, Count] = {}
    reason: str = ""


Line = TypeVar("Line", Operation, VerdictLine, ChangeLine)

_ENCODER: Final = msgspec.json.Encoder()
_OPERATION: Final = msgspec.json.Decoder(Operation)
_VERDICT: Final = msgspec.json.Decoder(VerdictLine)
_CHANGE: Final = msgspec.json.Decoder(ChangeLine)
_SCALARS: Final = frozenset({str, bool, int})
_UNDUE: Final[dict[Verdict, tuple[str, ...]]] = {
    # Members that a verdict must not carry, so that each line says one thing.
    Verdict.ACCEPTED: ("code", "scope", "role", "values"),
    Verdict.MERGED: ("code", "scope", "role", "values"),
    Verdict.DUPLICATE: ("code", "scope", "role", "values"),
    Verdict.CONFLICT: ("code", "scope", "role"),
    Verdict.REJECTED: ("scope", "role", "values", "versions"),
    Verdict.FORBIDDEN: ("code", "values", "versions"),
    Verdict.GONE: ("code", "scope", "role", "values", "versions"),
}
# A tuple: an enum member is compared sooner than hashed.
_SUCCESSES: Final = (Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE)


def op_id(device: str, epoch: int, seq: int, index: int) -> str:
    """``<device>.<epoch>.<seq>.<index>``: the name of an operation for ever."""
    return f"{device}.{epoch}.{seq}.{index}"


def _unfit(value: object) -> bool:
    if isinstance(value, (str, bool, int)):
        return False
    if isinstance(value, list):
        return any(_unfit(item) for item in value)
    if isinstance(value, dict):
        return any(_unfit(item) for item in value.values())
    return True


_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FORMS: Final = {
    "rid": _UUID,
    "type": r"[A-Za-z][A-Za-z0-9_]{0,39}",
    "at": r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ",
    "by": r"[0-9A-Za-z._:+-]{0,64}",
    "catalogue": r"[0-9A-Za-z._:+-]{0,64}",
}
# One match over all of them: a pattern each would halve the speed of reading a part.
_ALL_FORMS: Final = re.compile(" ".join(_FORMS.values()), re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_CONSENT: Final = re.compile(r"[0-9A-Za-z._:+-]{1,64}")


def _form_fault(o: Draft | Operation) -> tuple[str, str]:
    if not _ALL_FORMS.fullmatch(f"{o.rid} {o.type} {o.at} {o.by} {o.catalogue}"):
        for name, form in _FORMS.items():
            if not re.fullmatch(form, getattr(o, name), re.ASCII):
                return "op_form", f"$.{name}"
        return "op_form", "$"
    if o.evidence and not all(_DIGEST.fullmatch(item) for item in o.evidence):
        return "op_form", "$.evidence"
    if o.consent and not all(_CONSENT.fullmatch(item) for item in o.consent):
        return "op_form", "$.consent"
    return "", ""


def _change_fault(o: Draft | Operation) -> tuple[str, str]:
    if o.op is Op.TOMBSTONE:
        if o.set or o.unset or o.seen or o.base_version == 0:
            return "op_tombstone", "$"
        return ("", "") if o.reason else ("op_reason", "$.reason")
    if o.reason:
        return "op_reason", "$.reason"
    if not o.set and not o.unset and not o.evidence:
        return "op_empty", "$.set"
    if o.unset and (len({*o.set, *o.unset}) != len(o.set) + len(o.unset)):
        return "op_twice", "$.unset"
    if o.seen.keys() != (o.set.keys() | o.unset if o.unset else o.set.keys()):
        return "op_seen", "$.seen"
    # The plain case first: this runs for every field of every record.
    if not _SCALARS.issuperset(map(type, o.set.values())):
        for name, value in o.set.items():
            if _unfit(value):
                return "op_value", f"$.set.{name}"
    return "", ""


def operation_fault(operation: Draft | Operation) -> tuple[str, str]:
    """(code, path) of the first thing wrong with an operation beyond its JSON types, or two empty strings.

    The codes are also those of the rejected verdict: ``op_form``, ``op_seen``, ``op_twice``, ``op_tombstone``,
    ``op_reason``, ``op_empty``, ``op_value``.
    """
    fault = _form_fault(operation)
    return fault if fault[0] else _change_fault(operation)


def encode_draft(draft: Draft, name: str) -> bytes:
    """One line without its line feed; ``name`` is its op_id, which comes first."""
    return b'{"op_id":"%s",%s' % (name.encode(), _ENCODER.encode(draft)[1:])


def encode_line(line: VerdictLine | ChangeLine) -> bytes:
    """One line without its line feed."""
    return _ENCODER.encode(line)


def split_lines(raw: bytes, records: int) -> list[bytes]:
    """A part's lines. Raises `RemoteProtocolError` where they are not ``records`` lines, each ended by one LF."""
    lines = raw.split(b"\n")
    if lines.pop() or len(lines) != records:
        raise RemoteProtocolError("protocol.part_lines", records=records)
    return lines


def _typed(line: bytes, decoder: msgspec.json.Decoder[Line]) -> Line:
    """One typed line; duplicate keys and depth are looked for only where the bytes are not our own spelling."""
    if len(line) > LIMITS.line_bytes:
        raise RemoteProtocolError("protocol.line_size", limit=LIMITS.line_bytes)
    try:
        found = decoder.decode(line)
        own_spelling = _ENCODER.encode(found) == line
    except msgspec.ValidationError as error:
        check_json(line)
        raise RemoteProtocolError("protocol.schema", place=place_of(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        check_json(line)
        raise RemoteProtocolError("protocol.json_syntax") from error
    if not own_spelling or line.count(b"{") + line.count(b"[") > LIMITS.json_depth:
        check_json(line)
    return found


def _own_spelling(raw: bytes, lines: list[bytes], decoder: msgspec.json.Decoder[Line]) -> list[Line] | None:
    """All lines of a part at once, where its bytes are exactly what our own encoder writes; else nothing.

    Re-encoding to the same bytes rules out duplicate keys; the bracket count rules out depth. Anything else, such as
    another program's spacing, is read line by line: slower, with the same result.
    """
    deepest = LIMITS.json_depth
    if any(len(line) > LIMITS.line_bytes or line.count(b"{") + line.count(b"[") > deepest for line in lines):
        return None
    try:
        found = decoder.decode_lines(raw)
        return found if _ENCODER.encode_lines(found) == raw else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _typed_lines(lines: list[bytes], decoder: msgspec.json.Decoder[Line]) -> list[Line]:
    known = _own_spelling(b"\n".join((*lines, b"")), lines, decoder)
    if known is not None:
        return known
    found: list[Line] = []
    for number, line in enumerate(lines):
        try:
            found.append(_typed(line, decoder))
        except ProtocolError as error:
            raise RemoteProtocolError("protocol.line", line=number, reason=error.code) from error
    return found


def read_operations(raw: bytes, records: int, prefix: str, first: int) -> list[Operation | BadLine]:
    """Every line of one part as an operation or as what is wrong with it.

    ``prefix`` is ``<device>.<epoch>.<seq>.`` and ``first`` the index of the part's first line in the batch. Raises
    `RemoteProtocolError` only where the part has not ``records`` lines.
    """
    lines = split_lines(raw, records)
    known = _own_spelling(raw, lines, _OPERATION)
    found: list[Operation | BadLine] = []
    for index, line in enumerate(lines):
        name = f"{prefix}{first + index}"
        try:
            operation = known[index] if known else _typed(line, _OPERATION)
        except ProtocolError as error:
            place = error.params.get("place", "$")
            found.append(BadLine(name, error.code.removeprefix("protocol."), str(place)))
            continue
        code, path = ("op_id", "$.op_id") if operation.op_id != name else operation_fault(operation)
        found.append(BadLine(name, code, path) if code else operation)
    return found


def verdict_fault(line: VerdictLine) -> str:
    """The code of what does not belong to a line's verdict, or nothing."""
    # The plain case first: this runs for every record, at either end.
    if line.verdict in _SUCCESSES and not (line.code or line.scope or line.role or line.values):
        return ""
    if any(getattr(line, member) for member in _UNDUE[line.verdict]):
        return "protocol.verdict_members"
    if line.verdict is Verdict.REJECTED and not line.code:
        return "protocol.verdict_members"
    if line.verdict is Verdict.FORBIDDEN and not (line.scope or line.role):
        return "protocol.verdict_members"
    return ""


def read_verdicts(lines: list[bytes], prefix: str, first: int) -> list[VerdictLine]:
    """Every verdict of one part, each for the operation at its place. Raises `RemoteProtocolError`."""
    verdicts = _typed_lines(lines, _VERDICT)
    for index, line in enumerate(verdicts, first):
        fault = "protocol.verdict_order" if line.op_id != f"{prefix}{index}" else verdict_fault(line)
        if fault:
            raise RemoteProtocolError(fault, index=index)
    return verdicts


def read_changes(lines: list[bytes]) -> list[ChangeLine]:
    """Every change of one part. Raises `RemoteProtocolError` naming the line number only."""
    changes = _typed_lines(lines, _CHANGE)
    for number, line in enumerate(changes):
        if line.op is Op.TOMBSTONE and line.set:
            raise RemoteProtocolError("protocol.line", line=number, reason="op_tombstone")
    return changes


OP_ID: Final = re.compile(r"[0-9a-f]{32}\.[1-9]\d*\.[1-9]\d*\.(0|[1-9]\d*)")
"""The form of an op_id."""
