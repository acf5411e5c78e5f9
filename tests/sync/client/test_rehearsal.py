"""The rehearsal says beforehand what the exchange will do: the same desk, the same platform, the same words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jmdesk.desk import Desk
from jmdesk.store import outbox
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.rehearsal import rehearse
from sync.client.rehearsal_words import paper, said_of, told
from sync.client.sealing import seal
from sync.client.steering import Steering, Stopped
from tests.sync.client.office import add_household


def test_what_is_rehearsed_as_ready_is_taken_by_the_platform(
    enrolled: tuple[Desk, HttpTransport], patience: Patience
) -> None:
    desk, line = enrolled
    for number in range(1, 6):
        add_household(desk, number)
    found = rehearse(desk, Steering())
    assert found.clean
    assert found.batches == 1
    report = synchronise(desk, line, patience=patience)
    assert report.verdicts == {"accepted": found.records}
    assert rehearse(desk, Steering()).records == 0
    assert told(rehearse(desk, Steering()), desk.catalogue) == ["没有待报送的内容。"]


def test_what_lacks_a_consent_is_rehearsed_as_staying_here(desk: Desk) -> None:
    rid = add_household(desk, 1, consent=False)
    found = rehearse(desk, Steering())
    assert found.held["sending.awaiting_consent"] == 2
    assert found.records == 0
    assert rid in {obstacle.rid for obstacle in found.obstacles}
    assert all(said_of(obstacle, desk.catalogue).action for obstacle in found.obstacles)


def test_what_the_platform_refuses_is_rehearsed_with_the_same_code(
    enrolled: tuple[Desk, HttpTransport], patience: Patience
) -> None:
    desk, line = enrolled
    rid = add_household(desk, 1)
    desk.ratings.rate(rid)
    with desk.store.transaction(desk.actor, "edit") as transaction:  # a program that computes another grade
        (rating,) = desk.records.find("R16")
        transaction.change("R16", rating.rid, {"grade": "AAA"})
    found = rehearse(desk, Steering())
    assert found.refused == {"verdict.rating_differs": 1}
    (obstacle,) = [o for o in found.obstacles if o.verdict]
    assert (obstacle.type, obstacle.rid, obstacle.verdict) == ("R16", rating.rid, "rejected")
    report = synchronise(desk, line, patience=patience)
    assert report.verdicts["rejected"] == 1
    with desk.store.reading() as connection:
        (aside,) = outbox.set_aside(connection)
    assert (aside.rid, aside.code) == (rating.rid, obstacle.code)


def test_what_role_or_region_do_not_allow_is_rehearsed_as_forbidden(enrolled: tuple[Desk, HttpTransport]) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    grant = desk.grant
    assert grant is not None
    desk.accept_grant(replace(grant, roles=("R6",)))  # of a bank: it sends no households
    assert {o.verdict for o in rehearse(desk, Steering()).obstacles} == {"forbidden"}
    desk.accept_grant(replace(grant, regions=("440703",)))
    found = rehearse(desk, Steering())
    assert {o.verdict for o in found.obstacles} == {"forbidden"}
    assert found.records == 0


def test_the_estimate_of_bytes_is_near_what_is_sealed(enrolled: tuple[Desk, HttpTransport], patience: Patience) -> None:
    desk, _ = enrolled
    for number in range(1, 60):
        add_household(desk, number)
    estimate = rehearse(desk, Steering()).bytes
    sealed = seal(desk, load_membership(desk.store), Steering())
    assert sealed.batch is not None
    real = (desk.vault.outgoing / sealed.batch.file).stat().st_size
    assert real / 2 < estimate < real * 2


def test_a_rehearsal_changes_nothing_and_can_be_stopped(desk: Desk) -> None:
    add_household(desk, 1)
    with desk.store.reading() as connection:
        before = outbox.counts(connection)
    with pytest.raises(Stopped):
        rehearse(desk, Steering(cancelled=lambda: True))
    rehearse(desk, Steering())
    with desk.store.reading() as connection:
        assert outbox.counts(connection) == before
    assert not list(desk.vault.outgoing.glob("*"))


def test_a_rehearsal_prints_names_reasons_and_what_to_do(desk: Desk) -> None:
    add_household(desk, 1, consent=False)
    found = rehearse(desk, Steering())
    page = paper(found, desk.catalogue, lambda type_, _rid: f"甲<{type_}>", unit="样例村", at="2026-11-22")
    assert "暂不能报送的记录" in page
    assert "甲&lt;R05&gt;" in page
    assert "<script" not in page
