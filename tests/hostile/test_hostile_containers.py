"""ZIP files made to confuse, exhaust or smuggle, against the readers of both ends: refused by name, cheaply."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jmdesk.core.messages import table
from sync.protocol.batch import BatchReader
from sync.protocol.container import ContainerWriter
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.replies import ReplyReader
from sync.protocol.suites import KeySet
from tests.golden import make_golden

GOLDEN = Path(__file__).parents[1] / "golden/jm1"
KEYS = KeySet.of(make_golden.DEVICE.public, make_golden.PLATFORM_SIGNING.public)
MOST_MEMORY = 32 * 1024 * 1024
"""Bytes that a reader may take at its height for what it cannot believe; a part and an envelope are 4 MiB each."""


def read_batch(data: bytes) -> None:
    reader = BatchReader(io.BytesIO(data), KEYS)
    for _ in reader.parts():
        pass
    reader.finish()


def read_reply(data: bytes) -> None:
    device = make_golden.DEVICE.public.keyid
    reader = ReplyReader(io.BytesIO(data), KEYS, device=device, unit=make_golden.UNIT, epoch=1)
    for _ in reader.parts():
        pass
    reader.finish()


READERS: dict[str, tuple[str, str, Callable[[bytes], None]]] = {
    "batch": ("batch.jmb", "manifest.dsse.json", read_batch),
    "reply": ("receipts.jmr", "index.dsse.json", read_reply),
}


def stock(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """As an ordinary ZIP program writes it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as writer:
        for name, data in entries.items():
            writer.writestr(name, data)
    return sink.getvalue()


def ours(*entries: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    writer = ContainerWriter(sink)
    for name, data in entries:
        writer.add(name, data)
    writer.finish()
    return sink.getvalue()


def prefixed(good: bytes) -> bytes:
    """Something in front, as self-extracting files have: programs that begin at the end do not mind."""
    return b"MZ" + bytes(510) + good


def two_in_one(good: bytes) -> bytes:
    """One container behind another: which one is read depends on the end that a reader begins at."""
    return good + good


def moved_directory(good: bytes) -> bytes:
    """The directory says that every entry begins where the first one does."""
    at = good.rindex(b"PK\x01\x02")
    return good[: at + 42] + struct.pack("<I", 0) + good[at + 46 :]


def zip64(good: bytes) -> bytes:
    """The first entry's sizes are said to be elsewhere."""
    return good[:18] + b"\xff" * 8 + good[26:]


def named(good: bytes, name: bytes) -> bytes:
    """The first entry under another name of the same length."""
    return good.replace(good[30 : 30 + len(name)], name)


def deep(first: str, opening: bytes) -> bytes:
    """JSON so deep that a reader which calls itself would fall over."""
    return ours((first, opening * 1_000_000))


def huge_promise(good: bytes) -> bytes:
    """An entry that says that it is 4 GB long."""
    return good[:18] + struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0) + good[26:]


CORPUS: dict[str, Callable[[bytes, str], bytes]] = {
    "a file in front": lambda good, _: prefixed(good),
    "a second container behind": lambda good, _: two_in_one(good),
    "bytes behind the end": lambda good, _: good + b"\0",
    "entries that overlap": lambda good, _: moved_directory(good),
    "zip64": lambda good, _: zip64(good),
    "a promise of 4 GB": lambda good, _: huge_promise(good),
    "a path that climbs": lambda good, first: named(good, b"../" + first.encode()[3:]),
    "an absolute path": lambda good, first: named(good, b"/" + first.encode()[1:]),
    "a name in upper case": lambda good, first: named(good, first.upper().encode()),
    "a name with a full-width letter": lambda good, first: named(good, "ｍ".encode() + first.encode()[3:]),
    "a name with a zero in it": lambda good, first: named(good, first.encode()[:-1] + b"\0"),
    "a name that is not UTF-8": lambda good, first: named(good, b"\xff" + first.encode()[1:]),
    "the same entry twice": lambda _, first: stock({first: b"{}"}) + stock({first: b"[]"}),
    "an ordinary ZIP": lambda _, first: stock({first: b"{}"}),
    "a bomb": lambda _, first: stock({first: bytes(64 * 1024 * 1024)}, zipfile.ZIP_DEFLATED),
    "an empty ZIP": lambda _, __: stock({}),
    "no entry but an empty one": lambda _, first: ours((first, b"")),
    "lists in lists": lambda _, first: deep(first, b"["),
    "objects in objects": lambda _, first: deep(first, b'{"a":'),
    "an envelope over its bound": lambda _, first: ours((first, b" " * (5 * 1024 * 1024))),
    "one number of a million digits": lambda _, first: ours((first, b"1" * 1_000_000)),
    "text that never ends": lambda _, first: ours((first, b'"' + b"a" * 1_000_000)),
    "a directory alone": lambda good, _: good[good.index(b"PK\x01\x02") :],
    "nothing": lambda _, __: b"",
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", CORPUS)
def test_no_hostile_container_takes_much_memory(name: str, kind: str) -> None:
    file, first, read = READERS[kind]
    hostile = CORPUS[name]((GOLDEN / file).read_bytes(), first)
    with pytest.raises(RemoteProtocolError):
        read(hostile)  # what is imported and kept when first needed is not the reader's doing
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError) as refused:
            read(hostile)
        _, height = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code in table()
    assert height < MOST_MEMORY


@pytest.mark.parametrize("kind", READERS)
def test_the_golden_containers_are_read_by_the_same_readers(kind: str) -> None:
    file, _, read = READERS[kind]
    read((GOLDEN / file).read_bytes())
