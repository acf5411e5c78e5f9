"""The villages that a town keeps: begin, end, choose the one at work, and the forms for a whole village at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from jmdesk.caretaking.settings import AT_WORK, KEPT
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.households.rounds.paper import walk
from jmdesk.households.service import Households
from jmdesk.records.readiness import OWN_SOURCES
from jmdesk.reviews.service import Reviews
from jmdesk.rights.consent_pages import ConsentPages
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.store import set_setting

CONSENTS: Final = "告知书与授权书"
COLLECTION: Final = "采集表"
APPLICATIONS: Final = "信用户评定申请表"
FORMS: Final = (CONSENTS, COLLECTION, APPLICATIONS)
_FORM: Final = "collection-form"
_APPLICATION: Final = "review-application"


class TownDesk(RightsDesk, Protocol):
    """The open desk of a town."""

    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def kept_villages(self) -> tuple[str, ...]: ...
    @property
    def village_at_work(self) -> str: ...
    @property
    def households(self) -> Households: ...
    @property
    def reviews(self) -> Reviews: ...


@dataclass(frozen=True, slots=True)
class KeptVillage:
    """A village that the town keeps: its code, the name on its papers, how many households, whether it is at work."""

    code: str
    office: str
    households: int
    at_work: bool


class Caretaking:
    """The villages that this desk keeps. Papers name the village and who keeps it; recorder and reviewer differ."""

    def __init__(self, desk: TownDesk) -> None:
        self._desk = desk

    def villages(self) -> list[KeptVillage]:
        """Every village that is kept, in order of codes."""
        desk, counts = self._desk, self._desk.households.by_village()
        return [
            KeptVillage(code, desk.office_of(code), counts.get(code, 0), code == desk.village_at_work)
            for code in sorted(desk.kept_villages)
        ]

    def keep(self, village: str) -> None:
        """Begin to keep a village's archive.

        ``Refused``: "caretaking.not_a_village" for a region that is none, or outside of the desk's; "caretaking.own" at
        a desk that works for one village only; "caretaking.has_a_desk" when the village reports by itself; the guard's.
        """
        desk = self._desk
        region = desk.catalogue.regions.get(village)
        within = any(village.startswith(prefix.rstrip("0")) for prefix in desk.regions)
        if region is None or region.level != "village" or not within:
            raise Refused("caretaking.not_a_village")
        if set(desk.regions) == {village}:
            raise Refused("caretaking.own")
        desk.records.guard.require("edit", "R05", village)
        with desk.store.reading() as connection:
            here = reading.find(connection, "R05", Filter(region_prefix=village))
        if any(one.source not in OWN_SOURCES and one.source != desk.unit for one in here):
            raise Refused("caretaking.has_a_desk")
        self._put([*desk.kept_villages, village], f"开始代管{region.name}的档案")

    def give_back(self, village: str) -> None:
        """End it. The records stay; papers from now on name the town alone. ``Refused`` "caretaking.not_kept"."""
        desk = self._desk
        self._check_kept(village)
        desk.records.guard.require("edit", "R05", village)
        region = desk.catalogue.regions.get(village)
        name = region.name if region is not None else village
        self._put([code for code in desk.kept_villages if code != village], f"停止代管{name}的档案")
        if desk.village_at_work == village:
            desk.store.put_setting(AT_WORK, "")

    def work_on(self, village: str) -> None:
        """Let forms begin with a kept village, "" for none. ``Refused`` "caretaking.not_kept"."""
        if village:
            self._check_kept(village)
        self._desk.store.put_setting(AT_WORK, village)

    def forms(
        self, village: str, kind: str, *, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Iterator[bytes]:
        """The forms of one kind for the whole village, as Word documents; stops early when told to.

        Consent sheets for who has not answered, the collection form of every household, the application of every case
        that has only applied. ``Refused`` "caretaking.not_kept", "caretaking.nothing_to_print"; as the forms do.
        """
        self._check_kept(village)
        made: Mapping[str, Callable[[], Iterator[bytes]]] = {
            CONSENTS: lambda: self._consents(village, progress, cancelled),
            COLLECTION: lambda: self._collection(village, progress, cancelled),
            APPLICATIONS: lambda: self._applications(village, progress, cancelled),
        }
        return made[kind]()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _check_kept(self, village: str) -> None:
        if village not in self._desk.kept_villages:
            raise Refused("caretaking.not_kept")

    def _put(self, villages: list[str], told: str) -> None:
        with self._desk.records.writing("caretaking", reason=told) as writer:
            set_setting(writer.transaction.connection, KEPT, json.dumps(sorted(set(villages))))
            writer.remark("R02", self._desk.actor, told)

    def _consents(self, village: str, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
        pages = ConsentPages(self._desk)
        wanting = tuple(pages.wanting(village))
        _check_some(wanting)
        return (sheet.document for sheet in pages.filled(wanting, progress=progress, cancelled=cancelled))

    def _collection(self, village: str, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
        desk = self._desk
        rids = ConsentPages(desk).all(village)
        _check_some(rids)
        today = beijing_date(desk.clock.now())
        told = {"office": desk.office_of(village), "date": f"{today.year}年{today.month}月{today.day}日"}
        for done, rid in enumerate(rids, 1):  # a document for each: one of a whole village takes minutes to lay out
            if cancelled():
                return
            yield desk.papers.draft(_FORM, {**walk(desk.households, desk.catalogue, [rid], today.year - 1), **told})
            progress(done, len(rids))

    def _applications(self, village: str, progress: Progress, cancelled: Cancelled) -> Iterator[bytes]:
        desk = self._desk
        cases = [
            case.line.rating
            for batch in desk.reviews.panel.batches()
            if batch.region == village and not batch.unit
            for case in desk.reviews.cases(batch.number)
            if case.standing.state == "applied"
        ]
        _check_some(cases)
        for done, rating in enumerate(cases, 1):
            if cancelled():
                return
            given = [p for p in desk.papers.of("R16", rating) if p.template == _APPLICATION and not p.voided_at]
            yield desk.papers.document(given[-1].number) if given else desk.reviews.filing.application(rating).document
            progress(done, len(cases))


def _check_some(found: object) -> None:
    if not found:
        raise Refused("caretaking.nothing_to_print")
