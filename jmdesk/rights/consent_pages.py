"""The pages that officers carry to the houses: notice, answers and signature lines of every adult, with a code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from jmdesk.consents.notice import Notice, notice_in_force
from jmdesk.consents.page_code import PageCode
from jmdesk.consents.service import adults_of, consents_of
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.papers.codes import qr_png
from jmdesk.papers.template import Picture, fill, shipped
from jmdesk.records.consent_book import DECLINED, OPEN_STATES, state_on
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store import reading
from jmdesk.store.reading import Connection, Filter

ADULTS_PER_SHEET: Final = 6
CODE_MM: Final = 26.0
TEMPLATE: Final = "consent-page"
_SPARE_LINES: Final = 1


@dataclass(frozen=True, slots=True)
class ConsentSheet:
    """One filled sheet: whose it is, and the Word document."""

    household: str
    sheet: int
    sheets: int
    document: bytes


class ConsentPages:
    """Fills consent pages of one desk's households; that they were printed is in each household's history."""

    def __init__(self, desk: RightsDesk) -> None:
        self._desk = desk

    def of(self, household: str) -> list[ConsentSheet]:
        """The sheets of one household. ``Refused`` "rights.nobody" when there is none."""
        return list(self.filled((household,)))

    def wanting(self, region_prefix: str = "") -> list[str]:
        """The households of a region that have not signed or answered yet, by number."""
        self._desk.records.guard.require("read", "R04")
        on = beijing_date(self._desk.clock.now())
        with self._desk.store.reading() as connection:
            every = reading.find(connection, "R05", Filter(region_prefix=region_prefix), order="household_id")
            return [one.rid for one in every if not self._answered(connection, one.rid, on)]

    def all(self, region_prefix: str = "") -> list[str]:
        """Every household of a region, by number."""
        self._desk.records.guard.require("read", "R04")
        with self._desk.store.reading() as connection:
            every = reading.find(connection, "R05", Filter(region_prefix=region_prefix), order="household_id")
        return [one.rid for one in every]

    def filled(
        self, households: tuple[str, ...], *, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Iterator[ConsentSheet]:
        """The sheets of many households one by one, in this order; stops early when told to.

        ``Refused``: "rights.nobody", those of ``fill``, and the guard's for a user who may not print consents.
        """
        desk = self._desk
        notice = notice_in_force(beijing_date(desk.clock.now()))
        progress(0, len(households))
        for done, household in enumerate(households, 1):
            if cancelled():
                return
            with desk.records.writing("print") as writer:
                found = reading.get(writer.transaction.connection, "R05", household)
                if found is None or found.voided is not None:
                    raise Refused("rights.nobody")
                writer.guard.require("print", "R04", found.region)
                sheets = self._sheets(writer.transaction.connection, household, notice)
                writer.remark("R05", household, f"打印告知书与授权书 {notice.version}")
            yield from sheets
            progress(done, len(households))

    # -- inside ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _answered(connection: Connection, household: str, on: date) -> bool:
        return any(state_on(one.values, on) in (*OPEN_STATES, DECLINED) for one in consents_of(connection, household))

    def _sheets(self, connection: Connection, household: str, notice: Notice) -> list[ConsentSheet]:
        desk = self._desk
        found = reading.get(connection, "R05", household)
        values = found.values if found is not None else {}
        on = beijing_date(desk.clock.now())
        names = self._names(connection, household, adults_of(connection, household, on))
        head = self._names(connection, household, [str(values.get("head_person_id", ""))])
        per_sheet = [names[i : i + ADULTS_PER_SHEET] for i in range(0, len(names), ADULTS_PER_SHEET)] or [[]]
        region = desk.catalogue.regions.label(str(values.get("region_code", "")))
        office = desk.office_of(str(values.get("region_code", "")))
        common: dict[str, object] = {
            "title": notice.title,
            "place": f"{region}{_group(str(values.get('group_no', '')))}",
            "household_no": str(values.get("household_id", "")),
            "head": head[0] if head else "",
            "notice": [line.format(office=office) for line in notice.paragraphs],
            "version": notice.version,
            "digest": notice.short_digest,
            "sheets": str(len(per_sheet)),
            "office": office,
        }
        made: list[ConsentSheet] = []
        for number, adults in enumerate(per_sheet, 1):
            last = number == len(per_sheet)
            code = PageCode(desk.unit, household, notice.version, notice.short_digest, number, len(per_sheet))
            spare = [""] * _SPARE_LINES if last else []
            lines = [_line(name, of_head=name in ("", *head)) for name in (*adults, *spare)]
            own = {"sheet": str(number), "adults": lines, "code": Picture(qr_png(str(code)), CODE_MM)}
            document = fill(shipped()[TEMPLATE], {**common, **own})
            made.append(ConsentSheet(household, number, len(per_sheet), document))
        return made

    @staticmethod
    def _names(connection: Connection, household: str, persons: list[str]) -> list[str]:
        members = reading.find(connection, "R06", Filter(where={"household_id": household}))
        known = {one.rid: str(one.values.get("person_name", "")) for one in members}
        return [known[person] for person in persons if person in known]


def _line(name: str, *, of_head: bool) -> dict[str, str]:
    """One adult's row; the household's own consents are the head's to tick. The empty line keeps room to sign."""
    own = "□" if of_head else "—"
    return {"name": name, "one": own, "two": own, "three": "□", "four": own, "sign": "\n", "day": ""}


def _group(text: str) -> str:
    return f"{text}组" if text.isdigit() else text
