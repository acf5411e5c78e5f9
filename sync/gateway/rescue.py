"""``jmdesk-gateway rescue FILE``: opens the rescue package of a desk that ended before everything was settled.

The platform's own key opens what might have been sent; what was withheld (incomplete records, values without consent,
documents) opens with the escrow key alone, which a city keeps away from the network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from jmdesk.core.errors import Environment, Refused
from sync.gateway.batches import DeviceKeys
from sync.gateway.database import Database
from sync.protocol.errors import ProtocolError
from sync.protocol.manifest import AttachmentEntry, PartEntry
from sync.protocol.rescue import Part, RescueManifest, RescueOpener, RescueReader
from sync.protocol.suites import KeyRole, OpeningKey


@dataclass(slots=True)
class Found:
    """What a rescue package holds: the manifest, and how many lines and documents could be opened."""

    manifest: RescueManifest
    lines: dict[str, int] = field(default_factory=dict)
    documents: int = 0

    def as_json(self) -> Mapping[str, object]:
        """The object that the command prints: no personal data."""
        manifest = self.manifest
        sections = {part: manifest.section(part) for part in Part}
        return {
            "rescue": manifest.rescue_id,
            "unit": manifest.unit,
            "device": manifest.device,
            "epoch": manifest.epoch,
            "seq": manifest.seq,
            "created": manifest.created,
            "records": {part.value: section.records if section else 0 for part, section in sections.items()},
            "documents": len(manifest.attachments),
            "opened": {**self.lines, "documents": self.documents},
        }


def read_escrow(path: Path) -> OpeningKey:
    """The escrow key in a JSON file (member ``escrow``, hex). ``Refused`` "gateway.escrow_file"."""
    try:
        return OpeningKey(KeyRole.ESCROW, bytes.fromhex(json.loads(path.read_text())["escrow"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("gateway.escrow_file", file=str(path)) from None


def open_rescue(database: Database, file: Path, keys: Sequence[OpeningKey], out: Path | None = None) -> Found:
    """Check a package against the device that signed it, open what one of ``keys`` opens, write it to folder ``out``.

    ``open.jsonl`` and ``withheld.jsonl`` get a line for each record, ``documents/`` the documents; the folder must not
    exist yet, and only its owner can read it. ``Refused``: the protocol's codes, "gateway.rescue_out";
    ``Environment`` "gateway.rescue_file".
    """
    try:
        with file.open("rb") as source:
            reader = RescueReader(source, DeviceKeys(database))
            found = Found(reader.signed.manifest)
            opener = RescueOpener(found.manifest, _fitting(found.manifest, keys))
            with _Folder(out) as folder:
                for name, entry, data in reader.data():
                    _open_one(opener, name, entry, data, found, folder)
                reader.finish()
    except ProtocolError as error:
        raise Refused(error.code, **error.params) from error
    except OSError as error:
        raise Environment("gateway.rescue_file", file=str(file)) from error
    return found


def _fitting(manifest: RescueManifest, keys: Sequence[OpeningKey]) -> OpeningKey:
    """The key to which something in the package is sealed; the first one where it is none of them."""
    sections = (manifest.section(part) for part in Part)
    sealed = [section.enc for section in sections if section] + [paper.enc for paper in manifest.attachments]
    named = {recipient.kid for enc in sealed for recipient in enc.recipients}
    return next((key for key in keys if key.keyid in named), keys[0])


def _open_one(
    opener: RescueOpener,
    name: str,
    entry: PartEntry | AttachmentEntry,
    data: bytes,
    found: Found,
    folder: _Folder,
) -> None:
    if isinstance(entry, AttachmentEntry):
        if any(r.kid == opener.keyid for r in entry.enc.recipients):
            folder.document(f"{entry.n:05d}-{entry.record}", opener.attachment(entry, data))
            found.documents += 1
        return
    part = Part(name.partition("/")[0])
    if opener.may_open(part):
        lines = opener.lines(part, entry, data)
        folder.lines(part, lines)
        found.lines[part.value] = found.lines.get(part.value, 0) + len(lines)


class _Folder:
    """Where what was opened goes; ``None``: nowhere, it is only counted."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._path.mkdir(mode=0o700)
                (self._path / "documents").mkdir(mode=0o700)
            except FileExistsError:
                raise Refused("gateway.rescue_out", folder=str(self._path)) from None
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def lines(self, part: Part, lines: list[bytes]) -> None:
        """Append lines to a section's file."""
        if self._path is None:
            return
        if part.value not in self._files:
            self._files[part.value] = _private(self._path / f"{part.value}.jsonl")
        self._files[part.value].writelines(line + b"\n" for line in lines)

    def document(self, name: str, content: bytes) -> None:
        """Write one document."""
        if self._path is not None:
            with _private(self._path / "documents" / name) as file:
                file.write(content)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
