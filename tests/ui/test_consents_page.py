"""Printing a village's consent pages, filing the scanned stack, and what has to be erased, by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.consents.service import Signature
from jmdesk.core.clock import utc_text
from tests.documents import pdf
from tests.ui.desks import VILLAGE
from tests.ui.keys import press
from ui.core.context import Context, Target
from ui.core.vaults import OpenDesk
from ui.pages.consents.page import ConsentsPage
from ui.pages.households.page import HouseholdsPage

Settle = Callable[[], None]


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> ConsentsPage:
    made = ConsentsPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    settled()
    return made


def households(desk: OpenDesk) -> list[str]:
    return [one.rid for one in desk.services.records.find("R05", order="household_id")]


def signed_now(desk: OpenDesk) -> Signature:
    return Signature(utc_text(desk.services.clock.now()))


def answered(desk: OpenDesk, rids: list[str]) -> None:
    """These households have said that they want no archive: nobody asks them again."""
    for household in rids:
        desk.services.consents.decline(household, ("C1",), on="2026-11-01T02:00:00Z")


def printed(page: ConsentsPage, settled: Settle, file: Path) -> None:
    page.village.set_value(VILLAGE)
    page.print_to(file)
    settled()


def states(desk: OpenDesk, household: str) -> set[str]:
    return set(desk.services.consents.of(household).standing.values())


def test_a_village_is_printed_into_one_pdf_a_page_for_each_household(
    page: ConsentsPage, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    answered(desk, households(desk)[:9])
    printed(page, settled, tmp_path / "村.pdf")
    assert len(PdfReader(tmp_path / "村.pdf").pages) == 3
    answered(desk, households(desk)[9:])
    printed(page, settled, tmp_path / "无.pdf")
    assert not (tmp_path / "无.pdf").exists()


def test_a_scanned_stack_is_filed_and_the_unknown_page_is_given_by_hand(
    page: ConsentsPage, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    first, second, third, *others = households(desk)
    answered(desk, others)
    printed(page, settled, tmp_path / "all.pdf")
    source, writer = PdfReader(tmp_path / "all.pdf"), PdfWriter()
    for number in (1, 0):
        writer.add_page(source.pages[number])
    (tmp_path / "blank.pdf").write_bytes(pdf())
    writer.append(tmp_path / "blank.pdf")
    writer.write(tmp_path / "scan.pdf")
    for household in (first, second, third):
        desk.services.consents.sign(household, signed_now(desk))
    stack = page.stack
    stack.read(tmp_path / "scan.pdf")
    settled()
    assert "共 3 页，2 页可以归档" in stack.sentence.text()
    for part in (stack.table, stack.picker, stack.assign_button, stack.verified, stack.signed_at, stack.file_button):
        assert part.isVisibleTo(page)
        assert part.window() is page.window()
    stack.table.setFocus()
    press(stack.table, Qt.Key.Key_End)
    stack.picker.set_value(third)
    press(stack.assign_button, Qt.Key.Key_Space)
    assert page.unsaved()
    assert "都可以归档" in stack.sentence.text()
    press(stack.file_button, Qt.Key.Key_Space)
    settled()
    assert [states(desk, one) for one in (first, second, third)] == [{"2"}] * 3
    assert not page.unsaved()
    assert not stack.table.isVisible()


def test_signatures_looked_at_are_recorded_only_when_somebody_says_so(
    page: ConsentsPage, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    first, *others = households(desk)
    answered(desk, others)
    printed(page, settled, tmp_path / "all.pdf")
    writer = PdfWriter()
    writer.add_page(PdfReader(tmp_path / "all.pdf").pages[0])
    writer.write(tmp_path / "scan.pdf")
    page.stack.read(tmp_path / "scan.pdf")
    settled()
    press(page.stack.file_button, Qt.Key.Key_Space)
    settled()
    assert states(desk, first) == set()
    press(page.stack.verified, Qt.Key.Key_Space)
    press(page.stack.file_button, Qt.Key.Key_Space)
    settled()
    assert states(desk, first) == set()
    page.stack.signed_at.set_value(signed_now(desk).signed_at)
    press(page.stack.file_button, Qt.Key.Key_Space)
    settled()
    assert states(desk, first) == {"2"}


def test_an_erasure_that_is_due_is_listed_and_leads_to_its_case(
    page: ConsentsPage, context: Context, desk: OpenDesk, settled: Settle
) -> None:
    household = households(desk)[0]
    desk.services.consents.sign(household, signed_now(desk))
    done = desk.services.rights.withdraw(household, ("C3",), reason="本人要求")
    page.due.refresh()
    settled()
    gone: list[Target] = []
    context.going.connect(gone.append)
    page.due.table.setFocus()
    press(page.due.table, Qt.Key.Key_Home)
    press(page.due.table, Qt.Key.Key_Return)
    assert [(target.page, target.rid) for target in gone] == [("cases", done.case)]
    assert any(item.count == 1 and item.page == "consents" for item in desk.overview().waiting)


def test_what_is_out_of_term_is_erased_at_the_second_press(page: ConsentsPage, desk: OpenDesk, settled: Settle) -> None:
    desk.services.records.create("R14", {
        "subject_id": f"R05:{households(desk)[0]}", "neg_type": "N2", "doc_no": "粤0783执1号",
        "neg_org": "开平市人民法院", "found_date": "2018-01-01", "end_date": "2019-01-01",
        "severity": "2", "neg_status": "1",
    })  # fmt: skip
    page.due.purge("R14")
    settled()
    assert desk.services.records.count("R14") == 1
    page.due.purge("R14")
    settled()
    assert desk.services.records.count("R14") == 0


@pytest.fixture
def dossier(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> HouseholdsPage:
    made = HouseholdsPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.open(households(desk)[0])
    settled()
    made.dossier.consent_wished.emit()
    settled()
    return made


def test_the_form_says_whose_signatures_are_missing_and_what_declining_costs(
    dossier: HouseholdsPage, desk: OpenDesk, settled: Settle
) -> None:
    form = dossier.consent
    assert "收入存款保险不动产等书面同意" in form.locks.text()
    assert "暂不评定" in form.costs.text()
    form.kinds.set_value(["C3"])
    form.signed_at.set_value("2026-11-01T02:00:00Z")
    press(form.decline_button, Qt.Key.Key_Space)
    settled()
    assert states(desk, dossier.rid) == {"3"}
    dossier.dossier.consent_wished.emit()
    settled()
    assert "本人选择不提供" in form.locks.text()


def test_a_withdrawal_writes_its_slip_and_an_export_everything_held(
    dossier: HouseholdsPage, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    from ui.pages.households.consent import Withdrawal

    desk.services.consents.sign(dossier.rid, signed_now(desk))
    dossier.withdraw_to(Withdrawal(("C3",), "本人要求"), tmp_path / "slip.pdf")
    settled()
    assert "撤回授权回执" in "".join(page.extract_text() for page in PdfReader(tmp_path / "slip.pdf").pages)
    dossier.export_to(tmp_path, "本人申请")
    settled()
    data = json.loads((tmp_path / "person.json").read_text(encoding="utf-8"))
    assert data["subject"] == f"R05:{dossier.rid}"
    assert (tmp_path / "person.pdf").stat().st_size > 1000
