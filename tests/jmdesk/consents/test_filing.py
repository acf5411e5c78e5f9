"""A stack of signed pages scanned as one PDF files itself; what it cannot file it names, and it never files half."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from jmdesk.consents.filing import FILED, NO_CODE, OLD_NOTICE, OTHER_OFFICE, UNKNOWN, UNSIGNED, Filing
from jmdesk.consents.notice import Notice, notice_in_force
from jmdesk.consents.page_code import PageCode, read_code
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.codes import qr_png
from jmdesk.rights.consent_pages import ConsentPages
from tests.desks import VILLAGE, Family, add_family
from tests.documents import pdf
from ui.core.printing import write_paper

PENDING = Signature("2026-11-20T02:00:00Z")


def notice(desk: Desk) -> Notice:
    return notice_in_force(desk.clock.now().date())


def printed(desk: Desk, household: str, folder: Path) -> bytes:
    """The consent page of a household as a scanner sees it."""
    [sheet] = ConsentPages(desk).of(household)
    file = folder / f"{household}.pdf"
    assert write_paper(sheet.document, file) == 1
    return file.read_bytes()


def coded(code: str, folder: Path) -> bytes:
    """A page with nothing but a code."""
    import docx
    from docx.shared import Mm

    document, out = docx.Document(), io.BytesIO()
    document.add_picture(io.BytesIO(qr_png(code)), width=Mm(26))
    document.save(out)
    write_paper(out.getvalue(), folder / "coded.pdf")
    return (folder / "coded.pdf").read_bytes()


def stack_of(*pages: bytes) -> bytes:
    """One PDF of all of them."""
    writer, out = PdfWriter(), io.BytesIO()
    for page in pages:
        writer.append(PdfReader(io.BytesIO(page)))
    writer.write(out)
    return out.getvalue()


def text_of(document: bytes) -> str:
    """The words of a PDF in the order of its pages."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def states(desk: Desk, household: str) -> set[str]:
    return set(desk.consents.of(household).standing.values())


@pytest.fixture
def second(desk: Desk) -> Family:
    """Another household of the village."""
    with desk.records.writing("import") as writer:
        return add_family(writer, desk.actor, f"{VILLAGE}000002")


def test_a_code_is_believed_only_in_its_own_form(desk: Desk) -> None:
    code = PageCode(desk.unit, desk.ids.new(), "JM-GZ-2026.1", "0123abcd", 1, 2)
    assert read_code(str(code)) == code
    for text in ("", "https://x", f"{code}0000", str(code).replace("1/2", "3/2"), str(code).lower()):
        assert read_code(text) is None


def test_pages_scanned_in_any_order_go_to_their_own_households(
    desk: Desk, family: Family, second: Family, tmp_path: Path
) -> None:
    for one in (family, second):
        desk.consents.sign(one.household, PENDING)
    data = stack_of(
        printed(desk, second.household, tmp_path), pdf(words="blank"), printed(desk, family.household, tmp_path)
    )
    filing = Filing(desk)
    stack = filing.recognise(data)
    assert [page.household for page in stack.pages] == [second.household, "", family.household]
    assert [page.number for page in stack.left(NO_CODE)] == [2]
    filed = filing.file(stack)
    assert (filed.households, filed.pages, filed.consents) == (2, 2, 10)
    assert states(desk, family.household) == {"2"}
    consent = desk.consents.records_of(family.household)[0]
    [scan] = desk.attachments.of("R04", consent)
    assert scan.pages == 1
    assert "曾建明" in "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(desk.attachments.data(scan.link))).pages
    )
    assert {page.problem for page in filing.recognise(data).pages} == {FILED, NO_CODE}


def test_a_page_that_was_not_recognised_is_assigned_by_hand(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, PENDING)
    filing = Filing(desk)
    stack = filing.recognise(pdf(pages=2))
    with pytest.raises(Refused, match="stack_nothing"):
        filing.file(stack)
    filed = filing.file(stack, assigned={2: family.household})
    assert (filed.households, filed.pages) == (1, 1)
    assert states(desk, family.household) == {"2"}


def test_pages_of_another_office_an_old_notice_and_a_stranger_are_named(
    desk: Desk, family: Family, tmp_path: Path
) -> None:
    now = notice(desk)
    pages = (
        PageCode("12440785MB2C00001Q", family.household, now.version, now.short_digest, 1, 1),
        PageCode(desk.unit, family.household, "JM-GZ-2024.1", now.short_digest, 1, 1),
        PageCode(desk.unit, family.household, now.version, "00000000", 1, 1),
        PageCode(desk.unit, desk.ids.new(), now.version, now.short_digest, 1, 1),
        PageCode(desk.unit, family.household, now.version, now.short_digest, 1, 1),
    )
    stack = Filing(desk).recognise(stack_of(*(coded(str(code), tmp_path) for code in pages)))
    assert [page.problem for page in stack.pages] == [OTHER_OFFICE, OLD_NOTICE, OLD_NOTICE, UNKNOWN, UNSIGNED]


def test_signatures_that_somebody_looked_at_are_recorded_while_filing(
    desk: Desk, family: Family, tmp_path: Path
) -> None:
    filing = Filing(desk)
    stack = filing.recognise(printed(desk, family.household, tmp_path))
    with pytest.raises(Refused, match="stack_nothing"):
        filing.file(stack)
    filing.file(stack, signature=PENDING)
    assert desk.consents.of(family.household).signed == {"C1", "C2", "C4"}
    assert desk.records.get("R07", family.income).record.values["income_crop"] == "12000.50"


def test_stopping_files_nothing_at_all(desk: Desk, family: Family, second: Family, tmp_path: Path) -> None:
    for one in (family, second):
        desk.consents.sign(one.household, PENDING)
    filing = Filing(desk)
    stack = filing.recognise(
        stack_of(printed(desk, family.household, tmp_path), printed(desk, second.household, tmp_path))
    )
    asked = iter((False, True))
    with pytest.raises(Refused, match="stack_cancelled"):
        filing.file(stack, cancelled=lambda: next(asked))
    assert states(desk, family.household) == {"1"}
    with pytest.raises(Refused, match="stack_cancelled"):
        filing.recognise(stack.data, cancelled=lambda: True)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7 nothing", pdf()[:200]])
def test_what_is_no_whole_pdf_is_refused(desk: Desk, data: bytes) -> None:
    with pytest.raises(Refused, match="stack_unreadable"):
        Filing(desk).recognise(data)


def test_a_large_household_has_two_sheets_with_a_code_each(desk: Desk, family: Family, tmp_path: Path) -> None:
    for n in range(8):
        desk.records.create("R06", {
            "person_id": desk.ids.new(), "household_id": family.household, "person_name": f"曾成年{n}",
            "relation": "20", "is_labor": True, "birth_date": "1990-01-01",
        })  # fmt: skip
    sheets = ConsentPages(desk).of(family.household)
    files = [tmp_path / f"{sheet.sheet}.pdf" for sheet in sheets]
    assert [write_paper(sheet.document, file) for sheet, file in zip(sheets, files, strict=True)] == [1, 1]
    desk.consents.sign(family.household, PENDING)
    filing = Filing(desk)
    stack = filing.recognise(stack_of(*(file.read_bytes() for file in reversed(files))))
    assert [(page.code.sheet, page.code.sheets) for page in stack.pages if page.code] == [(2, 2), (1, 2)]
    filing.file(stack)
    [scan] = desk.attachments.of("R04", desk.consents.records_of(family.household)[0])
    text = text_of(desk.attachments.data(scan.link))
    assert text.index("1/2") < text.index("2/2")


def test_only_households_that_have_not_answered_are_printed_for(desk: Desk, family: Family, second: Family) -> None:
    pages = ConsentPages(desk)
    assert pages.wanting(VILLAGE) == [family.household, second.household]
    desk.consents.decline(family.household, ("C1",), on="2026-11-20T02:00:00Z")
    assert pages.wanting(VILLAGE) == [second.household]
    assert "打印告知书与授权书" in desk.records.history(pages.of(second.household)[0].household)[-1].reason
