"""The paper form of a household, filled with what is known and masked, to be carried through the village."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jmdesk.catalogue.types import Catalogue, Field
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.households.queries import Dossier
from jmdesk.households.service import Households
from jmdesk.records.masking import numbers_masked, shown_value
from jmdesk.store.stored import Stored

BLANK = "　"
_INCOME = (
    "income_crop", "income_breed", "income_labor", "income_business", "income_property", "income_transfer",
    "income_other", "cost_production", "exp_living",
)  # fmt: skip
_FACTS = ("address", "phone", "population", "labor_count", "resident_status", "main_industry")
_ROOM = 3
"""Empty lines for members who are not on record yet."""


def walk(
    households: Households,
    catalogue: Catalogue,
    rids: Sequence[str],
    year: int,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> dict[str, object]:
    """What the template "collection-form" asks for, for these households in this order. Stops early when cancelled.

    Numbers are masked; values that wait for a consent, and what the user may not see, stay blank on paper.
    """
    forms: list[dict[str, object]] = []
    for done, rid in enumerate(rids):
        if cancelled():
            break
        forms.append(_form(households.dossier(rid), catalogue, year))
        progress(done + 1, len(rids))
    for form in forms[:-1]:
        form["more"] = True
    return {"year": str(year), "forms": forms}


def _form(found: Dossier, catalogue: Catalogue, year: int) -> dict[str, object]:
    household = found.household.values
    head = found.head
    return {
        "number": str(household.get("household_id", BLANK)),
        "head": str(head.values.get("person_name", BLANK)) if head else BLANK,
        "place": f"{catalogue.regions.label(found.household.region)} {household.get('group_no', '')}".strip(),
        "facts": [
            {"label": field.label, "known": _words(catalogue, found.household, field), "now": BLANK}
            for field in (catalogue.types["R05"].by_identifier[name] for name in _FACTS)
        ],
        "members": [*_members(found, catalogue), *[_EMPTY_MEMBER] * _ROOM],
        "income": list(_incomes(found, catalogue, year)),
        "more": False,
    }


_EMPTY_MEMBER: dict[str, str] = dict.fromkeys(("name", "relation", "birth", "number", "labor", "now"), BLANK)


def _members(found: Dossier, catalogue: Catalogue) -> Iterator[dict[str, str]]:
    fields = catalogue.types["R06"].by_identifier
    for member in found.members:
        said = {
            name: _words(catalogue, member, fields[name]) for name in ("relation", "birth_date", "id_no", "is_labor")
        }
        yield {
            "name": str(member.values.get("person_name", BLANK)),
            "relation": said["relation"],
            "birth": said["birth_date"],
            "number": said["id_no"],
            "labor": said["is_labor"],
            "now": BLANK,
        }


def _incomes(found: Dossier, catalogue: Catalogue, year: int) -> Iterator[dict[str, str]]:
    earlier = [one for one in found.parts.get("R07", ()) if isinstance(y := one.values.get("year"), int) and y < year]
    last = max(earlier, key=lambda one: str(one.values["year"]), default=None)
    for name in _INCOME:
        field = catalogue.types["R07"].by_identifier[name]
        yield {"label": f"{field.label}(元)", "known": _words(catalogue, last, field) if last else BLANK, "now": BLANK}


def _words(catalogue: Catalogue, record: Stored, field: Field) -> str:
    value = record.values.get(field.identifier)
    return BLANK if value is None else shown_value(catalogue, field, numbers_masked(field, value))
