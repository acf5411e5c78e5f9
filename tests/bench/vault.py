"""What the vault costs: the store beside the same file without a key, and the passphrase's share of unlocking.

``make bench-vault`` runs this alone and leaves ``build/bench/vault.json``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from sqlcipher3 import dbapi2

from jmdesk.desk import Desk
from jmdesk.store import engine
from jmdesk.store.change_log import Head
from jmdesk.store.transaction import Transaction
from jmdesk.vault.instance import locked
from jmdesk.vault.kdf import SALT_BYTES, derive
from jmdesk.vault.kdf import calibrated as calibrated_cost
from tests.bench.stopwatch import Table, Work, in_turn
from tests.desks import VILLAGE, add_family

UNIT = "11440785MF10001032"
PASSPHRASE = "量时间 口令 2026 年"
ROUNDS = 5
ROWS = 20_000
SAVES: Final = 300
IMPORTED: Final = 200
CLOCKS: Final = {"": time.perf_counter, ", processor": time.process_time}
"""A save is mostly waiting for the disk; without that, what the processor does for it."""
PLAIN: Final = "plain"
"""The folder whose stores have no key."""


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
    _desks(table, folder)
    _unlock(table, folder)


def _desks(table: Table, folder: Path) -> None:
    """Saving and importing by the desk itself: on its store, on the same store without a key, and without its log."""
    with _keyless(folder / PLAIN):
        made = Desk.create(folder / "desk", PASSPHRASE, unit=UNIT, regions=(VILLAGE,))
        made.close()
        shutil.copytree(folder / "desk", folder / PLAIN)
        _without_key(made.vault.database, made.vault.keys.db, folder / PLAIN / made.vault.database.name)
        desks = {
            name: Desk.enter(replace(made.vault, folder=place, lock=locked(place)))
            for name, place in (("ours", folder / "desk"), ("bare", folder / PLAIN))
        }
        numbers = count(1)
        imports = {name: lambda d=desk: _import(d, numbers) for name, desk in desks.items()}
        for name, clock in CLOCKS.items():
            taken = in_turn(imports, ROUNDS, clock)
            ratio = taken["ours"] / taken["bare"]
            table.add(f"import, encrypted / plain SQLite{name}", IMPORTED, ratio, "times", "<= 1.35")
        household = desks["ours"].records.find("R05", limit=1)[0].rid
        other = desks["bare"].records.find("R05", limit=1)[0].rid
        # One at a time in turn: the disk's flush is most of a save, and a neighbour may hold it up.
        saves: dict[str, Work] = {
            "ours": lambda: _save(desks["ours"], household, numbers),
            "bare": lambda: _save(desks["bare"], other, numbers),
            "silent": lambda: _unlogged(desks["ours"], household, numbers),
        }
        for name, clock in CLOCKS.items():
            taken = in_turn(saves, SAVES, clock)
            table.add(f"save{name}", SAVES, taken["ours"] * 1000, "ms")
            table.add(f"save, encrypted / plain SQLite{name}", SAVES, taken["ours"] / taken["bare"], "times", "<= 1.35")
            share = 1 - taken["silent"] / taken["ours"]
            table.add(f"share of the change log in a save{name}", SAVES, share, "share", "<= 0.1")
        for desk in desks.values():
            desk.close()


def _import(desk: Desk, numbers: Iterator[int]) -> None:
    with desk.records.writing("import") as writer:
        for _ in range(IMPORTED):
            add_family(writer, desk.actor, f"{VILLAGE}{next(numbers):06}")


def _save(desk: Desk, household: str, numbers: Iterator[int]) -> None:
    desk.records.change("R05", household, {"address": f"塘洲村{next(numbers)}号"})


def _unlogged(desk: Desk, household: str, numbers: Iterator[int]) -> None:
    """Save as a desk would that keeps no log; its chain is not continued, and nobody looks at it."""

    def appended(self: Transaction, *_: Any, **__: Any) -> int:
        return self._log._seq

    head = Head(1, bytes(32))
    with patch.object(Transaction, "_append", appended), patch("jmdesk.store.change_log.read_head", lambda _: head):
        _save(desk, household, numbers)


@contextmanager
def _keyless(folder: Path) -> Iterator[None]:
    """Stores in this folder are opened as plain SQLite by the same library."""
    keyed = engine.raw_connection

    def opened(path: Path, key: bytes) -> Any:
        if path.parent != folder:
            return keyed(path, key)
        return dbapi2.connect(str(path), isolation_level=None, check_same_thread=False, timeout=10)

    with patch.object(engine, "raw_connection", opened):
        yield


def _without_key(store: Path, key: bytes, target: Path) -> None:
    target.unlink()
    connection = engine.raw_connection(store, key)
    connection.execute("ATTACH ? AS plain KEY ''", (str(target),))
    connection.execute("SELECT sqlcipher_export('plain')")
    connection.close()


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
    table.add("unlock a vault", 1, taken["unlock"] * 1000, "ms", "<= 1000")
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


def main() -> None:
    """Measure the vault alone."""
    arguments = argparse.ArgumentParser(prog="make bench-vault", description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path("build/bench/vault.json"))
    table, args = Table(), arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as folder:
        bench_vault(table, Path(folder))
    table.write(args.out)


if __name__ == "__main__":
    main()
