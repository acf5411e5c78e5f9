"""Statements of the write path: compiled once and kept so, and no wider than what changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from jmdesk.store import engine
from jmdesk.store.statements import Statement, given
from jmdesk.store.tables import settings
from tests.desks import VILLAGE, new_desk

_TRANSACTION, _UPDATE = 22, 23
"""Action codes of SQLite's authoriser."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What SQLite asks the authoriser, which it does whenever it compiles a statement."""
    told: list[tuple[object, ...]] = []
    authorise = engine._authorise

    def noting(action: int, *details: object) -> int:
        told.append((action, *details))
        return authorise(action, *details)

    monkeypatch.setattr(engine, "_authorise", noting)
    return told


def test_a_save_like_the_one_before_compiles_no_statement(tmp_path: Path, asked: list[tuple[object, ...]]) -> None:
    with new_desk(tmp_path / "资料库") as desk:
        rid = desk.records.create("R05", {"region_code": VILLAGE, "address": "1号"})
        for number in (2, 3):
            desk.records.change("R05", rid, {"address": f"{number}号"})
        asked.clear()
        desk.records.change("R05", rid, {"address": "4号"})
        assert [told for told in asked if told[0] != _TRANSACTION] == []  # the driver has COMMIT compiled each time


def test_a_change_writes_only_the_columns_that_differ(tmp_path: Path, asked: list[tuple[object, ...]]) -> None:
    with new_desk(tmp_path / "资料库") as desk:
        rid = desk.records.create("R05", {"region_code": VILLAGE, "address": "1号", "phone": "13800138000"})
        asked.clear()
        desk.records.change("R05", rid, {"address": "2号"})
        written = {column for action, table, column, *_ in asked if action == _UPDATE and table == "household"}
    assert written == {"address", "rec_updated_by", "rec_updated_at", "rec_revision", "rec_sync"}


def test_a_value_that_was_not_given_is_an_error_and_not_null(tmp_path: Path) -> None:
    statement = Statement(select(settings.c.value).where(settings.c.name == given("name")))
    with (
        new_desk(tmp_path / "资料库") as desk,
        desk.store.reading() as connection,
        pytest.raises(KeyError),
    ):
        statement.rows(connection, nmae="device")
