from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jmdesk.permissions.policy import SecurityPolicy, shipped


@pytest.mark.parametrize(("day", "overdue"), [(1, 0), (10, 0), (11, 0), (12, 1), (31, 20)])
def test_a_passphrase_past_its_time_is_overdue_by_whole_days(day: int, overdue: int) -> None:
    policy = SecurityPolicy("x", passphrase_days=10, pin_allowed=True, pin_hours=10)
    now = datetime(2026, 1, day, tzinfo=UTC)
    assert policy.days_overdue("2026-01-01T00:00:00Z", now) == overdue


def test_a_policy_without_an_end_never_asks() -> None:
    policy = SecurityPolicy("x", passphrase_days=0, pin_allowed=True, pin_hours=10)
    assert policy.days_overdue("2000-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)) == 0


def test_the_policy_of_the_package_can_be_read() -> None:
    assert shipped().version
