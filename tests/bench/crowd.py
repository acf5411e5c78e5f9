"""Many desks at once: each hands over one batch over HTTPS and waits for its receipt."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from threading import Event

from requests import Response

from jmdesk.catalogue.regions import regions
from sync.gateway.database import Storage
from tests.bench.stopwatch import Table, percentile, seconds
from tests.sync.gateway.conftest import COUNTY, Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household

DESKS = 200
RECORDS = 200
_WAIT_SECONDS = 300.0


def bench_crowd(table: Table, folder: Path) -> None:
    """``DESKS`` desks with ``RECORDS`` records each; their side runs in a process of its own."""
    data = folder / "crowd"
    data.mkdir()
    with Storage(data) as storage:
        platform = Platform(storage, data)
        platform.running.start()
        try:
            # Desks of one place are numbered with two digits: these are spread over all the villages of a county.
            villages = cycle(region.code for region in regions().within("440785", "village"))
            codes = [(one, platform.code(COUNTY, one, roles=("R1",))) for one in islice(villages, DESKS)]
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
                custody, whole, settled = other.submit(_crowd, platform.url, platform.authority, codes).result()
        finally:
            platform.running.stop()
    rows = DESKS * RECORDS
    table.add("200 desks at once: custody, p99", rows, percentile(custody, 99), "s", "< 2")
    table.add("200 desks at once: until every receipt is there", rows, whole, "s")
    table.add("200 desks at once: desks whose records are all settled", rows, settled, "desks", "200")


def _crowd(url: str, authority: str, codes: list[tuple[str, str]]) -> tuple[list[float], float, int]:
    """Seconds to custody by desk, seconds until all were settled, desks with a verdict for each of their records."""
    desks: list[tuple[Desk, Batch]] = []
    for village, code in codes:
        desk = Desk(url, authority)
        desk.enrol(code, COUNTY)
        desk.open_session()
        desks.append((desk, desk.seal(*(draft("R05", *household(village)) for _ in range(RECORDS)))))
    began = time.perf_counter()
    with ThreadPoolExecutor(len(desks)) as pool:
        custody = list(pool.map(lambda one: seconds(lambda: _hand_over(*one)), desks))
        settled = sum(pool.map(lambda one: _settled(*one), desks))
    return custody, time.perf_counter() - began, settled


def _hand_over(desk: Desk, batch: Batch) -> None:
    """Upload in full, waiting as long as the platform says when it has too much to do, as a desk does."""
    _patiently(lambda: desk.announce(batch))
    for part in batch.parts:
        _patiently(lambda n=part.entry.n: desk.put(batch, n))  # type: ignore[misc]
    _patiently(lambda: desk.commit(batch))


def _patiently(ask: Callable[[], Response]) -> None:
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
