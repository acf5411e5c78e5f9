"""The file of a sealed batch: read part by part when it is sent, copied when it is carried."""

from __future__ import annotations

import lzma
import os
import shutil
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from jmdesk.core.errors import Environment
from jmdesk.store.outbox import Batch
from jmdesk.vault.files import disk_errors, flush_folder
from sync.protocol.batch import MANIFEST_NAME, attachment_name, open_manifest, part_name
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import AttachmentEntry, PartEntry
from sync.protocol.parts import check_part
from sync.protocol.suites import Keyring

if TYPE_CHECKING:
    from jmdesk.desk import Desk


_DAMAGE: Final = (
    *(OSError, EOFError, KeyError, ValueError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RemoteProtocolError),
)
"""What reading a damaged archive raises: a flipped bit may also name another method, a password, or an end too far."""


def batch_path(desk: Desk, batch: Batch) -> Path:
    """Where a batch's file is until every verdict is stored."""
    return desk.vault.outgoing / batch.file


class BatchFile:
    """A sealed batch's file, read part by part when it is sent. Close it, or use it in a ``with``.

    ``Environment("sync.batch_damaged")`` when it is not the file that was sealed: it is never rebuilt.
    """

    def __init__(self, path: Path, batch: Batch, keys: Keyring) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.signed = open_manifest(self._zip.read(MANIFEST_NAME), keys)
        except _DAMAGE as error:
            raise Environment("sync.batch_damaged") from error
        if self.signed.digest != batch.manifest_sha256:
            self._zip.close()
            raise Environment("sync.batch_damaged")

    def whole(self) -> bytes:
        """The file's bytes, every entry checked; for one that is small enough to be handed over in one go."""
        manifest = self.signed.manifest
        for n in range(len(manifest.parts)):
            self.part(n)
        for n in range(len(manifest.attachments)):
            self.attachment(n)
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise Environment("sync.batch_damaged") from error

    def part(self, n: int) -> bytes:
        """The ciphertext of part ``n``, checked against the signed manifest."""
        return self._read(part_name(n), self.signed.manifest.parts[n])

    def attachment(self, n: int) -> bytes:
        """The ciphertext of attachment ``n``, checked likewise."""
        return self._read(attachment_name(n), self.signed.manifest.attachments[n])

    def _read(self, name: str, entry: PartEntry | AttachmentEntry) -> bytes:
        try:
            data = self._zip.read(name)
            check_part(entry, data)
        except _DAMAGE as error:
            raise Environment("sync.batch_damaged") from error
        return data

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def carry(desk: Desk, batch: Batch, target: Path) -> int:
    """Copy a batch's file to ``target`` (a stick), whole or not at all; gives its size in bytes.

    ``Environment`` for a full or read-only stick.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    with disk_errors():
        try:
            with batch_path(desk, batch).open("rb") as source, temporary.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1024 * 1024)
                sink.flush()
                os.fsync(sink.fileno())
            temporary.replace(target)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise
        flush_folder(target.parent)
        return target.stat().st_size
