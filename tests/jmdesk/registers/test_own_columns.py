"""Columns that a city added by a catalogue package: read from registers like any other, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.catalogue.loader import catalogue
from jmdesk.desk import Desk
from jmdesk.registers.mapping import echoes
from jmdesk.registers.register import open_register
from jmdesk.registers.service import import_households, proposed_mapping, remember, remembered
from jmdesk.registers.wording import wording, wording_of
from tests.jmdesk.registers.test_importing import HEAD, HEADER, OTHER, only, register
from tests.packages import issue
from ui.pages.imports.reading import echoes_of, open_source

OWN = ["百年果树(棵)", "果树品种"]


@pytest.fixture
def city(desk: Desk) -> Desk:
    """A desk whose city has two fields of its own for households."""
    desk.packages.take(issue(), b"envelope")
    desk.renew()
    return desk


@pytest.fixture
def orchard(tmp_path: Path) -> Path:
    return register(tmp_path / "r.xlsx", [*HEAD, 12, "新会柑"], [*OTHER, 5000, "苹果"], header=[*HEADER, *OWN])


def test_own_columns_are_mapped_read_and_kept(city: Desk, orchard: Path) -> None:
    result = import_households(city, orchard)
    assert (result.new, result.refused) == (1, 1)
    home = only(city, "R05", old_household_no="1")
    assert (home["x_old_trees"], home["x_fruit"]) == (12, "1")
    told = {(finding.code, finding.label) for one in result.outcomes if one.refused for finding in one.findings}
    assert {label for _, label in told} >= {"百年果树"}
    import_households(city, orchard)
    assert only(city, "R05", old_household_no="1")["x_fruit"] == "1"


def test_the_choice_is_shown_remembered_and_can_be_taken_back(city: Desk, orchard: Path) -> None:
    opened = open_register(orchard, known=wording_of(city.catalogue))
    mapping = proposed_mapping(city, opened)
    choice = mapping.by_header["果树品种"]
    assert (choice.key, choice.meaning is not None and choice.meaning.label) == ("R05.x_fruit", "果树品种")
    assert next(echo.after for echo in echoes(choice, opened.parts)) == "新会柑"
    left = mapping.changed(OWN[1], "")
    assert left.by_header["果树品种"].meaning is None
    assert left.changed(OWN[1], "R05.x_fruit").by_header["果树品种"].meaning == choice.meaning
    remember(city, opened, left)
    again = remembered(city, opened)
    assert again is not None
    assert again.by_header["果树品种"].key == ""
    assert again.by_header["百年果树(棵)"].meaning is not None


def test_the_window_reads_own_columns_too(city: Desk, orchard: Path) -> None:
    opened = open_source(city, orchard, None, None)
    assert opened.mapping.by_header["百年果树(棵)"].key == "R05.x_old_trees"
    assert next(echo.after for echo in echoes_of(opened, opened.mapping, OWN[0])).startswith("12")


def test_another_desk_s_columns_are_unknown_here(desk: Desk, orchard: Path) -> None:
    assert wording_of(desk.catalogue) is wording()
    assert desk.catalogue is catalogue()
    result = import_households(desk, orchard)
    assert result.new == 2
    assert "x_old_trees" not in only(desk, "R05", old_household_no="1")
    assert {note.params.get("header") for note in result.notes} >= set(OWN)
