"""``session.v1``: the desk's answer to the platform's nonce, for which it gets a short-lived token."""

from __future__ import annotations

import msgspec

from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, Digest, KeyId, Moment, Token, check_version, encode
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring, SigningKey


class SessionAnswer(msgspec.Struct, frozen=True):
    """The nonce (32 bytes in hex), who answers, and for which platform (its server epoch), so that none relays it."""

    v: int
    suite: Token
    nonce: Digest
    device: KeyId
    server_epoch: Token
    created: Moment


def answer_challenge(nonce: str, server_epoch: str, created: str, key: SigningKey) -> bytes:
    """The envelope that ``POST /v1/session`` takes. Raises `LocalProtocolError` for a challenge that is none."""
    payload = encode(SessionAnswer(VERSION, key.suite, nonce, key.keyid, server_epoch, created))
    try:
        read_json(payload, SessionAnswer)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return sign_envelope(PayloadType.SESSION, payload, key)


def check_answer(envelope: bytes, keyring: Keyring, nonce: str, server_epoch: str) -> SessionAnswer:
    """The answer, if it is to this nonce and this platform. Whether the nonce is fresh is the caller's to know."""
    opened = open_envelope(envelope, PayloadType.SESSION, keyring)
    answer = read_json(opened.payload, SessionAnswer)
    check_version(answer.v, answer.suite)
    if answer.device != opened.signer.keyid:
        raise RemoteProtocolError("protocol.other_device")
    if answer.nonce != nonce:
        raise RemoteProtocolError("protocol.nonce")
    if answer.server_epoch != server_epoch:
        raise RemoteProtocolError("protocol.server_epoch")
    return answer
