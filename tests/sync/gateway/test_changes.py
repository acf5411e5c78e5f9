"""Change pages: paging, cursors, scopes over several counties, nothing lost to a late commit."""

from __future__ import annotations

import threading

from sync.gateway.database import Access, Role
from sync.gateway.ledger import lock_heads
from sync.protocol.records import Verdict
from tests.sync.gateway.conftest import CITY, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import draft, household


def test_pages_follow_one_another_without_a_gap_or_a_repeat(platform: Platform) -> None:
    desk, reader = platform.desk(), platform.desk()
    reader.pull()
    drafts = [draft("R05", *household()) for _ in range(35)]
    desk.exchange(*drafts)
    seen: list[str] = []
    sizes: list[int] = []
    more = True
    while more:
        page, lines = reader.page(limit=10)
        assert [line.cursor for line in lines] == sorted(line.cursor for line in lines)
        seen += [line.rid for line in lines]
        sizes.append(page.records)
        more = page.more
    assert seen == [one.rid for one in drafts]
    assert sizes == [10, 10, 10, 5]
    assert reader.page()[0].records == 0


def test_a_record_appears_once_as_it_is_now(platform: Platform) -> None:
    desk, reader = platform.desk(), platform.desk()
    rid, values = household()
    desk.exchange(draft("R05", rid, values))
    for count in (5, 6, 7):
        desk.exchange(draft("R05", rid, {"population": count}, base=count - 4))
    lines = [line for line in reader.page()[1] if line.rid == rid]
    assert [(line.version, line.set["population"]) for line in lines] == [(4, 7)]


def test_the_first_page_says_that_it_is_a_snapshot(platform: Platform) -> None:
    desk = platform.desk()
    desk.exchange(draft("R05", *household()))
    first, second = desk.page()[0], desk.page()[0]
    assert (first.snapshot, second.snapshot) == (True, False)


def test_a_cursor_of_another_platform_is_refused(platform: Platform) -> None:
    desk = platform.desk()
    answer = desk.call("GET", f"/v1/changes?cursor={desk.page()[0].until + 1}")
    assert (answer.status_code, answer.json()["code"]) == (409, "cursor_unknown")


def test_the_city_sees_every_county_in_one_order(platform: Platform) -> None:
    desk, city = platform.desk(), platform.desk(CITY)
    far = platform.desk(CITY, "440781", roles=("R1",))
    city.pull()
    here, there = household(), household("440781103201")
    for sender, record in ((desk, here), (far, there)):
        assert [line.verdict for line in sender.exchange(draft("R05", *record))] == [Verdict.ACCEPTED]
    desk.exchange(draft("R05", here[0], {"population": 5}, base=1))
    changes = city.pull()
    assert {changes[here[0]].region, changes[there[0]].region} == {"440785104200", "440781103201"}
    for n in range(3):
        desk.exchange(draft("R05", here[0], {"population": 6 + n}, base=2 + n))
        far.exchange(draft("R05", there[0], {"population": 6 + n}, base=1 + n))
        assert set(city.pull()) == {here[0], there[0]}
    assert city.pull() == {}


def test_nothing_that_commits_late_is_skipped(platform: Platform) -> None:
    desk, reader = platform.desk(VILLAGE), platform.desk(TOWN)
    reader.pull()
    batch = desk.seal(draft("R05", *household()))
    database = platform.storage.database
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        """Another writer of the county, slow to commit."""
        with database.transaction(Access(Role.INGEST, ("440785",))) as connection:
            lock_heads(connection, ["440785"])
            entered.set()
            leave.wait(20)

    slow = threading.Thread(target=hold)
    slow.start()
    entered.wait(20)
    desk.send(batch)
    assert reader.pull() == {}
    leave.set()
    slow.join()
    desk.verdicts(batch)
    assert len(reader.pull()) == 1
