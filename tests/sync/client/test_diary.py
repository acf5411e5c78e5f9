"""The diary of exchanges: each one in plain words, kept, filtered, printed."""

from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused, Unreachable
from jmdesk.desk import Desk
from jmdesk.store import diary
from jmdesk.store.diary import Entry
from sync.client.diary import OUTCOMES, WAYS, outcome_of, paper, told, write_down
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.protocol.records import Verdict
from tests.sync.client.office import add_household


def entries(desk: Desk, outcome: str = "") -> list[Entry]:
    with desk.store.reading() as connection:
        return diary.page(connection, outcome=outcome)


def test_an_exchange_is_written_down_with_what_it_sent(
    enrolled: tuple[Desk, HttpTransport], patience: Patience
) -> None:
    desk, line = enrolled
    add_household(desk, 1)
    report = synchronise(desk, line, patience=patience)
    (entry,) = entries(desk)
    assert (entry.way, entry.outcome, entry.sent) == ("line", "done", report.handed_over)
    assert list(entry.told["zh"]) == told(report)
    assert list(entry.told["en"]) == told(report, "en")
    synchronise(desk, line, patience=patience)
    assert len(entries(desk)) == 1  # nothing to do is no event


def test_what_was_refused_is_told_with_reason_and_field(
    enrolled: tuple[Desk, HttpTransport], patience: Patience
) -> None:
    desk, line = enrolled
    desk.ratings.rate(add_household(desk, 1))
    (rating,) = desk.records.find("R16")
    with desk.store.transaction(desk.actor, "edit") as transaction:
        transaction.change("R16", rating.rid, {"grade": "AAA"})
    report = synchronise(desk, line, patience=patience)
    assert report.refusals == {("rejected", "verdict.rating_differs", "item_scores"): 1}
    (entry,) = entries(desk, "attention")
    assert entry.refused == 1
    said = "".join(entry.told["zh"])
    assert "1 条：" in said
    assert entries(desk, "done") == []


def test_an_exchange_that_broke_off_is_written_down_with_what_to_do(
    enrolled: tuple[Desk, HttpTransport], patience: Patience
) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    away = HttpTransport("https://127.0.0.1:9", desk.ids)
    with pytest.raises(Unreachable):
        synchronise(desk, away, patience=patience)
    away.close()
    (entry,) = entries(desk)
    assert entry.outcome == "failed"
    assert "资料都在本机" in entry.told["zh"][0]


def test_every_outcome_and_way_has_its_words_in_both_languages() -> None:
    assert all(zh and en for zh, en in (*OUTCOMES.values(), *WAYS.values()))
    reports = {
        "done": SyncReport(""),
        "waiting": SyncReport("", unsettled=1),
        "attention": SyncReport("", verdicts={"gone": 1}),
        "stopped": SyncReport("", stopped=True),
        "failed": SyncReport("", problem=Refused("sync.seq_gap", missing="3")),
    }
    assert {outcome_of(report) for report in reports.values()} == OUTCOMES.keys() == reports.keys()


@pytest.mark.parametrize("verdict", sorted(Verdict))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_verdict_is_told_with_what_to_do_where_somebody_must(verdict: Verdict, language: str) -> None:
    report = SyncReport("", verdicts={verdict.value: 2})
    (line,) = told(report, language)
    assert line.startswith("2 ")
    assert "sync.verdict" not in line


def test_the_diary_is_read_page_by_page_newest_first_and_prints(desk: Desk) -> None:
    for count in range(1, 8):
        write_down(desk, "stick", SyncReport("", finished=f"2026-11-0{count}T02:00:00Z", adopted=count))
    with desk.store.reading() as connection:
        assert diary.count(connection) == 7
        page = diary.page(connection, offset=2, limit=3)
    assert [entry.received for entry in page] == [5, 4, 3]
    printed = paper(page, unit="样例<村>")
    assert "样例&lt;村&gt;" in printed
    assert "2026-11-05 10:00" in printed
    assert printed.index("取回别处的修改 5 条") < printed.index("取回别处的修改 3 条")
