"""Many desks at once: each hands over one batch over HTTPS and waits for its receipt."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from threading import Event
from typing import Final

from requests import Response

from jmdesk.catalogue.regions import regions
from sync.gateway.database import Storage
from tests.bench.processor import Meter
from tests.bench.stopwatch import Table, percentile, seconds
from tests.sync.gateway.conftest import COUNTY, Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household

DESKS: Final = (100, 200)
RECORDS: Final = 200
ROUNDS: Final = 3
WAYS: Final = ("in one request", "step by step")
"""As a desk hands over a batch of one part, and as it resumes one or sends one of several parts."""
_WAIT_SECONDS = 300.0


@dataclass(frozen=True)
class Seen:
    """What the desks saw of one round: seconds to custody by desk, until all were settled, how many desks were."""

    custody: list[float]
    whole: float
    settled: int


def bench_crowd(table: Table, folder: Path, sizes: Sequence[int] = DESKS, rounds: int = ROUNDS) -> None:
    """So many desks with ``RECORDS`` records each, both ways in turn; their side runs in a process of its own."""
    data = folder / "crowd"
    data.mkdir()
    with Storage(data) as storage:
        platform = Platform(storage, data)
        platform.running.start()
        try:
            # Desks of one place are numbered with two digits: these are spread over all the villages of a county.
            villages = cycle(region.code for region in regions().within("440785", "village"))
            codes = [(one, platform.code(COUNTY, one, roles=("R1",))) for one in islice(villages, max(sizes))]
            crowd = (platform.url, platform.authority, codes)
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=spawn, initializer=_arrive, initargs=crowd) as others:
                for desks in sizes:
                    _rounds(table, Meter(storage.database), others, desks, rounds)
        finally:
            platform.running.stop()


def _rounds(table: Table, meter: Meter, others: ProcessPoolExecutor, desks: int, rounds: int) -> None:
    seen: dict[str, list[Seen]] = {way: [] for way in WAYS}
    work: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            others.submit(_seal, desks).result()
            spent = meter.spent(lambda way=way: seen[way].append(others.submit(_crowd, way).result()))  # type: ignore[misc]
            work[way].append(spent.processor)
    rows = desks * RECORDS
    for way, found in seen.items():
        p99 = statistics.median([percentile(one.custody, 99) for one in found])
        table.add(f"{desks} desks at once, {way}: custody, p99", rows, p99, "s", "< 2")
        table.add(f"{desks} desks, {way}: every receipt is there", rows, statistics.median(o.whole for o in found), "s")
        table.add(f"{desks} desks, {way}: all settled", rows, min(one.settled for one in found), "desks", str(desks))
        each = statistics.median(work[way]) / desks * 1000
        table.add(f"{desks} desks, {way}: processor time of a desk", rows, each, "ms")


# -- the other process -------------------------------------------------------------------------------------------------

_desks: list[Desk] = []
_sealed: list[tuple[Desk, Batch]] = []


def _arrive(url: str, authority: str, codes: list[tuple[str, str]]) -> None:
    for _village, code in codes:
        desk = Desk(url, authority)
        desk.enrol(code, COUNTY)
        _desks.append(desk)


def _seal(desks: int) -> None:
    """One more batch of each desk, and a fresh session."""
    _sealed.clear()
    for desk in _desks[:desks]:
        desk.open_session()
        village = desk.grant.regions[0]
        _sealed.append((desk, desk.seal(*(draft("R05", *household(village)) for _ in range(RECORDS)))))


def _crowd(way: str) -> Seen:
    hand_over = _in_one if way == WAYS[0] else _in_steps
    began = time.perf_counter()
    with ThreadPoolExecutor(len(_sealed)) as pool:
        custody = list(pool.map(lambda one: seconds(lambda: hand_over(*one)), _sealed))
        settled = sum(pool.map(lambda one: _settled(*one), _sealed))
    return Seen(custody, time.perf_counter() - began, settled)


def _in_one(desk: Desk, batch: Batch) -> None:
    file = batch.file
    _patiently(lambda: desk.deliver(file))


def _in_steps(desk: Desk, batch: Batch) -> None:
    _patiently(lambda: desk.announce(batch))
    for part in batch.parts:
        _patiently(lambda n=part.entry.n: desk.put(batch, n))  # type: ignore[misc]
    _patiently(lambda: desk.commit(batch))


def _patiently(ask: Callable[[], Response]) -> None:
    """Waiting as long as the platform says when it has too much to do, as a desk does."""
    pause = Event()
    while (answer := ask()).status_code in (429, 503):
        pause.wait(float(answer.headers.get("Retry-After", "1")))
    answer.raise_for_status()


def _settled(desk: Desk, batch: Batch) -> bool:
    until = time.perf_counter() + _WAIT_SECONDS
    # The platform holds its answer back until the receipt is there, some seconds at most.
    while desk.call("GET", f"/v1/batches/{batch.id}/receipt", params={"wait": "2"}).status_code == 202:
        if time.perf_counter() > until:
            return False
    receipt, _ = desk.verdicts(batch)
    return receipt.totals.accepted == RECORDS
