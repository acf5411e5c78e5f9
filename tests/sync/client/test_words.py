"""Verdicts, problems and reports in the words that people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sync.client
from jmdesk.core.errors import Refused
from jmdesk.core.messages import table
from sync.client.diary import told
from sync.client.report import SyncReport
from sync.client.verdicts import SET_ASIDE, explain
from sync.protocol.errors import Problem
from sync.protocol.records import Verdict

JUDGE = Path(sync.client.__file__).parents[1] / "gateway" / "judge.py"
REASONS = sorted(set(re.findall(r'"(verdict\.[a-z_]+)"', JUDGE.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_text_and_a_next_step(verdict: Verdict, language: str) -> None:
    said = explain(verdict, "", None, language)
    assert said.text != f"sync.verdict_{verdict}"
    assert said.action


def test_a_verdict_has_one_meaning() -> None:
    assert len({explain(verdict).text for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize("code", REASONS)
def test_a_rejection_says_why_and_what_to_do_about_it(code: str) -> None:
    assert len(REASONS) > 3
    said = explain(Verdict.REJECTED, code)
    reason = table()[code]
    assert reason["zh"].partition("{")[0] in said.text
    assert said.action == reason["zh_action"]


def test_a_reason_of_a_later_platform_is_shown_rather_than_hidden() -> None:
    assert "verdict.made_up_later" in explain(Verdict.REJECTED, "verdict.made_up_later").text
    assert "verdict.made_up_later" in explain(Verdict.REJECTED, "verdict.made_up_later", language="en").text


def test_the_offices_own_words_are_used() -> None:
    for code, entry in table().items():
        if code.startswith(("sync.", "sending.")):
            assert not re.search("同步冲突|队列|征信|保险库", entry["zh"] + entry["zh_action"]), code
    assert "两处修改不一致" in explain(Verdict.CONFLICT).text


@pytest.mark.parametrize("problem", list(Problem))
def test_every_problem_of_the_platform_has_a_text(problem: Problem) -> None:
    assert f"sync.{problem}" in table()


def full_report() -> SyncReport:
    report = SyncReport(started="2026-11-22T01:00:00Z", finished="2026-11-22T01:00:09Z")
    report.batches, report.sealed, report.handed_over, report.unsettled = 2, 9, 9, 1
    report.held = {"sending.incomplete": 3}
    report.pages, report.adopted, report.beside, report.known = 1, 4, 2, 5
    report.note_verdicts({"accepted": 5, "conflict": 1, "gone": 0})
    report.note_verdicts({"accepted": 2})
    report.problem = Refused("sync.seq_gap", missing="3、4", detail="", request_id="r-1")
    return report


def test_a_report_counts_what_was_settled_and_what_was_set_aside() -> None:
    report = full_report()
    assert report.verdicts == {"accepted": 7, "conflict": 1}
    assert (report.settled, report.set_aside, report.complete) == (8, 1, False)


def test_a_report_is_one_json_object_with_stable_names() -> None:
    found = full_report().as_json()
    assert found == {
        "started": "2026-11-22T01:00:00Z",
        "finished": "2026-11-22T01:00:09Z",
        "attachments": 0,
        "batches": 2,
        "sealed": 9,
        "handed_over": 9,
        "settled": 8,
        "verdicts": {"accepted": 7, "conflict": 1},
        "unsettled_batches": 1,
        "held": {"sending.incomplete": 3},
        "pages": 1,
        "adopted": 4,
        "beside": 2,
        "known": 5,
        "log_cut": 0,
        "offered": 0,
        "left": 0,
        "joined": 0,
        "rotated": False,
        "regions": None,
        "waiting": "",
        "packages": [],
        "refused_packages": [],
        "stopped": False,
        "complete": False,
        "problem": "sync.seq_gap",
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_diary_begins_with_what_went_wrong_and_tells_every_count(language: str) -> None:
    lines = told(full_report(), language)
    assert "3、4" in lines[0]
    rest = "\n".join(lines)
    for number in ("9", "7", "1", "3", "4", "2"):
        assert number in rest
    assert len(lines) == 8


def test_the_diary_names_what_held_back_changes_wait_for() -> None:
    held = {"sending.awaiting_consent": 32}
    report = SyncReport(started="", held=held, reasons={"sending.awaiting_consent": ("甲授权(C1)", "乙授权(C2)")})
    assert "甲授权(C1)、乙授权(C2)" in told(report)[0]


def test_the_diary_of_nothing_is_one_line_and_says_done_only_for_signed_verdicts() -> None:
    assert told(SyncReport(started="")) == ["没有需要报送或取回的内容。"]
    handed_over = SyncReport(started="", handed_over=3, unsettled=1)
    assert "平台回执" in told(handed_over)[0]


def test_conflicts_are_what_somebody_must_look_at() -> None:
    assert {v for v in Verdict if v not in SET_ASIDE} == {Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE}
