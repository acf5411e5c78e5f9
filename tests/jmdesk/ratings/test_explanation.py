"""What the household reads: complete, identical everywhere, and never in words the office must not use."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from jmdesk.core.resources import resource
from jmdesk.ratings.document import Document
from jmdesk.ratings.explanation import Subject, explain, result_sentence
from jmdesk.ratings.improvement import improvements
from jmdesk.ratings.model import RulePackage, shipped
from tests.jmdesk.ratings.households import Raw, h1, h3, h6, rated
from tests.jmdesk.ratings.strategies import households

FORBIDDEN = ("失信", "差", "不合格", "不予评定", "一票否决", "信用分", "征信", "拒绝配合", "评级公示", "黑名单")
SUBJECT = Subject("440703101201000001", 2026)
DOCUMENT = "(2025)粤0799测12号"


def text_of(raw: Raw) -> str:
    return explain(rated(raw), shipped(), SUBJECT).as_text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"href", "src"}]
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(document: Document) -> _Reader:
    reader = _Reader()
    reader.feed(document.as_html())
    return reader


def test_text_and_html_say_the_same_words_in_the_same_order() -> None:
    document = explain(rated(h3()), shipped(), SUBJECT)
    reader = read(document)
    assert tuple(unescape(text) for text in reader.texts) == document.words()
    text = re.sub(r"[\s=-]+", "", document.as_text())
    assert text == re.sub(r"[\s=-]+", "", "".join(document.words()))
    assert reader.tags <= {"html", "body", "h2", "h3", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}


def test_the_explanation_of_h3_is_golden() -> None:
    # Desk and gateway may run different releases: for one rule package the words must not drift.
    assert text_of(h3()) == Path(__file__).with_name("golden").joinpath("h3.txt").read_text(encoding="utf-8")


def test_what_people_typed_cannot_become_markup() -> None:
    document = explain(rated(h1(evidence={"A4": "<img src=x>&"})), shipped(), Subject("<b>1", 2026))
    assert "<img" not in document.as_html()
    assert "凭据：<img src=x>&" in document.as_text()


def test_every_indicator_has_its_row_and_every_row_its_reason(package: RulePackage) -> None:
    document = explain(rated(h3()), package, SUBJECT)
    words = document.words()
    for indicator in package.indicators:
        row = next(n for n, word in enumerate(words) if word.endswith(f"{indicator.id} {indicator.title}"))
        assert all(words[row : row + 4])
    assert "不适用：本人选择不提供" in words
    assert "5／10" in words


def test_the_result_names_score_and_grade_for_this_purpose_only(package: RulePackage) -> None:
    assert result_sentence(rated(h1()), package) == "评定结果：AAA级，符合信用户条件。本次评定得分(仅供评定)：93.7分。"


def test_a_b_is_told_what_is_missing_and_not_what_it_is_not(package: RulePackage) -> None:
    assert "暂未达到信用户条件" in result_sentence(rated(h3()), package)


def test_too_little_information_is_no_judgement() -> None:
    text = text_of(h3() | {"A1": None, "A4": None})
    assert "信息不足，暂不评定" in text
    assert "满分合计为41分，少于45分" in text
    assert "本次不给出得分和等级" in text
    assert "85.4" not in text


def test_a_suspension_names_circumstance_and_document() -> None:
    text = text_of(h1(vetoes=[{"code": "V1", "document": DOCUMENT}]))
    assert "评定结果：暂缓评定(附依据)。" in text
    assert f"文书号或凭据号：{DOCUMENT}" in text
    assert "得分(仅供评定)" not in text


def test_a_suspension_by_the_facts_says_which_fact() -> None:
    text = text_of(h1(A1={"max_overdue_days": 120, "current_overdue_days": 120, "worst_five_class": "4"}))
    assert "当前逾期120天，超过90天；未结清贷款的五级分类为可疑" in text


def test_caps_are_explained() -> None:
    assert "(薄档案)，等级最高为A" in text_of(h6())
    assert "等级最高为AA；没有贷款不是缺点" in text_of(h1(A1=None))


def test_an_income_that_was_not_given_gets_a_hint_but_no_reproach() -> None:
    text = text_of(h3())
    assert "如愿意提供收入信息并签署授权，可以计入评定" in text


def test_the_smallest_step_that_lifts_the_grade_comes_first() -> None:
    card = rated(h1(A1={"max_overdue_days": 20, "current_overdue_days": 0, "worst_five_class": None}))
    found = improvements(card, shipped())
    assert (card.grade, str(card.score)) == ("AA", "88.4")
    assert [(i.steps[0].indicator, i.grade) for i in found] == [("B2", "AAA"), ("D2", "AAA"), ("A1", "AAA")]
    assert [step.gain for i in found for step in i.steps] == [2, 2, 5]


def test_what_is_promised_comes_true_when_the_step_is_taken() -> None:
    card = rated(h3())
    first = improvements(card, shipped())[0]
    taken = {"A1.1": {"A1": {"max_overdue_days": 0, "current_overdue_days": 0, "worst_five_class": None}}}
    reached = rated(h3() | taken[first.steps[0].rule])
    assert (reached.score, reached.grade) == (first.score, first.grade)


def test_several_steps_are_offered_together_when_none_alone_suffices() -> None:
    raw = h1(
        A1={"max_overdue_days": 91, "current_overdue_days": 0, "worst_five_class": None},
        A3={"fulfil_rate": "0"}, A4={"payment": "owing"}, C1={"debt": "9", "income": "1"}, B1={"years": None},
        B4=[], E2={"verified": 0, "fields": 20},
    )  # fmt: skip
    card = rated(raw)
    found = improvements(card, shipped())
    assert card.grade == "C"
    assert len(found) == 1
    assert len(found[0].steps) > 1
    assert "以下各项一并改善" in text_of(raw)


def test_nothing_is_promised_to_the_best_and_to_the_ungraded() -> None:
    assert improvements(rated(h1()), shipped()) == ()
    assert improvements(rated(h1(vetoes=[{"code": "V3", "document": "核查1号"}])), shipped()) == ()


@settings(deadline=None, max_examples=150)
@given(households())
def test_no_household_ever_reads_a_refused_word(raw: Raw) -> None:
    text = text_of(raw)
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("code", ["V1", "V6"])
def test_the_hard_word_appears_only_beside_the_number_of_its_document(code: str) -> None:
    lines = text_of(h1(vetoes=[{"code": code, "document": DOCUMENT}])).splitlines()
    assert [DOCUMENT in line for line in lines if "失信" in line] == [True]


def test_the_shipped_model_holds_no_refused_word_outside_its_vetoes() -> None:
    text = resource("rules/JM-HH-1.json").read_text(encoding="utf-8")
    outside = re.sub(r'"vetoes": \[.*?\n  \],', "", text, flags=re.DOTALL)
    assert [word for word in FORBIDDEN if word in outside] == []


def test_readers_see_rounded_values_marked_as_such() -> None:
    assert "约1.15倍" in text_of(h1())
    assert "约6.67／10" in text_of(h1(D1={"voters": [[5, 1], [1, 1], [3, 1], [4, 1], [4, 1]]}))
    assert "50,000.00元" in text_of(h1())


@pytest.mark.parametrize(
    ("net", "shown", "rule"),
    [
        ("38999.99", "约1.4999996倍", "参照值的1倍及以上、不到1.5倍"),
        ("39000.00", "1.5倍", "参照值的1.5倍及以上"),
        ("39000.01", "约1.5倍", "参照值的1.5倍及以上"),
        ("38739.00", "约1.49倍", "参照值的1倍及以上、不到1.5倍"),
    ],
)
def test_a_value_is_never_shown_as_one_that_would_hit_another_rule(net: str, shown: str, rule: str) -> None:
    words = explain(
        rated(h1(B2={"net_income": net, "population": 1, "town_reference": "26000.00"})), shipped(), SUBJECT
    ).words()
    row = next(n for n, word in enumerate(words) if word.startswith("经营 B2"))
    assert words[row + 1].endswith(f"人均为参照值的{shown}")
    assert words[row + 2] == rule
