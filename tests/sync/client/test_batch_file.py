"""A sealed batch's file whose archive was damaged is told to be damaged, whatever the damage makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.core.errors import Environment
from jmdesk.store.outbox import Batch
from sync.client.batch_file import BatchFile
from tests.sync.protocol import sample

SEALED = sample.batch(3)
BATCH = Batch(sample.BATCH_ID, 1, 1, "sealed", 3, "x.jmb", SEALED.signed.digest, sample.NOW, None, None, {}, None)


def read(file: Path) -> bytes:
    with BatchFile(file, BATCH, sample.KEYRING) as opened:
        return opened.part(0)


def test_every_flip_in_the_frame_of_the_archive_is_told_or_harmless(tmp_path: Path) -> None:
    file, whole = tmp_path / "x.jmb", SEALED.file
    file.write_bytes(whole)
    part, told = read(file), 0
    frame = [*range(48), *range(whole.index(b"PK\x01\x02"), len(whole))]
    for place in frame:
        for bit in range(8):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                assert read(file) == part
            except Environment as error:
                assert error.code == "sync.batch_damaged"  # noqa: PT017 -- many flips harm nothing
                told += 1
    assert told > len(frame)


@pytest.mark.parametrize("left", [0, 1, 100, -1])
def test_a_file_without_its_end_is_damaged(tmp_path: Path, left: int) -> None:
    file = tmp_path / "x.jmb"
    file.write_bytes(SEALED.file[:left])
    with pytest.raises(Environment, match=r"sync\.batch_damaged"):
        read(file)
