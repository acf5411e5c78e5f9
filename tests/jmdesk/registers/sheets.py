"""Sheets for tests, written as lists of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from jmdesk.catalogue.idno import check_character
from jmdesk.registers.drafts import HouseholdDraft
from jmdesk.registers.households import drafts
from jmdesk.registers.layout import Form, Table, found_on
from jmdesk.registers.mapping import Mapping, guessed
from jmdesk.registers.sheets import Row, Sheet, trimmed
from jmdesk.registers.wording import wording

ON = date(2026, 3, 15)
VILLAGE = "440705101201"
HEAD_ID, WIFE_ID, OTHER_ID = (
    first17 + check_character(first17) for first17 in ("44070519900101997", "44070519920202996", "44070519780615997")
)
"""Valid numbers with sequences that the living do not have."""


def sheet(
    *rows: Sequence[object], merges: tuple[tuple[int, int, int, int], ...] | None = (), name: str = "登记表"
) -> Sheet:
    """A sheet of these rows."""
    return Sheet(name, trimmed(cast("Row", list(row)) for row in rows), merges)


def found(*sheets: Sheet) -> list[Table | Form]:
    """What is found on sheets; every one must hold something."""
    parts = [found_on(one, wording()) for one in sheets]
    assert all(part is not None for part in parts)
    return [part for part in parts if part is not None]


def households(*sheets: Sheet, mapping: Mapping | None = None, region: str = VILLAGE) -> list[HouseholdDraft]:
    """The households of sheets, by the guessed mapping unless one is given."""
    from dataclasses import replace

    parts = found(*sheets)
    return list(drafts(parts, mapping or replace(guessed(parts), region=region), ON))


def codes(draft: HouseholdDraft) -> set[str]:
    """The codes of a draft's findings without their area."""
    return {finding.code.partition(".")[2] for finding in draft.findings}
