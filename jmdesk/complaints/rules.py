"""What the complaint desk goes by beyond its workflow package: pure.

The states, steps and time limits are data (``resources/rules/workflows/W7-*.json``); here is what they cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date, from_utc_text
from jmdesk.workflows.standing import Due, Standing

WORKFLOW: Final = "W7"
TYPE: Final = "R22"
CONSUMER: Final = "1"
"""CL-CPK: bought for daily life; 12315 takes nobody else's complaint."""
YEARS: Final = 3
"""After so many years since the loss was known, a complaint may be refused (complaint rules of 2019, article 15)."""
MEDIATED: Final = frozenset({"1", "2"})
"""CL-OUT: the two sides came to terms."""

CHOICES: Final[Mapping[str, str]] = {
    "association": "已告知：协会调解可能使12315不再受理；本人选择由协会调解",
    "12315": "已告知：本人选择向12315投诉",
    "undecided": "已告知：本人尚未决定",
    "not_told": "尚未告知",
}
"""What a consumer was told before acceptance, and chose."""
BUSINESS_CHOICE: Final = "非生活消费，12315不受理"
"""What stands there for buyers, suppliers and competitors."""

ON_PAPER: Final[Mapping[str, str]] = {
    "receive": "complaint-receipt",
    "request_material": "complaint-completion",
    "accept": "complaint-acceptance",
    "refuse_nonmember": "complaint-not-accepted",
    "refuse_late": "complaint-not-accepted",
    "refuse_elsewhere": "complaint-not-accepted",
    "refuse_material": "complaint-not-accepted",
    "transfer_12315": "complaint-transfer",
    "transfer_department": "complaint-transfer",
    "refer_12315": "complaint-transfer",
    "refer_court": "complaint-termination",
    "mediate": "complaint-mediation",
    "minutes": "complaint-minutes",
    "agree": "complaint-agreement",
    "settle": "complaint-termination",
    "fail": "complaint-termination",
    "expire": "complaint-termination",
    "notify": "complaint-service",
    "close": "complaint-closing",
}
"""The paper that goes with a step."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The nearest time limit of a case, who has to act, and whom it was brought before because it is overdue."""

    label: str
    day: date | None
    provisional: bool
    waits_for: str
    escalated_to: str


PERFORMANCE: Final = "履行协议"
_SECOND: Final = timedelta(days=7)


def nearest(case: Standing, values: Record, today: date) -> Waits | None:
    """What a case waits for, or None when nothing runs. The day of an agreement's performance counts as a limit."""
    found = [_waits(due, today) for due in case.open_dues()]
    due = values.get("agreement_due")
    performed = values.get("agreement_performed") in ("1", "3")
    if isinstance(due, str) and not performed and not case.is_final and values.get("outcome") == "2":
        day = date.fromisoformat(due)
        found.append(Waits(PERFORMANCE, day, provisional=False, waits_for="企业", escalated_to=escalated(day, today)))
    return min(found, key=lambda one: one.day or date.max, default=None)


def _waits(due: Due, today: date) -> Waits:
    to = escalated(due.day, today) if due.day else ""
    return Waits(due.clock.label, due.day, due.provisional, due.clock.waits_for, to)


def escalated(day: date, today: date) -> str:
    """Who is told of an overdue limit: the head of the desk at once, the secretary-general after a week."""
    if day >= today:
        return ""
    return "协会秘书长" if today - day > _SECOND else "协会负责人"


def is_late(values: Record) -> bool:
    """Whether the loss had been known for more than three years when the complaint came in."""
    known, received = values.get("known_date"), values.get("received_at")
    if not isinstance(known, str) or not isinstance(received, str):
        return False
    day = date.fromisoformat(known)
    # 29 February has its anniversary on 28 February.
    limit = date(day.year + YEARS, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
    return beijing_date(from_utc_text(received)) > limit


def refusals_that_fit(values: Record) -> list[str]:
    """The steps of refusal that the facts of a complaint speak for; a person decides."""
    found = []
    if values.get("respondent_is_member") is False:
        found.append("refuse_nonmember")
    if is_late(values):
        found.append("refuse_late")
    return found


def is_own_open(values: Record, case: Standing, user: str) -> bool:
    """Whether a case is the user's own and still open: its phone is then shown without a question, and logged."""
    return not case.is_final and bool(case.taken) and user in (values.get("handler_id"), values.get("mediator_id"))


def recused(case: Standing) -> frozenset[str]:
    """The mediators who withdrew from a case."""
    found = set[str]()
    mediator = ""
    for event in case.taken:
        if event.step == "mediate":
            mediator = str(event.details.get("mediator", ""))
        elif event.step == "recuse" and mediator:
            found.add(mediator)
    return frozenset(found)


def proposed_finding(case: Standing) -> str:
    """The finding (CL-FAULT) that waits for a second person, "" when none does."""
    event = case.last("propose_finding")
    return str(event.details.get("fault", "")) if event is not None and case.state == "finding" else ""


def archived_event(case: Standing) -> str:
    """The record id of the credit event that this case became, "" for none; a revoked one counts no more."""
    last = case.last("archive", "revoke")
    return str(last.details.get("event", "")) if last is not None and last.step == "archive" else ""


def choice_of(case: Standing) -> str:
    """What the complainant chose once told, as recorded at intake; "" when that is still to be asked."""
    event = case.last("receive")
    choice = str(event.details.get("choice", "")) if event is not None else ""
    return choice if choice in (CHOICES["association"], BUSINESS_CHOICE) else ""
