"""What a record is called, for references, titles and pickers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.pickers import Choice
from jmdesk.core.clock import beijing_text
from jmdesk.core.errors import Refused
from jmdesk.records.masking import masked, shown_value
from ui.core import wording
from ui.core.i18n import tr
from ui.core.pickers import region_path
from ui.core.ports import SearchChoices
from ui.core.units import unit_name

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Catalogue, Field, Record, RecordType, Value
    from jmdesk.desk import Desk
    from jmdesk.workflows.standing import Event

NAMED_BY = {
    "R01": ("org_name",), "R02": ("user_name",), "R03": ("region_name",), "R04": ("consent_kind", "signed_at"),
    "R05": ("household_id",), "R06": ("person_name",), "R07": ("year",), "R08": ("land_kind", "area_mu"),
    "R10": ("creditor_name",), "R16": ("rating_year", "grade"), "R24": ("uscc", "gc_year"),
    "R13": ("honor_title",), "R14": ("doc_no",), "R20": ("ent_name",), "R22": ("complaint_no",), "R25": ("case_no",),
    "R21": ("uscc", "event_date"), "R23": ("uscc", "x_subject_name", "batch_no"),
}  # fmt: skip
"""The fields whose values name a record of each type."""

Mask = Callable[["Field", "Value"], "Value"]

SUBJECTS = ("R05", "R06", "R20")
"""Types that an untyped reference (``"R05:<rid>"``) may point at in a form."""


def industry_name(catalogue: Catalogue, code: str) -> str | None:
    """The name of an industry: from the favourites, else from GB/T 4754; ``None`` for an unknown code."""
    favourites = catalogue.code_lists["CL-IND"].values
    return favourites.get(code) or (industries().label(code) if code in industries().by_code else None)


def _keys(record_type: RecordType) -> tuple[str, ...]:
    """The key fields that say something to a person."""
    return tuple(field.identifier for field in record_type.key_fields if field.type.kind != "uuid")


class Labels:
    """Names of records, read once each; ``forget`` after changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, str], str] = {}

    def forget(self) -> None:
        """Read names again from now on."""
        self._known.clear()

    def of(self, type_id: str, rid: str) -> str:
        """A record's name; its id's last eight characters when it is not here."""
        key = (type_id, rid)
        if key not in self._known:
            self._known[key] = self._read(type_id, rid)
        return self._known[key]

    def prepare(self, type_id: str, rids: Iterable[str]) -> None:
        """Read the names of many records at once, as a page of a list needs them."""
        from jmdesk.store.reading import Filter

        new = [rid for rid in dict.fromkeys(rids) if (type_id, rid) not in self._known]
        if not new or type_id not in self._desk.catalogue.types:
            return
        found = self._desk.records.find(type_id, Filter(rids=new))
        if type_id == "R05":
            self.prepare("R06", (str(entry.values.get("head_person_id", "")) for entry in found))
        for entry in found:
            self._known[type_id, entry.rid] = self.title(type_id, entry.values)

    def of_reference(self, value: str) -> str:
        """The name behind ``"R05:<rid>"``, with the type before it."""
        type_id, _, rid = value.partition(":")
        found = self._desk.catalogue.types.get(type_id)
        return f"{found.label} {self.of(type_id, rid)}" if found and rid else value

    def unit(self, code: str, region: str = "", roles: Collection[str] = ()) -> str:
        """What a unit is called that acted in a region, in a matter of these roles; as `units.unit_name`."""
        key = ("unit", f"{code} {region} {sorted(roles)}")
        if key not in self._known:
            self._known[key] = unit_name(self._desk, code, region, roles)
        return self._known[key]

    def unit_of(self, event: Event, roles: Collection[str]) -> str:
        """What the unit is called that took a step."""
        from jmdesk.store.reading import get as get_record

        with self._desk.store.reading() as connection:
            found = get_record(connection, "workflow_event", event.rid)
        return self.unit(event.org, found.region if found is not None else "", roles)

    def title(self, type_id: str, values: Record) -> str:
        """The name of a record whose values are at hand; its kind when none of them names it."""
        if type_id == "R05":
            head = values.get("head_person_id")
            number = wording.household_number(str(values.get("household_id", "")), short=True)
            return f"{self.of('R06', head)} {number}".strip() if isinstance(head, str) else number
        record_type = self._desk.catalogue.types[type_id]
        words: list[str] = []
        for name in NAMED_BY.get(type_id, _keys(record_type)):
            value = values.get(name)
            if value is None:
                continue
            field = record_type.by_identifier.get(name)
            if field is None:  # one beside the catalogue's
                words.append(str(value))
            elif field.type.kind in ("code", "datetime", "ref") or field.code_list == "CL-REGION":
                words.append(self.words(field, value))
            else:
                words.append(str(masked(field, value)))
        return " ".join(words) or record_type.label

    def heading(self, type_id: str, values: Record) -> str:
        """The name of a record standing alone, so with the household it belongs to before or behind it."""
        title = self.title(type_id, values)
        subject, head = self._subject(type_id, values)
        if not head or type_id == "R05":
            return title
        home = tr("{name} 户", name=head)
        if type_id == "R06":
            return f"{title}({home})"
        return f"{subject}({home}) {title}" if subject else f"{home} {title}"

    def _subject(self, type_id: str, values: Record) -> tuple[str, str]:
        """The person a record speaks of, where it does, and the head of the household; empty for neither."""
        person, household = "", str(values.get(self._desk.catalogue.types[type_id].household_field or "", ""))
        kind, _, rid = str(values.get("subject_id", "")).partition(":")
        if kind == "R06":
            person, household = self.of("R06", rid), self._field("R06", rid, "household_id")
        elif kind == "R05":
            household = rid
        head = self._field("R05", household, "head_person_id") if household else ""
        return person, self.of("R06", head) if head else ""

    def _field(self, type_id: str, rid: str, name: str) -> str:
        """One value of a record; empty when there is none."""
        try:
            return str(self._desk.records.get(type_id, rid).record.values.get(name, ""))
        except Refused:
            return ""

    def hidden(self, type_id: str) -> frozenset[str]:
        """The fields of a type that are above what the user may see."""
        return self._desk.guard.hidden(type_id)

    def words(self, field: Field, value: object, *, mask: Mask = masked) -> str:
        """A value as lists and histories show it: names for codes and references, masked; empty for none.

        ``mask`` is ``numbers_masked`` where somebody has to choose between two values.
        """
        if value is None:
            return ""
        if field.type.kind == "ref":
            text = str(value)
            return self.of(field.type.target, text) if field.type.target else self.of_reference(text)
        if field.identifier == "household_id":
            return wording.household_number(str(value), short=True)
        if field.code_list == "CL-GRADE":
            return wording.grade(str(value)).text
        if field.type.kind == "datetime":
            return beijing_text(str(value))
        if field.code_list == "CL-REGION":
            return " / ".join(region_path(str(value))[-2:]) or str(value)
        if field.code_list == "CL-IND":
            return industry_name(self._desk.catalogue, str(value)) or str(value)
        if isinstance(value, list) and field.code_list in self._desk.catalogue.code_lists:
            return "、".join(self._desk.catalogue.code_lists[field.code_list].label(str(code)) for code in value)
        return shown_value(self._desk.catalogue, field, mask(field, value))  # type: ignore[arg-type]

    def search(self, type_id: str) -> SearchChoices:
        """A search over the records of one type, for a picker; the code is the record id."""

        def search(text: str, limit: int) -> Sequence[Choice]:
            return [
                Choice(rid, self.of(type_id, rid), self._hint(type_id, rid)) for rid in self._find(type_id, text, limit)
            ]

        return search

    def search_subjects(self, text: str, limit: int) -> Sequence[Choice]:
        """A search over everything an untyped reference may mean."""
        share = max(1, limit // len(SUBJECTS))
        return [
            Choice(f"{type_id}:{rid}", self.of(type_id, rid), self._desk.catalogue.types[type_id].label)
            for type_id in SUBJECTS
            for rid in self._find(type_id, text, share)
        ]

    def _find(self, type_id: str, text: str, limit: int) -> list[str]:
        from jmdesk.store import search
        from jmdesk.store.reading import Filter

        if text.strip() and type_id in ("R05", "R06", "R20"):
            with self._desk.store.reading() as connection:
                subjects = search.subjects(
                    connection, text, types=("R05", "R06") if type_id != "R20" else ("R20",), limit=limit
                )
            if type_id == "R06":
                return [
                    m.rid for rid in subjects for m in self._desk.records.find("R06", Filter({"household_id": rid}))
                ][:limit]
            return subjects
        found = self._desk.records.find(type_id, limit=limit if not text else 500)
        return [entry.rid for entry in found if text.lower() in self.title(type_id, entry.values).lower()][:limit]

    def _hint(self, type_id: str, rid: str) -> str:
        if type_id != "R06":
            return ""
        values = self._desk.records.get("R06", rid).record.values
        return self.of("R05", str(values.get("household_id", "")))

    def _read(self, type_id: str, rid: str) -> str:
        if not rid or type_id not in self._desk.catalogue.types:
            return ""
        try:
            entry = self._desk.records.get(type_id, rid)
        except Refused:
            return rid[-8:]
        return self.title(type_id, entry.record.values)
