"""The desk at several sizes: import, rating, search, list, dossier, saving; beside a plain peer where there is one."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from python_calamine import CalamineWorkbook

from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.registers.samples import write_register
from jmdesk.registers.service import import_households
from jmdesk.vault.kdf import FLOOR
from tests.bench.stopwatch import Table, in_turn, percentile, seconds

TOWN = "440785104"
UNIT = "11440785MF10001032"
PASSPHRASE = "量时间 口令 2026 年"
ROUNDS = 7
PAGE = 50


def bench_desk(table: Table, folder: Path, households: int) -> None:
    """Every figure of a desk with so many households."""
    register = folder / f"{households}.xlsx"
    write_register(register, TOWN, "a", households)
    with Desk.create(folder / f"vault-{households}", PASSPHRASE, unit=UNIT, regions=(TOWN,), cost=FLOOR) as desk:
        reading = seconds(lambda: _read(register))
        importing = seconds(lambda: import_households(desk, register))
        table.add("import a register, validated, with change log", households, importing, "s")
        table.add("import / reading the file with calamine", households, importing / reading, "times")
        rating = seconds(desk.ratings.rate_all)
        table.add("rate all, explanation stored", households, rating, "s")
        _search(table, desk, households)
        _list(table, desk, households)
        _save(table, desk, folder, households)


def _read(register: Path) -> int:
    book = CalamineWorkbook.from_path(register)
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def _search(table: Table, desk: Desk, households: int) -> None:
    typed = [text[:end] for text in ("黄伟强", "liang", "hwq", "13800") for end in range(1, len(text) + 1)]
    times = [
        seconds(lambda text=text: desk.households.page(HouseholdFilter(search=text), 0, PAGE))  # type: ignore[misc]
        for _ in range(ROUNDS)
        for text in typed
    ]
    table.add("search per keystroke, p95", households, percentile(times, 95) * 1000, "ms", "< 3 at 300,000")


def _list(table: Table, desk: Desk, households: int) -> None:
    everything = HouseholdFilter()
    rows = desk.households.page(everything, 0, PAGE)
    taken = in_turn(
        {
            "first page of the list": lambda: desk.households.page(everything, 0, PAGE),
            "a page in the middle": lambda: desk.households.page(everything, households // 2, PAGE),
            "count of the list": lambda: desk.households.count(everything),
            "open a dossier": lambda: desk.households.dossier(rows[0].rid),
        },
        ROUNDS,
    )
    for name, goal in zip(taken, ("< 33", "< 33", "", "< 30"), strict=True):
        table.add(name, households, taken[name] * 1000, "ms", goal)


def _save(table: Table, desk: Desk, folder: Path, households: int) -> None:
    rid = desk.households.page(HouseholdFilter(), 0, 1)[0].rid
    numbers = count()
    bare = _bare_store(folder / f"bare-{households}.db")
    taken = in_turn(
        {
            "ours": lambda: desk.records.change("R05", rid, {"address": f"{next(numbers)}号"}, reason="量时间"),
            "bare": lambda: bare(next(numbers)),
        },
        ROUNDS * 5,
    )
    table.add("save one field, change log and outbox", households, taken["ours"] * 1000, "ms", "< 15")
    table.add("save / one bare commit of SQLCipher", households, taken["ours"] / taken["bare"], "times", "<= 2.5")


def _bare_store(file: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- sqlcipher3 has no types
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(file), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{'11' * 32}'\"")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, value TEXT)")
    connection.execute("INSERT INTO plain VALUES (1, '')")

    def save(value: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE plain SET value = ? WHERE id = 1", (str(value),))
        connection.execute("COMMIT")

    return save
