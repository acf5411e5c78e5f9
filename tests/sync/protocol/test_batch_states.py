"""The life of a batch: nothing is done before its verdicts are stored (I16), and nothing done is undone."""

from __future__ import annotations

import pytest

from sync.protocol.errors import LocalProtocolError
from sync.protocol.states import (
    DeskBatch,
    DeskEvent,
    PlatformBatch,
    PlatformEvent,
    next_desk_state,
    next_platform_state,
)


def desk_moves(state: DeskBatch) -> dict[DeskEvent, DeskBatch]:
    moves = {}
    for event in DeskEvent:
        try:
            moves[event] = next_desk_state(state, event)
        except LocalProtocolError as error:
            assert error.code == "protocol.state"  # noqa: PT017
    return moves


def platform_moves(state: PlatformBatch) -> dict[PlatformEvent, PlatformBatch]:
    moves = {}
    for event in PlatformEvent:
        try:
            moves[event] = next_platform_state(state, event)
        except LocalProtocolError as error:
            assert error.code == "protocol.state"  # noqa: PT017
    return moves


def test_a_batch_is_done_only_by_a_processing_receipt() -> None:
    for state in set(DeskBatch) - {DeskBatch.DONE}:
        arrivals = {event for event, target in desk_moves(state).items() if target is DeskBatch.DONE}
        assert arrivals <= {DeskEvent.PROCESSED}


def test_done_and_processed_are_never_left() -> None:
    assert set(desk_moves(DeskBatch.DONE).values()) == {DeskBatch.DONE}
    assert set(platform_moves(PlatformBatch.PROCESSED).values()) == {PlatformBatch.PROCESSED}


def test_held_is_left_only_for_done_or_with_its_chain() -> None:
    moves = desk_moves(DeskBatch.HELD)
    assert set(moves.values()) == {DeskBatch.HELD, DeskBatch.DONE, DeskBatch.RELEASED}
    assert [event for event, target in moves.items() if target is DeskBatch.RELEASED] == [DeskEvent.REOPEN]


def test_a_released_batch_is_over_for_its_edits_are_drafts_again() -> None:
    assert desk_moves(DeskBatch.RELEASED) == {}


@pytest.mark.parametrize("state", sorted(set(DeskBatch) - {DeskBatch.RELEASED}))
def test_every_state_of_the_desk_can_still_reach_done(state: DeskBatch) -> None:
    reached = {state}
    while more := {target for known in reached for target in desk_moves(known).values()} - reached:
        reached |= more
    assert DeskBatch.DONE in reached


def test_a_stick_and_the_line_may_both_carry_one_batch() -> None:
    state = DeskBatch.SEALED
    for event in (DeskEvent.SEND, DeskEvent.PAUSE, DeskEvent.EXPORT, DeskEvent.SEND, DeskEvent.CUSTODY):
        state = next_desk_state(state, event)
    assert state is DeskBatch.HELD


@pytest.mark.parametrize("state", [PlatformBatch.IN_CUSTODY, PlatformBatch.AWAITING_RELEASE, PlatformBatch.PROCESSED])
def test_the_platform_never_drops_what_it_signed_for(state: PlatformBatch) -> None:
    assert PlatformBatch.EXPIRED not in platform_moves(state).values()


def test_a_batch_of_a_closed_device_waits_for_a_person() -> None:
    waiting = next_platform_state(PlatformBatch.COMPLETE, PlatformEvent.COMMIT_CLOSED)
    assert PlatformEvent.PROCESS not in platform_moves(waiting)
    assert next_platform_state(waiting, PlatformEvent.RELEASE) is PlatformBatch.IN_CUSTODY


def test_a_held_batch_that_is_refused_still_owes_its_receipt() -> None:
    refused = next_platform_state(PlatformBatch.AWAITING_RELEASE, PlatformEvent.REJECT)
    assert next_platform_state(refused, PlatformEvent.PROCESS) is PlatformBatch.PROCESSED


def test_an_expired_batch_may_be_announced_again() -> None:
    assert next_platform_state(PlatformBatch.EXPIRED, PlatformEvent.ANNOUNCE) is PlatformBatch.ANNOUNCED
