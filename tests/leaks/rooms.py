"""The pages of the window, one entry each: what lies behind their doors is opened, looked at and taken out.

A page that is new has no entry and fails ``test_every_page_of_the_window_is_walked``; a view that nothing here brings
to the screen fails ``test_every_view_of_the_pages_was_on_screen``.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPageSize
from PySide6.QtWidgets import QApplication, QStackedWidget, QTabWidget, QWidget

import ui.pages
from jmdesk.caretaking.service import COLLECTION
from tests.leaks import canary
from tests.leaks.matters import hers
from tests.sync.client.office import VILLAGE
from tests.ui.keys import press, write
from ui.app import Session
from ui.core.context import Page, Target
from ui.pages.audit.page import AuditPage
from ui.pages.backups.page import BackupsPage
from ui.pages.caretaking.page import CaretakingPage
from ui.pages.complaints.page import ComplaintsPage
from ui.pages.conflicts.page import ConflictsPage
from ui.pages.consents.page import ConsentsPage
from ui.pages.enterprises.page import EnterprisesPage
from ui.pages.green_cards.page import GreenCardsPage
from ui.pages.handover.page import HandoverPage
from ui.pages.households.page import HouseholdsPage
from ui.pages.imports.page import ImportsPage
from ui.pages.lookup.page import LookupPage
from ui.pages.ratings.page import RatingsPage
from ui.pages.records.page import RecordsPage
from ui.pages.reviews.page import ReviewsPage
from ui.pages.selections.page import SelectionsPage
from ui.pages.sync.page import SyncPage
from ui.pages.users.page import UsersPage
from ui.pages.villages.page import VillagesPage

P = TypeVar("P", bound=Page)
PIN: Final = "4071"
PARTS: Final = 12
"""More than a dossier has."""


@dataclass
class Walk:
    """One walk through an open window."""

    session: Session
    settle: Callable[[], None]
    given: Path
    exported: Path
    _seen: set[type[QWidget]] = field(default_factory=set)

    def page(self, kind: type[P]) -> P:
        """The page that is shown."""
        found = self.session.window.page
        assert isinstance(found, kind)
        return found

    def look(self) -> None:
        """Let everything under way arrive, and paint what is there."""
        self.settle()
        self.session.window.grab()
        self._seen |= {type(widget) for widget in QApplication.allWidgets() if widget.isVisible()}

    def seen(self) -> list[str]:
        """The classes of everything that was on screen, and those beneath them."""
        return sorted({f"{kind.__module__}.{kind.__qualname__}" for each in self._seen for kind in each.__mro__})

    def go(self, target: Target) -> None:
        """Another page, or another record on it."""
        self.session.window.go(target)
        self.look()

    def knock(self) -> None:
        """The front page with its two forms, before anything is open."""
        self.look()
        for begin in (self.session.front.start_create, self.session.front.start_forgotten):
            begin()
            self.look()
        self.session.front.stack.setCurrentIndex(0)

    def leaf_through(self) -> None:
        """Every tab and every side of the page, as it is dressed now."""
        assert self.session.window.page is not None
        page = self.session.window.page
        every: list[QTabWidget | QStackedWidget] = [*page.findChildren(QTabWidget), *page.findChildren(QStackedWidget)]
        for leaves in every:
            shown = leaves.currentIndex()
            for number in range(leaves.count()):
                leaves.setCurrentIndex(number)
                self.look()
            leaves.setCurrentIndex(shown)


def rooms(walk: Walk) -> None:
    """All pages of the window, in the order of the table below."""
    for name, enter in ROOMS.items():
        walk.go(Target(name))
        assert walk.session.window.page_id == name, f"{name} was not shown"
        enter(walk)
        if walk.session.window.page is not None:
            walk.session.window.page.discard()
        walk.leaf_through()
        if walk.session.window.page is not None:
            walk.session.window.page.discard()


def glance(walk: Walk) -> None:
    """All pages as they open, and what is kept of her on those that show one record."""
    records, household = walk.session.context.services.records, hers(walk.session.context.services)
    targets = [Target(name) for name in ROOMS]
    targets += [Target("records", type_id, one.rid) for type_id in ("R06", "R07") for one in records.find(type_id)]
    for target in (*targets, Target("households", "R05", household)):
        walk.go(target)
        if walk.session.window.page is not None:
            walk.session.window.page.discard()


def _only_look(walk: Walk) -> None:
    walk.look()


def _households(walk: Walk) -> None:
    page, rid = walk.page(HouseholdsPage), hers(walk.session.context.services)
    walk.go(Target("households", "R05", rid))
    page._hand_out("检查", walk.exported)
    walk.look()
    for _ in range(PARTS):
        page.dossier.step(1)
        page._add_here()
        walk.look()
        page.in_place.close()
    for begin in (page.change_family, page.paper_file.begin, page._begin_consent):
        begin()
        walk.look()
    page.export_to(walk.exported, "本人查阅")
    walk.look()
    page.show_list()
    page.work.ask_purpose(page.list.chosen())
    walk.look()
    page.work.text.set_value("核对")
    page.work.export(walk.exported / "households.xlsx")
    page.work.ask_name()
    walk.look()
    page.show_doubles()
    page.doubles.sweep()
    walk.look()
    assert page.doubles.pairs, "she is on record twice, and nobody noticed"
    page.doubles._open("0")
    walk.look()
    page.show_rounds()
    walk.look()
    page.rounds.start()
    walk.look()
    page.rounds.write_forms(walk.exported / "rounds.pdf")
    walk.look()
    page.rounds.enter()
    walk.look()
    page.rounds._close_entry()
    page.start_new()
    walk.look()


def _consents(walk: Walk) -> None:
    page = walk.page(ConsentsPage)
    page.print_to(walk.exported / "consents.pdf")
    walk.look()
    page.stack.read(walk.exported / "consents.pdf")
    walk.look()


def _imports(walk: Walk) -> None:
    page = walk.page(ImportsPage)
    for name in ("wrong.xlsx", "bad.csv", "good.csv"):
        page.wizard.open(walk.given / name)
        walk.look()
    for _ in range(3):
        page.wizard.forward()
        walk.look()
    page.wizard.undo()
    walk.look()
    page.wizard.restart()


def _ratings(walk: Walk) -> None:
    page = walk.page(RatingsPage)
    page.rate_all()
    walk.look()
    page.explain(hers(walk.session.context.services))
    walk.look()
    page.save_pdf(walk.exported / "rating.pdf")
    walk.look()


def _villages(walk: Walk) -> None:
    page = walk.page(VillagesPage)
    page.write_board(walk.exported / "board.pdf")
    page.open(VILLAGE)
    walk.look()
    page.list_households("no_archive")
    walk.look()
    page.village.ask_given()
    walk.look()


def _lookup(walk: Walk) -> None:
    page = walk.page(LookupPage)
    page.household.set_value(hers(walk.session.context.services))
    page.household.edited.emit()
    walk.look()
    press(page.agreements, Qt.Key.Key_Return)
    walk.look()
    assert page.answer.text(), "the bank was not answered"


def _complaints(walk: Walk) -> None:
    page = walk.page(ComplaintsPage)
    page.board.search.setText(canary.NAME)
    walk.look()
    page.open(walk.session.context.services.records.find("R22", limit=1)[0].rid)
    walk.look()
    page._show_phone("核对")
    walk.look()
    page._show_board()
    page.show_interests()
    walk.look()
    page.show_report()
    walk.look()
    page.report.show_wall()
    walk.look()
    assert page.report.wall is not None
    page.report.save_wall(page.report.wall.wall, walk.exported / "wall.pdf", QPageSize.PageSizeId.A4)
    walk.look()
    press(page.report.wall, Qt.Key.Key_Escape)
    page._show_board()
    page.start_new()
    write(page.form.rows["complainant_name"].field, canary.NAME)
    walk.look()


def _enterprises(walk: Walk) -> None:
    page = walk.page(EnterprisesPage)
    walk.go(Target("enterprises", "R20", walk.session.context.services.records.find("R20", limit=1)[0].rid))
    page.begin_grade()
    walk.look()
    page.close_form()
    page.bring_register(walk.given / "good.csv")
    walk.look()


def _selections(walk: Walk) -> None:
    page = walk.page(SelectionsPage)
    for begin in (page.begin_round, page.begin_candidate):
        begin()
        walk.look()
        page.close_form()
    page.open(walk.session.context.services.records.find("R23", limit=1)[0].rid)
    walk.look()
    page.begin_facts()
    walk.look()


def _green_cards(walk: Walk) -> None:
    page = walk.page(GreenCardsPage)
    page.begin_application()
    walk.look()
    page.close_form()
    answers = walk.given / "answers.csv"
    answers.write_text(f"企业名称,法定代表人,评价等级\n恩平某电声有限公司,{canary.NAME},优\n", encoding="utf-8")
    page.read_table("tax", answers)
    walk.look()
    page.close_form()
    page.open(walk.session.context.services.records.find("R24", limit=1)[0].rid)
    walk.look()
    page.begin_facts()
    walk.look()


def _records(walk: Walk) -> None:
    page, records = walk.page(RecordsPage), walk.session.context.services.records
    for type_id in ("R05", "R06", "R07", "R04", "R16", "R20", "R22"):
        page.show_list(type_id)
        walk.look()
        for found in records.find(type_id, limit=3):
            walk.go(Target("records", type_id, found.rid))
            page.show_history()
            walk.look()
            page.discard()


def _sync(walk: Walk) -> None:
    page = walk.page(SyncPage)
    page.print_rehearsal(walk.exported / "rehearsal.pdf")
    page.print_diary(walk.exported / "diary.pdf")
    walk.look()
    page.export(walk.given.parent / "stick")
    walk.look()
    page.synchronise()  # the platform's address is there, its line may not be
    walk.look()


def _users(walk: Walk) -> None:
    page = walk.page(UsersPage)
    page.start_new()
    walk.look()
    page.own.pin.setText(PIN)
    page.own.set_pin()
    walk.look()


def _caretaking(walk: Walk) -> None:
    page = walk.page(CaretakingPage)
    page.village.set_value(VILLAGE)
    page.keep()
    walk.look()
    page.print_forms(COLLECTION, walk.exported / "forms.pdf")
    walk.look()


def _handover(walk: Walk) -> None:
    page = walk.page(HandoverPage)
    page.refresh()
    walk.look()
    page.draw_up()
    walk.look()


def _reviews(walk: Walk) -> None:
    page = walk.page(ReviewsPage)
    page.open(walk.session.context.services.reviews.panel.batches()[0].number)
    walk.look()
    for number in range(page.tabs.count()):
        page.tabs.setCurrentIndex(number)
        walk.look()


def _backups(walk: Walk) -> None:
    page = walk.page(BackupsPage)
    page.make()
    walk.look()


def _audit(walk: Walk) -> None:
    page = walk.page(AuditPage)
    page.check()
    walk.look()


def _conflicts(walk: Walk) -> None:
    page = walk.page(ConflictsPage)
    assert page.table.rows.rowCount(), "nothing to decide"
    for line in range(page.table.rows.rowCount()):
        page.table.selectRow(line)
        walk.look()
        page.decide()
        walk.look()


ROOMS: Final[Mapping[str, Callable[[Walk], None]]] = {
    "home": _only_look,
    "households": _households,
    "consents": _consents,
    "imports": _imports,
    "ratings": _ratings,
    "villages": _villages,
    "lookup": _lookup,
    "complaints": _complaints,
    "enterprises": _enterprises,
    "selections": _selections,
    "green_cards": _green_cards,
    "cases": _only_look,
    "records": _records,
    "sync": _sync,
    "help": _only_look,
    "users": _users,
    "caretaking": _caretaking,
    "handover": _handover,
    "reviews": _reviews,
    "backups": _backups,
    "audit": _audit,
    "conflicts": _conflicts,
    "replacement": _only_look,
}
"""By the id of the page."""
VIEWS_ELSEWHERE: Final[Mapping[str, str]] = {
    "ui.pages.complaints.step_fields.StarsField": "one figure, asked once a case is closed",
    "ui.pages.sync.enrolment.AddressField": "of the form below",
    "ui.pages.sync.enrolment.CodeField": "of the form below",
    "ui.pages.sync.enrolment.EnrolmentForm": "gone once the desk is enrolled; the platform's address and a code",
}
"""Views that this walk does not reach, each with the reason."""


def views() -> set[str]:
    """Every view of every page, by class."""
    found = set[str]()
    for module in pkgutil.walk_packages(ui.pages.__path__, "ui.pages."):
        loaded = import_module(module.name)
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(kind, QWidget) and kind.__module__ == module.name:
                found.add(f"{kind.__module__}.{name}")
    return found
