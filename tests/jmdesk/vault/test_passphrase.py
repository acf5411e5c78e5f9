from __future__ import annotations

import unicodedata

import pytest

from jmdesk.core.errors import Refused
from jmdesk.vault.passphrase import check_new_passphrase, passphrase_bytes


@pytest.mark.parametrize(
    "passphrase",
    [
        "荔枝湾边三只白鹭",
        "春天的榕树下喝茶",
        "correct horse battery staple",
        "kettle-Moon-47-bicycle",
        "蓢底村口卖云吞面2角",
        "1985年在广海湾看日出",
        "tX9#vq2LmZ!r",
        "93847162950817364502",
    ],
)
def test_a_good_passphrase_is_taken(passphrase: str) -> None:
    check_new_passphrase(passphrase, known=("11440703007072500X", "u01"))


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [
        ("", "short"),
        ("short", "short"),
        ("榕树下", "short"),
        ("            ", "short"),
        ("13800138000138", "digits"),
        ("1985-03-12 0750", "digits"),
        ("１３８００１３８０００１３８", "digits"),
        ("aaaaaaaaaaaaaaaa", "simple"),
        ("abcabcabcabcabc", "simple"),
        ("abcdefghijklmnop", "simple"),
        ("qwertyuiop1234567890", "simple"),
        ("1qaz2wsx3edc4rfv", "simple"),
        ("password12345678", "simple"),
        ("Password@123456", "simple"),
        ("jiangmen123456", "simple"),
        ("江门信用密码口令", "simple"),
        ("口令口令口令口令", "simple"),
        ("一二三四五六七八", "simple"),
        ("11440703007072500X", "simple"),
        ("11440703007072500x-a", "simple"),
        ("长长长长长长长长长长长", "simple"),
        ("荔枝湾边\n三只白鹭", "characters"),
        ("荔枝湾边三只白鹭\x00", "characters"),
        ("荔枝湾边三只白鹭\ud800", "characters"),
        ("荔" * 257, "long"),
    ],
)
def test_a_passphrase_that_is_guessed_early_is_refused_with_the_reason(passphrase: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_new_passphrase(passphrase, known=("11440703007072500X", "u01"))
    assert refused.value.code == f"vault.passphrase_{code}"


def test_full_width_and_composed_letters_are_the_same_passphrase() -> None:
    plain = passphrase_bytes("Kettle é 荔枝 47")
    assert plain == passphrase_bytes("Ｋｅｔｔｌｅ é　荔枝 ４７")
    assert plain == passphrase_bytes(unicodedata.normalize("NFD", "Kettle é 荔枝 47"))


def test_case_matters() -> None:
    assert passphrase_bytes("Kettle") != passphrase_bytes("kettle")


def test_the_longest_passphrase_is_judged_quickly_and_taken() -> None:
    check_new_passphrase("".join(chr(0x4E00 + 7 * n) for n in range(256)))
