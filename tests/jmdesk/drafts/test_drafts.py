from __future__ import annotations

from pathlib import Path

from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from jmdesk.drafts.service import Drafts
from tests.desks import NOW, PASSPHRASE

CANARY = "未保存的备注：荔枝三百斤"


def test_a_draft_survives_a_lock_and_belongs_to_who_typed_it(desk: Desk) -> None:
    desk.drafts.save("records", "R07:", {"set": {"remark": CANARY}})
    desk.close()
    with Desk.open(desk.vault.folder, PASSPHRASE, clock=FixedClock(NOW)) as again:
        kept = again.drafts.load("records", "R07:")
        assert kept is not None
        assert kept.content == {"set": {"remark": CANARY}}
        assert Drafts(again.store, again.clock, "somebody else").all() == []


def test_the_latest_draft_replaces_the_one_before_and_can_be_let_go(desk: Desk) -> None:
    for n in range(3):
        desk.drafts.save("records", "R07:", {"n": n})
    assert [one.content for one in desk.drafts.all()] == [{"n": 2}]
    desk.drafts.forget("records", "R07:")
    assert desk.drafts.load("records", "R07:") is None


def test_a_draft_leaves_no_trace_in_the_change_log_the_outbox_or_in_plain(desk: Desk) -> None:
    with desk.store.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM change_log").scalar()
    desk.drafts.save("records", "R07:", {"set": {"remark": CANARY}})
    with desk.store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM change_log").scalar() == before
        assert connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE type = 'R07'").scalar() == 0
    files = [file for file in Path(desk.vault.folder).rglob("*") if file.is_file()]
    assert files
    assert not [file.name for file in files if CANARY.encode() in file.read_bytes()]


def test_erasing_a_person_erases_the_drafts_about_them(desk: Desk) -> None:
    Drafts(desk.store, desk.clock, "u02").save("records", "R05:abc-1", {})
    desk.drafts.save("households", "new", {"head_person_id": "abc-1"})
    desk.drafts.save("records", "R05:abc-2", {})
    assert desk.drafts.erase(["abc-1"]) == 2
    assert [one.record for one in desk.drafts.all()] == ["R05:abc-2"]
