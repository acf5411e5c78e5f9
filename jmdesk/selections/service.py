"""Honest enterprises of one desk: rounds, candidates, points, notice, award, certificate, withdrawal.

An assessment by the trade itself. Nothing works until a round names the approval of the award or the basis of a credit
evaluation: associations may not give awards without approval. There is no fee.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Protocol

from jmdesk.catalogue.types import Record, Value
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.enterprises import queries as enterprises
from jmdesk.enterprises.publicity import months_later
from jmdesk.papers.codes import certificate_code
from jmdesk.papers.queries import Paper
from jmdesk.papers.template import fill
from jmdesk.records.serials import Serials
from jmdesk.records.writer import Writer
from jmdesk.reviews.certificates import code, text_of
from jmdesk.selections import queries, rules
from jmdesk.selections.facts import facts_of
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.vault.device import DeviceKeys
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.definition import Step
from jmdesk.workflows.standing import Standing

CANDIDACY, WORKFLOW = "R23", "W8"
APPROVAL, EVALUATION = "approval", "evaluation"
NEUTRAL_TITLE: Final = "行业信用评价结果(协会评价，非行政认定)"
"""What the result is called unless an approval allows a title of an award."""

NOTICE: Final = "行业自律评价，不是行政机关作出的结论"
KINDS: Final[Mapping[str, str]] = {"enterprise": "企业", "street": "示范街", "shop": "示范店"}
KIND, NAME, ADDRESS = "x_subject_kind", "x_subject_name", "x_subject_address"
"""Fields beside the catalogue's: what a candidate is, what a street or shop is called, and where it is.

A street or a shop has no unified code of its own: its name stands for the code (``validation.INSTEAD``) and the record
belongs to the association that chose it."""

NOTICE_DAYS: Final = 7
_TEMPLATE: Final = "honest-certificate"


class SelectionDesk(CaseDesk, Protocol):
    """What a selection needs of the desk."""

    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def platform(self) -> str: ...
    def seal_keys(self) -> DeviceKeys | None: ...


@dataclass(frozen=True, slots=True)
class Round:
    """One round: its number, what it rests on (``APPROVAL`` or ``EVALUATION``) with the document, and the title."""

    batch: str
    basis: str
    document: str
    title: str
    opened: str

    @property
    def basis_text(self) -> str:
        """What it rests on, as papers say it."""
        kind = "评比达标表彰批准文号" if self.basis == APPROVAL else "信用评价依据"
        return f"{kind}：{self.document}"


@dataclass(frozen=True, slots=True)
class Opened:
    """One candidacy: the record, its name, where it stands, the facts and the points item by item."""

    record: Stored
    name: str
    kind: str
    standing: Standing
    facts: rules.Facts
    result: rules.Score


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a round's list."""

    rid: str
    name: str
    kind: str
    score: Decimal | None
    standing: Standing


class Selections:
    """The verbs of a selection."""

    def __init__(self, desk: SelectionDesk) -> None:
        self._desk = desk

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_date(self._desk.clock.now())

    # -- rounds ----------------------------------------------------------------------------------------------------

    def rounds(self) -> list[Round]:
        """The rounds of this desk, the latest first."""
        self._desk.records.guard.require("read", CANDIDACY)
        with self._desk.store.reading() as connection:
            found = [Round(**json.loads(text)) for text in queries.rounds(connection).values()]
        return sorted(found, key=lambda one: (one.opened, one.batch), reverse=True)

    def open_round(self, batch: str, basis: str, document: str, title: str = "") -> Round:
        """Begin a round. ``Refused`` "selections.off" without its document, "selections.title" for a title of an award

        that no approval allows, "selections.round_exists".
        """
        self._desk.records.guard.require("create", CANDIDACY)
        if basis not in (APPROVAL, EVALUATION) or not document.strip() or not batch.strip():
            raise Refused("selections.off")
        if title.strip() and basis != APPROVAL:
            raise Refused("selections.title")
        if self._desk.store.setting(f"{queries.ROUND}{batch.strip()}") is not None:
            raise Refused("selections.round_exists", batch=batch.strip())
        made = Round(batch.strip(), basis, document.strip(), title.strip() or NEUTRAL_TITLE, self.today.isoformat())
        self._desk.store.put_setting(f"{queries.ROUND}{made.batch}", json.dumps(asdict(made), ensure_ascii=False))
        return made

    def round(self, batch: str) -> Round:
        """A round by its number. ``Refused`` "selections.off" when nobody entered what it rests on."""
        text = self._desk.store.setting(f"{queries.ROUND}{batch}")
        if text is None:
            raise Refused("selections.off")
        return Round(**json.loads(text))

    # -- candidates ------------------------------------------------------------------------------------------------

    def enter(
        self, batch: str, *, enterprise: str = "", kind: str = "enterprise", name: str = "", address: str = ""
    ) -> str:
        """Enter a candidate: an enterprise on record, or a street or shop by name and address; gives the record id.

        ``Refused`` "selections.off", "selections.name", "selections.already", "selections.too_soon" within a year after
        a withdrawal, "selections.left" for one that has left the association.
        """
        self.round(batch)
        if kind not in KINDS or not (enterprise if kind == "enterprise" else name.strip() and address.strip()):
            raise Refused("selections.name")
        with self._desk.records.writing("create") as writer:
            connection = writer.transaction.connection
            firm = writer.transaction.get("R20", enterprise) if enterprise else None
            if enterprise:
                self._check_entry(connection, batch, enterprise)
            elif any(_name(one, None) == name.strip() for one in queries.of_round(connection, batch)):
                raise Refused("selections.already")
            values: Record = {"batch_no": batch, "model_ver": _model(), KIND: kind}
            if enterprise:
                values["uscc"] = enterprise
            if kind != "enterprise":
                values |= {NAME: name.strip(), ADDRESS: address.strip()}
            rid = writer.create(CANDIDACY, values, region=firm.region if firm is not None else None)
            self._desk.workflows.write(writer, WORKFLOW, CANDIDACY, rid, "apply", details={"round": batch})
            return rid

    def _check_entry(self, connection: reading.Connection, batch: str, enterprise: str) -> None:
        if enterprises.sealed(connection, (enterprise,)):
            raise Refused("selections.left")
        earlier = queries.of_enterprise(connection, enterprise)
        if any(one.values.get("batch_no") == batch for one in earlier):
            raise Refused("selections.already")
        cases = self._desk.workflows.standings(WORKFLOW, CANDIDACY, [one.rid for one in earlier])
        for case in cases.values():
            event = case.last("withdraw")
            if event is not None and self.today < months_later(event.day, 12):
                raise Refused("selections.too_soon", day=months_later(event.day, 12).isoformat())

    def lines(self, batch: str) -> list[Line]:
        """The candidates of a round, the best first, those without points last."""
        self._desk.records.guard.require("read", CANDIDACY)
        with self._desk.store.reading() as connection:
            records = queries.of_round(connection, batch)
            names = {
                one.rid: _name(one, reading.get(connection, "R20", str(one.values.get("uscc", "")))) for one in records
            }
        cases = self._desk.workflows.standings(WORKFLOW, CANDIDACY, names)
        lines = [Line(o.rid, names[o.rid], _kind(o), _points(o), cases[o.rid]) for o in records]
        return sorted(lines, key=lambda line: (line.score is None, -(line.score or 0), line.name))

    def open(self, rid: str) -> Opened:
        """One candidacy whole."""
        found = self._desk.records.get(CANDIDACY, rid).record
        case = self._desk.workflows.standing(WORKFLOW, CANDIDACY, rid)
        with self._desk.store.reading() as connection:
            firm = reading.get(connection, "R20", str(found.values.get("uscc", "")))
            facts = self._facts(connection, found)
        result = rules.score(rules.package(), facts)
        if not self._desk.records.guard.may("read", "R22"):
            facts, result = rules.without_complaints(facts, result)
        return Opened(found, _name(found, firm), _kind(found), case, facts, result)

    def _facts(self, connection: reading.Connection, found: Stored) -> rules.Facts:
        return facts_of(connection, self._desk.workflows, found, self.today)

    def record_facts(
        self,
        rid: str,
        values: Mapping[str, int | bool | str],
        vetoes: Mapping[str, str],
        complaints: rules.Complaints | None = None,
    ) -> None:
        """Write down what no record knows of a candidate, and vetoes with their documents. ``complaints`` are those

        about a street or a shop, of which no record counts them. ``Refused`` as ``score``.
        """
        opened = self.open(rid)
        rules.score(rules.package(), rules.Facts(opened.facts.values, opened.facts.complaints, vetoes))
        facts: dict[str, object] = {"values": dict(values), "vetoes": dict(vetoes)}
        if complaints is not None:
            facts["complaints"] = asdict(complaints)
        with self._desk.records.writing("edit") as writer:
            writer.create(
                "assessment",
                {
                    "subject_id": f"{CANDIDACY}:{rid}",
                    "rating_year": self.today.year,
                    "item": "JM-HE-1",
                    "facts": facts,
                    "assessed_on": self.today.isoformat(),
                    "assessor_id": self._desk.actor,
                },
                region=opened.record.region,
            )

    def public(self, batch: str) -> list[Line]:
        """What a public list may carry: names under notice or awarded, without points; never who failed."""
        return sorted(
            (one for one in self.lines(batch) if one.standing.state in ("noticed", "awarded")), key=lambda o: o.name
        )

    def notice_paper(self, batch: str) -> Paper:
        """The public notice of a round. ``Refused`` "selections.nobody"."""
        proposed = [one for one in self.public(batch) if one.standing.state == "noticed"]
        if not proposed:
            raise Refused("selections.nobody")
        begun = max(e.day for one in proposed if (e := one.standing.last("notice")) is not None)
        made = self.round(batch)
        with self._desk.records.writing("paper") as writer:
            values = {
                "batch": f"{batch}{made.title}",
                "basis": made.basis_text,
                "begins": begun.isoformat(),
                "ends": (begun + timedelta(days=NOTICE_DAYS)).isoformat(),
                "names": [{"no": n, "name": o.name, "kind": KINDS[o.kind]} for n, o in enumerate(proposed, 1)],
                "office": self._desk.unit_name,
                "date": self.today.isoformat(),
            }
            region = self._desk.regions[0].ljust(12, "0")
            return self._desk.papers.write(writer, "honest-notice", "selections", batch, values, region=region).paper

    # -- what stands against a step, and what follows from it ------------------------------------------------------

    def bar(self, writer: Writer, rid: str, step: Step) -> None:
        """``Refused``: "selections.off", "selections.vetoed", "selections.unknown" before a score; "selections.below"

        for who may not be proposed; "selections.notice_running" before the notice is over.
        """
        found = writer.transaction.get(CANDIDACY, rid)
        if found is None:
            raise Refused("store.no_such_record")
        self.round(str(found.values.get("batch_no", "")))
        if step.id == "score":
            self._may_score(writer, found)
        elif step.id == "judge":
            self._may_be_proposed(writer, found)
        elif step.id == "award":
            event = self._desk.workflows.within(writer, WORKFLOW, CANDIDACY, rid).last("notice")
            last = event.day + timedelta(days=NOTICE_DAYS) if event is not None else self.today
            if self.today <= last:
                raise Refused("selections.notice_running", day=last.isoformat())

    def _may_score(self, writer: Writer, found: Stored) -> None:
        result = rules.score(rules.package(), self._facts(writer.transaction.connection, found))
        if result.vetoes:
            raise Refused("selections.vetoed", vetoes="；".join(result.vetoes))
        if result.score is None:
            raise Refused("selections.unknown", items="、".join(result.unknown))

    def _may_be_proposed(self, writer: Writer, found: Stored) -> None:
        """The line, and the best share among the candidates of the same trade in this round."""
        connection = writer.transaction.connection
        trade = self._trade(connection, found)
        peers = [
            o
            for o in queries.of_round(connection, str(found.values["batch_no"]))
            if self._trade(connection, o) == trade
        ]
        if found.rid not in rules.selected(rules.package(), {o.rid: _points(o) for o in peers}):
            package = rules.package()
            raise Refused("selections.below", line=package["line"], share=package["top_percent"])

    @staticmethod
    def _trade(connection: reading.Connection, found: Stored) -> str:
        firm = reading.get(connection, "R20", str(found.values.get("uscc", "")))
        return str(firm.values.get("cluster", "")) if firm is not None else _kind(found)

    def follow(self, writer: Writer, rid: str, step: Step, details: Mapping[str, object]) -> Record:
        """What a step of W8 puts on the record; an award gives its certificate out."""
        found = writer.transaction.get(CANDIDACY, rid)
        if found is None:
            raise Refused("store.no_such_record")
        if step.id == "score":
            result = rules.score(rules.package(), self._facts(writer.transaction.connection, found))
            return {"score": f"{result.score:.1f}", "model_ver": result.model, "veto_codes": []}
        if step.id == "notice":
            ends = self.today + timedelta(days=NOTICE_DAYS)
            return {"publicity_range": [self.today.isoformat(), ends.isoformat()]}
        if step.id == "object":
            before = found.values.get("objections", 0)
            return {"objections": (before if isinstance(before, int) else 0) + 1}
        if step.id == "award":
            return self._award(writer, found)
        if step.id == "withdraw" and details.get("reason") not in self._desk.catalogue.code_lists["CL-REVOKE"].values:
            raise Refused("selections.reason")
        return {}

    def _award(self, writer: Writer, found: Stored) -> Record:
        made = self.round(str(found.values.get("batch_no", "")))
        until = months_later(self.today, 12 * int(rules.package()["valid_years"])) - timedelta(days=1)
        firm = writer.transaction.get("R20", str(found.values.get("uscc", "")))
        template, keys = self._desk.papers.template(_TEMPLATE), self._desk.seal_keys()
        serials = Serials(writer.transaction.connection, self._desk.number_block)
        number = serials.next(template.prefix, found.region, self.today.year)
        values: dict[str, object] = {
            "name": _name(found, firm),
            "batch": made.batch,
            "title": f"{made.title}({KINDS[_kind(found)]})",
            "valid_to": until.isoformat(),
            "basis": made.basis_text,
            "model": str(found.values.get("model_ver", "")),
            "office": self._desk.unit_name,
            "date": self.today.isoformat(),
        }
        sealed = code(number, text_of(fill(template, {"number": number, "code": "", **values})), self.today, keys)
        values["code"] = certificate_code(self._desk.platform, number, sealed)
        self._desk.papers.write(writer, _TEMPLATE, CANDIDACY, found.rid, values, number=number)
        return {"cert_no": number, "valid_to": until.isoformat()}


def _model() -> str:
    package = rules.package()
    return f"{package['model']}@{package['version']}"


def _points(found: Stored) -> Decimal | None:
    score: Value | None = found.values.get("score")
    return Decimal(str(score)) if score is not None else None


def _kind(found: Stored) -> str:
    kind = str(found.values.get(KIND, "enterprise"))
    return kind if kind in KINDS else "enterprise"


def _name(found: Stored, firm: Stored | None) -> str:
    own = found.values.get(NAME)
    return str(own) if own else str(firm.values.get("ent_name", "")) if firm is not None else ""
