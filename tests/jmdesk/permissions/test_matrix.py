"""Every cell of the permission matrix, asked of the guard and of the services that ask it."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.permissions.guard import EVERYTHING, Guard
from jmdesk.permissions.matrix import ACTIONS, read, shipped
from jmdesk.records.writer import Writer
from tests.desks import VILLAGE

FILES = Path(__file__).resolve().parents[3] / "resources" / "catalogue"
ROWS = list(csv.reader((FILES / "permissions.csv").read_text("utf-8").splitlines()))
ABOUT = json.loads((FILES / "permissions.json").read_text("utf-8"))
ROLES = ROWS[0][2:]
TYPES = [row[0] for row in ROWS[1:]]
OPEN_TYPES = [name for name in TYPES if not catalogue().types[name].bookkeeping]
ELSEWHERE = "440783110220"


def cells() -> Iterator[tuple[str, str, str]]:
    """Role, type and letters of every cell, read without the code under test."""
    for row in ROWS[1:]:
        for role, letters in zip(ROLES, row[2:], strict=True):
            yield role, row[0], letters


def guard(role: str, *regions: str) -> Guard:
    return Guard(shipped(), frozenset({role}), regions)


def test_the_matrix_names_every_role_and_every_record_type() -> None:
    assert set(ROLES) == set(catalogue().code_lists["CL-ROLE"].values) == set(ABOUT["roles"])
    assert set(TYPES) == set(catalogue().types)
    assert [row[1] for row in ROWS[1:]] == [catalogue().types[row[0]].label for row in ROWS[1:]]


def test_the_guard_says_what_each_cell_says() -> None:
    asked = 0
    for role, type_id, letters in cells():
        for letter, action in ACTIONS.items():
            asked += 1
            assert guard(role).may(action, type_id, VILLAGE) == (letter in letters), (role, type_id, action)
    assert asked == len(ROLES) * len(TYPES) * len(ACTIONS)


def _allowed(act: Callable[[], object]) -> bool:
    """Whether a service did it; a refusal for any other reason is an error of the test."""
    try:
        act()
    except Refused as refused:
        if refused.code != "permissions.action":
            raise
        return False
    return True


@pytest.mark.parametrize("role", ROLES)
def test_the_records_service_keeps_to_every_cell_of_a_role(desk: Desk, role: str) -> None:
    cell = {type_id: letters for of, type_id, letters in cells() if of == role}
    desk.records.guard = guard(role)
    with desk.store.transaction(desk.actor, "trial") as transaction:
        free = Writer(transaction, desk.catalogue, VILLAGE)
        bound = Writer(transaction, desk.catalogue, VILLAGE, desk.guard)
        for type_id in OPEN_TYPES:
            rid = free.create(type_id, {}, checked=True)
            doings: dict[str, Callable[[], object]] = {
                "c": partial(bound.create, type_id, {}, checked=True),
                "e": partial(bound.change, type_id, rid, {}, checked=True),
                "v": partial(bound.void, type_id, rid, "试验"),
            }
            for letter, act in doings.items():
                assert _allowed(act) == (letter in cell[type_id]), (type_id, letter)
    for type_id in TYPES:
        assert _allowed(partial(desk.records.find, type_id)) == ("r" in cell[type_id]), (role, type_id)
        assert _allowed(partial(desk.records.count, type_id)) == ("r" in cell[type_id]), (role, type_id)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_and_writes_no_field_above_its_sensitivity(desk: Desk, role: str) -> None:
    level = int(ABOUT["roles"][role]["sensitivity"][1])
    for type_id, letters in ((t, letters) for r, t, letters in cells() if r == role):
        fields = catalogue().types[type_id].fields
        above = {f.identifier for f in fields if (2 if f.sensitivity == "B1" else int(f.sensitivity[1])) > level}
        everything = {f.identifier for f in fields}
        hidden = guard(role).hidden(type_id)
        assert hidden == (above if "r" in letters else everything), type_id
        for name in hidden:
            with pytest.raises(Refused, match=r"permissions\.sensitivity"):
                guard(role).require_fields(type_id, [name])
        guard(role).require_fields(type_id, everything - hidden)
        assert guard(role).visible(type_id, dict.fromkeys(everything, "x")).keys() == everything - hidden


def test_a_role_of_own_regions_stays_within_them() -> None:
    own = [role for role, about in ABOUT["roles"].items() if about["scope"] == "own"]
    assert own
    for role, (type_id, letters) in itertools.product(own, {(t, letters) for r, t, letters in cells() if r in own}):
        if not shipped().may(role, "read", type_id) or not letters:
            continue
        assert guard(role, VILLAGE).may("read", type_id, VILLAGE)
        assert not guard(role, VILLAGE).may("read", type_id, ELSEWHERE)
        assert guard(role, "4407").may("read", type_id, ELSEWHERE), "a county's prefix covers its villages"
        assert guard(role).may("read", type_id, ELSEWHERE), "no region of one's own leaves the whole desk"
        with pytest.raises(Refused, match=r"permissions\.region"):
            guard(role, VILLAGE).require("read", type_id, ELSEWHERE)


def test_several_roles_allow_what_one_of_them_allows() -> None:
    for (one, other), type_id, action in itertools.product(
        itertools.combinations(("R1", "R3", "R8", "R10"), 2), TYPES, ACTIONS.values()
    ):
        both = Guard(shipped(), frozenset({one, other}))
        assert both.may(action, type_id) == (
            shipped().may(one, action, type_id) or shipped().may(other, action, type_id)
        )


def test_nobody_without_a_role_may_do_anything() -> None:
    nobody = Guard(shipped())
    assert not any(nobody.may(action, type_id) for action in ACTIONS.values() for type_id in TYPES)


def test_a_vault_s_only_user_may_do_everything() -> None:
    assert all(EVERYTHING.may(action, type_id) for action in ACTIONS.values() for type_id in TYPES)
    assert not any(EVERYTHING.hidden(type_id) for type_id in TYPES)


def test_system_security_and_audit_duties_share_no_act() -> None:
    """Who makes accounts gives no roles, who gives roles makes no accounts, and who audits does neither."""
    matrix = shipped()
    assert {role for role in ROLES if matrix.may(role, "create", "R02")} == {"R8"}
    assert {role for role in ROLES if matrix.may(role, "edit", "R02")} == {"R9"}
    assert {role for role in ROLES if matrix.may(role, "export", "R26")} == {"R10"}
    for role, type_id in itertools.product(("R8", "R9", "R10"), ("R05", "R06", "R07", "R10", "R16", "R20")):
        assert not any(matrix.may(role, action, type_id) for action in ACTIONS.values()), (role, type_id)


def _spoilt(how: str) -> tuple[list[list[str]], dict[str, Any]]:
    rows, about = [list(row) for row in ROWS], json.loads(json.dumps(ABOUT))
    match how:
        case "row lost":
            rows.pop()
        case "row twice":
            rows.append(rows[-1])
        case "no such action":
            rows[3][2] = "z"
        case "no such role":
            rows[0][2] = "R99"
        case "role lost":
            del about["roles"]["R1"]
        case "no such level":
            about["roles"]["R1"]["sensitivity"] = "S9"
        case "no such founder":
            about["founder"] = ["R99"]
    return rows, about


@pytest.mark.parametrize(
    "how",
    ["row lost", "row twice", "no such action", "no such role", "role lost", "no such level", "no such founder"],
)
def test_a_matrix_that_is_not_whole_is_refused(how: str) -> None:
    read(*_spoilt(""))
    with pytest.raises(ValueError, match=r"matrix|role|action|sensitivity|separated"):
        read(*_spoilt(how))
