"""What is no change of a record stands in the audit trail, too: papers that left, searches by a number, looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from jmdesk.audit.queries import Entry, Wanted
from jmdesk.audit.searching import personal_key
from jmdesk.desk import Desk
from jmdesk.permissions.guard import EVERYTHING
from jmdesk.rights.query_log import verify_queries
from jmdesk.store.change_log import EVENTS
from tests.jmdesk.papers.test_papers import VALUES
from ui.core import wording
from ui.core.context import Context
from ui.core.reveal import reveal
from ui.core.vaults import OpenDesk
from ui.pages.audit.page import AuditPage
from ui.pages.households.page import HouseholdsPage
from ui.pages.records.page import RecordsPage
from ui.widgets.paper_file import PaperFile

Settle = Callable[[], None]
NUMBER = "440783198505121239"


@pytest.fixture
def services(desk: OpenDesk, settled: Settle) -> Iterator[Desk]:
    yield desk.services
    settled()


def entries(desk: Desk, verb: str) -> list[Entry]:
    return desk.audit.page(EVERYTHING, Wanted(verbs=(verb,)))


def test_every_event_has_its_word() -> None:
    assert [verb for verb in EVENTS if wording.deed(verb) == verb] == []


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (NUMBER, "id_no"),
        (" ４４０７８３１９８５０５１２１２３９ ", "id_no"),
        ("陈建明 13900000001", "phone"),
        ("44078319850512123x", "id_no"),
        ("陈建明", ""),
        ("1239", ""),
        ("440783110220000001234", ""),
    ],
)
def test_a_search_is_personal_when_it_is_by_a_number(typed: str, key: str) -> None:
    assert personal_key(typed) == key


def test_a_search_by_a_number_is_noted_once_and_without_the_number(
    qtbot: QtBot, context: Context, services: Desk, settled: Settle
) -> None:
    page = HouseholdsPage(context)
    qtbot.addWidget(page)
    for text in ("陈建明", "13900000001", "13900000001"):
        page.list.search.setText(text)
        page.list.refresh()
    settled()
    (noted,) = entries(services, "query")
    assert (noted.type, noted.told) == ("R05", {"key": "phone"})
    records = RecordsPage(context)
    qtbot.addWidget(records)
    records.show_list("R20")
    records._lists["R20"].search.setText(NUMBER)
    records._lists["R20"].refresh()
    settled()
    newest, _ = entries(services, "query")
    assert (newest.type, newest.told) == ("R20", {"key": "id_no"})


def test_a_paper_that_is_saved_is_in_the_trail_with_its_number(
    qtbot: QtBot, context: Context, services: Desk, settled: Settle, tmp_path: Path
) -> None:
    household = services.records.find("R05", limit=1)[0].rid
    paper = services.papers.issue("objection-answer", "R05", household, VALUES).paper
    page = RecordsPage(context)
    qtbot.addWidget(page)
    PaperFile(page, context).save(paper, tmp_path / "paper.pdf")
    settled()
    assert (tmp_path / "paper.pdf").stat().st_size > 0
    (noted,) = entries(services, "print")
    assert (noted.type, noted.rid) == ("R05", household)
    assert noted.told == {"paper": paper.label, "serial": paper.number, "way": "pdf"}


def test_the_viewer_shows_and_filters_prints_and_queries(
    qtbot: QtBot, context: Context, services: Desk, settled: Settle
) -> None:
    services.audit.printed("逐项得分说明书", "R16", way="printer")
    services.audit.note_search("R05", NUMBER)
    page = AuditPage(context)
    qtbot.addWidget(page)
    settled()
    model = page.table.model()

    def told() -> list[tuple[str, str]]:
        page.refresh()
        return [(model.index(n, 3).data(), model.index(n, 6).data()) for n in range(model.rowCount())]

    page.what.setCurrentIndex(page.what.findText("打印"))
    assert told() == [("打印", "文书 逐项得分说明书；方式 打印机")]
    page.what.setCurrentIndex(page.what.findText("查询"))
    assert told() == [("查询", "查询依据 证件号码")]


def test_looks_and_queries_are_one_chain(services: Desk) -> None:
    rid = services.records.find("R05", limit=1)[0].rid
    for reason in ("核对电话", "上门走访"):
        assert reveal(services, "R05", rid, ("phone",), reason).values["phone"]
    with services.store.reading() as connection:
        assert list(verify_queries(connection)) == []
    first, second = sorted(services.records.find("R26"), key=lambda one: str(one.values["log_seq"]))
    assert second.values["prev_digest"] == first.values["digest"]
