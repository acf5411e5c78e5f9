"""``session.v1``: the desk's answer to the platform's nonce, for which it gets a short-lived token."""

from __future__ import annotations

import msgspec

from sync.protocol.manifest import Digest, KeyId, Moment, Token
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
    """The envelope that ``POST /v1/session`` takes."""
    raise NotImplementedError


def check_answer(envelope: bytes, keyring: Keyring, nonce: str, server_epoch: str) -> SessionAnswer:
    """The answer, if it is to this nonce and this platform. Whether the nonce is fresh is the caller's to know."""
    raise NotImplementedError
