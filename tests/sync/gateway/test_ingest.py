"""Ingest: restarts where it stopped, sets aside what breaks it, rejects what cannot be opened, and nothing twice."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Refused
from sync.gateway import ingest, ledger
from sync.gateway.aside import MOST_DEATHS, MOST_FAULTS, count_start, next_batch, retry
from sync.gateway.database import OWNER, READ, Access, Role, Storage
from sync.gateway.ingest import Ingest
from sync.gateway.judge import Judge
from sync.gateway.ledger import BatchKey
from sync.protocol.records import Verdict
from sync.protocol.suites import KeyRole, OpeningKey
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household, person, until


@pytest.fixture
def idle(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[BatchKey]:
    """The worker looks away: what it is handed is only noted."""
    handed: list[BatchKey] = []
    assert platform.running.worker is not None
    worker_ingest = platform.running.worker._ingest  # the one object that the thread calls

    def look_away(key: BatchKey) -> None:
        handed.append(key)
        raise InterruptedError

    monkeypatch.setattr(worker_ingest, "process", look_away)
    return handed


def key_of(desk: Desk, batch: Batch) -> BatchKey:
    return ("440785", desk.device, desk.epoch, batch.signed.manifest.seq)


def count(platform: Platform, table: str, desk: Desk) -> int:
    queries: dict[str, LiteralString] = {
        "operations": "SELECT count(*) FROM operations WHERE device = %s",
        "changes": "SELECT count(*) FROM changes WHERE split_part(op_id, '.', 1) = %s",
    }
    with platform.storage.database.transaction(READ) as connection:
        row = connection.execute(queries[table], (desk.device,)).fetchone()
    return int(row[0]) if row else 0


def test_an_ingest_that_was_cut_off_goes_on_where_it_stopped(
    platform: Platform, idle: list[BatchKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = platform.desk()
    monkeypatch.setattr(ingest, "STRETCH", 1_000)
    drafts = [draft("R05", *household()) for _ in range(2_500)]
    batch = desk.seal(*drafts)
    desk.send(batch)
    gateway = platform.running.gateway
    applied: list[int] = []
    whole = ledger.write

    def dying(*arguments: Any) -> None:
        whole(*arguments)
        if len(applied) == 2:
            raise KeyboardInterrupt
        applied.append(1)

    monkeypatch.setattr("sync.gateway.ingest.write", dying)
    with pytest.raises(KeyboardInterrupt):
        Ingest(gateway.database, gateway.keys, SystemClock()).process(key_of(desk, batch))
    assert count(platform, "operations", desk) == 2_000
    assert desk.call("GET", f"/v1/batches/{batch.id}/receipt").status_code == 202
    applied.clear()
    Ingest(gateway.database, gateway.keys, SystemClock()).process(key_of(desk, batch))
    assert len(applied) == 1
    receipt, lines = desk.verdicts(batch)
    assert receipt.totals.accepted == 2_500
    assert [line.rid for line in lines] == [one.rid for one in drafts]
    assert count(platform, "operations", desk) == count(platform, "changes", desk) == 2_500


def test_runs_that_are_under_way_at_once_see_each_others_records(
    platform: Platform, idle: list[BatchKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "RUN", 2)
    desk = platform.desk()
    rid, values = household()
    changes = [draft("R05", rid, {"address": f"样例村{n}号"}, base=n) for n in range(1, 9)]
    batch = desk.seal(draft("R05", rid, values), *changes, records_per_part=1)
    desk.send(batch)
    gateway = platform.running.gateway
    Ingest(gateway.database, gateway.keys, SystemClock()).process(key_of(desk, batch))
    _, lines = desk.verdicts(batch)
    assert [(line.verdict, line.version) for line in lines] == [(Verdict.ACCEPTED, n) for n in range(1, 10)]
    found = desk.pull()
    assert (found[rid].version, found[rid].set["address"]) == (9, "样例村8号")


def test_a_record_that_a_run_changes_several_times_ends_as_the_last_one_says(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    others = [draft("R05", *household()) for _ in range(4)]
    changes = [draft("R05", rid, {"address": f"样例村{n}号"}, base=n) for n in range(1, 4)]
    lines = desk.exchange(draft("R05", rid, values), *others[:2], *changes, *others[2:])
    assert [line.verdict for line in lines] == [Verdict.ACCEPTED] * 8
    assert [line.version for line in lines] == [1, 1, 1, 2, 3, 4, 1, 1]
    assert count(platform, "operations", desk) == count(platform, "changes", desk) == 8
    found = desk.pull()
    assert found.keys() >= {rid, *(other.rid for other in others)}
    assert (found[rid].version, found[rid].set["address"]) == (4, "样例村3号")


def test_a_record_that_is_there_already_is_never_written_over_as_a_new_one(
    platform: Platform, idle: list[BatchKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = platform.desk()
    rid, values = household(address="样例村1号")
    first, second = (
        desk.seal(draft("R05", rid, values)),
        desk.seal(draft("R05", rid, values | {"address": "样例村2号"})),
    )
    for batch in (first, second):
        desk.send(batch)
    worker = Ingest(platform.running.gateway.database, platform.running.gateway.keys, SystemClock())
    worker.process(key_of(desk, first))
    with monkeypatch.context() as blind:
        blind.setattr(ingest, "read_held", lambda *_: {})
        with pytest.raises(psycopg.errors.UniqueViolation):
            worker.process(key_of(desk, second))
    assert desk.pull()[rid].set["address"] == "样例村1号"
    worker.process(key_of(desk, second))
    (line,) = desk.verdicts(second)[1]
    assert (line.verdict, line.version) == (Verdict.ACCEPTED, 2)


def test_a_consent_that_is_named_by_no_record_id_counts_as_none(platform: Platform) -> None:
    desk = platform.desk()
    home, values = household()
    member = person(home, id_type="111", id_no="11010519491231002X")
    lines = desk.exchange(draft("R05", home, values), draft("R06", *member, consent=["C1"]))
    assert [(line.verdict, line.code) for line in lines] == [
        (Verdict.ACCEPTED, ""),
        (Verdict.REJECTED, "verdict.consent_missing"),
    ]


def test_processing_again_changes_nothing(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    batch = desk.seal(draft("R05", rid, values))
    desk.send(batch)
    lines = desk.verdicts(batch)[1]
    gateway = platform.running.gateway
    with platform.storage.database.transaction(READ) as connection:
        before = connection.execute("SELECT * FROM records WHERE rid = %s", (rid,)).fetchone()
    Ingest(gateway.database, gateway.keys, SystemClock()).process(key_of(desk, batch))
    with platform.storage.database.transaction(READ) as connection:
        assert connection.execute("SELECT * FROM records WHERE rid = %s", (rid,)).fetchone() == before
    assert desk.verdicts(batch)[1] == lines


def test_a_batch_that_breaks_the_program_is_set_aside_and_holds_up_nobody_else(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned, other, worker = platform.desk(), platform.desk(), platform.running.worker
    assert worker is not None
    whole = Judge.judge

    def broken(self: Any, operation: Any, known: Any) -> Any:
        if operation.op_id.startswith(poisoned.device):
            raise ZeroDivisionError("样例张三丰")
        return whole(self, operation, known)

    monkeypatch.setattr(Judge, "judge", broken)
    with caplog.at_level(logging.WARNING):
        first = poisoned.seal(draft("R05", *household()))
        poisoned.send(first)
        second = poisoned.seal(draft("R05", *household()))
        poisoned.send(second)
        until(lambda: standing_of(platform, first)[1], worker.notify)
        assert other.exchange(draft("R05", *household()))[0].verdict is Verdict.ACCEPTED
    assert f"batch is set aside batch={poisoned.device}.1.1 fault=ZeroDivisionError at test_ingest.py" in caplog.text
    assert "样例张三丰" not in caplog.text
    assert standing_of(platform, first)[0] == MOST_FAULTS
    assert alarms(platform, poisoned) == ["set_aside"]
    assert [poisoned.call("GET", f"/v1/batches/{b.id}").json()["state"] for b in (first, second)] == ["in_custody"] * 2

    monkeypatch.undo()
    with pytest.raises(Refused, match=r"gateway\.not_aside"):
        retry(platform.storage.database, second.id)
    retry(platform.storage.database, first.id)
    worker.notify()
    assert poisoned.verdicts(first)[0].totals.accepted == 1
    assert poisoned.verdicts(second)[0].totals.accepted == 1


def test_a_batch_that_ends_the_process_again_and_again_is_set_aside(platform: Platform, idle: list[BatchKey]) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.send(batch)
    until(lambda: bool(idle))
    key, now = key_of(desk, batch), SystemClock().now()
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE batches SET starts = 0 WHERE batch_id = %s", (batch.id,))
        starts = [count_start(connection, key, now) for _ in range(MOST_DEATHS)]
        assert starts == [True] * (MOST_DEATHS - 1) + [False]
        assert next_batch(connection, ()) != key
    retry(platform.storage.database, batch.id)
    Ingest(platform.running.gateway.database, platform.running.gateway.keys, SystemClock()).process(key)
    assert desk.verdicts(batch)[0].totals.accepted == 1


def standing_of(platform: Platform, batch: Batch) -> tuple[int, bool]:
    """How often a batch was tried, and whether it is set aside."""
    with platform.storage.database.transaction(READ) as connection:
        tries, aside = connection.execute(
            "SELECT tries, aside IS NOT NULL FROM batches WHERE batch_id = %s", (batch.id,)
        ).fetchone() or (0, False)
    return tries, aside


def alarms(platform: Platform, desk: Desk) -> list[str]:
    with platform.storage.database.transaction(READ) as connection:
        rows = connection.execute("SELECT kind FROM alarms WHERE device = %s", (desk.device,)).fetchall()
    return [kind for (kind,) in rows]


def test_a_part_that_does_not_open_is_so_many_rejected_records(platform: Platform) -> None:
    desk = platform.desk()
    stranger = OpeningKey(KeyRole.RECIPIENT, os.urandom(32)).public
    batch = desk.seal(*(draft("R05", *household()) for _ in range(3)), to=stranger)
    desk.send(batch)
    receipt, lines = desk.verdicts(batch)
    assert receipt.totals.rejected == 3
    assert {(line.verdict, line.rid, line.code) for line in lines} == {
        (Verdict.REJECTED, "", "protocol.not_a_recipient")
    }
    assert desk.exchange(draft("R05", *household()))[0].verdict is Verdict.ACCEPTED


def test_what_a_conflict_showed_is_kept_only_in_the_sealed_receipt(platform: Platform) -> None:
    one, two = platform.desk(), platform.desk()
    rid, values = household(address="样例甲乙丙")
    one.exchange(draft("R05", rid, values))
    one.exchange(draft("R05", rid, {"address": "样例丁戊己"}, base=1))
    (line,) = two.exchange(draft("R05", rid, {"address": "样例庚辛壬"}, base=1))
    assert line.values["address"] == "样例丁戊己"
    with platform.storage.database.transaction(READ) as connection:
        rows = connection.execute("SELECT detail FROM operations WHERE rid = %s", (rid,)).fetchall()
    assert "样例" not in json.dumps(rows, ensure_ascii=False)
    with platform.storage.database.transaction(Access(Role.INGEST, ("440785",))) as connection:
        assert connection.execute("SELECT count(*) FROM batch_parts").fetchone() == (0,)


def test_odd_characters_survive_the_way_through_the_database(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household(address='一\\二 "三" \u2028 滘蓢湴 𠮷')
    assert desk.exchange(draft("R05", rid, values))[0].verdict is Verdict.ACCEPTED
    assert platform.desk().pull()[rid].set["address"] == values["address"]


def test_a_gateway_that_starts_anew_finishes_what_is_in_custody(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Storage(tmp_path, database_url) as storage:
        first = Platform(storage, tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(Ingest, "process", _cut_off)
            first.running.start()
            desk = first.desk()
            batch = desk.seal(draft("R05", *household()))
            desk.send(batch)
            first.running.stop()
        second = Platform(storage, tmp_path)
        second.running.start()
        desk.url = second.url
        assert desk.verdicts(batch)[0].totals.accepted == 1
        desk.http.close()
        second.running.stop()


def _cut_off(*_: object) -> None:
    raise InterruptedError
