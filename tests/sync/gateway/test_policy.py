"""Scope and roles: who may write what where, as the grant says."""

from __future__ import annotations

import pytest

from jmdesk.catalogue.loader import catalogue
from jmdesk.permissions.matrix import shipped
from sync.gateway.policy import DEFAULT_ROLES, Grant, counties_of, county_of
from sync.protocol.roles import READS, SHARED, WRITES, may_see


def grant(*regions: str, roles: tuple[str, ...] = ("R1",)) -> Grant:
    return Grant("d", "u", county_of(regions[0]), regions, roles)


def test_every_role_and_type_of_the_matrix_is_the_catalogue_s() -> None:
    known = catalogue()
    assert WRITES.keys() <= known.code_lists["CL-ROLE"].values.keys()
    assert DEFAULT_ROLES.keys() == known.code_lists["CL-ORG"].values.keys()
    assert {role for roles in DEFAULT_ROLES.values() for role in roles} <= WRITES.keys()
    for types in WRITES.values():
        assert all(not known.types[type_].local_only for type_ in types)


def test_every_type_that_travels_is_some_role_s_to_send_or_the_platform_s_own() -> None:
    sent = frozenset().union(*WRITES.values())
    assert {t.id for t in catalogue().types.values() if not t.local_only} - sent == {"R01"}


@pytest.mark.parametrize("role", sorted(catalogue().code_lists["CL-ROLE"].values))
def test_a_role_is_shown_no_more_of_others_than_its_people_may_read(role: str) -> None:
    assert {t for t in may_see([role]) - SHARED if not shipped().may(role, "read", t)} == set()
    assert READS.get(role, frozenset()) <= catalogue().types.keys()


def test_a_bank_is_shown_nothing_of_a_household() -> None:
    assert not may_see(DEFAULT_ROLES["5"]) & {"R04", "R05", "R06", "R07", "R10", "R15", "R16", "assessment"}


@pytest.mark.parametrize("role", sorted(catalogue().code_lists["CL-ROLE"].values))
def test_a_role_writes_exactly_its_row_of_the_matrix(role: str) -> None:
    writes = grant("440785104200", roles=(role,)).writes
    assert writes == WRITES.get(role, frozenset())


@pytest.mark.parametrize(
    ("scope", "region", "covered"),
    [
        ("440785104200", "440785104200", True),
        ("440785104200", "440785104201", False),
        ("440785104", "440785104201", True),
        ("440785104", "440785103201", False),
        ("440785", "440785103201", True),
        ("440785", "440781103201", False),
        ("4407", "440781103201", True),
    ],
)
def test_a_scope_covers_what_lies_in_it(scope: str, region: str, covered: bool) -> None:
    assert grant(scope).covers(region) is covered


def test_the_city_s_scope_reaches_into_every_county() -> None:
    assert counties_of(["4407"]) == ("440700", "440703", "440704", "440705", "440781", "440783", "440784", "440785")
    assert counties_of(["440785104200", "440785103"]) == ("440785",)


@pytest.mark.parametrize(
    ("regions", "home"),
    [
        (("440785104200",), "440785104200"),
        (("440785104200", "440785104201"), "440785104000"),
        (("440785104", "440785103"), "440785000000"),
        (("440785", "440781104"), "440700000000"),
    ],
)
def test_a_record_without_a_place_belongs_to_the_narrowest_region_of_the_scope(
    regions: tuple[str, ...], home: str
) -> None:
    assert grant(*regions).home == home
