"""The bytes of an encrypted store as they lie on the disk, decrypted page by page: free space, index and log too.

A search through the tables would not see what a deleted row left behind; this sees what a thief with the key sees.
SQLCipher 4: pages of 4096 bytes, each with an IV of its own and 64 bytes of HMAC at its end; a raw key is used as is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jmdesk.desk import Desk

PAGE, RESERVED, IV, SALT = 4096, 80, 16, 16
WAL_HEADER, FRAME_HEADER = 32, 24


def _plain(page: bytes, key: bytes, *, first: bool) -> bytes:
    start = SALT if first else 0
    iv = page[PAGE - RESERVED : PAGE - RESERVED + IV]
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(page[start : PAGE - RESERVED]) + decryptor.finalize()


def pages(file: Path, key: bytes) -> Iterator[bytes]:
    """Every page of a database file or of its write-ahead log, decrypted."""
    data = file.read_bytes()
    if file.name.endswith("-wal"):
        step = FRAME_HEADER + PAGE
        for start in range(WAL_HEADER, len(data) - step + 1, step):
            number = int.from_bytes(data[start : start + 4], "big")
            yield _plain(data[start + FRAME_HEADER : start + step], key, first=number == 1)
        return
    for start in range(0, len(data) - PAGE + 1, PAGE):
        yield _plain(data[start : start + PAGE], key, first=start == 0)


def found_in_vault(desk: Desk, words: list[str]) -> dict[str, list[str]]:
    """In which files of the vault's folder each word still stands: encrypted pages decrypted, others as they are."""
    found: dict[str, list[str]] = {}
    database = desk.vault.database
    for file in sorted(path for path in desk.vault.folder.rglob("*") if path.is_file()):
        encrypted = file.name in (database.name, f"{database.name}-wal")
        whole = b"".join(pages(file, desk.vault.keys.db)) if encrypted else file.read_bytes()
        for word in words:
            if word.encode() in whole:
                found.setdefault(word, []).append(file.name)
    return found
