from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused
from jmdesk.vault.passphrase import check_new_passphrase
from jmdesk.vault.strength import strength


@pytest.mark.parametrize(
    ("passphrase", "least", "most"),
    [
        ("", 0, 0),
        ("123456", 0, 0),
        ("password12345678", 0, 1),
        ("13800138000", 0, 1),
        ("榕树下的茶", 0, 1),
        ("荔枝湾边三只白鹭", 4, 4),
        ("correct horse battery staple", 4, 4),
        ("春天的榕树下", 3, 3),
    ],
)
def test_the_meter_rises_with_what_a_guesser_has_to_try(passphrase: str, least: int, most: int) -> None:
    assert least <= strength(passphrase).level <= most


def test_what_the_rule_refuses_is_never_called_good() -> None:
    judged = strength("荔枝湾边三只白鹭", ("荔枝湾边三只白鹭",))
    assert (judged.level <= 1, judged.accepted) == (True, False)


def test_what_the_rule_takes_is_accepted() -> None:
    assert strength("荔枝湾边三只白鹭").accepted


@pytest.mark.parametrize("passphrase", ["aabbabbaabab", "石水石石水水石水"])
def test_a_long_passphrase_of_a_few_characters_is_simple(passphrase: str) -> None:
    with pytest.raises(Refused, match=r"vault\.passphrase_simple"):
        check_new_passphrase(passphrase)


def test_the_longest_passphrase_is_judged() -> None:
    assert strength("kettle-Moon-47 " * 17).level in range(5)


@pytest.mark.parametrize(
    "passphrase",
    [
        "小燕13800138000",
        "wang19850312abc",
        "李1985年3月12日好",
        "440785199001010011ab",
        "百合镇上洞村委会好",
        "林小燕林小燕林",
    ],
)
def test_numbers_dates_and_names_of_the_office_do_not_count(passphrase: str) -> None:
    with pytest.raises(Refused, match=r"vault\.passphrase_(simple|short)"):
        check_new_passphrase(passphrase, known=("百合镇上洞村委会", "林小燕"))
