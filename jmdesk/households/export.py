"""A work list of households as a sheet to hand out: what the user may see, personal data masked, figures as figures."""

from __future__ import annotations

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.exports.sheet import Cell, Sheet
from jmdesk.households.queries import HouseholdFilter, HouseholdRow
from jmdesk.households.service import Households
from jmdesk.permissions.guard import Guard

PAGE = 500
_COLUMNS = (
    ("户编号", "household_id"),
    ("户主", "head_name"),
    ("村居", "region_code"),
    ("村民小组", "group"),
    ("住址", "address"),
    ("家庭人口数(人)", "population"),
    ("联系电话", "phone"),
    ("等级", "grade"),
    ("待授权(项)", ""),
)
"""Heading, and what it shows, as ``Households.hidden_columns`` names it."""


def sheet_of(
    households: Households,
    catalogue: Catalogue,
    guard: Guard,
    wanted: HouseholdFilter,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Sheet:
    """Every household of a list; ``desk.exports.write`` marks it, notes it in the audit trail and writes the file.

    Columns that the user may not see are left out. ``Refused``: "permissions.…", "exports.nothing", "store.cancelled".
    """
    guard.require("export", "R05")
    hidden = households.hidden_columns()
    places = [place for place, (_, name) in enumerate(_COLUMNS) if name not in hidden]
    rows: list[tuple[Cell, ...]] = []
    total = households.count(wanted)
    while len(rows) < total:
        if cancelled():
            raise Refused("store.cancelled")
        page = households.page(wanted, len(rows), PAGE)
        if not page:
            break
        rows += [tuple(_cells(line, catalogue)[place] for place in places) for line in page]
        progress(len(rows), total)
    if not rows:
        raise Refused("exports.nothing")
    return Sheet("农户名单", tuple(_COLUMNS[place][0] for place in places), tuple(rows))


def _cells(line: HouseholdRow, catalogue: Catalogue) -> tuple[Cell, ...]:
    return (
        line.number,
        line.head_name,
        catalogue.regions.label(line.region),
        line.group,
        line.address,
        "" if line.population is None else line.population,
        line.phone,
        line.grade,
        line.awaiting,
    )
