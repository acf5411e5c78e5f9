"""The words for states, grades and deeds, the same on every page."""

from __future__ import annotations

from ui.core.i18n import tr
from ui.core.ports import Chip

SYNC_STATES = ("mine", "sealed", "confirmed", "refused", "conflict")


def sync_state(state: str) -> Chip:
    """Where a record stands with the platform."""
    match state:
        case "mine":
            return Chip(tr("待报送"), "warn")
        case "sealed":
            return Chip(tr("等待平台回执"), "info")
        case "confirmed":
            return Chip(tr("平台已收下"), "ok")
        case "refused":
            return Chip(tr("退回补正"), "bad")
        case "conflict":
            return Chip(tr("两处修改不一致"), "bad")
    return Chip(state)


def grade(code: str) -> Chip:
    """A household's grade as an office may say it; an unknown one as it is, none as an empty chip."""
    if code in ("AAA", "AA", "A"):
        return Chip(code, "ok")
    if code in ("B", "C"):
        return Chip(tr("{grade} 暂未达到", grade=code), "info")
    return Chip(tr("信息不足"), "neutral") if code == "NR" else Chip(code)


SOON = 7
"""Days before the last one from which an erasure is shown as near."""


def countdown_chip(days: int, last: str) -> Chip:
    """How many days are left to erase after a withdrawal, and the last day."""
    if days < 0:
        return Chip(tr("超期 {n} 天，应在 {day} 前", n=-days, day=last), "bad")
    words = tr("还有 {n} 天，到 {day}", n=days, day=last) if days else tr("今天到期")
    return Chip(words, "warn" if days <= SOON else "info")


PROVISIONAL_NUMBER = "00"
"""The block in a household number (after 12 digits of region) that an office uses until the platform gives it one."""


def household_number(number: str, *, short: bool = False) -> str:
    """A household's number, said to be provisional while it is; ``short`` without the village, for lists and names."""
    if len(number) != 18 or number[12:14] != PROVISIONAL_NUMBER:
        return number
    return tr("临时编号 {n}", n=number[14:] if short else number)


def backup_kind(kind: str) -> str:
    """Why a backup was made."""
    words = {
        "daily": tr("每日"),
        "manual": tr("手动"),
        "migration": tr("升级前"),
        "import": tr("导入前"),
        "key": tr("换密钥前"),
        "restore": tr("恢复前"),
    }
    return words.get(kind, kind)


def deed(verb: str) -> str:
    """What a command of the change log did."""
    words = {
        "init": tr("建库"),
        "account": tr("管理用户"),
        "handover": tr("工作交接"),
        "passphrase": tr("更换口令"),
        "recovery_code": tr("生成恢复码"),
        "reset": tr("重置口令后开库"),
        "escrow": tr("登记托管公钥"),
        "create": tr("新建"),
        "edit": tr("修改"),
        "void": tr("作废"),
        "undo": tr("撤销"),
        "import": tr("导入"),
        "consent": tr("登记授权"),
        "attach": tr("添加附件"),
        "detach": tr("移除附件"),
        "export": tr("导出"),
        "print": tr("打印"),
        "query": tr("查询"),
        "login": tr("开库"),
        "failed_attempts": tr("口令输错"),
        "key": tr("密钥变动"),
        "loss": tr("资料末尾缺失"),
        "backup": tr("备份"),
        "restore": tr("由备份恢复"),
        "sync": tr("与平台交换"),
        "withdraw": tr("撤回授权"),
        "rate": tr("评定"),
        "reveal": tr("查看遮蔽信息"),
        "pull": tr("平台更新"),
        "verdict": tr("平台回执"),
        "custody": tr("平台收存"),
        "settle": tr("处理两处修改"),
        "merge": tr("合并两处修改"),
        "resend": tr("重新报送"),
        "head": tr("变更户主"),
        "move_member": tr("成员转户"),
        "split": tr("分户"),
        "join": tr("合并"),
        "relocate": tr("迁村"),
        "depart": tr("整户迁出"),
        "death": tr("成员死亡"),
        "leave": tr("成员迁出"),
        "step": tr("办理"),
        "step_back": tr("退回上一步"),
        "review": tr("评议"),
        "paper": tr("出具文书"),
        "request": tr("登记请求"),
        "erase": tr("删除内容"),
        "expire": tr("到期处理"),
        "interests": tr("利害关系申报"),
        "caretaking": tr("代管村"),
        "package": tr("启用发布包"),
        "thumbnail": tr("生成缩略图"),
    }
    return words.get(verb, verb)
