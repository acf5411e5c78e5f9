"""A gateway in somebody else's hands: an HTTPS server between a desk and the city that changes what the city says."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.protocol.container import ContainerWriter
from sync.protocol.envelope import PayloadType, sign_envelope, split_envelope
from sync.protocol.manifest import PartEntry, decode_change_page
from sync.protocol.parts import Binding, Label, SealedPart, open_content_key, open_part, pack_lines, seal_content_key
from sync.protocol.receipts import read_processing
from sync.protocol.replies import ReplyHeader, ReplyItem, write_reply
from sync.protocol.suites import OpeningKey, Signer
from tests.soak.city import City
from tests.soak.wire import Exchange, Sent
from tests.sync.client.hostile import HostileServer, answer

Forge = Callable[[bytes], bytes]
Lie = Callable[[str], tuple[int, bytes] | None]


class Interceptor:
    """Hands every request to the city; the answers to some kinds of request are forged."""

    def __init__(self, city: City, server: HostileServer) -> None:
        self._city, self._server = city, server
        server.answers = [self._answer]
        self.forges: dict[str, Forge] = {}
        """What becomes of the city's answers, by the end of their path; nothing else is touched."""
        self.lie: Lie = lambda _target: None
        """The unsigned word in the place of the city's answer to a request for a target (path and query), if any."""
        self.heard: dict[str, list[bytes]] = {}
        """Every honest answer, by the end of its path."""

    def _answer(self, _head: bytes) -> bytes:
        head, _empty, body = self._server.requests[-1].partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _version = first.split(" ")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        lie = self.lie(path)
        if lie is not None:
            return answer(lie[0], lie[1], kind="application/problem+json")
        status, found, said = self._city.ask(Sent(method, path, headers, body))
        kind = path.partition("?")[0].rpartition("/")[2]
        if 200 <= status < 300:
            self.heard.setdefault(kind, []).append(said)
            if kind in self.forges and status != 204:
                said = self.forges[kind](said)
        return _answered((status, found, said))


def _answered(exchange: Exchange) -> bytes:
    status, headers, body = exchange
    return answer(status, body, kind=headers.get("content-type", "application/json"))


@dataclass(frozen=True)
class Forger:
    """What somebody with a key can make of a reply; ``opening`` is the desk's, to seal anew what only it opens."""

    signer: Signer
    opening: OpeningKey

    def entries(self, reply: bytes) -> dict[str, bytes]:
        """The entries of a container."""
        with zipfile.ZipFile(io.BytesIO(reply)) as stock:
            return {name: stock.read(name) for name in stock.namelist()}

    def packed(self, entries: Mapping[str, bytes]) -> bytes:
        """A container of these entries, sound as such."""
        sink = io.BytesIO()
        writer = ContainerWriter(sink)
        for name, data in entries.items():
            writer.add(name, data)
        writer.finish()
        return sink.getvalue()

    def signed(self, kind: PayloadType, envelope: bytes, **members: object) -> bytes:
        """An envelope with other members, signed anew."""
        payload = json.loads(split_envelope(envelope).payload) | members
        return sign_envelope(kind, json.dumps(payload, separators=(",", ":")).encode(), self.signer)

    def reply(self, reply: bytes, items: Sequence[ReplyItem], parts: Sequence[bytes], **header: Any) -> bytes:
        """A reply of other items, for the same desk as an honest one unless ``header`` says otherwise."""
        index = json.loads(split_envelope(self.entries(reply)["index.dsse.json"]).payload)
        names = ("reply_id", "unit", "device", "epoch", "server_epoch", "created")
        sink = io.BytesIO()
        write_reply(sink, ReplyHeader(**{n: index[n] for n in names} | header), items, parts, self.signer)
        return sink.getvalue()

    # -- receipts --------------------------------------------------------------------------------------------------

    def receipt(self, reply: bytes, lines: Callable[[list[bytes]], list[bytes]] = list, **members: object) -> bytes:
        """A reply with other verdict lines, sealed and signed anew, and other members of its receipt."""
        entries = self.entries(reply)
        custody, envelope = entries["envelopes/00000"], entries["envelopes/00001"]
        found = read_processing(split_envelope(envelope).payload)
        binding = Binding(Label.VERDICT, found.batch_id, found.device)
        sealed = [entries[f"parts/{part.n:05d}"] for part in found.parts]
        key = open_content_key(found.enc, self.opening, found.batch_id, found.device)
        told = [
            line
            for part, data in zip(found.parts, sealed, strict=True)
            for line in open_part(part, data, binding, key).splitlines()
        ]
        parts, enc = self._sealed(lines(told), binding)
        made = self.signed(
            PayloadType.PROCESSING_RECEIPT,
            envelope,
            **{"parts": [_plain(part.entry) for part in parts], "enc": enc, **members},
        )
        items = [
            ReplyItem(PayloadType.CUSTODY_RECEIPT, custody),
            ReplyItem(PayloadType.PROCESSING_RECEIPT, made, tuple(part.entry for part in parts)),
        ]
        return self.reply(reply, items, [part.ciphertext for part in parts])

    def _sealed(self, lines: Sequence[bytes], binding: Binding) -> tuple[list[SealedPart], object]:
        key = seal_content_key(secrets.token_bytes(32), [self.opening.public], binding.owner, binding.device)
        enc = key.encryption
        recipients = [{"kid": r.kid, "alg": r.alg, "wrapped": r.wrapped} for r in enc.recipients]
        return list(pack_lines(lines, binding, key)), {"alg": enc.alg, "recipients": recipients}

    # -- pages -----------------------------------------------------------------------------------------------------

    def page(self, reply: bytes, **members: object) -> bytes:
        """A reply with other members of its page, signed anew over the same parts."""
        entries = self.entries(reply)
        envelope = entries["envelopes/00000"]
        parts = decode_change_page(split_envelope(envelope).payload).parts
        item = ReplyItem(PayloadType.CHANGE_PAGE, self.signed(PayloadType.CHANGE_PAGE, envelope, **members), parts)
        return self.reply(reply, [item], [entries[f"parts/{part.n:05d}"] for part in parts])


def _plain(entry: PartEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in ("n", "records", "size", "raw_size", "sha256")}
