"""What the vault costs: the store beside the same file without a key, and the passphrase's share of unlocking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from jmdesk.desk import Desk
from jmdesk.vault.kdf import SALT_BYTES, derive
from jmdesk.vault.kdf import calibrated as calibrated_cost
from tests.bench.stopwatch import Table, in_turn

UNIT = "11440785MF10001032"
PASSPHRASE = "量时间 口令 2026 年"
ROUNDS = 5
ROWS = 20_000


def bench_vault(table: Table, folder: Path) -> None:
    """Bulk insert and reading back by index, encrypted and plain; unlocking a vault of the cost a user gets."""
    numbers = iter(range(1000))

    def fill(key: str) -> None:
        file = folder / f"fill-{next(numbers)}.db"
        connection = _opened(file, key)
        _fill(connection)
        connection.close()
        file.unlink()

    taken = in_turn({"ours": lambda: fill("11" * 32), "bare": lambda: fill("")}, ROUNDS)
    table.add("bulk insert, encrypted", ROWS, taken["ours"], "s")
    table.add("bulk insert, encrypted / plain SQLite", ROWS, taken["ours"] / taken["bare"], "times", "<= 1.35")
    stores = {name: _opened(folder / f"{name}.db", key) for name, key in (("ours", "22" * 32), ("bare", ""))}
    for connection in stores.values():
        _fill(connection)
    taken = in_turn({name: lambda c=c: _read(c) for name, c in stores.items()}, ROUNDS)  # type: ignore[misc]
    table.add("scan and pages, encrypted / plain SQLite", ROWS, taken["ours"] / taken["bare"], "times", "<= 1.35")
    for connection in stores.values():
        connection.close()
    _unlock(table, folder)


def _unlock(table: Table, folder: Path) -> None:
    cost = calibrated_cost()
    vault = folder / "unlocked"
    Desk.create(vault, PASSPHRASE, unit=UNIT, regions=("440785104",), cost=cost).close()
    taken = in_turn(
        {
            "unlock": lambda: Desk.open(vault, PASSPHRASE).close(),
            "kdf": lambda: derive(PASSPHRASE.encode(), bytes(SALT_BYTES), cost),
        },
        ROUNDS,
    )
    table.add("unlock a vault", 1, taken["unlock"] * 1000, "ms")
    table.add("share of the passphrase in unlocking", 1, taken["kdf"] / taken["unlock"], "share", ">= 0.8")


def _opened(file: Path, key: str) -> Any:
    connection = dbapi2.connect(str(file), isolation_level=None)
    if key:
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _fill(connection: Any) -> None:
    connection.execute("CREATE TABLE plain (rid TEXT PRIMARY KEY, number TEXT, region TEXT, address TEXT, rest TEXT)")
    connection.execute("CREATE INDEX by_number ON plain (number)")
    connection.execute("CREATE INDEX by_region ON plain (region)")
    rows = [
        (f"{n:036d}", f"{n * 7919 % ROWS:018d}", f"4407851042{n % 40:02d}", f"{n}号" * 4, "x" * 200)
        for n in range(ROWS)
    ]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO plain VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def _read(connection: Any) -> None:
    connection.execute("SELECT count(*) FROM plain WHERE rest <> ''").fetchone()
    for offset in range(0, ROWS, 200):
        number = f"{offset:018d}"
        connection.execute("SELECT * FROM plain WHERE number >= ? ORDER BY number LIMIT 50", (number,)).fetchall()
