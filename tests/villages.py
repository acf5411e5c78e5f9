"""Invented villages for tests: households on record, their ratings, what others counted, what banks reported."""

from __future__ import annotations

from collections.abc import Sequence

from jmdesk.catalogue.types import Record
from jmdesk.desk import Desk
from jmdesk.records.writer import Writer
from tests.desks import VILLAGE

YEAR = 2026
BANK = "91440785MA00000B1X"
OTHER_BANK = "91440785MA00000B2W"


def add_household(
    writer: Writer,
    n: int,
    *,
    village: str = VILLAGE,
    archive: str = "30",
    reside: str = "1",
    verified: str = "2",
) -> str:
    """One household without members; gives its record id."""
    values: Record = {
        "household_id": f"{village}00{n:04d}",
        "region_code": village,
        "group_no": str(n % 6 + 1),
        "address": f"塘洲村{n % 6 + 1}组{n}号",
        "household_type": "1",
        "population": 3,
        "labor_count": 2,
        "resident_status": reside,
        "main_industry": "0111",
        "collect_date": "2026-10-01",
        "verify_level": verified,
        "archive_status": archive,
    }
    return writer.create("R05", values, checked=True)


def add_rating(
    writer: Writer, household: str, grade: str = "A", status: str = "50", *, year: int = YEAR, **more: object
) -> str:
    """A rating of a household that stands where ``status`` says."""
    values: Record = {
        "household_id": household,
        "model_ver": "JM-HH-1/1.0",
        "rating_year": year,
        "applicable_max": "100.0",
        "score": "75.0",
        "grade": grade,
        "rating_status": status,
        **more,  # type: ignore[dict-item]
    }
    return writer.create("R16", values, checked=True)


def add_households(
    desk: Desk, filed: int, credit: int, *, village: str = VILLAGE, verified: str = "2", first: int = 1
) -> list[str]:
    """Households on record, the first of them credit households; gives their record ids."""
    with desk.records.writing("import") as writer:
        made = [add_household(writer, first + n, village=village, verified=verified) for n in range(filed)]
        for rid in made[:credit]:
            add_rating(writer, rid)
    return made


def count_residents(
    desk: Desk, count: int, *, village: str = VILLAGE, basis: str = "2", day: str = "2025-12-31"
) -> str:
    """What the town counted: resident households of a village."""
    values: Record = {
        "region_code": village,
        "region_name": "塘洲村",
        "region_level": "4",
        "households_resident": count,
        "count_source": "镇政府年报",
        "counted_on": day,
        "count_basis": basis,
        "valid_from": "2020-01-01",
    }
    return desk.records.create("R03", values)


def report_loans(
    desk: Desk,
    period: str,
    loans: int,
    arrears: int,
    balance: str,
    bad: str,
    *,
    lines: int | None = None,
    village: str = VILLAGE,
    bank: str = BANK,
) -> str:
    """What a bank reported for a month."""
    values: Record = {
        "bank_uscc": bank,
        "region_code": village,
        "period": period,
        "loan_hh": loans,
        "arrears_hh": arrears,
        "loan_balance": balance,
        "npl_balance": bad,
    }
    if lines is not None:
        values["line_hh"] = lines
    with desk.records.writing("create") as writer:
        return writer.create("R19", values, checked=True)


def worked_example(desk: Desk, village: str = VILLAGE) -> Sequence[str]:
    """The village of the worked example V1: 400 resident households, 360 on record, 300 credit households."""
    count_residents(desk, 400, village=village)
    report_loans(desk, "202512", 110, 10, "7500000.00", "150000.00", village=village)
    report_loans(desk, "202610", 120, 10, "8000000.00", "200000.00", lines=160, village=village)
    return add_households(desk, 360, 300, village=village)
