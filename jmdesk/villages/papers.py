"""The papers of W3 and W4, filled with what the case and the facts say."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol

from jmdesk.core.numbers import round_half_up
from jmdesk.papers.service import Issued, Papers
from jmdesk.villages.figures import Figure, missing_sentence
from jmdesk.villages.service import VILLAGE, WORKFLOWS, VillageDesk, Villages
from jmdesk.workflows.standing import Standing as Case

OFFERED: Mapping[str, tuple[str, ...]] = {
    "village-application": ("apply",),
    "village-opinion": ("review",),
    "village-notice": ("post",),
    "village-plaque": ("decide",),
    "village-removal": ("remove",),
}
"""Which paper can be made once one of these steps was taken."""

_STATES = {"passed": "达到", "missed": "未达到", "unknown": "没有数据", "not_applicable": "不适用"}


class PaperDesk(VillageDesk, Protocol):
    """What making these papers needs of the desk."""

    @property
    def unit_name(self) -> str: ...
    @property
    def papers(self) -> Papers: ...
    @property
    def villages(self) -> Villages: ...


def offered(desk: PaperDesk, case: Case) -> list[tuple[str, str]]:
    """The papers that a case can have now: template and label."""
    return [(name, desk.papers.template(name).label) for name, steps in OFFERED.items() if case.last(*steps)]


def issue(desk: PaperDesk, type_id: str, rid: str, name: str) -> Issued:
    """Give out one paper of a case. Errors as ``Papers.issue``; "papers.missing" while its step is not taken."""
    return desk.papers.issue(name, type_id, rid, values(desk, type_id, rid))


def values(desk: PaperDesk, type_id: str, rid: str) -> dict[str, object]:
    """What the papers of a case are filled with, as far as the case has got."""
    view = desk.villages.get(type_id, rid)
    case = desk.workflows.standing(WORKFLOWS[type_id], type_id, rid)
    entered: dict[str, object] = {}
    for step in ("apply", "review", "decide", "remove"):
        event = case.last(step)
        if event is not None:
            entered |= {
                name: event.details[name] for name in case.definition.steps[step].needs if name in event.details
            }
    posted, due = case.last("post"), next((d for d in case.dues if d.clock.id == "notice"), None)
    if posted is not None and due is not None and due.day is not None:
        entered |= {"from_day": posted.day.isoformat(), "to_day": due.day.isoformat()}
    labels = desk.catalogue.code_lists["CL-VGRADE"].values
    result = view.assessment
    return {
        **entered,
        "place": desk.catalogue.regions.label(view.standing.region),
        "kind": "信用村" if type_id == VILLAGE else "信用镇",
        "year": str(view.standing.year),
        "cutoff": view.standing.cutoff,
        "rules": desk.villages.rules_of(type_id),
        "figures": [_line(figure) for figure in view.standing.figures],
        "gates": [
            {"title": gate.title, "asked": gate.asked, "shown": gate.shown, "state": _STATES[gate.state]}
            for gate in result.gates
        ],
        "missing": missing_sentence(view.standing),
        "score": "—" if result.score is None else f"{result.score} 分",
        "outcome": labels.get(result.outcome or "", "数据不全，暂不能评"),
        "office": desk.unit_name,
        "date": desk.villages.today.isoformat(),
    }


def _line(figure: Figure) -> dict[str, str]:
    """One figure as text, with basis, source and cut-off."""
    return {
        "label": figure.label,
        "value": text_of(figure),
        "basis": figure.basis,
        "source": figure.source,
        "as_of": figure.as_of,
    }


def text_of(figure: Figure) -> str:
    """A figure's value with its unit; "没有数据" for what nobody gave."""
    if figure.value is None:
        return "没有数据"
    if isinstance(figure.value, bool):
        return "是" if figure.value else "否"
    places = 2 if figure.unit in ("元", "%", "分") else 0
    return f"{round_half_up(Fraction(figure.value), places):,}{figure.unit}"
