"""What the papers of a review say: plain values for their templates. Names in full never stand on a notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from jmdesk.core.clock import beijing_date
from jmdesk.core.numbers import round_half_up
from jmdesk.core.text import masked_name
from jmdesk.papers.codes import qr_png
from jmdesk.papers.queries import Paper
from jmdesk.papers.template import Picture
from jmdesk.ratings.engine import trimmed_mean
from jmdesk.reviews.office import Office
from jmdesk.reviews.panel import Sheet
from jmdesk.reviews.queries import Batch, Line
from jmdesk.reviews.rules import PanelRules, valid
from jmdesk.workflows.standing import Standing

_ASKED = {
    "ground": "理由",
    "result": "年审结论",
    "remarks": "补正意见",
    "document": "依据",
    "cert_no": "新证号",
    "cert_digest": "",
    "adjusted": "",
    "paper": "",
}


def day_text(day: str) -> str:
    """``2026-11-22`` as papers write it: 2026年11月22日."""
    year, month, rest = day.split("-")
    return f"{year}年{int(month)}月{int(rest)}日"


def office(desk: Office, region: str) -> dict[str, object]:
    """The office and the day, for the signature of a paper about a region."""
    today = beijing_date(desk.clock.now()).isoformat()
    return {"office": desk.office_of(region), "date": day_text(today)}


def of_batch(desk: Office, batch: Batch) -> dict[str, object]:
    """What every paper of a batch says."""
    village = desk.catalogue.regions.label(batch.region)
    return {"village": village, "year": str(batch.year), "batch": batch.number, **office(desk, batch.region)}


def of_household(desk: Office, line: Line) -> dict[str, object]:
    """What every paper of a household says."""
    return {
        "village": desk.catalogue.regions.label(line.region),
        "head": line.head or "（未登记）",
        "household": line.number,
        "group": line.group,
        "year": str(line.year),
        **office(desk, line.region),
    }


def slip(desk: Office, line: Line, details: Mapping[str, object], reason: str) -> dict[str, object]:
    """A slip: the household, and what was entered with the step, item by item."""
    items = [(_ASKED.get(name, name), text) for name, text in details.items() if _ASKED.get(name, name)]
    told: list[dict[str, str]] = []
    for label, text in items:
        if isinstance(text, Mapping):
            told += [{"item": str(item), "text": str(remark)} for item, remark in text.items()]
        else:
            told.append({"item": label, "text": str(text)})
    if reason.strip():
        told.append({"item": "备注", "text": reason.strip()})
    return {"items": told, **of_household(desk, line)}


def notice(desk: Office, batch: Batch, lines: Sequence[Line]) -> dict[str, object]:
    """The notice: masked name, group and household number of proposed credit households, nothing else."""
    until = max(line.publicity[1] for line in lines)
    known = desk.catalogue.calendar.is_published(date.fromisoformat(until))
    remark = "" if known else "公示截止日所在年度的放假安排尚未公布，公布后如遇休息日顺延。"
    several = len({line.publicity for line in lines}) > 1
    items = [
        {
            "place": str(place),
            "name": masked_name(line.head),
            "group": line.group + (f"（至{day_text(line.publicity[1])}）" if several else ""),
            "household": line.number,
        }
        for place, line in enumerate(lines, 1)
    ]
    since = min(line.publicity[0] for line in lines)
    return {
        "items": items,
        "since": day_text(since),
        "until": day_text(until),
        "remark": remark,
        **of_batch(desk, batch),
    }


def attendance(desk: Office, sheet: Sheet) -> dict[str, object]:
    """The panel, with room to sign."""
    seats = [
        {"no": s.no, "name": s.name, "duty": s.duty, "present": "是" if s.attended else "", "sign": ""}
        for s in sheet.seats
    ]
    return {"seats": seats, **of_batch(desk, sheet.batch)}


def minutes(desk: Office, sheet: Sheet, lines: Sequence[Line], rules: PanelRules) -> dict[str, object]:
    """The minutes with the figures of the panel."""
    counted = sum(sheet.votes(line.household) for line in lines)
    return {
        "invited": str(len(sheet.seats)),
        "present": str(sum(seat.attended for seat in sheet.seats)),
        "households": str(len(lines)),
        "valid": str(counted),
        "recused": str(sum(ballot.recused for ballot in sheet.ballots.values())),
        "least": str(rules.least_votes),
        **of_batch(desk, sheet.batch),
    }


def ballot_code(batch: str, seat: str) -> str:
    """What the code of a ballot says: which batch and whose seat, never a name."""
    return f"JMB1.{batch}.{seat}"


def ballots(desk: Office, sheet: Sheet, lines: Sequence[Line], rules: PanelRules) -> dict[str, object]:
    """A blank ballot for each member; relatives are marked so that nobody votes by mistake."""
    made = []
    for seat in sheet.seats:
        rows = []
        for place, line in enumerate(lines, 1):
            aside = sheet.relations.get((seat.no, line.household)) == "kin"
            cells = {"a": "回避", "b": "—", "c": "—", "d": "—"} if aside else dict.fromkeys("abcd", "")
            rows.append({"place": str(place), "head": line.head, "household": line.number, **cells})
        code = Picture(qr_png(ballot_code(sheet.batch.number, seat.no), module_px=4), 22)
        made.append({"no": seat.no, "code": code, "lines": rows})
    labels = [*rules.items.values(), "", "", "", ""][:4]
    return {
        "ballots": made,
        "items": labels,
        "lowest": str(rules.lowest),
        "highest": str(rules.highest),
        **of_batch(desk, sheet.batch),
    }


def tally(desk: Office, sheet: Sheet, lines: Iterable[Line], rules: PanelRules) -> dict[str, object]:
    """The count of each household: valid votes, those who stood aside, the mean without highest and lowest."""
    items = []
    for place, line in enumerate(lines, 1):
        own = [ballot for (_, of), ballot in sheet.ballots.items() if of == line.household]
        cast = tuple((sum(b.marks.values()), len(b.marks)) for b in valid(own))
        mean = trimmed_mean(cast, rules.least_votes)
        items.append(
            {
                "place": str(place),
                "head": line.head,
                "household": line.number,
                "valid": str(sheet.votes(line.household)),
                "recused": str(sum(ballot.recused for ballot in own)),
                "mean": "见计票表" if line.household in sheet.tallied else _mean(mean),
            }
        )
    return {"items": items, **of_batch(desk, sheet.batch)}


def decision(desk: Office, batch: Batch, lines: Sequence[Line], org: str, doc_no: str) -> dict[str, object]:
    """The decision with its list."""
    items = [
        {"place": str(n), "head": line.head, "household": line.number, "group": line.group, "grade": line.grade}
        for n, line in enumerate(lines, 1)
    ]
    return {"items": items, "count": str(len(lines)), "org": org, "doc_no": doc_no, **of_batch(desk, batch)}


def register(desk: Office, batch: Batch, given: Sequence[tuple[Paper, Line]]) -> dict[str, object]:
    """The certificates of a batch by number; a voided one keeps its line and says why."""
    items = [
        {
            "place": str(place),
            "number": paper.number,
            "head": line.head,
            "household": line.number,
            "grade": "" if paper.voided_at else line.grade,
            "until": "" if paper.voided_at else line.valid_to,
            "state": f"作废：{paper.void_reason}" if paper.voided_at else "有效",
        }
        for place, (paper, line) in enumerate(given, 1)
    ]
    voided = sum(bool(paper.voided_at) for paper, _ in given)
    return {"items": items, "count": str(len(given)), "voided": str(voided), **of_batch(desk, batch)}


def handover(
    desk: Office, batch: Batch, standings: Mapping[str, Standing], unsent: int, papers: int
) -> dict[str, object]:
    """Open cases by state, what was not sent, and the papers in the file."""
    states: dict[str, int] = {}
    for case in standings.values():
        states[case.label] = states.get(case.label, 0) + 1
    told = [(f"在办：{label}", f"{count} 户") for label, count in sorted(states.items())]
    told += [("待报送的修改", f"{unsent} 条"), ("本批次已出具的文书", f"{papers} 份，附文书清单")]
    told.append(("纸质材料", "申请表、评议票(封存)、公示照片、证书存根：＿＿＿＿"))
    items = [{"place": str(n), "item": item, "text": text} for n, (item, text) in enumerate(told, 1)]
    return {"items": items, **of_batch(desk, batch)}


def _mean(mean: Fraction | None) -> str:
    return "票数不足" if mean is None else str(round_half_up(mean, 2))
