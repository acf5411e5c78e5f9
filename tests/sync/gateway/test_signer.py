"""The signer signs whole typed objects with the right key, and nothing else; real sockets."""

from __future__ import annotations

import os
import socket
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.errors import Environment
from sync.gateway.signer import READERS, Ask, SignerClient, SignerServer, Told, sign_typed
from sync.protocol.envelope import SIGNER, PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.receipts import CustodyReceipt
from sync.protocol.suites import JM1, KeyRole, KeySet, SigningKey

PLATFORM = SigningKey(KeyRole.PLATFORM, os.urandom(32))
PUBLISHER = SigningKey(KeyRole.PUBLISHER, os.urandom(32))
KEYS = {key.keyid: key for key in (PLATFORM, PUBLISHER)}
CUSTODY = PayloadType.CUSTODY_RECEIPT
RECEIPT = msgspec.json.encode(
    CustodyReceipt(
        *(1, JM1, "01900000-0000-7000-8000-000000000001", "54440785MF1000111F", "ab" * 16, 1, 1),
        *("cd" * 32, 3, 500, "epoch-1", "2026-11-01T02:03:04Z", False),
    )
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A socket's path; pytest's own folders are too long for one."""
    with tempfile.TemporaryDirectory(prefix="jm-") as folder:
        yield Path(folder) / "signer.sock"


@pytest.fixture
def server(place: Path) -> Iterator[SignerServer]:
    running = SignerServer(place, [PLATFORM, PUBLISHER])
    running.start()
    yield running
    running.stop()
    assert not place.exists()


@pytest.mark.usefixtures("server")
def test_what_the_signer_signs_is_as_if_the_key_were_here(place: Path) -> None:
    with closing(SignerClient(place)) as client:
        key = client.keys()[KeyRole.PLATFORM]
        assert (key.public, key.keyid, key.role, key.suite) == (
            *(PLATFORM.public, PLATFORM.keyid, KeyRole.PLATFORM, JM1),
        )
        envelope = sign_envelope(CUSTODY, RECEIPT, key)
    assert envelope == sign_envelope(CUSTODY, RECEIPT, PLATFORM)
    assert open_envelope(envelope, CUSTODY, KeySet.of(PLATFORM.public)).payload == RECEIPT


def test_every_kind_that_a_key_of_the_platform_signs_can_be_read_before_it_is_signed() -> None:
    held = {KeyRole.PLATFORM, KeyRole.PROVISIONING, KeyRole.PUBLISHER}
    assert READERS.keys() == {kind for kind, role in SIGNER.items() if role in held}


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        (Ask("00" * 16, CUSTODY, RECEIPT), "key_unknown"),
        (Ask(PUBLISHER.keyid, CUSTODY, RECEIPT), "key_role"),
        (Ask(PLATFORM.keyid, PayloadType.PACKAGE, RECEIPT), "key_role"),
        (Ask(PLATFORM.keyid, PayloadType.SESSION, RECEIPT), "payload_type"),
        (Ask(PLATFORM.keyid, PayloadType.TRUST, RECEIPT), "payload_type"),
        (Ask(PLATFORM.keyid, "text/plain", b"hello"), "payload_type"),
        (Ask(PLATFORM.keyid, CUSTODY, b"hello"), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, b"{}"), "payload"),
        (Ask(PLATFORM.keyid, PayloadType.ENROLMENT_GRANT, RECEIPT), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT + b" "), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT[:-1] + b',"extra":1}'), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT.replace(b'"v":1', b'"v":2')), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT.replace(b'"JM1"', b'"JM9"')), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT.replace(b'"records":3', b'"records":-3')), "payload"),
        (Ask(PLATFORM.keyid, CUSTODY, RECEIPT.replace(b'{"v":1', b'{"v":1,"v":1')), "payload"),
    ],
)
def test_what_is_not_a_whole_object_of_the_key_s_kind_is_refused(asked: Ask, refused: str) -> None:
    assert sign_typed(KEYS, asked) == Told(refused=refused)


@pytest.mark.usefixtures("server")
def test_a_refusal_reaches_whoever_asked(place: Path) -> None:
    with closing(SignerClient(place)) as client:
        key = client.keys()[KeyRole.PLATFORM]
        with pytest.raises(RemoteProtocolError, match=r"protocol\.signature"):
            key.sign(CUSTODY, b"anything at all")
        assert key.sign(CUSTODY, RECEIPT)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "bytes_", [struct.pack(">I", 2**32 - 1), b"\0\0\0\x05hello", b"\0\0", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_bytes_that_are_no_message_end_the_connection_and_nothing_else(place: Path, bytes_: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(str(place))
        line.sendall(bytes_)
        line.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # where the signer left some of it unread
            while line.recv(4096):
                pass
    with closing(SignerClient(place)) as client:
        assert client.keys().keys() == {KeyRole.PLATFORM, KeyRole.PUBLISHER}


def test_a_signer_that_comes_back_is_asked_again(place: Path) -> None:
    first = SignerServer(place, [PLATFORM])
    first.start()
    with closing(SignerClient(place)) as client:
        key = client.keys()[KeyRole.PLATFORM]
        first.stop()
        with pytest.raises(Environment, match=r"gateway\.signer_unreachable"):
            SignerClient(place).keys()
        second = SignerServer(place, [PLATFORM])
        second.start()
        assert key.sign(CUSTODY, RECEIPT) == PLATFORM.sign(CUSTODY, RECEIPT)
    second.stop()


def test_the_socket_is_its_owner_s_and_its_group_s(server: SignerServer, place: Path) -> None:
    assert server is not None
    assert place.stat().st_mode & 0o777 == 0o660


def test_a_place_that_cannot_hold_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(Environment, match=r"gateway\.signer_socket"):
        SignerServer(tmp_path / "no" / "such.sock", [PLATFORM])
