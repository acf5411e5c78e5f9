"""The signer: a process that holds the platform's signing keys and signs nothing but whole typed objects.

It listens on a Unix socket that only its group may reach. One request a message, one answer: a 4-byte big-endian length
and a MessagePack map. Whoever asks sends a payload and its type; the signer reads the payload as the object that the
type names and refuses what is none, what another key role signs, and what a device, a root or nobody should sign. So a
process that was broken into can have receipts signed, which are in the log, but no bytes of its choice.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from jmdesk.core.errors import Environment
from sync.gateway.journal import event
from sync.protocol.enrolment import EnrolmentGrant
from sync.protocol.envelope import SIGNER, PayloadType
from sync.protocol.errors import ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import check_version, decode_change_page, decode_reply_index, encode
from sync.protocol.packages import Package
from sync.protocol.provision import Provision
from sync.protocol.receipts import CustodyReceipt, read_processing
from sync.protocol.standing import DeviceStanding
from sync.protocol.strict_json import read_json
from sync.protocol.suites import JM1, KeyRole, PublicKey, Signer, SigningKey

log = logging.getLogger("jmdesk.gateway.signer")

SECONDS: Final = 10
"""How long either side waits for the other."""
_LENGTH: Final = struct.Struct(">I")
_LARGEST: Final = LIMITS.envelope_bytes
_WAITING: Final = 128


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request: sign this payload with this key; without a key, which keys there are."""

    keyid: str = ""
    type: str = ""
    payload: bytes = b""


class Told(msgspec.Struct, frozen=True):
    """The answer: a signature, the keys (role, suite, public bytes), or the code of a refusal."""

    signature: bytes = b""
    keys: tuple[tuple[str, str, bytes], ...] = ()
    refused: str = ""


def _read(shape: type[msgspec.Struct]) -> Callable[[bytes], msgspec.Struct]:
    def read(payload: bytes) -> msgspec.Struct:
        found = read_json(payload, shape)
        check_version(getattr(found, "v", 0), getattr(found, "suite", JM1))
        return found

    return read


READERS: Final[Mapping[PayloadType, Callable[[bytes], msgspec.Struct]]] = {
    PayloadType.CUSTODY_RECEIPT: _read(CustodyReceipt),
    PayloadType.PROCESSING_RECEIPT: read_processing,
    PayloadType.CHANGE_PAGE: decode_change_page,
    PayloadType.REPLY_INDEX: decode_reply_index,
    PayloadType.ENROLMENT_GRANT: _read(EnrolmentGrant),
    PayloadType.DEVICE_STANDING: _read(DeviceStanding),
    PayloadType.PROVISION: _read(Provision),
    PayloadType.PACKAGE: _read(Package),
}
"""How each kind that the platform signs is read; what is not named here is not signed."""


def sign_typed(keys: Mapping[str, Signer], asked: Ask) -> Told:
    """The answer to one request: a signature only over an object of the named type, by a key of the right role.

    Refusals: ``key_unknown``, ``payload_type``, ``key_role``, ``payload`` (not such an object in its one spelling).
    """
    if not asked.keyid:
        return Told(keys=tuple((key.role.value, key.suite, key.public.public) for key in keys.values()))
    key = keys.get(asked.keyid)
    if key is None:
        return Told(refused="key_unknown")
    try:
        kind = PayloadType(asked.type)
        reader = READERS[kind]
    except (ValueError, KeyError):
        return Told(refused="payload_type")
    if SIGNER[kind] is not key.role:
        return Told(refused="key_role")
    try:
        whole = encode(reader(asked.payload)) == asked.payload
    except ProtocolError:
        whole = False
    if not whole:
        return Told(refused="payload")
    return Told(signature=key.sign(kind.value, asked.payload))


class SignerServer:
    """Serves signing keys on a Unix socket, from start to stop. ``Environment`` ``gateway.signer_socket``."""

    def __init__(self, path: Path, keys: Sequence[SigningKey]) -> None:
        self._path = path
        self._held: Mapping[str, Signer] = {}
        self.hold(keys)
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _converse(self.request, lambda: server._held)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = _WAITING

            def handle_error(self, request: object, client_address: object) -> None:
                del request, client_address
                event(log, logging.WARNING, "signer connection broken off")

        try:
            if path.is_socket():
                path.unlink()  # of a signer that was killed; two at once would have to share a folder
            before = os.umask(0o117)  # the owner and its group, from the first moment on
            try:
                self._server = Server(str(path), Handler)
            finally:
                os.umask(before)
        except OSError as error:
            raise Environment("gateway.signer_socket", path=str(path), reason=error.strerror or "") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="jmdesk-signer", daemon=True)

    def hold(self, keys: Sequence[SigningKey]) -> None:
        """Sign with these keys from the next request on; of a role the last one is the newest."""
        self._held = {key.keyid: key for key in keys}

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End, and take the socket away."""
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)
        self._thread.join()


def _converse(line: socket.socket, keys: Callable[[], Mapping[str, Signer]]) -> None:
    """Answer one connection's requests until it ends; a message that is none ends it."""
    line.settimeout(None)  # between messages a connection may rest: it is kept open by a process of ours
    while (data := _receive(line)) is not None:
        try:
            asked = msgspec.msgpack.decode(data, type=Ask)
        except msgspec.MsgspecError:
            _send(line, Told(refused="message"))
            return
        told = sign_typed(keys(), asked)
        if told.refused:
            event(log, logging.WARNING, "signing refused", code=told.refused)
        _send(line, told)


def _send(line: socket.socket, message: Ask | Told) -> None:
    data = msgspec.msgpack.encode(message)
    line.sendall(_LENGTH.pack(len(data)) + data)


def _receive(line: socket.socket) -> bytes | None:
    """One message, or nothing where the other side ended; an oversized or half one raises ``ConnectionError``."""
    head = _exactly(line, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LARGEST:
        raise ConnectionError
    data = _exactly(line, length)
    if data is None:
        raise ConnectionError
    return data


def _exactly(line: socket.socket, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        piece = line.recv(size - len(found))
        if not piece:
            if found:
                raise ConnectionError
            return None
        found += piece
    return bytes(found)


class SignerClient:
    """Asks the signer, over as many connections as there are threads that ask at once. Thread-safe.

    A connection that broke off is made anew once. ``Environment`` ``gateway.signer_unreachable``: requests are then
    answered with 503 and come again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: queue.LifoQueue[socket.socket] = queue.LifoQueue()

    def keys(self) -> dict[KeyRole, RemoteKey]:
        """The newest key of each role that the signer holds."""
        found = [PublicKey(KeyRole(role), public, suite) for role, suite, public in self._ask(Ask()).keys]
        return {key.role: RemoteKey(key, self) for key in found}

    def sign(self, keyid: str, payload_type: str, payload: bytes) -> bytes:
        """A signature. `RemoteProtocolError` ``protocol.signature`` where the signer refused."""
        told = self._ask(Ask(keyid, payload_type, payload))
        if told.refused:
            raise RemoteProtocolError("protocol.signature", keyid=keyid)
        return told.signature

    def close(self) -> None:
        """Let go of the connections that nobody uses."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _ask(self, asked: Ask) -> Told:
        try:
            return self._once(asked)
        except (OSError, msgspec.MsgspecError):
            self.close()  # a signer that was started anew knows none of them
        try:
            return self._once(asked)
        except (OSError, msgspec.MsgspecError):
            raise Environment("gateway.signer_unreachable", path=str(self._path)) from None

    def _once(self, asked: Ask) -> Told:
        line = self._line()
        try:
            _send(line, asked)
            data = _receive(line)
            if data is None:
                raise ConnectionError  # noqa: TRY301 - an end instead of an answer is a broken line like any other
            told = msgspec.msgpack.decode(data, type=Told)
        except BaseException:
            line.close()
            raise
        self._idle.put(line)
        return told

    def _line(self) -> socket.socket:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(SECONDS)
            try:
                line.connect(str(self._path))
            except OSError:
                line.close()
                raise
            return line


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A signing key that the signer holds: everything of it but its private half."""

    public: PublicKey
    _client: SignerClient = field(repr=False, compare=False)

    @property
    def role(self) -> KeyRole:
        """What the key may sign."""
        return self.public.role

    @property
    def suite(self) -> str:
        """The suite that decides the algorithm."""
        return self.public.suite

    @property
    def keyid(self) -> str:
        """The id that envelopes name."""
        return self.public.keyid

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """The signature over a payload and its type, made by the signer."""
        return self._client.sign(self.keyid, payload_type, payload)
