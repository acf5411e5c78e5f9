"""One synchronisation's work at either end, beside plain COPY at the platform and plain inserts at the desk."""

from __future__ import annotations

import io
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from jmdesk.core.clock import SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.inbox import Arrival
from jmdesk.store.tables import record_tables
from jmdesk.vault.kdf import FLOOR
from sync.gateway.changes import change_page
from sync.gateway.database import Storage
from sync.protocol.changes import PageOpener, open_page
from sync.protocol.manifest import ChangePage
from sync.protocol.records import ChangeLine, Draft, Op
from sync.protocol.replies import ReplyReader
from tests.bench.bench_ingest import UNIT, Bench
from tests.bench.plain import PlainCopy
from tests.bench.processor import Meter, Spent
from tests.bench.stopwatch import Table, percentile, seconds
from tests.sync.gateway.desk import Batch, draft, household

PASSPHRASE = "量时间 口令 2026 年"
ROUNDS = 5
IDLE_ROUNDS = 50
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Rates:
    """Records per second, medians."""

    up: float
    """From seal to receipt."""
    down: float
    """From the platform's tables into a new desk."""


def bench_sync(table: Table, folder: Path, records: int, rounds: int = ROUNDS) -> Rates:
    """Every figure of an exchange of so many new households."""
    data = Path(tempfile.mkdtemp(prefix="jmdesk-bench-"))
    data.chmod(0o755)  # PostgreSQL may run as another account
    try:
        with Storage(data) as storage:
            bench = Bench(storage, data)
            up = _upload(table, bench, records, rounds)
            _idle(table, bench, records)
            return Rates(up, _pull(table, bench, folder, records, rounds))
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _upload(table: Table, bench: Bench, records: int, rounds: int) -> float:
    uploads, ingests, shares, grown, whole = [], [], [], [], []
    for _ in range(rounds):
        drafts = _drafts(records)
        bench.clear()
        batches: list[Batch] = []
        sealing = seconds(lambda drafts=drafts, batches=batches: batches.append(bench.desk.seal(*drafts)))  # type: ignore[misc]
        batch = batches[0]
        custody = seconds(lambda batch=batch: bench.take(batch))  # type: ignore[misc]
        before = _peak(reset=True)
        ingest = seconds(lambda batch=batch: bench.process(batch))  # type: ignore[misc]
        grown.append(_peak() - before)
        rows = bench.rows()
        bench.clear()
        copy = seconds(lambda rows=rows: bench.copy(rows))  # type: ignore[misc]
        ingests.append(copy / ingest)
        whole.append(sealing + custody + ingest)
        uploads.append(copy / whole[-1])
        manifest = batch.signed.manifest
        shares.append((len(batch.signed.envelope) + sum(part.size for part in manifest.parts)) / manifest.raw_bytes)
    # What the last round copied stands in for what it ingested; the counties' heads are past it either way.
    table.add("upload: seal to receipt", records, statistics.median(whole), "s")
    table.add("upload: COPY of the same rows / seal to receipt", records, statistics.median(uploads), "ratio", ">= 0.6")
    table.add("upload: COPY of the same rows / ingest alone", records, statistics.median(ingests), "ratio")
    table.add("upload: bytes on the wire / raw", records, statistics.median(shares), "ratio", "<= 0.25")
    table.add("upload: memory of an ingest above idle", records, max(grown) / _MIB, "MiB", "<= 64")
    return records / statistics.median(whole)


def _drafts(records: int) -> list[Draft]:
    """New households, each of an address of its own: what finds a record is made for every one of them."""
    return [draft("R05", *household(address=f"样例镇样例村{n % 40 + 1}队{n + 1}号")) for n in range(records)]


def _peak(*, reset: bool = False) -> int:
    """This process's most memory so far, in bytes; after ``reset`` counted anew. 0 where the system does not say."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _page(bench: Bench, cursor: int) -> bytes:
    assert bench.device is not None
    clock = SystemClock()
    return change_page(bench.database, bench.keys, clock, TimeOrderedIds(clock), bench.device, cursor=cursor)


def _idle(table: Table, bench: Bench, records: int) -> None:
    cursor, more = 0, True
    while more:
        page, _ = _opened(bench, _page(bench, cursor), cursor)
        cursor, more = page.until, page.more
    times = [seconds(lambda: _page(bench, cursor)) for _ in range(IDLE_ROUNDS)]
    table.add("a sync with nothing to do, at the gateway, p95", records, percentile(times, 95) * 1000, "ms", "<= 10")


def _looked(bench: Bench, reply: bytes, cursor: int) -> tuple[ChangePage, list[bytes]]:
    """A page with its parts, every byte checked and nothing opened."""
    desk = bench.desk
    reader = ReplyReader(io.BytesIO(reply), desk.trust, device=desk.device, unit=desk.unit, epoch=desk.epoch)
    (item,) = reader.items
    page = open_page(
        item.envelope, desk.trust, device=desk.device, unit=desk.unit, server_epoch=desk.server_epoch, cursor=cursor
    ).page
    parts = [part for _, part in reader.parts()]
    reader.finish()
    return page, parts


def _opened(bench: Bench, reply: bytes, cursor: int) -> tuple[ChangePage, list[ChangeLine]]:
    page, parts = _looked(bench, reply, cursor)
    opener = PageOpener(page, bench.desk.opening)
    return page, [line for entry, part in zip(page.parts, parts, strict=True) for line in opener.changes(entry, part)]


def _pull(table: Table, bench: Bench, folder: Path, records: int, rounds: int) -> float:
    """Changes page by page, and the same as a new desk's snapshot; beside a plain insert of all that this left there.

    The same rows are all rows: the records, what finds them, their log with its contents, their standings. They go into
    a store of the same key and tables, in one transaction and in bulk. The platform's work is part of a pull.
    """
    meter, grown = Meter(bench.database), []
    taken: dict[str, list[Spent]] = {kind: [] for kind in ("changes", "snapshot", "all", "records")}
    for number in range(rounds):
        name = f"{records}-{number}"
        with _empty(folder, f"pulled-{name}") as desk:
            taken["changes"].append(meter.spent(lambda desk=desk: _take_all(bench, desk)))  # type: ignore[misc]
            rows, copied = _rows(desk, records), PlainCopy(desk)
        with _empty(folder, f"loaded-{name}") as desk:
            before = _peak(reset=True)
            taken["snapshot"].append(meter.spent(lambda desk=desk: _load(bench, desk)))  # type: ignore[misc]
            grown.append(_peak() - before)
            assert len(_rows(desk, records)) == records
        taken["all"].append(copied.write(folder / "plain.db", meter.spent))
        with _empty(folder, f"plain-{name}") as plain:
            taken["records"].append(meter.spent(lambda desk=plain, rows=rows: _insert(desk, rows)))  # type: ignore[misc]
        for kind in ("pulled", "loaded", "plain"):
            shutil.rmtree(folder / f"{kind}-{name}")
    _compare(table, records, taken)
    took = statistics.median(_of(taken["snapshot"], "wall"))
    table.add("pull: snapshot, from the tables to the new desk", records, took, "s")
    table.add("pull: memory of a snapshot above idle", records, max(grown) / _MIB, "MiB", "<= 64")
    return records / took


def _compare(table: Table, records: int, taken: dict[str, list[Spent]]) -> None:
    for kind, goal in (("changes", ">= 0.5"), ("snapshot", ">= 0.6")):
        for clock in ("processor", "wall"):
            spent = _of(taken[kind], clock)
            for rows, held_to in (("all", goal), ("records", "")):
                ratio = statistics.median([p / s for p, s in zip(_of(taken[rows], clock), spent, strict=True)])
                table.add(f"pull as {kind}: plain insert, {rows} / it, {clock}", records, ratio, "ratio", held_to)
    for kind, spents in taken.items():
        for where in ("here", "server"):
            each = statistics.median(_of(spents, where)) / records * 1e6
            table.add(f"pull, {kind}: processor time of a record, {where}", records, each, "us")


def _of(taken: list[Spent], clock: str) -> list[float]:
    return [getattr(spent, clock) for spent in taken]


def _rows(desk: Desk, records: int) -> list[dict[str, Any]]:
    with desk.store.reading() as connection:
        found = connection.execute(select(record_tables["R05"])).mappings()
        rows = [dict(row) for row in found]
    assert len(rows) == records
    return rows


def _insert(desk: Desk, rows: list[dict[str, Any]]) -> None:
    with desk.store.transaction(desk.actor, "bench") as transaction:
        transaction.connection.execute(insert(record_tables["R05"]), rows)


def _load(bench: Bench, desk: Desk) -> None:
    """As a new desk does it: every page fetched and kept, then all of them taken over in one transaction."""
    replies, cursor, more, epoch = [], 0, True, ""
    while more:
        replies.append((cursor, _page(bench, cursor)))
        page, _ = _looked(bench, replies[-1][1], cursor)
        cursor, more, epoch = page.until, page.more, page.server_epoch
    pages = (list(map(_arrival, _opened(bench, reply, since)[1])) for since, reply in replies)
    desk.inbox.load(pages, cursor=str(cursor), epoch=epoch, watch=lambda _done: None)


def _empty(folder: Path, name: str) -> Desk:
    return Desk.create(folder / name, PASSPHRASE, unit=UNIT, regions=("440785104",), cost=FLOOR)


def _take_all(bench: Bench, desk: Desk) -> None:
    cursor, more = 0, True
    while more:
        page, lines = _opened(bench, _page(bench, cursor), cursor)
        cursor, more = page.until, page.more
        desk.inbox.page(map(_arrival, lines), cursor=str(cursor), epoch=page.server_epoch)


def _arrival(line: ChangeLine) -> Arrival:
    return Arrival(
        *(line.type, line.rid, line.version, line.region, line.unit, line.set, line.versions),
        *(line.op is Op.TOMBSTONE, line.reason, line.at, line.origin),
    )
