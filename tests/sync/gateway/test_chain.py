"""The chain of a device's batches: the same bytes again, other bytes, gaps, forks, couriers, revoked devices."""

from __future__ import annotations

from typing import Any

import pytest

from sync.gateway.database import OWNER, READ
from sync.protocol.manifest import ClockState
from sync.protocol.records import Verdict
from sync.protocol.states import PlatformBatch
from tests.sync.gateway.conftest import OTHER_VILLAGE, TOWN, Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household


def small(desk: Desk, **header: Any) -> Batch:
    return desk.seal(draft("R05", *household()), **header)


def alarms(platform: Platform, desk: Desk) -> list[str]:
    with platform.storage.database.transaction(READ) as connection:
        rows = connection.execute("SELECT kind FROM alarms WHERE device = %s ORDER BY at", (desk.device,)).fetchall()
    return [kind for (kind,) in rows]


def test_a_batch_sent_twice_is_recorded_once_and_gets_the_same_receipts(platform: Platform) -> None:
    desk = platform.desk()
    batch = small(desk)
    custody = desk.send(batch)
    receipt, lines = desk.verdicts(batch)
    again = desk.announce(batch)
    assert (again.status_code, again.json()) == (200, {"state": "processed", "missing": [], "missing_attachments": []})
    assert desk.put(batch, 0).status_code == 200
    assert desk.send(batch) == custody
    assert desk.verdicts(batch) == (receipt, lines)
    second = platform.desk()
    assert second.pull()[lines[0].rid].version == 1


def test_parts_may_come_in_any_order_and_the_rest_is_named(platform: Platform) -> None:
    desk = platform.desk()
    drafts = [draft("R05", *household()) for _ in range(2_001)]
    batch = desk.seal(*drafts)
    assert desk.announce(batch).json() == {"state": "announced", "missing": [0, 1, 2], "missing_attachments": []}
    assert desk.put(batch, 2).status_code == 201
    early = desk.commit(batch)
    assert (early.status_code, early.json()["code"], early.json()["missing"]) == (409, "parts_missing", [0, 1])
    assert desk.put(batch, 0).status_code == 201
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["missing"] == [1]
    assert desk.put(batch, 1).status_code == 201
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["state"] == "complete"
    assert desk.commit(batch).status_code == 202
    receipt, lines = desk.verdicts(batch)
    assert receipt.totals.accepted == 2_001
    assert [line.rid for line in lines] == [one.rid for one in drafts]


def test_the_same_number_with_other_bytes_is_refused_and_alarms(platform: Platform) -> None:
    desk = platform.desk()
    first = small(desk)
    desk.send(first)
    forged = small(desk, seq=1, prev="0" * 64)
    answer = desk.announce(forged)
    assert (answer.status_code, answer.json()["code"]) == (409, "seq_reuse")
    assert alarms(platform, desk) == ["seq_reuse"]
    assert desk.verdicts(first)[0].totals.accepted == 1


def test_a_gap_names_the_numbers_that_are_missing(platform: Platform) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    lost, ahead = small(desk), small(desk)
    answer = desk.announce(ahead)
    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "seq_gap", [2])
    desk.send(lost)
    desk.send(ahead)
    assert desk.verdicts(ahead)[0].seq == 3


def test_a_batch_waits_for_its_predecessor_s_custody(platform: Platform) -> None:
    desk = platform.desk()
    first, second = small(desk), small(desk)
    assert desk.announce(first).status_code == 201
    assert desk.announce(second).status_code == 201
    assert desk.put(second, 0).status_code == 201
    answer = desk.commit(second)
    assert (answer.json()["code"], answer.json()["missing"]) == ("seq_gap", [1])
    desk.send(first)
    desk.send(second)
    assert desk.verdicts(second)[0].totals.accepted == 1


def test_a_chain_that_does_not_continue_what_is_held_is_a_fork(platform: Platform) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    assert desk.announce(small(desk, prev="ab" * 32)).json()["code"] == "chain_fork"
    assert desk.announce(small(desk, epoch=2, seq=1, prev="0" * 64)).json()["code"] == "chain_fork"
    assert alarms(platform, desk) == ["chain_fork", "chain_fork"]


def test_a_batch_in_another_unit_s_name_is_not_taken(platform: Platform) -> None:
    desk = platform.desk()
    answer = desk.announce(small(desk, unit=OTHER_VILLAGE))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")


def test_a_batch_of_another_device_is_neither_seen_nor_completed(platform: Platform) -> None:
    desk, other = platform.desk(), platform.desk()
    batch = small(desk)
    desk.announce(batch)
    for answer in (other.put(batch, 0), other.commit(batch), other.call("GET", f"/v1/batches/{batch.id}")):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    assert other.announce(batch).json()["code"] == "malformed"


def test_a_part_that_is_not_the_manifest_s_is_not_kept(platform: Platform) -> None:
    desk = platform.desk()
    batch = small(desk)
    desk.announce(batch)
    spoiled = bytearray(batch.parts[0].ciphertext)
    spoiled[40] ^= 1
    answer = desk.put(batch, 0, bytes(spoiled))
    assert (answer.status_code, answer.json()["code"]) == (400, "digest_mismatch")
    assert desk.put(batch, 1, b"").status_code == 404
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["missing"] == [0]


def test_a_whole_file_is_taken_from_another_desk_s_hands(platform: Platform) -> None:
    village, town = platform.desk(), platform.desk(TOWN)
    batch = small(village)
    answer = town.call("POST", "/v1/batches", batch.file)
    assert answer.status_code == 201
    receipt, lines = village.read_receipt(batch, town.fetch_receipt(batch))
    assert (receipt.totals.accepted, lines[0].verdict) == (1, Verdict.ACCEPTED)
    assert town.call("POST", "/v1/batches", batch.file).content == answer.content


def test_a_file_that_may_not_be_taken_yet_leaves_nothing_behind(platform: Platform) -> None:
    desk = platform.desk()
    first, second = small(desk), small(desk)
    assert desk.announce(first).status_code == 201
    early = desk.deliver(second.file)
    assert (early.status_code, early.json()["code"], early.json()["missing"]) == (409, "seq_gap", [1])
    assert desk.call("GET", f"/v1/batches/{second.id}").status_code == 404
    for batch in (first, second):
        assert desk.deliver(batch.file).status_code == 201
        assert desk.verdicts(batch)[0].totals.accepted == 1


def test_a_file_too_large_for_one_transaction_is_taken_in_steps(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.gateway.batches._AT_ONCE", 0)
    desk = platform.desk()
    batch = small(desk)
    custody = desk.deliver(batch.file)
    assert custody.status_code == 201
    assert desk.deliver(batch.file).content == custody.content
    assert desk.verdicts(batch)[0].totals.accepted == 1


def test_a_forked_chain_in_a_file_is_an_alarm(platform: Platform) -> None:
    desk = platform.desk()
    assert desk.deliver(small(desk).file).status_code == 201
    forked = desk.deliver(small(desk, prev="ab" * 32).file)
    assert (forked.status_code, forked.json()["code"]) == (409, "chain_fork")
    assert alarms(platform, desk) == ["chain_fork"]


def test_a_damaged_file_changes_nothing(platform: Platform) -> None:
    village, town = platform.desk(), platform.desk(TOWN)
    batch = small(village)
    file = batch.file
    for damaged in (file[:-30], file[: len(file) // 2], b"", b"PK" + bytes(500), file + b"\0"):
        answer = town.call("POST", "/v1/batches", damaged)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert town.call("POST", "/v1/batches", file).status_code == 201


def test_a_stranger_s_file_is_not_taken(platform: Platform) -> None:
    stranger, town = platform.stranger(), platform.desk(TOWN)
    stranger.trust, stranger.unit = town.trust, town.unit
    answer = town.call("POST", "/v1/batches", small(stranger).file)
    assert (answer.status_code, answer.json()["code"]) == (401, "device_unknown")


def test_a_revoked_device_s_batches_are_held_for_release(platform: Platform) -> None:
    desk = platform.desk()
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE devices SET revoked = now() WHERE device = %s", (desk.device,))
    batch = small(desk)
    desk.send(batch)
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["state"] == PlatformBatch.AWAITING_RELEASE.value
    answer = desk.call("GET", "/v1/changes?cursor=0")
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")


def test_a_clock_that_is_wrong_is_told_and_blocks_nothing(platform: Platform) -> None:
    desk = platform.desk()
    batch = small(desk, created="2099-01-01T00:00:00Z", clock=ClockState(clock_back=True))
    desk.send(batch)
    receipt, lines = desk.verdicts(batch)
    assert receipt.flags == ("clock_back", "clock_ahead")
    assert lines[0].verdict is Verdict.ACCEPTED


def test_versions_of_another_server_history_are_not_believed(platform: Platform) -> None:
    desk, second = platform.desk(), platform.desk()
    rid, values = household()
    desk.exchange(draft("R05", rid, values))
    lines = second.exchange(
        draft("R05", rid, {"population": 4}, base=9),
        draft("R05", rid, {"population": 5}, base=9),
        draft("R05", *household(), base=4),
        server_epoch="another",
    )
    assert [line.verdict for line in lines] == [Verdict.DUPLICATE, Verdict.CONFLICT, Verdict.ACCEPTED]
