"""A synchronisation in words, for the sync page and the command line: what was done, what is left, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Final, Literal

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import beijing_text, utc_text
from jmdesk.core.errors import KnownError
from jmdesk.core.messages import message
from jmdesk.store import diary
from jmdesk.store.diary import Entry
from sync.client.report import SyncReport
from sync.client.verdicts import SET_ASIDE, explain

if TYPE_CHECKING:
    from jmdesk.desk import Desk


Outcome = Literal["done", "waiting", "attention", "stopped", "failed"]
WAYS: Final = {"line": ("联网报送", "Line"), "stick": ("优盘", "Stick")}
OUTCOMES: Final[dict[Outcome, tuple[str, str]]] = {
    "done": ("已完成", "Done"),
    "waiting": ("等待平台回执", "Receipt awaited"),
    "attention": ("有要处理的", "Needs you"),
    "stopped": ("已停止", "Stopped"),
    "failed": ("没有完成", "Not finished"),
}
"""How an exchange ended, in Chinese and English; each has its own kind of next step in the lines."""


def outcome_of(report: SyncReport, *errors: KnownError) -> Outcome:
    """How an exchange ended."""
    if errors or report.problem is not None:
        return "failed"
    if report.stopped:
        return "stopped"
    if report.set_aside or report.refused_packages:
        return "attention"
    return "waiting" if report.unsettled else "done"


def write_down(desk: Desk, way: str, report: SyncReport, *errors: KnownError) -> None:
    """Write an exchange into the diary, with what broke it off; one that found nothing to do is left out."""
    outcome = outcome_of(report, *errors)
    if outcome == "done" and told(report) == told(SyncReport(started="")):
        return
    lines = {language: _lines(report, errors, language, desk.catalogue) for language in ("zh", "en")}
    at = report.finished or utc_text(desk.clock.now())
    counts = (report.handed_over, report.adopted + report.beside, report.set_aside)
    with desk.store.transaction(desk.actor, "diary") as transaction:
        diary.add(transaction.connection, Entry(at, way, outcome, *counts, lines))


def _lines(report: SyncReport, errors: Iterable[KnownError], language: str, catalogue: Catalogue) -> list[str]:
    broke = [str(error.message_for_user(language)) for error in errors]
    lines = told(report, language, catalogue)
    return broke if broke and lines == told(SyncReport(started=""), language) else [*broke, *lines]


def paper(entries: Iterable[Entry], *, unit: str) -> str:
    """Entries as a printable page (simple HTML, Chinese), in the order given."""
    body = []
    for entry in entries:
        head = f"{beijing_text(entry.at)}　{WAYS[entry.way][0]}　{OUTCOMES[_outcome(entry.outcome)][0]}"
        lines = "".join(f"<p>{escape(line)}</p>" for line in entry.told.get("zh", ()))
        body.append(f"<h3>{escape(head)}</h3>{lines}")
    return f"<html><body><h2>交换日记</h2><p>{escape(unit)}</p>{''.join(body)}</body></html>"


def _outcome(text: str) -> Outcome:
    return next(outcome for outcome in OUTCOMES if outcome == text)


def told(report: SyncReport, language: str = "zh", catalogue: Catalogue | None = None) -> list[str]:
    """The lines of a report, most important first; one line when there was nothing to do.

    With a catalogue, what was refused is told with its reason and the field that is meant.
    """
    zh = language == "zh"
    lines = []
    if report.problem is not None:
        lines.append(str(report.problem.message_for_user(language)))
    if report.stopped:
        lines.append("已按要求停止；已完成的部分都已保存。" if zh else "Stopped as asked; what was done is kept.")
    if report.handed_over:
        count = report.handed_over
        lines.append(f"平台已收存 {count} 条，处理结果以平台回执为准。" if zh else f"Handed over: {count} records.")
    explained = {verdict for verdict, _, _ in report.refusals}
    lines += _refusals(report, language, catalogue)
    for verdict, count in report.verdicts.items():
        if verdict in explained:
            continue
        said = explain(verdict, "", None, language)
        left = said.action if verdict in SET_ASIDE else ""
        lines.append(f"{count} 条：{said.text}{left}" if zh else f"{count} records: {said.text} {left}".rstrip())
    if report.unsettled:
        count = report.unsettled
        lines.append(f"{count} 个报送包还在等平台回执，下次报送时取回。" if zh else f"{count} batches await a receipt.")
    for code, count in report.held.items():
        reasons = ("、" if zh else ", ").join(reason.rstrip("。") for reason in report.reasons.get(code, ()))
        said = message(code, {"lock": reasons, "problem": reasons}, language)
        lines.append(f"{count} 条暂未报送：{said}" if zh else f"{count} records were held back: {said}")
    if report.adopted:
        lines.append(f"取回别处的修改 {report.adopted} 条。" if zh else f"Taken over: {report.adopted} records.")
    if report.beside:
        count = report.beside
        lines.append(
            f"{count} 条在别处也改过，本机未报送的内容保留不动。" if zh else f"{count} records changed elsewhere too."
        )
    lines += _packages(report, language)
    if report.scope is not None:
        lines += report.scope.told(catalogue, zh=zh)
    lines += _about_the_desk(report, zh=zh)
    return lines or ["没有需要报送或取回的内容。" if zh else "Nothing to do."]


_KINDS: Final = {
    "catalogue": ("采集目录", "catalogue"),
    "rules": ("评级规则", "rules"),
    "regions": ("区划", "regions"),
    "calendar": ("工作日历", "calendar"),
    "list": ("名单", "list"),
}


def _refusals(report: SyncReport, language: str, catalogue: Catalogue | None) -> list[str]:
    """What was not taken and why, by reason, the most frequent first."""
    lines = []
    for (verdict, code, path), count in report.refusals.most_common():
        label = _label(catalogue, path)
        said = explain(verdict, code, {"label": label} if label else {}, language)
        lines.append(
            f"{count} 条：{said.text}{said.action}"
            if language == "zh"
            else f"{count} records: {said.text} {said.action}".rstrip()
        )
    return lines


def _label(catalogue: Catalogue | None, path: str) -> str:
    types = catalogue.types.values() if catalogue is not None and path else ()
    return next((t.by_identifier[path].label for t in types if path in t.by_identifier), "")


def _packages(report: SyncReport, language: str) -> list[str]:
    """What packages came, from when they hold, and why others were not taken."""
    zh = language == "zh"
    lines = []
    for issue in report.packages:
        kind = _KINDS[issue.kind][0 if zh else 1]
        if issue.withdrawn:
            lines.append(f"{kind} {issue.version} 已停用。" if zh else f"Withdrawn: {kind} {issue.version}.")
        else:
            since = issue.effective
            lines.append(
                f"收到{kind} {issue.version}，{since} 起执行。" if zh else f"Came: {kind} {issue.version} from {since}."
            )
    lines += [str(error.message_for_user(language)) for error in report.refused_packages]
    return lines


def _about_the_desk(report: SyncReport, *, zh: bool) -> list[str]:
    """What became of this desk's own standing, and of records that a restored platform or another scope concerns."""
    said = (
        (report.offered, "平台恢复后缺少 {n} 条，已重新列入待报送。", "Lost by the platform, offered again: {n}."),
        (report.left, "{n} 条已不在本机可办理的区划内，已从本机移出。", "Out of scope by now, let go: {n}."),
        (report.joined, "{n} 条未报送的修改已与平台内容合并核对。", "Reviewed against the platform: {n}."),
        (
            report.log_cut,
            "警告：本机变更日志与平台会签过的(第 {n} 条)不符，可能被截断或改写，请保留现状并报告审计员。",
            "Warning: the change log is not the one that the platform countersigned (entry {n}): tell the auditor.",
        ),
        (report.rotated, "本机密钥已更换。", "This computer's keys were replaced."),
        (report.waiting == "reopen", "重新接续报送：等待管理员批准。", "Reopening waits for approval."),
        (report.waiting == "rotate", "更换密钥：等待管理员批准。", "New keys wait for approval."),
    )
    return [(chinese if zh else english).format(n=count) for count, chinese, english in said if count]
