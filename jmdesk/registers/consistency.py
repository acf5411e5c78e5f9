"""Whether what a register says of a household hangs together: the cross-field checks of the collection catalogue."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from jmdesk.catalogue.loader import catalogue
from jmdesk.registers.drafts import HEAD, HouseholdDraft, RecordDraft
from jmdesk.registers.findings import Finding, FindingLevel

_INCOMES = ("crop", "breed", "labor", "business", "property", "transfer", "other")
_REVIEWED_INCOME = Decimal(5_000_000)
_DOUBTFUL_LOANS = frozenset({"3", "4", "5"})


def check(draft: HouseholdDraft) -> None:
    """Add a finding for everything that does not hang together."""
    _head(draft)
    _numbers(draft)
    _people(draft)
    for record in draft.others:
        if record.type == "R07":
            _income(draft, record)
        elif record.type == "R10":
            _debt(draft, record)
        elif record.type == "R08":
            _land(draft, record)


def _say(
    draft: HouseholdDraft, record: RecordDraft, name: str, code: str, level: FindingLevel = "warn", **params: object
) -> None:
    described = catalogue().types[record.type].by_identifier.get(name)
    label = described.label if described else ""
    draft.findings.append(Finding(code, level, label, params, draft.ref(record, name)))


def _head(draft: HouseholdDraft) -> None:
    heads = [member for member in draft.members if member.values.get("relation") in HEAD]
    if len(heads) > 1:
        _say(draft, heads[1], "relation", "registers.two_heads", "error")
    elif not heads:
        first = draft.members[0] if draft.members else draft.household
        _say(draft, first, "relation", "registers.no_head", "error")


def _numbers(draft: HouseholdDraft) -> None:
    home = draft.household
    population, labor = home.values.get("population"), home.values.get("labor_count")
    if isinstance(population, int):
        if isinstance(labor, int) and labor > population:
            _say(draft, home, "labor_count", "registers.more_labor_than_people", "error")
        if population != len(draft.members) and len(draft.members) > 1:
            _say(draft, home, "population", "registers.population_differs", said=population, listed=len(draft.members))


def _people(draft: HouseholdDraft) -> None:
    numbers = Counter(str(m.values["id_no"]) for m in draft.members if "id_no" in m.values)
    for member in draft.members:
        if numbers[str(member.values.get("id_no", ""))] > 1:
            _say(draft, member, "id_no", "registers.id_twice_in_household", "error")
            break


def _amount(record: RecordDraft, name: str) -> Decimal:
    return Decimal(str(record.values.get(name, "0")))


def _income(draft: HouseholdDraft, record: RecordDraft) -> None:
    total = sum(_amount(record, f"income_{name}") for name in _INCOMES)
    if total > _REVIEWED_INCOME:
        _say(draft, record, "income_total", "registers.income_very_high")


def _debt(draft: HouseholdDraft, record: RecordDraft) -> None:
    values = record.values
    if "amount" in values and _amount(record, "balance") > _amount(record, "amount"):
        _say(draft, record, "balance", "registers.balance_over_amount")
    if values.get("five_class") in _DOUBTFUL_LOANS and not values.get("overdue_days"):
        _say(draft, record, "five_class", "registers.class_without_overdue")


def _land(draft: HouseholdDraft, record: RecordDraft) -> None:
    end, collected = record.values.get("right_end"), draft.household.values.get("collect_date")
    if isinstance(end, str) and isinstance(collected, str) and end < collected:
        _say(draft, record, "right_end", "registers.right_already_ended")
