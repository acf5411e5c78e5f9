from __future__ import annotations

from datetime import date

import pytest

from jmdesk.catalogue.forbidden import hints, refused_column
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.validation import validation


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("宗教信仰", "religion"),
        ("血 型", "gene"),
        ("健康状况", "health"),
        ("患病情况", "health"),
        ("计生情况", "family_planning"),
        ("交通违法次数", "traffic"),
        ("政治面貌", "political"),
        ("银行卡号", "bank_account"),
        ("开户行及卡号", "bank_account"),
        ("指纹", "biometric"),
        ("是否低保户", "assistance"),
    ],
)
def test_columns_that_must_not_be_collected_are_refused(heading: str, kind: str) -> None:
    found = refused_column(heading)
    assert found is not None
    assert found.kind == kind


def test_no_field_or_value_of_the_catalogue_is_refused() -> None:
    labels = [field.label for type_ in catalogue().types.values() for field in type_.fields]
    values = [label for found in catalogue().code_lists.values() for label in found.values.values()]
    assert [label for label in labels + values if refused_column(label)] == []


@pytest.mark.parametrize("heading", ["农村合作医疗保险", "大病保险", "残值(元)", "病虫害损失", "户主姓名", "信用等级"])
def test_harmless_words_stay(heading: str) -> None:
    assert refused_column(heading) is None


def test_hints_point_into_the_text_and_never_repeat_a_number() -> None:
    found = hints("户主患有高血压，卡号6222021234567890123。")
    assert [(hint.kind, hint.word) for hint in found] == [
        ("health", "高血压"),
        ("bank_account", "卡号"),
        ("bank_card", ""),
    ]
    assert "6222021234567890123" not in str(found)


def test_a_long_text_is_looked_through_as_it_is_typed_and_names_every_kind_once() -> None:
    objections = validation().of("R25")
    found = objections.check_field("reason", "我家信教，有病史，且患病", {}, date(2026, 3, 1))
    assert found is not None
    assert (found.code, found.level, found.params["kind"]) == ("forbidden.text", "warn", "宗教信仰、疾病和病史")
    assert objections.check_field("case_no", "血型", {}, date(2026, 3, 1)) is None
    assert objections.check_field("reason", "等级有误，请复核。", {}, date(2026, 3, 1)) is None
