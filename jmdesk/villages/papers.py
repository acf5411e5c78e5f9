"""The papers of W3 and W4, filled with what the case and the facts say."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from jmdesk.core.errors import Refused
from jmdesk.core.numbers import round_half_up
from jmdesk.papers.codes import certificate_code
from jmdesk.papers.service import Issued
from jmdesk.store.reading import Filter
from jmdesk.villages.figures import Figure, missing_sentence
from jmdesk.villages.service import TOWN, VILLAGE, WORKFLOWS, Villages
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.standing import Standing as Case

REGISTER = "village-register"

OFFERED: Mapping[str, tuple[str, ...]] = {
    "village-application": ("apply",),
    "village-opinion": ("review",),
    "village-notice": ("post",),
    "village-plaque": ("decide",),
    "village-removal": ("remove",),
}
"""Which paper can be made once one of these steps was taken."""

_STATES = {"passed": "达到", "missed": "未达到", "unknown": "没有数据", "not_applicable": "不适用"}


class PaperDesk(CaseDesk, Protocol):
    """What making these papers needs of the desk."""

    @property
    def platform(self) -> str: ...
    @property
    def villages(self) -> Villages: ...


def offered(desk: PaperDesk, case: Case) -> list[tuple[str, str]]:
    """The papers that a case can have now: template and label."""
    return [(name, desk.papers.template(name).label) for name, steps in OFFERED.items() if case.last(*steps)]


def issue(desk: PaperDesk, type_id: str, rid: str, name: str) -> Issued:
    """Give out one paper of a case. Errors as ``Papers.issue``; "papers.missing" while its step is not taken."""
    return desk.papers.issue(name, type_id, rid, values(desk, type_id, rid))


def awards(desk: PaperDesk, year: int) -> list[dict[str, str]]:
    """The villages and towns that were named for a year, by region code, each field as text ("" for none)."""
    labels = desk.catalogue.code_lists["CL-VGRADE"].values
    made: list[dict[str, str]] = []
    for type_id, grade in ((TOWN, "town_grade"), (VILLAGE, "village_grade")):
        named = [
            one.values
            for one in desk.records.find(type_id, Filter(where={"rating_year": year}), order="region_code")
            if one.values.get("award_doc_no") and str(one.values.get(grade, "0")) >= "1"
        ]
        made += [
            {
                "code": str(one["region_code"]),
                "place": desk.catalogue.regions.label(str(one["region_code"])),
                "outcome": labels[str(one[grade])],
                "score": str(one.get("score", "")),
                "plaque_date": str(one.get("plaque_date", "")),
                "org": str(one.get("award_org", "")),
                "doc_no": str(one["award_doc_no"]),
            }
            for one in named
        ]
    return made


def issue_register(desk: PaperDesk, year: int) -> Issued:
    """The register of a year as a numbered paper of the office. ``Refused`` "villages.none_named"."""
    found = awards(desk, year)
    if not found:
        raise Refused("villages.none_named", year=str(year))
    filled = {"year": str(year), "awards": found, "office": desk.unit_name, "date": desk.villages.today.isoformat()}
    with desk.records.writing("paper") as writer:
        region = writer.home_region
        return desk.papers.write(writer, REGISTER, "register", str(year), filled, region=region)


def export(desk: PaperDesk, path: Path, year: int | None = None) -> int:
    """Write the year's indicators (3.8), villages and register as Excel; gives the number of indicators.

    ``Refused`` "permissions.action" for who may not export; ``Environment`` "villages.cannot_write".
    """
    from jmdesk.villages.kpi import indicators, write_pack

    desk.records.guard.require("export", VILLAGE)
    board = desk.villages.board(year=year)
    with desk.store.reading() as connection:
        lines = indicators(connection, board, board.top)
    write_pack(board, lines, awards(desk, board.year), path)
    return len(lines)


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
    result, number = view.assessment, public_number(type_id, view.standing.region, view.standing.year)
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
        "missing": missing_sentence(view.standing, banks=desk.villages.sees_banks(view.standing.region)),
        "score": "—" if result.score is None else f"{result.score} 分",
        "outcome": labels.get(result.outcome or "", "数据不全，暂不能评"),
        "certificate": number,
        "code": certificate_code(desk.platform, number),
        "office": desk.unit_name,
        "date": desk.villages.today.isoformat(),
    }


def public_number(type_id: str, region: str, year: int) -> str:
    """By what the platform's public page knows a credit village or town: ``XC`` or ``XZ``, region code, year."""
    return f"{'XC' if type_id == VILLAGE else 'XZ'}{region}{year}"


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
