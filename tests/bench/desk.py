"""The desk at several sizes: import, rating, search, list, dossier, saving; beside a plain peer where there is one."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from python_calamine import CalamineWorkbook

from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.registers.samples import write_register
from jmdesk.registers.service import import_households
from jmdesk.store.search import subjects
from jmdesk.vault.kdf import FLOOR
from tests.bench.painting import bench_painting
from tests.bench.plain import PlainCopy, PlainRating
from tests.bench.stock import multiply
from tests.bench.stopwatch import Table, in_turn, percentile, seconds

TOWN = "440785104"
UNIT = "11440785MF10001032"
PASSPHRASE = "量时间 口令 2026 年"
ROUNDS = 7
PAGE = 50


def bench_desk(table: Table, folder: Path, households: int) -> None:
    """What an office does with a register: import it, rate it; beside the same rows without the safety."""
    register = folder / f"{households}.xlsx"
    write_register(register, TOWN, "a", households)
    with Desk.create(folder / f"vault-{households}", PASSPHRASE, unit=UNIT, regions=(TOWN,), cost=FLOOR) as desk:
        importing = seconds(lambda: import_households(desk, register))
        copy = PlainCopy(desk)
        plain = seconds(lambda: _read(register)) + copy.write(folder / "plain.db", seconds)
        table.add("import a register, validated, with change log", households, importing, "s")
        table.add("import / calamine plus plain bulk insert", households, importing / plain, "times", "<= 4")
        rating = seconds(desk.ratings.rate_all)
        table.add("rate all, explanation stored", households, rating, "s")
        plain = seconds(PlainRating(desk).run)
        table.add("rate / loading and writing without scoring", households, rating / plain, "times", "<= 2.5")


def bench_stock(table: Table, folder: Path, start: int, households: int) -> None:
    """What an office looks at in a store of so many households, made of a register of ``start``."""
    register = folder / f"stock-{start}.xlsx"
    write_register(register, TOWN, "a", start)
    with Desk.create(folder / f"stock-{households}", PASSPHRASE, unit=UNIT, regions=(TOWN,), cost=FLOOR) as desk:
        import_households(desk, register)
        desk.ratings.rate_all()
        multiply(desk, households)
        _search(table, desk, households)
        _list(table, desk, households)
        _filters(table, desk, households)
        _save(table, desk, folder, households)
        bench_painting(table, desk, households)


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
    table.add("search per keystroke, a page read, p95", households, percentile(times, 95) * 1000, "ms")
    with desk.store.reading() as connection:
        store = [
            seconds(lambda text=text: subjects(connection, text, types=("R05", "R06"), limit=PAGE))  # type: ignore[misc]
            for text in typed * ROUNDS
        ]
    table.add("search per keystroke, store alone, p95", households, percentile(store, 95) * 1000, "ms", "< 3")


def _list(table: Table, desk: Desk, households: int) -> None:
    everything = HouseholdFilter()
    rows = desk.households.page(everything, 0, PAGE)
    taken = in_turn(
        {
            "first page of the list": lambda: desk.households.page(everything, 0, PAGE),
            "a page in the middle": lambda: desk.households.page(everything, households // 2, PAGE),
            "last page": lambda: desk.households.page(everything, households - PAGE, PAGE),
            "count of the list": lambda: desk.households.count(everything),
            "scoreboard of the villages": lambda: desk.ratings.grades_by_village(desk.ratings.this_year()),
            "open a dossier": lambda: desk.households.dossier(rows[0].rid),
            "scoreboard: shares, grades, five years": desk.villages.board,
        },
        ROUNDS,
    )
    for name, goal in zip(taken, ("< 33", "< 33", "< 33", "", "< 200", "< 30", "< 200"), strict=True):
        table.add(name, households, taken[name] * 1000, "ms", goal)


def _filters(table: Table, desk: Desk, households: int) -> None:
    """Every filter of the list: counted, its first page and one in the middle read, as when the list is shown."""
    with desk.store.reading() as connection:
        village, group = connection.exec_driver_sql("SELECT rec_region, group_no FROM household LIMIT 1").one()
    filters = {
        "incomplete": HouseholdFilter(incomplete=True),
        "nothing signed": HouseholdFilter(consent="none"),
        "scan to be filed": HouseholdFilter(consent="pending"),
        "declined": HouseholdFilter(consent="declined"),
        "awaiting consent": HouseholdFilter(awaiting=True),
        "returned by the platform": HouseholdFilter(sync="refused"),
        "due for review": HouseholdFilter(due="2026-11-23"),
        "grade AA": HouseholdFilter(grade="AA"),
        "one group": HouseholdFilter(group=group),
        "one village, incomplete": HouseholdFilter(region_prefix=village, incomplete=True),
    }
    slowest = 0.0
    for name, wanted in filters.items():
        taken = in_turn({"shown": lambda wanted=wanted: _shown(desk, wanted)}, ROUNDS)  # type: ignore[misc]
        table.add(f"filter: {name}", households, taken["shown"] * 1000, "ms")
        slowest = max(slowest, taken["shown"])
    table.add("the slowest filter", households, slowest * 1000, "ms", "< 60")


def _shown(desk: Desk, wanted: HouseholdFilter) -> None:
    """What showing a list asks of the store: how many lines there are, and the first of them."""
    desk.households.count(wanted)
    desk.households.page(wanted, 0, PAGE)


def _save(table: Table, desk: Desk, folder: Path, households: int) -> None:
    rid = desk.households.page(HouseholdFilter(), 0, 1)[0].rid
    numbers = count()
    bare = _bare_store(folder / f"bare-{households}.db")

    def change(address: str) -> None:
        desk.records.change("R05", rid, {"address": address}, reason="量时间")

    taken = in_turn(
        {
            "ours": lambda: change(f"{next(numbers)}号"),
            "bare": lambda: bare(next(numbers)),
        },
        ROUNDS * 5,
    )
    table.add("save one field, change log and outbox", households, taken["ours"] * 1000, "ms")
    saves = [seconds(lambda: change(f"{next(numbers)}号")) for _ in range(100)]
    table.add("save one field, p99", households, percentile(saves, 99) * 1000, "ms", "< 15")
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
