"""The papers of a batch, the register of certificates, simulations and the reality check."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import zxingcpp
from python_calamine import CalamineWorkbook

from jmdesk.attachments.intake import examine
from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource
from jmdesk.ratings import model, reference
from jmdesk.ratings.model import parse
from jmdesk.ratings.reality import reality
from jmdesk.ratings.simulation import package_named, simulate
from jmdesk.reviews.rules import Neighbour as House
from jmdesk.reviews.rules import Seat, item_remarks, place_of, relation
from tests.documents import phone_photo
from tests.jmdesk.reviews.test_reviews import words
from ui.core.printing import write_paper

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village


def test_every_paper_of_a_batch_is_given_out_and_filed(village: Village, tmp_path: Path) -> None:
    village.to_certified()
    filing, desk = village.clerk.filing, village.desk
    for name in filing.kinds():
        issued = filing.issue(village.batch, name)
        target = tmp_path / f"{name}.pdf"
        assert write_paper(issued.document, target) >= 1
    decision = words(desk.papers.document(desk.papers.register("review-decision")[0].number))
    assert "恩信〔2026〕1号" in decision
    assert all(case.line.head in decision for case in village.clerk.cases(village.batch))
    handover = words(desk.papers.document(desk.papers.register("review-handover")[0].number))
    assert all(who in handover for who in ("移交人签名", "接收人签名", "监交人签名"))
    application = filing.application(village.ratings[0])
    assert village.clerk.cases(village.batch)[0].line.number in words(application.document)
    numbers = [paper.number for paper in filing.of_batch(village.batch)]
    assert len(numbers) == len(set(numbers)) == 7 + 1 + 3 + 1  # batch papers, notice, certificates, application


def test_each_ballot_bears_a_code_of_its_seat(village: Village, tmp_path: Path) -> None:
    village.clerk.apply(village.batch, village.households)
    target = tmp_path / "ballots.pdf"
    write_paper(village.clerk.filing.issue(village.batch, "review-ballots").document, target)
    found = set()
    for page in pypdfium2.PdfDocument(target):
        picture = page.render(scale=3, grayscale=True)
        rows = bytes(picture.buffer)
        dots = b"".join(rows[y * picture.stride : y * picture.stride + picture.width] for y in range(picture.height))
        grey = memoryview(dots).cast("B", shape=[picture.height, picture.width])
        found |= {barcode.text for barcode in zxingcpp.read_barcodes(grey)}
    assert len(pypdfium2.PdfDocument(target)) == len(village.seats)
    assert found == {f"JMB1.{village.batch}.{seat}" for seat in village.seats}


def test_the_photo_of_the_notice_is_filed_with_its_proof(village: Village) -> None:
    filing, photo = village.clerk.filing, examine(phone_photo())
    with pytest.raises(Refused, match="no_proof"):
        filing.prove_posting(village.batch, photo, "公告栏", date(2026, 11, 22))
    village.to_noticed()
    issued = filing.prove_posting(village.batch, photo, "村委会公告栏", date(2026, 11, 22))
    text = words(issued.document)
    assert photo.sha256 in text
    assert "2026年11月30日" in text
    kept = next(r for r in village.desk.records.find("assessment") if r.values["item"] == "POSTING")
    assert kept.values["evidence_digest"] == photo.sha256
    assert village.clerk.panel.batch(village.batch).proof == issued.paper.number


def test_the_register_on_paper_keeps_a_voided_certificate_beside_the_one_given_out_anew(village: Village) -> None:
    with pytest.raises(Refused, match="nothing_to_print"):
        village.clerk.filing.issue(village.batch, "review-register")
    village.to_certified()
    rating = village.ratings[0]
    before = village.clerk.case(rating).line.cert_no
    village.clerk.take(rating, "reissue", details={"ground": "户主姓名印错"})
    text = words(village.clerk.filing.issue(village.batch, "review-register").document)
    assert "共 4 证，其中作废 1 证" in text
    assert "作废：户主姓名印错" in text
    for number in (before, village.clerk.case(rating).line.cert_no):
        assert text.count(number) == 1


def test_the_register_keeps_voided_numbers_and_its_scores_are_numbers(village: Village, tmp_path: Path) -> None:
    village.to_certified()
    rating = village.ratings[0]
    village.clerk.take(rating, "reissue", details={"ground": "污损"})
    target = tmp_path / "登记簿.xlsx"
    assert village.clerk.filing.write_register(target) == 4
    rows = CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert [row[10] for row in rows[1:]].count("已作废") == 1
    assert all(isinstance(row[6], float) for row in rows[1:])
    assert rows[1][11] == "污损"


# -- rules -------------------------------------------------------------------------------------------------------------


def stricter() -> model.RulePackage:
    """JM-HH-1 with higher thresholds, as a city might try it."""
    raw = json.loads(resource("rules/JM-HH-1.json").read_text(encoding="utf-8"))
    raw["version"] = "1.1"
    for band, bound in zip(raw["bands"], ("95", "90", "85", "60", "0"), strict=True):
        band["from"] = bound
    return parse(json.dumps(raw).encode())


def test_a_simulation_lists_what_would_change_and_writes_nothing(village: Village, tmp_path: Path) -> None:
    village.to_scored()
    desk = village.desk
    before = desk.records.get("R16", village.ratings[0]).record
    found = simulate(desk.ratings, stricter(), village.households, 2026)
    assert found.compared == 3
    assert {(change.before, change.after) for change in found.changes} == {("AA", "B")}
    assert (found.before["AA"], found.after["B"]) == (3, 3)
    assert desk.records.get("R16", village.ratings[0]).record == before
    same = simulate(desk.ratings, package_named(desk.ratings, "JM-HH-1@1.0"), village.households, 2026)
    assert same.changes == ()
    assert same.before == same.after
    file = tmp_path / "rules.json"
    file.write_bytes(resource("rules/XG-2016.json").read_bytes())
    with pytest.raises(Refused, match="not_activatable"):
        simulate(desk.ratings, package_named(desk.ratings, str(file)), village.households, 2026)


def test_a_household_without_a_loan_that_gave_its_income_is_rateable_in_the_invented_town() -> None:
    town = reality(model.shipped("JM-HH-1"), reference.shipped(), catalogue(), date(2026, 11, 22), households=200)
    for name, kind in town.items():
        if "给了收入" in name:
            assert kind.causes.total() == 0, name
    assert town["务工户，无贷款，不提供收入"].causes.total() == town["务工户，无贷款，不提供收入"].households
    assert all("V1" in cause for cause in town["有暂缓评定情形"].causes)
    assert town == reality(
        model.shipped("JM-HH-1"), reference.shipped(), catalogue(), date(2026, 11, 22), households=200
    )


def test_remarks_are_typed_line_by_line_with_their_items() -> None:
    assert item_remarks("收入：缺凭证\n\n土地:面积不符\n请补照片\n收入：年份不对") == {
        "收入": "缺凭证",
        "土地": "面积不符",
        "第3项": "请补照片",
        "收入(4)": "年份不对",
    }


def test_kinship_by_household_address_and_declaration() -> None:
    seat = Seat("01", "欧阳明", "", "h1", "塘洲村1组8号", attended=True)
    assert relation(seat, House("h1", ("陈甲",), ""), "clear") == "kin"
    assert relation(seat, House("h2", ("欧阳乙",), "塘洲村1组8号")) == "kin"
    assert relation(seat, House("h2", ("欧阳乙",), "塘洲村1组9号")) == "hint"
    assert relation(seat, House("h2", ("欧阳乙",), "塘洲村1组9号"), "clear") == "clear"
    assert relation(seat, House("h2", ("欧乙",), "塘洲村1组9号")) == ""
    assert relation(seat, House("h2", ("欧阳乙",), "")) == ""
    assert place_of("塘洲村1组8号") == place_of("塘洲村1组12号之2")
