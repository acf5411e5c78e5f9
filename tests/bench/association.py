"""An association's desk at size: 5,000 enterprises and 20,000 complaints over four years; lists, board, figures.

``python -m tests.bench.association`` alone; it is part of ``make bench``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from jmdesk.catalogue.types import Record
from jmdesk.complaints.queries import ComplaintFilter
from jmdesk.core.clock import utc_text
from jmdesk.desk import Desk
from jmdesk.enterprises.queries import EnterpriseFilter
from jmdesk.records.writer import Writer
from jmdesk.vault.kdf import FLOOR
from tests.bench.stopwatch import Table, in_turn, percentile, seconds

UNIT = "51440785MJM0000015"
REGION = "440785000000"
PASSPHRASE = "量时间 口令 2026 年"
ENTERPRISES, COMPLAINTS = 5_000, 20_000
ROUNDS = 9
PAGE = 50
_AT_ONCE = 1_000
_YEARS = 4
_OPEN = 20
"""One of so many complaints is still under way."""
_WAY: tuple[tuple[str, int, dict[str, object]], ...] = (
    ("receive", 0, {"choice": "已告知", "complainant_kind": "1"}),
    ("accept", 3, {"choice": "已告知", "complainant_kind": "1"}),
    ("reply", 9, {"reply": "同意换货"}),
    ("mediate", 12, {"mediator": "-"}),
    ("agree", 20, {"terms": "七日内换货", "due": "2026-12-01"}),
    ("notify", 22, {"how": "电话"}),
    ("call", 40, {"satisfaction": 4}),
    ("close", 41, {"recovered": "680.00"}),
)
"""The steps of a case, and how many days after receipt."""
_NAMES = ("云声", "远山", "新声", "华韵", "金麦", "海蓝", "德胜", "宏业", "嘉美", "长虹")
_PRODUCTS = ("无线话筒", "有线话筒", "音箱", "调音台", "支架")


def bench_association(table: Table, folder: Path, enterprises: int, complaints: int) -> None:
    """Fill a desk and measure what its people look at."""
    with Desk.create(folder / "association", PASSPHRASE, unit=UNIT, regions=(REGION[:6],), cost=FLOOR) as desk:
        firms = _fill_firms(desk, enterprises)
        _fill_complaints(desk, firms, complaints)
        _complaints(table, desk, complaints)
        _enterprises(table, desk, firms, enterprises)


def _complaints(table: Table, desk: Desk, size: int) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ui.app import prepare  # Qt only where it is measured
    from ui.core.settings import Settings
    from ui.pages.complaints.model import OPEN, ComplaintReader, ComplaintSource

    prepare(Settings())
    reader, everything = ComplaintReader(desk), ComplaintFilter()
    rows = ComplaintSource(reader, everything).fetch(0, PAGE)
    taken = in_turn(
        {
            "complaints: first page of the list": lambda: ComplaintSource(reader, everything).fetch(0, PAGE),
            "complaints: a page in the middle": lambda: ComplaintSource(reader, everything).fetch(size // 2, PAGE),
            "complaints: count": lambda: ComplaintSource(reader, everything).count(),
            "complaints: open a case": lambda: reader.open(rows[7].key),
            "complaints: board of what is due": lambda: reader.board(OPEN),
            "complaints: figures of a year": lambda: desk.complaints.figures(2026),
        },
        ROUNDS,
    )
    for name, goal in zip(taken, ("< 16", "< 16", "", "< 30", "< 200", "< 1000"), strict=True):
        table.add(name, size, taken[name] * 1000, "ms", goal)
    typed = [text[:end] for text in ("云声", "huatong", "TS44", "1390") for end in range(1, len(text) + 1)]
    keys = [
        seconds(lambda text=text: ComplaintSource(reader, ComplaintFilter(search=text)).fetch(0, PAGE))  # type: ignore[misc]
        for text in typed
    ]
    table.add("complaints: search per keystroke, p95", size, percentile(keys, 95) * 1000, "ms", "< 50")


def _enterprises(table: Table, desk: Desk, firms: list[str], size: int) -> None:
    from ui.pages.enterprises.model import EnterpriseReader, EnterpriseSource

    everything, reader = EnterpriseFilter(), EnterpriseReader(desk)
    taken = in_turn(
        {
            "enterprises: first page of the list": lambda: EnterpriseSource(desk, everything).fetch(0, PAGE),
            "enterprises: count": lambda: EnterpriseSource(desk, everything).count(),
            "enterprises: open an archive": lambda: reader.read(firms[7]),
            "enterprises: figures by cluster": desk.enterprises.figures,
        },
        ROUNDS,
    )
    for name, goal in zip(taken, ("< 16", "", "< 30", "< 200"), strict=True):
        table.add(name, size, taken[name] * 1000, "ms", goal)
    typed = [text[:end] for text in ("云声", "yunsheng", "9144") for end in range(1, len(text) + 1)]
    keys = [
        seconds(lambda text=text: EnterpriseSource(desk, EnterpriseFilter(search=text)).fetch(0, PAGE))  # type: ignore[misc]
        for text in typed
    ]
    table.add("enterprises: search per keystroke, p95", size, percentile(keys, 95) * 1000, "ms", "< 50")


# -- stock -----------------------------------------------------------------------------------------------------------


def _fill_firms(desk: Desk, size: int) -> list[str]:
    made: list[str] = []
    for first in range(0, size, _AT_ONCE):
        with desk.records.writing("import") as writer:
            made += [
                writer.create("R20", _firm(n), checked=True, region=REGION)
                for n in range(first, min(first + _AT_ONCE, size))
            ]
    return made


def _firm(n: int) -> Record:
    return {
        "uscc": f"91440785MA{n:07d}X",
        "ent_name": f"恩平市{_NAMES[n % 10]}{_NAMES[n // 10 % 10]}第{n}电子厂",
        "ent_type": "91",
        "legal_rep": "陈建明",
        "region_code": REGION,
        "industry_code": "3934",
        "cluster": f"C{n % 4 + 1}",
        "member_no": f"EP-{n:05d}",
        "above_scale": n % 7 == 0,
        "tax_grade": "A",
    }


def _fill_complaints(desk: Desk, firms: list[str], size: int) -> None:
    begins = desk.clock.now().replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=365 * _YEARS)
    for first in range(0, size, _AT_ONCE):
        with desk.records.writing("import") as writer:
            for n in range(first, min(first + _AT_ONCE, size)):
                _case(writer, desk, firms, n, begins + timedelta(days=n * 365 * _YEARS // size))


def _case(writer: Writer, desk: Desk, firms: list[str], n: int, received: datetime) -> None:
    firm = n * 7919 % len(firms)
    taken = [step for step in _WAY if received + timedelta(days=step[1]) <= desk.clock.now()]
    if n % _OPEN == 0:
        taken = taken[: n // _OPEN % 4 + 1]
    last = taken[-1][0]
    values: Record = {
        "complaint_no": f"TS44078500{received.year}{n:05d}",
        "channel": "2",
        "complainant_kind": "1",
        "is_anonymous": False,
        "complainant_name": "何秀英",
        "complainant_phone": f"139{n:08d}",
        "uscc": firms[firm],
        "respondent_name": str(_firm(firm)["ent_name"]),
        "respondent_is_member": True,
        "product": _PRODUCTS[n % 5],
        "order_no": f"DD{n}",
        "problem_class": "01",
        "claims": ["1"],
        "facts": "收到的话筒无声，商家不退货。",
        "received_at": utc_text(received),
        "handler_id": desk.actor,
    }
    if last in ("agree", "notify", "call", "close"):
        values |= {"outcome": "2", "accept_decision": "1", "closed_at": utc_text(received + timedelta(days=20))}
    rid = writer.create("R22", values, checked=True, region=REGION)
    for event in _events(desk, rid, taken, received):
        writer.create("workflow_event", event, checked=True, region=REGION)


def _events(
    desk: Desk, rid: str, taken: list[tuple[str, int, dict[str, object]]], received: datetime
) -> Iterator[Record]:
    for place, (step, days, details) in enumerate(taken):
        yield {
            "target_ref": f"R22:{rid}",
            "step": step,
            "event_at": utc_text(received + timedelta(days=days, seconds=place)),
            "actor_id": desk.actor,
            "org_uscc": UNIT,
            "details": {"rules": "W7/2020-01", **details},
        }


def main() -> None:
    """Measure at the sizes given."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.association", description=__doc__)
    arguments.add_argument("--enterprises", type=int, default=ENTERPRISES, metavar="N")
    arguments.add_argument("--complaints", type=int, default=COMPLAINTS, metavar="N")
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as folder:
        bench_association(Table(), Path(folder), args.enterprises, args.complaints)


if __name__ == "__main__":
    main()
