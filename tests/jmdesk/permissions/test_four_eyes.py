from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused
from jmdesk.permissions.four_eyes import four_eyes


def test_somebody_else_may_check() -> None:
    four_eyes("u01", "u02")
    four_eyes(["u01", "u03"], "u02")


@pytest.mark.parametrize(
    ("makers", "checker"), [("u01", "u01"), (["u02", "u01"], "u01"), ([], "u01"), ("", "u01"), ("u01", "")]
)
def test_nobody_checks_their_own_work_or_work_of_an_unknown_hand(makers: str | list[str], checker: str) -> None:
    with pytest.raises(Refused, match=r"permissions\.four_eyes"):
        four_eyes(makers, checker)
