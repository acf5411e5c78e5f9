"""A city words its papers anew by a signed list of templates; what could not be given out is refused when it comes."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode

import docx
import pytest
from docx.shared import Pt

from jmdesk.catalogue.issues import Issue
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.city import PAPERS
from jmdesk.papers.template import shipped
from tests.desks import Family
from tests.packages import issue

ANSWER = "objection-answer"
VALUES = {
    "applicant": "陈建明", "received_on": "2026年11月2日", "subject": "信用户评级", "case_no": "YY4407850020260001",
    "reason": "收入数据有误", "finding": "原收入少记一笔。", "result": "成立，已更正", "office": "某村村民委员会",
    "date": "2026年11月22日",
}  # fmt: skip


def document(*lines: str, header: str = "") -> bytes:
    """A template as a city writes it in Word."""
    made, out = docx.Document(), io.BytesIO()
    made.styles["Normal"].font.size = Pt(12)
    for line in lines:
        made.add_paragraph(line)
    if header:
        made.sections[0].header.paragraphs[0].text = header
    made.save(out)
    return out.getvalue()


OWN = document("江门市{{ office }}答复", "{{ applicant }}：经查，{{ finding }}", "编号 {{ number }}")


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The document with a part that does not belong there."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, part)
    return out.getvalue()


def templates(content: bytes = OWN, *, id_: str = ANSWER, about: dict[str, object] | None = None) -> Issue:
    """The list as its publisher signs it."""
    files = {f"{id_}.docx.b64": b64encode(content).decode()}
    if about is not None:
        files[f"{id_}.json"] = json.dumps(about, ensure_ascii=False)
    return issue("list", "JM-WS-2026.2", name=PAPERS, files=files)


def words(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)


def test_a_city_words_a_paper_anew_and_its_numbers_go_on(desk: Desk, family: Family) -> None:
    first = desk.papers.issue(ANSWER, "R05", family.household, VALUES)
    about: dict[str, object] = {"version": "2026-02", "copies": 3, "offset_mm": [1.5, -2]}
    desk.packages.take(templates(about=about), b"envelope")
    desk.renew()
    found = desk.papers.template(ANSWER)
    assert (found.version, found.copies, found.offset_mm, found.prefix) == ("2026-02", 3, (1.5, -2), "YD")
    second = desk.papers.issue(ANSWER, "R05", family.household, VALUES)
    assert words(second.document).startswith("江门市某村村民委员会答复")
    assert [paper.version for paper in (first.paper, second.paper)] == [shipped()[ANSWER].version, "2026-02"]
    assert int(second.paper.number[-5:]) == int(first.paper.number[-5:]) + 1
    assert desk.papers.document(first.paper.number) == first.document, "what was given out stays as it was"
    assert desk.papers.template("review-notice") is shipped()["review-notice"]


def test_templates_are_given_up_on_the_day_their_list_ends(desk: Desk) -> None:
    desk.packages.take(
        issue("list", "JM-WS-2026.2", name=PAPERS, until="2026-11-22", files=dict(templates().files)), b"e"
    )
    desk.renew()
    assert desk.papers.template(ANSWER) is shipped()[ANSWER]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (templates(document("{{ applicant }} {{ id_no }}")), "papers.city_asks"),
        (templates(document("{% for item in applicant %}{{ item.salary }}{% endfor %}")), "papers.city_asks"),
        (templates(document("{{ finding }}", header="{{ income }}")), "papers.city_asks"),
        (templates(document("{% for %}")), "papers.template"),
        (templates(document("{{ 1/0 }}")), "papers.template"),
        (templates(b"no document"), "papers.city_file"),
        (templates(about={"prefix": "XX"}), "papers.city_file"),
        (templates(about={"copies": 0}), "papers.city_file"),
        (templates(about={"offset_mm": [0, 900]}), "papers.city_file"),
        (templates(id_="loan-contract"), "papers.city_unknown"),
        (templates(with_part(OWN, "word/vbaProject.bin", b"x")), "papers.city_reaches"),
        (
            templates(with_part(OWN, "word/_rels/settings.xml.rels", b'<Relationship TargetMode="External"/>')),
            "papers.city_reaches",
        ),
        (issue("list", "JM-WS-2026.2", name=PAPERS, files={"readme.txt": "x"}), "papers.city_empty"),
    ],
)
def test_a_template_that_could_not_be_given_out_is_refused_with_its_reason(desk: Desk, found: Issue, code: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(found, b"envelope")
    assert refused.value.code == code
    assert refused.value.message_for_user().action
    assert desk.papers.template(ANSWER) is shipped()[ANSWER]


def test_papers_that_ship_would_be_taken_as_a_citys_own() -> None:
    from jmdesk.papers.city import city_templates

    chosen = ("review-certificate", "review-ballots", "review-posting", "collection-form", "village-opinion")
    files = {f"{id_}.docx.b64": b64encode(shipped()[id_].content).decode() for id_ in chosen}
    assert city_templates("2026-01", files).keys() == shipped().keys()
