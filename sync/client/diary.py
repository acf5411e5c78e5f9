"""A synchronisation in words, for the sync page and the command line: what was done, what is left, what to do."""

from __future__ import annotations

from typing import Final

from jmdesk.core.messages import message
from sync.client.report import SyncReport
from sync.client.verdicts import SET_ASIDE, explain


def told(report: SyncReport, language: str = "zh") -> list[str]:
    """The lines of a report, most important first; one line when there was nothing to do."""
    zh = language == "zh"
    lines = []
    if report.problem is not None:
        lines.append(str(report.problem.message_for_user(language)))
    if report.stopped:
        lines.append("已按要求停止；已完成的部分都已保存。" if zh else "Stopped as asked; what was done is kept.")
    if report.handed_over:
        count = report.handed_over
        lines.append(f"平台已收存 {count} 条，处理结果以平台回执为准。" if zh else f"Handed over: {count} records.")
    for verdict, count in report.verdicts.items():
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
    lines += _about_the_desk(report, zh=zh)
    return lines or ["没有需要报送或取回的内容。" if zh else "Nothing to do."]


_KINDS: Final = {
    "catalogue": ("采集目录", "catalogue"),
    "rules": ("评级规则", "rules"),
    "regions": ("区划", "regions"),
    "calendar": ("工作日历", "calendar"),
    "list": ("名单", "list"),
}


def _packages(report: SyncReport, language: str) -> list[str]:
    """What packages came, from when they hold, and why others were not taken."""
    zh = language == "zh"
    lines = []
    for issue in report.packages:
        kind = _KINDS[issue.kind][0 if zh else 1]
        if issue.withdrawn:
            lines.append(f"{kind} {issue.version} 已撤回。" if zh else f"Withdrawn: {kind} {issue.version}.")
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
        (report.rotated, "本机密钥已更换。", "This computer's keys were replaced."),
        (report.waiting == "reopen", "重新接续报送：等待管理员批准。", "Reopening waits for approval."),
        (report.waiting == "rotate", "更换密钥：等待管理员批准。", "New keys wait for approval."),
    )
    return [(chinese if zh else english).format(n=count) for count, chinese, english in said if count]
