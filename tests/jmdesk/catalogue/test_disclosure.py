"""Which values of another unit's records a reader is shown."""

from __future__ import annotations

import pytest

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.loader import catalogue

BANK = Reader("bank", ("R6",))
PLACE = {"region_name": "岭南村", "x_note": "内部"}


def test_what_is_outside_of_the_catalogue_is_for_authorities_even_where_all_else_is_public() -> None:
    place = catalogue().types["R03"]
    assert BANK.shown(place, "town", PLACE) == {"region_name": "岭南村"}
    assert Reader("village", ("R1",)).shown(place, "town", PLACE) == PLACE
    assert BANK.shown(place, "bank", PLACE) == PLACE


@pytest.mark.parametrize(("roles", "hidden"), [(("R1",), False), (("R6",), True), (("R3", "R4"), True), ((), False)])
def test_fields_shared_among_authorities_are_hidden_from_others(roles: tuple[str, ...], hidden: bool) -> None:
    village = catalogue().types["R17"]
    assert ("loan_balance" in Reader("here", roles).withheld(village, "town")) is hidden
    assert Reader("here", roles).withheld(village, "here") == frozenset()
