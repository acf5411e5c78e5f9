"""What the papers of a complaint say: one set of values, from which each template takes what it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from jmdesk.catalogue.types import Record
from jmdesk.complaints.rules import ON_PAPER, TYPE
from jmdesk.complaints.service import Case, ComplaintDesk
from jmdesk.core.clock import beijing_date, beijing_text, from_utc_text
from jmdesk.core.text import masked_number
from jmdesk.papers.service import Issued
from jmdesk.records.masking import shown_value
from jmdesk.workflows.standing import Due, Event

RECEIPT = "complaint-receipt"
NONE = "—"
ANONYMOUS = "匿名投诉人"


def issue(desk: ComplaintDesk, case: Case, template: str) -> Issued:
    """Give a paper about a complaint out; the receipt bears the complaint's own number and is made once.

    ``Refused`` as ``Papers.write``, "permissions.action" for who may not print complaints.
    """
    desk.records.guard.require("print", TYPE, case.record.region)
    number = str(case.record.values.get("complaint_no", "")) if template == RECEIPT else ""
    if number:
        for paper in desk.papers.of(TYPE, case.record.rid):
            if paper.number == number and not paper.voided_at:
                return Issued(paper, desk.papers.document(number))
    with desk.records.writing("paper") as writer:
        return desk.papers.write(writer, template, TYPE, case.record.rid, values_of(desk, case), number=number)


def values_of(desk: ComplaintDesk, case: Case) -> dict[str, object]:
    """Everything that a paper about a complaint can say. The phone stays masked."""
    values, standing = case.record.values, case.standing
    name = ANONYMOUS if values.get("is_anonymous") else str(values.get("complainant_name", "")) or NONE
    last = next((event for event in reversed(standing.taken) if event.step in ON_PAPER), None)
    found: dict[str, object] = {
        **_words(desk, values),
        "complainant": name,
        "phone": masked_number(str(values["complainant_phone"]), 3, 4) if "complainant_phone" in values else NONE,
        "handler": _person(desk, values.get("handler_id")),
        "mediator": _person(desk, values.get("mediator_id")),
        "choice": _detail(case, "choice", "accept", "receive"),
        "missing": _detail(case, "missing", "request_material"),
        "ground": str(last.details.get("ground", "")) if last else "",
        "to": _detail(case, "to", "transfer_department", otherwise="12315投诉举报中心"),
        "minutes": _detail(case, "minutes", "minutes"),
        "terms": _detail(case, "terms", "agree", "settle"),
        "how": _detail(case, "how", "notify", "serve"),
        "served": _served(desk, case),
        "decide_by": _due(case, "acceptance"),
        "complete_by": _due(case, "material"),
        "reply_by": _due(case, "reply"),
        "mediate_by": _due(case, "mediation", "mediation_business"),
        "steps": [_line(desk, case, event) for event in standing.taken],
        "office": desk.unit_name,
        "date": _chinese(beijing_date(desk.clock.now()).isoformat()),
    }
    return found


def _words(desk: ComplaintDesk, values: Record) -> dict[str, object]:
    """The values of the record in words."""
    product = " ".join(str(values[name]) for name in ("product", "product_model") if name in values)
    shown = {
        "complaint_no": "complaint_no", "respondent": "respondent_name", "channel": "channel", "order_no": "order_no",
        "kind": "complainant_kind", "problem": "problem_class", "amount": "amount", "facts": "facts",
        "decision": "accept_decision", "outcome": "outcome", "fault": "fault", "performed": "agreement_performed",
        "recovered": "recovered_amount", "satisfaction": "satisfaction",
    }  # fmt: skip
    kind = desk.catalogue.types[TYPE].by_identifier
    words: dict[str, object] = {
        key: shown_value(desk.catalogue, kind[name], values[name]) if name in values else NONE
        for key, name in shown.items()
    }
    claims = values.get("claims")
    listed = desk.catalogue.code_lists["CL-CLAIM"]
    words["claims"] = "、".join(listed.label(str(one)) for one in claims) if isinstance(claims, list) else NONE
    words["product"] = product or NONE
    words["received_at"] = beijing_text(str(values["received_at"]))
    words["received_on"] = _day(values.get("received_at"))
    words["accepted_on"] = _day(values.get("accepted_at"))
    words["purchased"] = _chinese(str(values.get("purchase_date", "")))
    words["due"] = _chinese(str(values.get("agreement_due", "")))
    return words


def _day(at: object) -> str:
    return _chinese(beijing_date(from_utc_text(at)).isoformat()) if isinstance(at, str) else NONE


def _chinese(day: str) -> str:
    """``2026-11-02`` as 2026年11月2日."""
    if not day:
        return NONE
    year, month, rest = day.split("-")
    return f"{year}年{int(month)}月{int(rest)}日"


def _detail(case: Case, name: str, *steps: str, otherwise: str = NONE) -> str:
    for step in steps:
        event = case.standing.last(step)
        if event is not None and event.details.get(name):
            return str(event.details[name])
    return otherwise


def _due(case: Case, *clocks: str) -> str:
    found: Due | None = next((due for due in case.standing.dues if due.clock.id in clocks), None)
    if found is None or found.day is None:
        return NONE
    return _chinese(found.day.isoformat()) + ("（暂定）" if found.provisional else "")


def _served(desk: ComplaintDesk, case: Case) -> str:
    papers = [paper for paper in desk.papers.of(TYPE, case.record.rid) if not paper.voided_at]
    return "、".join(f"《{paper.label}》{paper.number}" for paper in papers if paper.template != RECEIPT) or NONE


def _person(desk: ComplaintDesk, user: object) -> str:
    if not isinstance(user, str):
        return NONE
    return str(desk.records.get("R02", user).record.values.get("user_name", "")) or NONE


def _line(desk: ComplaintDesk, case: Case, event: Event) -> Mapping[str, str]:
    """One step of the closing report; whether it kept its limit."""
    step = case.standing.definition.steps[event.step]
    met = [due for due in case.standing.dues if event.step in due.clock.met_by and due.met_on == event.day]
    kept = "" if not met else ("按期" if all(due.in_time(event.day) for due in met) else "超期")
    return {"at": beijing_text(event.at), "step": step.label, "who": _person(desk, event.actor), "due": kept}
