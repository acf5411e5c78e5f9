"""What a household's consent form sets going: withdrawal with its slip, a decline, everything held about a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jmdesk.consents.standing import LockStanding
from jmdesk.core.errors import Environment, Refused
from jmdesk.desk import Desk
from jmdesk.rights.account import Accounting
from jmdesk.rights.service import Withdrawn
from ui.core.drawing import drawn
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.printing import write_paper, write_pdf

ACCOUNT_FILES = ("person.json", "person.pdf")


def lock_sentences(desk: Desk, labels: Labels, household: str) -> list[str]:
    """One sentence for each lock that is closed: which consent opens it and whose signatures are missing.

    Reads; call on the runner.
    """
    kinds = desk.catalogue.code_lists["CL-CONSENT"]
    states = desk.catalogue.code_lists["CL-CSTATE"]
    due = desk.rights.countdown_of(household)
    found: list[str] = []
    if due is not None:
        words = tr("本户已撤回授权，应在 {day} 前永久删除，还有 {n} 天。", day=due.day.isoformat(), n=due.days_left)
        found.append(words)
    for one in desk.consents.locks(household):
        if one.is_open or one.lock.name == "referral":
            continue
        who = [
            f"{labels.of('R06', lack.person) if lack.person else tr('户主')}：{kinds.label(lack.kind)}"
            + (f"（{states.label(lack.state)}）" if lack.state else "")
            for lack in one.lacking
        ]
        found.append(_sentence(one, "、".join(who)))
    return found


def _sentence(one: LockStanding, who: str) -> str:
    waiting = tr("，{n} 项信息在等", n=one.waiting) if one.waiting else ""
    return tr("“{lock}”未打开{waiting}；还缺 {who}", lock=one.lock.label, waiting=waiting, who=who)


def withdraw(desk: Desk, household: str, kinds: Sequence[str], reason: str, slip: Path | None) -> Withdrawn:
    """Withdraw consents; the slip for the household is given out, and written as a PDF where a file is named."""
    done = desk.rights.withdraw(household, kinds, reason=reason)
    if slip is not None:
        document = desk.papers.document(done.slip.number)
        desk.audit.printed(done.slip.label, "R05", household, serial=done.slip.number)
        drawn(lambda: write_paper(document, slip))
    return done


def export_account(desk: Desk, household: str, folder: Path, reason: str) -> int:
    """Write everything held about a household as PDF and JSON into a folder; gives how many records.

    ``Refused`` "rights.folder" for one inside the vault or with an earlier export, ``Environment`` for one that cannot
    be written; those of ``Accounting.of``.
    """
    vault = desk.vault.folder.resolve()
    if vault in (folder.resolve(), *folder.resolve().parents):
        raise Refused("rights.folder")
    if any((folder / name).exists() for name in ACCOUNT_FILES):
        raise Refused("rights.folder")
    account = Accounting(desk).of(household, reason=reason)
    try:
        for name in ACCOUNT_FILES:
            (folder / name).touch(0o600, exist_ok=False)
        (folder / "person.json").write_text(json.dumps(account.data, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise Environment("rights.folder") from error
    drawn(lambda: write_pdf(account.document.as_html(), folder / "person.pdf"))
    return len(account.data["records"])
