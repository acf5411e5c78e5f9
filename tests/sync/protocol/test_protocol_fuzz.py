"""Thousands of random mutations: none is accepted with other content, none crashes the reader."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from sync.protocol.batch import BatchOpener, BatchReader
from sync.protocol.container import ContainerWriter
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.inspect import inspect_file
from sync.protocol.receipts import VerdictOpener, open_processing
from sync.protocol.replies import ReplyReader
from sync.protocol.suites import KeySet
from tests.golden import make_golden
from tests.sync.protocol import sample

GOLDEN = Path(__file__).parents[2] / "golden" / "jm1"
Content = list[object]


@cache
def batch_file() -> bytes:
    return sample.batch(30, records_per_part=10, attachments=[b"a scan"]).file


def batch_content(data: bytes) -> Content:
    reader = BatchReader(io.BytesIO(data), sample.KEYRING)
    opener = BatchOpener(reader.signed.manifest, sample.RECIPIENT)
    content: Content = [reader.signed.payload]
    for part in reader.parts():
        content += opener.operations(part.entry, part.ciphertext)
    content += [opener.attachment(*item) for item in reader.attachments()]
    reader.finish()
    return content


def make_golden_keyring() -> KeySet:
    return KeySet.of(make_golden.DEVICE.public, make_golden.PLATFORM_SIGNING.public)


def reply_content(data: bytes) -> Content:
    batch = BatchReader(io.BytesIO((GOLDEN / "batch.jmb").read_bytes()), make_golden_keyring()).signed
    keyring = make_golden_keyring()
    reader = ReplyReader(io.BytesIO(data), keyring, device=batch.manifest.device, unit=make_golden.UNIT, epoch=1)
    receipt = open_processing(reader.items[1].envelope, keyring, batch.manifest, batch.digest).receipt
    opener = VerdictOpener(receipt, make_golden.DEVICE_KEM)
    content: Content = [receipt]
    for (_, part), entry in zip(reader.parts(), receipt.parts, strict=True):
        content += opener.verdicts(entry, part)
    opener.finish()
    reader.finish()
    return content


def flip(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def overwrite(data: bytearray, dice: random.Random) -> None:
    at, size = dice.randrange(len(data)), dice.randrange(1, 40)
    data[at : at + size] = dice.randbytes(size)


def insert(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = dice.randbytes(dice.randrange(1, 40))


def cut(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randrange(1, 200)]


def truncate(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def repeat(data: bytearray, dice: random.Random) -> None:
    at, size = dice.randrange(len(data)), dice.randrange(1, 400)
    data[at:at] = data[at : at + size]


def swap(data: bytearray, dice: random.Random) -> None:
    size = dice.randrange(1, 200)
    first, second = sorted(dice.sample(range(len(data) - size), 2))
    data[first : first + size], data[second : second + size] = (
        data[second : second + size],
        data[first : first + size],
    )


def number(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) - 4)
    data[at : at + 4] = dice.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x04034B50]).to_bytes(4, "little")


MUTATIONS = (flip, overwrite, insert, cut, truncate, repeat, swap, number)


def repacked(data: bytes, dice: random.Random) -> bytes:
    """One entry mutated inside a container that is sound again: what lies behind the CRC must find out by itself."""
    with zipfile.ZipFile(io.BytesIO(data)) as stock:
        entries = [(name, bytearray(stock.read(name))) for name in stock.namelist()]
    _, chosen = dice.choice(entries)
    dice.choice((flip, number))(chosen, dice)
    out = io.BytesIO()
    writer = ContainerWriter(out)
    for name, entry in entries:
        writer.add(name, bytes(entry))
    writer.finish()
    return out.getvalue()


def mutated(data: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.3:
        return repacked(data, dice)
    mutant = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        if len(mutant) > 500:
            dice.choice(MUTATIONS)(mutant, dice)
    return bytes(mutant)


def survive(data: bytes, content: Callable[[bytes], Content], rounds: int, seed: int) -> None:
    """Mutates ``rounds`` times; a reader may refuse by code or give the same content, and nothing else."""
    good = content(data)
    dice = random.Random(seed)  # noqa: S311
    for turn in range(rounds):
        try:
            found = content(mutated(data, dice))
        except RemoteProtocolError:
            continue
        assert found == good, f"seed {seed}, turn {turn}: other content was accepted"


def test_no_mutation_of_a_batch_is_accepted_with_other_content() -> None:
    survive(batch_file(), batch_content, 400, seed=1)


def test_no_mutation_of_a_reply_is_accepted_with_other_content() -> None:
    survive((GOLDEN / "receipts.jmr").read_bytes(), reply_content, 200, seed=2)


def test_the_inspector_reports_and_never_raises() -> None:
    dice = random.Random(3)  # noqa: S311
    keys = make_golden.keys_json()
    data = (GOLDEN / "receipts.jmr").read_bytes()
    for _ in range(100):
        mutant = mutated(data, dice)
        if mutant != data:
            assert not inspect_file(io.BytesIO(mutant), keys).sound


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 16))
def test_fuzz_batches_for_long(seed: int) -> None:
    survive(batch_file(), batch_content, 1_000, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 24))
def test_fuzz_replies_for_long(seed: int) -> None:
    survive((GOLDEN / "receipts.jmr").read_bytes(), reply_content, 500, seed)
