"""Papers given out: filled from templates that an office may change, numbered without gaps, kept, voided."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader

from installer.papers.__main__ import OUT, PAPERS, main
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.codes import qr_png
from jmdesk.papers.service import Papers
from jmdesk.papers.template import Picture, Template, fill, shipped
from tests.desks import Family
from ui.core.printing import write_paper

VALUES = {
    "applicant": "陈<建>明", "received_on": "2026年11月2日", "subject": "信用户评级", "case_no": "YY4407850020260001",
    "reason": "收入数据有误", "finding": "原收入少记一笔。", "result": "成立，已更正", "office": "某村村民委员会",
    "date": "2026年11月22日",
}  # fmt: skip


def words(document: bytes) -> str:
    """The text of a Word document, tables too."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in found.paragraphs] + cells)


class Anything:
    """A value that is whatever a template takes it for: a text, a list of rows, a row with any member."""

    def __str__(self) -> str:
        return "某某"

    def __iter__(self) -> Iterator[Anything]:
        return iter([self])

    def __getitem__(self, _key: object) -> Anything:
        return self

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("_"):
            raise AttributeError(name)
        return self


def made(write: str) -> Template:
    """A template of one paragraph."""
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(write)
    document.save(out)
    return Template("t", "1", "测试", "CS", 1, (0, 0), {}, out.getvalue())


def test_a_paper_says_what_the_record_says_and_bears_its_number(desk: Desk, family: Family) -> None:
    issued = desk.papers.issue("objection-answer", "R05", family.household, VALUES)
    text = words(issued.document)
    assert issued.paper.number == "YD44078500202600001"
    for value in (*VALUES.values(), issued.paper.number):
        assert value in text
    assert desk.papers.document(issued.paper.number) == issued.document
    assert desk.records.history(family.household)[-1].reason == f"出具《异议答复书》{issued.paper.number}"


def test_numbers_neither_break_nor_come_back_when_a_paper_is_voided(desk: Desk, family: Family) -> None:
    first = desk.papers.issue("objection-answer", "R05", family.household, VALUES).paper
    desk.papers.void(first.number, "打印错误")
    with pytest.raises(Refused, match="missing"):
        desk.papers.issue("objection-answer", "R05", family.household, {})
    second = desk.papers.issue("objection-answer", "R05", family.household, VALUES).paper
    register = desk.papers.register("objection-answer")
    assert [paper.number[-5:] for paper in register] == ["00001", "00002"]
    assert [paper.void_reason for paper in register] == ["打印错误", ""]
    assert [paper.number for paper in desk.papers.of("R05", family.household)] == [first.number, second.number]
    with pytest.raises(Refused, match="no_such_number"):
        desk.papers.void(first.number, "再次")


def test_two_desk_blocks_never_give_the_same_number(desk: Desk, family: Family) -> None:
    other = Papers(desk, actor=desk.actor, block=lambda: "07")
    numbers = {p.issue("objection-answer", "R05", family.household, VALUES).paper.number for p in (desk.papers, other)}
    assert len(numbers) == 2


def test_what_a_paper_lacks_is_asked_for_by_its_label(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.papers.draft("objection-answer", {name: text for name, text in VALUES.items() if name != "finding"})
    assert refused.value.params["missing"] == "核查情况"


@pytest.mark.parametrize("text", ["{{ nothing }}", "{{ x.__class__.__mro__ }}", "{% for %}", "{{ 1/0 }}"])
def test_a_faulty_or_nosy_template_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="template"):
        fill(made(text), {"x": "y"})


def test_a_code_on_paper_can_be_read_back(tmp_path: Path) -> None:
    import pypdfium2
    import zxingcpp

    document = fill(made("{{ code }}"), {"code": Picture(qr_png("JM|样例|0001"), 30)})
    write_paper(document, tmp_path / "p.pdf")
    with pypdfium2.PdfDocument(tmp_path / "p.pdf") as pdf:
        page = pdf[0].render(scale=2, grayscale=True)
        image = memoryview(bytes(page.buffer)).cast("B", (page.height, page.stride))
    assert [code.text for code in zxingcpp.read_barcodes(image)] == ["JM|样例|0001"]


def test_the_paper_printed_is_the_paper_edited(desk: Desk, tmp_path: Path) -> None:
    pages = write_paper(desk.papers.draft("objection-answer", VALUES), tmp_path / "p.pdf")
    text = unicodedata.normalize("NFKC", "".join(page.extract_text() for page in PdfReader(tmp_path / "p.pdf").pages))
    assert pages == 1
    for value in ("异议答复书", "收入数据有误", "2026年11月22日", "（未编号）"):
        assert unicodedata.normalize("NFKC", value) in "".join(text.split())


def test_a_long_list_goes_on_over_numbered_pages(tmp_path: Path) -> None:
    from installer.papers.sheet import Made, Sheet, content

    def write(sheet: Sheet) -> None:
        sheet.head("名单", number=False)
        sheet.list("people", {"no": ("序号", 20.0), "name": ("户主(隐一字)", 60.0)})

    template = replace(made(""), content=content(Made("x", "1", "名单", write, {})))
    people = [{"no": n, "name": f"陈*{n}"} for n in range(1, 101)]
    assert write_paper(fill(template, {"people": people}), tmp_path / "p.pdf") == 4
    last = PdfReader(tmp_path / "p.pdf").pages[3].extract_text()
    assert "陈*100" in last
    assert "—4—" in "".join(last.split())


def test_the_papers_that_ship_are_those_that_are_described(tmp_path: Path) -> None:
    main(tmp_path)
    for file in sorted(OUT.iterdir()):
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name
    assert set(shipped()) == {paper.id for paper in PAPERS}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_paper_that_ships_can_be_filled_with_what_it_asks_for(name: str) -> None:
    template = shipped()[name]
    values: dict[str, object] = dict.fromkeys(template.fields, Anything())
    raw = words(template.content)
    row = dict.fromkeys(re.findall(r"item\.(\w+)", raw), "某某")
    values |= {name: [row] for name in re.findall(r"for item in (\w+)", raw)}
    assert "某某" in words(fill(template, {"number": "X1", **values}))
