"""A city's own rules for passphrases, PINs and backups come as a signed list, and never below the floor."""

from __future__ import annotations

import json

import pytest

from jmdesk.catalogue.issues import Issue
from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.packages.security import security_of
from jmdesk.permissions.policy import SECURITY, SECURITY_FILE, shipped

SHIPPED = json.loads(resource("catalogue/security.json").read_text(encoding="utf-8"))


def policy_issue(text: str = "", values: Record | None = None) -> Issue:
    """The policy as a publisher signs it, with some rules of its own."""
    text = text or json.dumps(SHIPPED | {"version": "JM-SEC-2026.2"} | (values or {}))
    dates = ("2026-01-01", "", "", "2026-01-01T00:00:00Z")
    files = {SECURITY_FILE: text}
    return Issue("list", SECURITY, "2026.2", 1, *dates, f"{1:064x}", files)


def test_a_package_takes_the_place_of_what_came_with_the_program(desk: Desk) -> None:
    assert security_of(desk.packages) == shipped()
    before = desk.backups
    own: Record = {"pin_allowed": False, "backup_days": 7, "passphrase_days": 90}
    desk.packages.take(policy_issue(values=own), b"envelope")
    desk.renew()
    found = security_of(desk.packages)
    assert (found.version, found.pin_allowed, found.backup_days) == ("JM-SEC-2026.2", False, 7)
    assert found.days_overdue("2026-01-01T00:00:00Z", desk.clock.now()) > 0
    assert desk.backups is not before, "backups go by the new rules"


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("passphrase_days", 0),
        ("passphrase_days", 3650),
        ("pin_hours", 0),
        ("pin_hours", 24),
        ("backup_days", 31),
        ("backup_days", 0),
        ("backup_hours", 1000),
    ],
)
def test_no_package_goes_below_the_floor(desk: Desk, name: str, weak: int) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(policy_issue(values={name: weak}), b"envelope")
    assert refused.value.code == "permissions.policy_floor"
    assert refused.value.params["name"] == name
    assert security_of(desk.packages) == shipped()


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", json.dumps(SHIPPED | {"more": 1}), json.dumps(SHIPPED | {"pin_hours": True})]
)
def test_a_policy_that_cannot_be_read_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(policy_issue(text=text), b"envelope")
    assert refused.value.code == "permissions.policy"
