"""Papers of W3: each can be had once its step was taken, numbered, with every figure's basis, source and day."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from python_calamine import CalamineWorkbook

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.codes import certificate_code, qr_png
from jmdesk.papers.template import fill
from jmdesk.villages.papers import export, issue, issue_register, offered, public_number, values
from jmdesk.workflows.service import Workflows
from tests.desks import VILLAGE
from tests.villages import YEAR, worked_example


@pytest.fixture
def rid(desk: Desk) -> str:
    """The worked example, applied for and reviewed by a colleague."""
    worked_example(desk)
    made = desk.villages.apply(VILLAGE, YEAR, "村民代表会议 5 号决议")
    desk.villages.give("R17", made, "organisation", "8", "镇评分表")
    desk.villages.give("R17", made, "cadres_clean", "yes", "查询")
    colleague(desk).take("W3", "R17", made, "review", details={"opinion": "符合条件，同意公示。"})
    return made


def colleague(desk: Desk) -> Workflows:
    """The same cases, worked on by somebody else."""
    return Workflows(desk, actor=desk.ids.new(), unit=desk.unit, roles=lambda: None)


def words(document: bytes) -> str:
    """All text of a Word document, tables too."""
    read = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in read.paragraphs), *cells])


def test_the_application_shows_every_figure_with_basis_source_and_day(desk: Desk, rid: str) -> None:
    issued = issue(desk, "R17", rid, "village-application")
    text = words(issued.document)
    for wanted in (
        "恩平市/东成镇/塘洲村",
        "村民代表会议 5 号决议",
        "400户",
        "年末常住农户",
        "镇政府年报",
        "2025-12-31",
    ):
        assert wanted in text, wanted
    assert issued.paper.number.startswith("CS")
    assert "未建档 40 户" in text


def test_the_opinion_carries_score_and_result(desk: Desk, rid: str) -> None:
    text = words(issue(desk, "R17", rid, "village-opinion").document)
    assert "82.0 分" in text
    assert "县级信用村(镇)" in text
    assert "符合条件，同意公示。" in text


def test_papers_come_one_step_after_the_other(desk: Desk, rid: str) -> None:
    case = desk.workflows.standing("W3", "R17", rid)
    assert [name for name, _ in offered(desk, case)] == ["village-application", "village-opinion"]
    with pytest.raises(Refused) as caught:
        issue(desk, "R17", rid, "village-notice")
    assert caught.value.code == "papers.missing"
    colleague(desk).take("W3", "R17", rid, "post", details={"place": "村务公开栏"})
    text = words(issue(desk, "R17", rid, "village-notice").document)
    assert "自2026-11-22起至2026-11-30止" in text


def test_a_paper_made_later_tells_the_figures_of_the_review(desk: Desk, rid: str) -> None:
    desk.records.create("R03", {
        "region_code": VILLAGE, "region_name": "塘洲村", "region_level": "4", "households_resident": 999,
        "counted_on": "2026-11-01", "count_basis": "2", "valid_from": "2020-01-01",
    })  # fmt: skip
    text = words(issue(desk, "R17", rid, "village-opinion").document)
    assert "400户" in text
    assert "999" not in text


def test_the_register_lists_what_was_named_on_paper_and_in_excel(desk: Desk, rid: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        issue_register(desk, YEAR)
    assert caught.value.code == "villages.none_named"
    named: Record = {"award_doc_no": "开信办〔2026〕3号", "award_org": "恩平市信用办", "plaque_date": "2026-12-20"}
    with desk.records.writing("edit") as writer:
        writer.change("R17", rid, named)
    text = words(issue_register(desk, YEAR).document)
    for wanted in ("恩平市/东成镇/塘洲村", "县级信用村(镇)", "82.0", "2026-12-20", "开信办〔2026〕3号"):
        assert wanted in text, wanted
    export(desk, tmp_path / "包.xlsx")
    lines = CalamineWorkbook.from_path(str(tmp_path / "包.xlsx")).get_sheet_by_name("命名登记").to_python()
    assert lines[1][:4] == [VILLAGE, "恩平市/东成镇/塘洲村", "县级信用村(镇)", 82.0]


def test_the_plaque_bears_the_number_by_which_the_platform_s_page_knows_the_village(desk: Desk, rid: str) -> None:
    colleague(desk).take("W3", "R17", rid, "post", details={"place": "村务公开栏"})
    number = public_number("R17", VILLAGE, YEAR)
    assert number == f"XC{VILLAGE}{YEAR}"
    filled = values(desk, "R17", rid)
    assert (filled["certificate"], filled["code"]) == (number, certificate_code("", number))
    assert certificate_code("https://p.example", number).png == qr_png(f"https://p.example/certificates/{number}")
    plaque = desk.papers.template("village-plaque")
    given = {name: filled.get(name, "样例") for name in plaque.fields}
    assert f"查验编号 {number}" in words(fill(plaque, {"number": "CM1", **given}))
