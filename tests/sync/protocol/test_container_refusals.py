"""The container: any ZIP tool reads it, and the reader takes nothing that the writer does not write."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from sync.protocol.container import ContainerReader, ContainerWriter, container_size
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import Limits

ENTRIES = (("manifest.dsse.json", b"{}"), ("parts/00000", b"first part"), ("parts/00001", b""))
# Offsets inside the bytes made by `written`.
SECOND = 30 + 18 + 2
DIRECTORY = 3 * 30 + 18 + 2 * 11 + 12
END = DIRECTORY + 3 * 46 + 18 + 2 * 11


def written(entries: tuple[tuple[str, bytes], ...] = ENTRIES) -> bytes:
    out = io.BytesIO()
    writer = ContainerWriter(out)
    for name, data in entries:
        writer.add(name, data)
    assert writer.finish() == len(out.getvalue())
    return out.getvalue()


GOOD = written()


def read(data: bytes, limits: Limits | None = None) -> list[bytes]:
    reader = ContainerReader(io.BytesIO(data), limits or Limits())
    found = [reader.read(name, 1_000) for name, _ in ENTRIES]
    reader.finish()
    return found


def patched(offset: int, form: str, *values: int) -> bytes:
    data = bytearray(GOOD)
    struct.pack_into("<" + form, data, offset, *values)
    return bytes(data)


def test_what_is_written_reads_back() -> None:
    assert read(GOOD) == [data for _, data in ENTRIES]


def test_the_bytes_are_these() -> None:
    small = written((("a", b"xy"),))
    crc = struct.pack("<I", zlib.crc32(b"xy")).hex()
    assert small.hex() == (
        "504b03040a000000000000002100" + crc + "020000000200000001000000617879"
        "504b010200000a000000000000002100" + crc + "0200000002000000"
        "01000000000000000000000000000000000061"
        "504b050600000000010001002f000000210000000000"
    )  # fmt: skip


def test_a_stock_zip_tool_reads_the_same_entries() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as stock:
        assert stock.testzip() is None
        assert [(i.filename, i.date_time, i.compress_type, i.extra) for i in stock.infolist()] == [
            (name, (1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, b"") for name, _ in ENTRIES
        ]
        assert [stock.read(name) for name, _ in ENTRIES] == [data for _, data in ENTRIES]


def test_the_size_is_known_before_writing() -> None:
    assert container_size([(name, len(data)) for name, data in ENTRIES]) == len(GOOD)


def test_a_source_that_gives_a_byte_at_a_time_is_read_all_the_same() -> None:
    class Drip(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1))

    reader = ContainerReader(Drip(GOOD))
    assert [reader.read(name, 1_000) for name, _ in ENTRIES] == [data for _, data in ENTRIES]
    reader.finish()


def swap_names() -> bytes:
    return GOOD.replace(b"parts/00000first", b"parts/00009first")


REFUSALS: dict[str, Callable[[], bytes]] = {
    "not_zip": lambda: b"MZ" + GOOD,
    "truncated": lambda: GOOD[: SECOND + 35],
    "version": lambda: patched(4, "H", 20),
    "encrypted": lambda: patched(6, "H", 1),
    "descriptor": lambda: patched(6, "H", 8),
    "flags": lambda: patched(6, "H", 0x0800),
    "compressed": lambda: patched(8, "H", 8),
    "time": lambda: patched(10, "HH", 1, 0x21),
    "extra": lambda: patched(28, "H", 4),
    "zip64": lambda: patched(18, "II", 0xFFFFFFFF, 0xFFFFFFFF),
    "size_mismatch": lambda: patched(18, "II", 2, 3),
    "name": swap_names,
    "duplicate": lambda: written((*ENTRIES[:2], ("parts/00009", b""))).replace(b"parts/00009", b"parts/00000"),
    "entry_limit": lambda: patched(SECOND + 18, "II", 1_001, 1_001),
    "crc": lambda: GOOD.replace(b"first part", b"First part"),
    "missing": lambda: written(ENTRIES[:2]),
    "unlisted": lambda: written((*ENTRIES, ("parts/00002", b"more"))),
    "garbage": lambda: GOOD[:SECOND] + b"junk" + GOOD[SECOND:],
    "directory": lambda: GOOD[:END] + GOOD[DIRECTORY:],
    "directory_size": lambda: patched(DIRECTORY + 20, "II", 3, 3),
    "overlap": lambda: patched(DIRECTORY + 46 + 18 + 42, "I", 0),
    "made_by": lambda: patched(DIRECTORY + 4, "H", 0x0314),
    "attributes": lambda: patched(DIRECTORY + 38, "I", 0o644 << 16),
    "comment": lambda: patched(END + 20, "H", 3) + b"hey",
    "end": lambda: patched(END + 8, "HH", 2, 2),
    "trailing": lambda: GOOD + b"\x00",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_every_departure_is_refused_by_its_own_name(code: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read(REFUSALS[code]())
    assert caught.value.code == f"protocol.container_{code}"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (GOOD[:-1], "truncated"),
        (patched(DIRECTORY + 8, "H", 1), "encrypted"),
        (patched(DIRECTORY + 10, "H", 8), "compressed"),
        (patched(DIRECTORY + 12, "HH", 0, 0x5A21), "time"),
        (patched(DIRECTORY + 24, "I", 99), "size_mismatch"),
        (patched(DIRECTORY + 16, "I", 1), "directory_size"),
        (patched(DIRECTORY + 30, "H", 1), "extra"),
        (patched(DIRECTORY + 32, "H", 1), "comment"),
        (patched(DIRECTORY + 34, "H", 1), "attributes"),
        (patched(DIRECTORY + 36, "H", 1), "attributes"),
        (patched(DIRECTORY + 28, "H", 17), "directory"),
        (GOOD[:DIRECTORY] + GOOD[DIRECTORY:].replace(b"parts/00000", b"parts/00007"), "directory"),
        (GOOD[:END] + b"PK\x06\x06" + GOOD[END:], "zip64"),
        (patched(END + 16, "I", 0), "end"),
        (patched(END + 12, "I", 0), "end"),
        (patched(END + 4, "H", 1), "end"),
        (GOOD[:DIRECTORY] + GOOD[END:], "missing"),
    ],
)
def test_the_directory_must_repeat_what_was_read(data: bytes, code: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read(data)
    assert caught.value.code == f"protocol.container_{code}"


def test_an_entry_has_the_size_that_its_manifest_says() -> None:
    with pytest.raises(RemoteProtocolError, match="container_entry_size"):
        ContainerReader(io.BytesIO(GOOD)).read("manifest.dsse.json", 1_000, 3)


def test_a_size_over_the_limit_is_refused_before_a_byte_of_it_is_read() -> None:
    head = patched(18, "II", 0xFFFFFFF0, 0xFFFFFFF0)[:48]
    with pytest.raises(RemoteProtocolError, match="container_entry_limit"):
        ContainerReader(io.BytesIO(head)).read("manifest.dsse.json", 1_000)


def test_a_container_never_grows_over_its_limit() -> None:
    limits = Limits(container_bytes=len(GOOD) - 1)
    with pytest.raises(RemoteProtocolError, match="container_limit"):
        read(GOOD, limits)
    writer = ContainerWriter(io.BytesIO(), Limits(container_bytes=100))
    with pytest.raises(LocalProtocolError, match="container_limit"):
        writer.add("a", bytes(100))


def test_the_writer_takes_no_name_twice() -> None:
    writer = ContainerWriter(io.BytesIO())
    writer.add("a", b"")
    with pytest.raises(LocalProtocolError, match="container_duplicate"):
        writer.add("a", b"")


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_copy_cut_anywhere_is_not_taken_for_whole(length: int) -> None:
    with pytest.raises(RemoteProtocolError, match="container_truncated"):
        read(GOOD[:length])


def test_a_file_of_another_zip_writer_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as stock:
        for name, data in ENTRIES:
            stock.writestr(zipfile.ZipInfo(name), data)
    with pytest.raises(RemoteProtocolError, match="container_"):
        read(out.getvalue())
