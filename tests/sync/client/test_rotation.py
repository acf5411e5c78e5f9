"""New keys for a desk: the old ones vouch for them, the chain goes on, and a cut at any point leaves one set valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused, Unreachable
from jmdesk.desk import Desk
from jmdesk.store import outbox
from sync.client import grants
from sync.client.asking import load_asked
from sync.client.engine import synchronise
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.petition import Answered, rotate
from sync.client.sealing import seal
from sync.client.starting_over import ROTATE_DAYS
from sync.client.steering import Steering
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled
from tests.sync.client.lines import AnswersLost, Line
from tests.sync.client.office import UNIT, add_household


def chain(desk: Desk) -> list[tuple[str, int, int]]:
    with desk.store.reading() as connection:
        return [(batch.device, batch.epoch, batch.seq) for batch in outbox.batch_list(connection)]


def test_a_desk_goes_on_under_new_keys(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    synchronise(desk, transport, patience=patience)
    old = desk.vault.device_keys().keyid
    assert rotate(desk, transport, patience) is Answered.GRANTED
    new = desk.vault.device_keys().keyid
    assert new != old
    assert (load_membership(desk.store).device, desk.grant and desk.grant.device) == (new, new)
    assert load_asked(desk.store) is None
    add_household(desk, 2)
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}
    assert chain(desk) == [(old, 1, 1), (new, 2, 1)]


def test_keys_that_are_a_year_old_are_replaced_by_themselves(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    assert not synchronise(desk, transport, patience=patience).rotated
    old = desk.vault.device_keys().keyid
    desk.clock = FixedClock(datetime.now(UTC) + timedelta(days=ROTATE_DAYS + 1))
    report = synchronise(desk, transport, patience=patience)
    assert report.rotated
    assert desk.vault.device_keys().keyid != old


def test_keys_are_not_replaced_while_a_receipt_is_to_come(enrolled: Enrolled, patience: Patience) -> None:
    class NoReceipt(Line):
        def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:  # noqa: ARG002
            return None

    desk, transport = enrolled
    add_household(desk, 1)
    synchronise(desk, NoReceipt(transport), patience=patience, wait_seconds=0)
    with pytest.raises(Refused, match=r"sync\.rotate_unsettled"):
        rotate(desk, transport, patience)
    assert synchronise(desk, transport, patience=patience).complete
    assert rotate(desk, transport, patience) is Answered.GRANTED


def test_an_answer_that_was_lost_is_fetched_again_with_the_same_request(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    old = desk.vault.device_keys().keyid
    with pytest.raises(Unreachable):
        rotate(desk, AnswersLost(transport), Patience(patience.steering, attempts=1))
    assert desk.vault.device_keys().keyid == old
    add_household(desk, 1)
    with pytest.raises(Refused, match=r"sync\.rotating"):  # keys that may have ended: no receipt would ever come
        seal(desk, load_membership(desk.store), Steering())
    report = synchronise(desk, transport, patience=patience)
    assert (report.rotated, report.verdicts) == (True, {"accepted": RECORDS})
    assert desk.vault.device_keys().keyid == load_membership(desk.store).device != old


def test_a_power_cut_after_the_grant_is_stored_leaves_the_granted_keys(
    enrolled: Enrolled, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, transport = enrolled
    old = desk.vault.device_keys().keyid

    def power_cut(_: Desk) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(grants, "finish_rotation", power_cut)
        with pytest.raises(KeyboardInterrupt):
            rotate(desk, transport, patience)
    assert desk.vault.device_keys().keyid == old != load_membership(desk.store).device
    add_household(desk, 1)
    transport.token = ""
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}
    assert desk.vault.device_keys().keyid == load_membership(desk.store).device


def test_work_goes_on_under_the_old_keys_while_the_new_ones_wait_for_approval(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    with platform.approving_keys(UNIT):
        assert rotate(desk, transport, patience) is Answered.WAITING
        add_household(desk, 1)
        report = synchronise(desk, transport, patience=patience)
        assert (report.waiting, report.verdicts) == ("rotate", {"accepted": RECORDS})
        platform.approve("rotate")
        assert synchronise(desk, transport, patience=patience).rotated
    add_household(desk, 2)
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}
