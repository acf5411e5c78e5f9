from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue import pinyin
from jmdesk.catalogue.regions import regions


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("曾建明", "zengjianming"),
        ("单志强", "shanzhiqiang"),
        ("区少芬", "oushaofen"),
        ("仇英", "qiuying"),
        ("解放", "xiefang"),
        ("查良", "zhaliang"),
        ("盖叫天", "gejiaotian"),
        ("任华", "renhua"),
        ("华罗庚", "hualuogeng"),
        ("尹力", "yinli"),
        ("欧阳修", "ouyangxiu"),
        ("单于明", "chanyuming"),
        ("吕绿", "lvlv"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, full: str) -> None:
    assert pinyin.keys(name, "person")[0][0] == full


def test_a_surname_is_also_found_by_its_usual_reading() -> None:
    assert pinyin.keys("曾明", "person") == (("zengming", "zm"), ("cengming", "cm"))
    assert pinyin.keys("陈明", "person") == (("chenming", "cm"),)


@pytest.mark.parametrize(
    ("place", "initials"),
    [("横陂圩", "hbx"), ("沙涌", "sc"), ("礼乐", "ly"), ("都斛", "dh"), ("长沙", "cs"), ("滘头", "jt")],
)
def test_local_places_are_read_as_people_here_say_them(place: str, initials: str) -> None:
    assert pinyin.keys(place, "place")[0][1] == initials


def test_words_are_read_as_words() -> None:
    assert pinyin.syllables("农商行、银行；调解A2") == ("nong", "shang", "hang", "yin", "hang", "tiao", "jie", "a2")


def test_terms_begin_at_every_syllable() -> None:
    terms = pinyin.search_terms("陈建明", "person")
    assert set(terms) == {"陈建", "建明", "明", "chenjianming", "jianming", "ming", "cjm", "jm", "m"}


def test_every_region_is_spelled_from_the_table_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(character: str) -> str:
        raise AssertionError(character)

    monkeypatch.setattr(pinyin, "_rare", asked)
    pinyin.keys.cache_clear()
    for region in regions().within("44", quasi=True):
        assert all(key.isascii() for key in pinyin.keys(region.name, "place")[0]), region.name


def test_a_character_outside_the_table_is_asked_of_the_library() -> None:
    assert pinyin.reading("䶮") == "yan"


@given(st.text(max_size=40), st.sampled_from(["text", "person", "place"]))
def test_no_text_breaks_the_keys(text: str, sort: pinyin.Sort) -> None:
    assert all(term and not term.isspace() for term in pinyin.search_terms(text, sort))
    assert pinyin.keys(text, sort)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=6))
def test_every_common_character_has_one_syllable(text: str) -> None:
    assert len(pinyin.syllables(text, "person")) == len(text)
