"""Many desks at once: each hands over one batch over HTTPS and waits for its receipt."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

from sync.gateway.database import Storage
from tests.bench.stopwatch import Table, percentile, seconds
from tests.sync.gateway.conftest import COUNTY, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household

DESKS = 200
RECORDS = 200
_UNITS = (VILLAGE, TOWN, COUNTY)
"""A unit numbers its desks with two digits: not all of them can be of one."""
_WAIT_SECONDS = 300.0


def bench_crowd(table: Table, folder: Path) -> None:
    """``DESKS`` desks with ``RECORDS`` records each; their side runs in a process of its own."""
    data = folder / "crowd"
    data.mkdir()
    with Storage(data) as storage:
        platform = Platform(storage, data)
        platform.running.start()
        try:
            codes = [(unit, platform.code(unit, roles=("R1",))) for unit in islice(cycle(_UNITS), DESKS)]
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
    for unit, code in codes:
        desk = Desk(url, authority)
        desk.enrol(code, unit)
        desk.open_session()
        desks.append((desk, desk.seal(*(draft("R05", *household()) for _ in range(RECORDS)))))
    began = time.perf_counter()
    with ThreadPoolExecutor(len(desks)) as pool:
        custody = list(pool.map(lambda one: seconds(lambda: one[0].send(one[1])), desks))
        settled = sum(pool.map(lambda one: _settled(*one), desks))
    return custody, time.perf_counter() - began, settled


def _settled(desk: Desk, batch: Batch) -> bool:
    until = time.perf_counter() + _WAIT_SECONDS
    while desk.call("GET", f"/v1/batches/{batch.id}/receipt").status_code == 202:
        if time.perf_counter() > until:
            return False
        time.sleep(0.5)
    receipt, _ = desk.verdicts(batch)
    return receipt.totals.accepted == RECORDS
