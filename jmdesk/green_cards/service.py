"""Green cards of one desk: applications, inquiries to the departments and their answers, grades, benefits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.enterprises import queries as enterprises
from jmdesk.green_cards import queries, rules
from jmdesk.green_cards.board import Board, Card, board
from jmdesk.green_cards.clocks import REPLY_DAYS, Inquiry, Silence, inquiries, silences
from jmdesk.green_cards.facts import card_of, facts_of, levels_of, shown_by, year_of
from jmdesk.green_cards.naming import alike
from jmdesk.papers.queries import Paper
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.definition import Step
from jmdesk.workflows.standing import Standing

CARD, WORKFLOW = "R24", "W9"
_TARGET = "green_cards.target"
_NOTICE_DAYS: Final = 7


class GreenCardDesk(CaseDesk, Protocol):
    """What green cards need of the desk."""

    @property
    def regions(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """One card with its enterprise, where its case stands, and its points so far, line by line."""

    record: Stored
    enterprise: Stored | None
    standing: Standing
    facts: rules.Facts
    result: rules.Grade
    basis: str
    inquiries: Mapping[str, Inquiry]


@dataclass(frozen=True, slots=True)
class Match:
    """One line of a department's answer: what it names, and the card that is meant if that is certain.

    ``certain`` when the unified code or a name that only one enterprise bears fits; ``candidates`` are the others.
    """

    code: str
    name: str
    level: str
    card: str
    certain: bool
    candidates: tuple[tuple[str, str], ...] = ()


class GreenCards:
    """The verbs of green cards. Every step is an event of the case; the record shows the outcome."""

    def __init__(self, desk: GreenCardDesk) -> None:
        self._desk = desk

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_date(self._desk.clock.now())

    # -- reading ---------------------------------------------------------------------------------------------------

    def rules_of(self, year: int) -> Mapping[str, Any]:
        """The rules by which cards of a year are rated."""
        return rules.in_force(date(year, 12, 31))

    def years(self) -> list[int]:
        """The years that have cards, newest first."""
        self._desk.records.guard.require("read", CARD)
        with self._desk.store.reading() as connection:
            return queries.years(connection)

    def open(self, rid: str) -> Opened:
        """One card whole. ``Refused`` "store.no_such_record"."""
        found = self._desk.records.get(CARD, rid).record
        case = self._desk.workflows.standing(WORKFLOW, CARD, rid)
        with self._desk.store.reading() as connection:
            whole = reading.get(connection, CARD, rid) or found
            firm = reading.get(connection, "R20", str(found.values.get("uscc", "")))
        facts = facts_of(whole, case)
        result = rules.rate(self.rules_of(year_of(found)), facts)
        if "revenue_main" in self._desk.records.guard.hidden(CARD):
            facts = replace(facts, revenue=Decimal(0))
        applied = case.last("apply")
        basis = str(applied.details.get("basis", "")) if applied is not None else ""
        firm = self._desk.records.shown(firm) if firm else None
        asked = inquiries(case, self._titles(year_of(found)), self._desk.catalogue.calendar)
        return Opened(found, firm, case, facts, result, basis, asked)

    def cards(self, year: int) -> list[Card]:
        """The cards of a year as the board counts them."""
        self._desk.records.guard.require("read", CARD)
        with self._desk.store.reading() as connection:
            records, firms = queries.of_year(connection, year), queries.firms(connection, year)
        departments = [department["id"] for department in self.rules_of(year)["base"]["departments"]]
        shown = self._desk.records.shown
        return [card_of(shown(record), firms.get(str(record.values.get("uscc"))), departments) for record in records]

    def board(self, year: int) -> Board:
        """The counts of a year."""
        target = self._desk.store.setting(f"{_TARGET}.{year}")
        return board(self.rules_of(year), year, self.cards(year), int(target) if target else None)

    def silences(self, year: int) -> list[Silence]:
        """The departments that owe an answer about this year's applicants, the longest overdue first."""
        self._desk.records.guard.require("read", CARD)
        with self._desk.store.reading() as connection:
            rids = [card.rid for card in queries.of_year(connection, year)]
        cases = self._desk.workflows.standings(WORKFLOW, CARD, rids).values()
        waiting = [inquiries(c, self._titles(year), self._desk.catalogue.calendar) for c in cases if not c.is_final]
        return silences(waiting, self._titles(year), self.today)

    def set_target(self, year: int, backbone: int) -> None:
        """Keep the number of backbone enterprises that the city has set for a year."""
        self._desk.records.guard.require("edit", CARD)
        self._desk.store.put_setting(f"{_TARGET}.{year}", str(backbone))

    def public(self, year: int) -> list[Card]:
        """What a public list may carry: grades A and B under notice or decided, by name."""
        cards = {card.rid: card for card in self.cards(year) if card.green}
        standings = self._desk.workflows.standings(WORKFLOW, CARD, cards)
        shown = {"noticed", "decided", "closed"}
        return sorted((c for r, c in cards.items() if standings[r].state in shown), key=lambda card: card.name)

    # -- application -----------------------------------------------------------------------------------------------

    def apply(self, year: int, enterprise: str, revenue: str, basis: str) -> str:
        """Write an application down; gives the record id of the card. ``revenue`` in 万元, ``basis``: year and proof.

        ``Refused`` "green_cards.already", "green_cards.basis", "store.no_such_record".
        """
        if not basis.strip():
            raise Refused("green_cards.basis")
        with self._desk.records.writing("create") as writer:
            connection = writer.transaction.connection
            firm = writer.transaction.get("R20", enterprise)
            if firm is None:
                raise Refused("store.no_such_record")
            if queries.of_enterprise(connection, year, enterprise):
                raise Refused("green_cards.already", year=year)
            values: Record = {"gc_year": year, "uscc": enterprise, "revenue_main": revenue, "dept_scores": {}}
            rid = writer.create(CARD, values, region=firm.region)
            details = {"basis": basis.strip()}
            self._desk.workflows.write(writer, WORKFLOW, CARD, rid, "apply", details=details)
            return rid

    # -- departments -----------------------------------------------------------------------------------------------

    def inquire(self, year: int, department: str) -> Paper:
        """Write to a department about every applicant that it has not answered for, in one letter.

        ``Refused`` "green_cards.unknown", "green_cards.nobody" when there is nobody to ask about.
        """
        titles = self._titles(year)
        if department not in titles:
            raise Refused("green_cards.unknown", item=department)
        asked = self._unanswered(year, department)
        if not asked:
            raise Refused("green_cards.nobody", department=titles[department])
        levels = self.rules_of(year)["base"]["level_titles"]
        due = self._desk.catalogue.calendar.deadline(self.today, REPLY_DAYS)
        with self._desk.records.writing("paper") as writer:
            firms = queries.firms(writer.transaction.connection, year)
            listed = [firms[uscc].values for card in asked if (uscc := str(card.values.get("uscc"))) in firms]
            made = self._letter(writer, "department-inquiry", year, department, {
                "until": due.day.isoformat(),
                "levels": "、".join(f"{level}{levels[level]}" for level in levels),
                "companies": [
                    {"no": n, "name": str(v.get("ent_name", "")), "uscc": str(v.get("uscc", "")), "level": ""}
                    for n, v in enumerate(listed, 1)
                ],
            })  # fmt: skip
            for card in asked:
                details = {"department": department, "letter": made.number}
                self._desk.workflows.write(writer, WORKFLOW, CARD, card.rid, "inquire", details=details)
            return made

    def remind(self, year: int, department: str) -> Paper:
        """Remind a department of what is open. ``Refused`` "green_cards.not_asked", "green_cards.nobody"."""
        titles = self._titles(year)
        asked = self._unanswered(year, department)
        cases = self._desk.workflows.standings(WORKFLOW, CARD, [card.rid for card in asked])
        days = [day for case in cases.values() if (day := _asked_on(case, department)) is not None]
        if not asked:
            raise Refused("green_cards.nobody", department=titles.get(department, department))
        if not days:
            raise Refused("green_cards.not_asked", department=titles.get(department, department))
        with self._desk.records.writing("paper") as writer:
            values = {"asked_on": min(days).isoformat(), "count": len(days)}
            made = self._letter(writer, "department-reminder", year, department, values)
            for card in asked:
                if _asked_on(cases[card.rid], department) is not None:
                    details = {"department": department, "letter": made.number}
                    self._desk.workflows.write(writer, WORKFLOW, CARD, card.rid, "remind", details=details)
            return made

    def reply(self, rid: str, department: str, level: str, document: str) -> None:
        """Write down what a department says of one applicant. ``Refused`` "green_cards.unknown"."""
        details = {"department": department, "level": level, "document": document}
        self._desk.workflows.take(WORKFLOW, CARD, rid, "reply", details=details)

    def match(self, year: int, lines: Sequence[tuple[str, str, str]]) -> list[Match]:
        """Find the cards that a department's answer means: lines of (unified code, name, level)."""
        with self._desk.store.reading() as connection:
            cards = {str(card.values.get("uscc")): card.rid for card in queries.of_year(connection, year)}
            coded = enterprises.by_code(connection, [code for code, _, _ in lines if code])
            named = enterprises.by_name(connection, [name for _, name, _ in lines if name])
            firms = queries.firms(connection, year)
        found: list[Match] = []
        for code, name, level in lines:
            by_code = coded.get(code)
            same = [by_code] if by_code is not None else [one for one in named.get(name, []) if one.rid in cards]
            if len(same) == 1 and same[0].rid in cards:
                agrees = not name or same[0].values.get("ent_name") == name
                found.append(Match(code, name, level, cards[same[0].rid], certain=agrees))
                continue
            near = [one for one in firms.values() if name and alike(name, str(one.values.get("ent_name", "")))]
            options = tuple((cards[one.rid], str(one.values.get("ent_name", ""))) for one in near)
            found.append(
                Match(code, name, level, options[0][0] if len(options) == 1 else "", certain=False, candidates=options)
            )
        return found

    def take_replies(self, department: str, document: str, confirmed: Sequence[tuple[str, str]]) -> int:
        """Write down the confirmed lines (card, level) of one letter, all or none; how many."""
        with self._desk.records.writing("import") as writer:
            for rid, level in confirmed:
                details = {"department": department, "level": level, "document": document}
                self._desk.workflows.write(writer, WORKFLOW, CARD, rid, "reply", details=details)
        return len(confirmed)

    # -- points and benefits ---------------------------------------------------------------------------------------

    def record_facts(
        self, rid: str, gains: Sequence[str], losses: Mapping[str, int], vetoes: Mapping[str, str]
    ) -> None:
        """Write down gains, losses and vetoes. ``Refused`` "green_cards.unknown", "green_cards.veto"."""
        opened = self.open(rid)
        rules.rate(
            self.rules_of(year_of(opened.record)),
            rules.Facts(opened.facts.departments, gains, losses, vetoes, opened.facts.revenue),
        )
        details: dict[str, object] = {"gains": list(gains), "losses": dict(losses), "vetoes": dict(vetoes)}
        self._desk.workflows.take(WORKFLOW, CARD, rid, "facts", details=details)

    def notice_paper(self, year: int) -> Paper:
        """The public notice of the cards under notice: A and B only. ``Refused`` "green_cards.nobody"."""
        cards = self.public(year)
        cases = self._desk.workflows.standings(WORKFLOW, CARD, [card.rid for card in cards])
        listed = [card for card in cards if cases[card.rid].state == "noticed"]
        if not listed:
            raise Refused("green_cards.nobody", department="公示")
        begun = max(event.day for card in listed if (event := cases[card.rid].last("notice")) is not None)
        with self._desk.records.writing("paper") as writer:
            return self._letter(writer, "green-card-notice", year, "notice", {
                "begins": begun.isoformat(),
                "ends": (begun + timedelta(days=_NOTICE_DAYS)).isoformat(),
                "companies": [{"no": n, "name": c.name, "grade": c.grade} for n, c in enumerate(listed, 1)],
            })  # fmt: skip

    # -- what stands against a step, and what follows from it ------------------------------------------------------

    def bar(self, writer: Writer, rid: str, step: Step) -> None:
        """``Refused`` "green_cards.awaited" before all departments have answered, "green_cards.not_public" for C and D,

        "green_cards.notice_first" and "green_cards.notice_running" before the notice is over.
        """
        found = writer.transaction.get(CARD, rid)
        if found is None:
            raise Refused("store.no_such_record")
        case = self._desk.workflows.within(writer, WORKFLOW, CARD, rid)
        green = bool(found.values.get("is_green"))
        if step.id == "calculate":
            result = rules.rate(self.rules_of(year_of(found)), facts_of(found, case))
            if result.grade is None:
                raise Refused("green_cards.awaited", departments="、".join(result.awaited))
        elif step.id == "notice" and not green:
            raise Refused("green_cards.not_public")
        elif step.id == "decide" and green:
            event = case.last("notice")
            if case.state != "noticed" or event is None:
                raise Refused("green_cards.notice_first")
            last = event.day + timedelta(days=_NOTICE_DAYS)
            if self.today <= last:
                raise Refused("green_cards.notice_running", day=last.isoformat())

    def follow(self, writer: Writer, rid: str, step: Step, details: Mapping[str, object]) -> Record:
        """What a step of W9 puts on the card: answers, points, benefits; the decision as a paper."""
        found = writer.transaction.get(CARD, rid)
        if found is None:
            raise Refused("store.no_such_record")
        case = self._desk.workflows.within(writer, WORKFLOW, CARD, rid)
        if step.id == "reply":
            return {"dept_scores": self._answered(found, details)}
        if step.id == "calculate":
            return shown_by(rules.rate(self.rules_of(year_of(found)), facts_of(found, case)), facts_of(found, case))
        if step.id == "fulfil":
            return {"benefits": self._benefits(found, str(details.get("benefit", "")))}
        if step.id == "decide":
            self._decide(writer, found, case, str(details.get("document", "")))
        return {}

    def _answered(self, found: Stored, details: Mapping[str, object]) -> dict[str, object]:
        department, level = str(details.get("department", "")), str(details.get("level", ""))
        base = self.rules_of(year_of(found))["base"]
        known = {one["id"] for one in base["departments"]}
        if department not in known or level not in {*base["levels"], rules.NOT_APPLICABLE}:
            raise Refused("green_cards.unknown", item=f"{department} {level}")
        before = found.values.get("dept_scores")
        return {**(before if isinstance(before, dict) else {}), department: level}

    def _benefits(self, found: Stored, code: str) -> list[object]:
        if code not in self._desk.catalogue.code_lists["CL-GCB"].values:
            raise Refused("green_cards.unknown", item=code)
        before = found.values.get("benefits")
        return [*sorted({*(str(one) for one in (before if isinstance(before, list) else [])), code})]

    def _decide(self, writer: Writer, found: Stored, case: Standing, document: str) -> None:
        firm = writer.transaction.get("R20", str(found.values.get("uscc", "")))
        values = firm.values if firm is not None else {}
        model = self.rules_of(year_of(found))
        result = rules.rate(model, facts_of(found, case))
        applied = case.last("apply")
        basis = str(applied.details.get("basis", "")) if applied is not None else ""
        self._desk.papers.write(writer, "green-card-decision", CARD, found.rid, {
            "enterprise": str(values.get("ent_name", "")),
            "uscc": str(values.get("uscc", "")),
            "year": year_of(found),
            "grade": str(result.grade or ""),
            "document": document,
            "backbone": "符合诚信绿卡骨干企业条件。" if result.backbone else "",
            "revenue": str(found.values.get("revenue_main", "")),
            "basis": f"{basis}；{model['revenue_basis']}",
            "base": str(result.base) if result.base is not None else "—",
            "gain": str(result.gain),
            "loss": str(result.loss),
            "total": str(result.total) if result.total is not None else "—",
            "model": result.model,
            "lines": [
                {"title": line.title, "given": line.given, "points": "—" if line.points is None else str(line.points)}
                for line in result.lines
            ],
            "office": self._desk.unit_name,
            "date": self.today.isoformat(),
        })  # fmt: skip

    # -- inside ----------------------------------------------------------------------------------------------------

    def _titles(self, year: int) -> dict[str, str]:
        return {one["id"]: one["title"] for one in self.rules_of(year)["base"]["departments"]}

    def _unanswered(self, year: int, department: str) -> list[Stored]:
        with self._desk.store.reading() as connection:
            cards = queries.of_year(connection, year)
        cases = self._desk.workflows.standings(WORKFLOW, CARD, [card.rid for card in cards])
        return [c for c in cards if cases[c.rid].state == "applied" and department not in levels_of(c)]

    def _letter(self, writer: Writer, template: str, year: int, department: str, values: Mapping[str, object]) -> Paper:
        region = self._desk.regions[0].ljust(12, "0")
        whole = {
            "department": self._titles(year).get(department, ""),
            "year": year,
            **values,
            "office": self._desk.unit_name,
            "date": self.today.isoformat(),
        }
        return self._desk.papers.write(
            writer, template, "green_cards", f"{year}/{department}", whole, region=region
        ).paper


def _asked_on(case: Standing, department: str) -> date | None:
    asked = [e.day for e in case.taken if e.step == "inquire" and e.details.get("department") == department]
    return asked[0] if asked else None
