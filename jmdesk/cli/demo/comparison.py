"""Whether desk and gateway hold the same records, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jmdesk.desk import Desk
from jmdesk.records.readiness import SEND_ORDER
from jmdesk.store.reading import Filter


@dataclass(frozen=True, slots=True)
class Comparison:
    """``held`` counts the gateway's records by type; ``differences`` names what does not agree (types and ids only)."""

    held: dict[str, int]
    differences: list[str]


def compare(desk: Desk, rows: Iterable[dict[str, Any]], *, unit: str | None = None) -> Comparison:
    """Compare every confirmed record of a desk with the gateway's ``show records --all --values`` rows.

    With ``unit``, fields that only the unit's own desks are given (level U) are left out where the record is another
    unit's. Unsent records of the desk must be unknown to the gateway.
    """
    held: Counter[str] = Counter()
    there: dict[str, dict[str, Any]] = {}
    for row in rows:
        held[row["type"]] += 1
        there[row["rid"]] = row
    differences: list[str] = []
    seen: set[str] = set()
    for type_id in SEND_ORDER:
        fields = {f.identifier: f for f in desk.catalogue.types[type_id].fields}
        for record in desk.records.find(type_id, Filter()):
            found = there.get(record.rid)
            if record.sync == "mine" and record.base_version == 0:
                if found is not None:
                    differences.append(f"{type_id} {record.rid}: unsent here, held there")
                continue
            seen.add(record.rid)
            if found is None:
                differences.append(f"{type_id} {record.rid}: confirmed here, missing there")
                continue
            foreign = unit is not None and found["unit"] != unit
            shown = {n for n, f in fields.items() if f.on_wire and not (foreign and f.disclosure == "U")}
            here = {n: v for n, v in record.values.items() if n in shown or n.startswith("x_")}
            theirs = {n: v for n, v in found["fields"].items() if n in shown or n.startswith("x_")}
            if here != theirs:
                names = sorted(n for n in here.keys() | theirs.keys() if here.get(n) != theirs.get(n))
                differences.append(f"{type_id} {record.rid}: {', '.join(names)}")
    differences += [f"{row['type']} {rid}: held there, missing here" for rid, row in there.items() if rid not in seen]
    return Comparison(dict(held), differences)
