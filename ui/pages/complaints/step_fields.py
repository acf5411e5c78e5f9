"""The fields for what a step of a complaint asks for: codes, persons, days, filled with what is likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from jmdesk.catalogue.pickers import Choice
from jmdesk.catalogue.types import Record
from jmdesk.complaints import rules
from jmdesk.complaints.links import RELATIONS
from jmdesk.complaints.queries import ComplaintFilter
from jmdesk.complaints.rules import BUSINESS_CHOICE, CHOICES, CONSUMER
from jmdesk.complaints.service import Case
from jmdesk.desk import Desk
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.field import TextField, WholeField
from ui.widgets.money_field import MoneyField

WAYS = ("当面", "电话", "短信", "微信", "邮寄", "电子邮件")
SHORT = frozenset({"how", "signed_by", "paper_no", "to", "agency", "proof"})
_OFFERED = 20
"""So many other complaints are offered."""


class StarsField(WholeField):
    """Satisfaction, 1 to 5."""

    @override
    def read(self, text: str) -> object:
        value = super().read(text)
        if not isinstance(value, int) or not 1 <= value <= 5:
            raise ValueError(tr("请输入 1 到 5。"))
        return value


def choice(values: Record) -> Choice:
    """A complaint to be chosen: its number with firm and product."""
    number = str(values.get("complaint_no", ""))
    about = f"{values.get('respondent_name', '')} {values.get('product', '')}".strip()
    return Choice(number, f"{number} {about}".strip())


class StepFields:
    """Makes the fields for the case that is shown."""

    def __init__(self, desk: Desk, labels: Labels) -> None:
        self._desk, self._labels = desk, labels
        self._case: Case | None = None
        self._papers: tuple[str, ...] = ()
        self._links: tuple[str, ...] = ()
        self._alike: tuple[Choice, ...] = ()
        self.likely_other = ""
        """The number of the complaint that the next link or its undoing is about; "" to be asked for."""

    def show_case(self, case: Case, papers: tuple[str, ...], links: tuple[str, ...], alike: tuple[Choice, ...]) -> None:
        """The case that steps are about, the numbers of its papers and of those linked, and others of the same firm."""
        self._case, self._papers, self._links, self._alike = case, papers, links, alike
        self.likely_other = ""

    def make(self, step: str, need: str) -> QWidget | None:
        """The field for a need; None for a plain note."""
        makers: dict[str, Callable[[], QWidget]] = {
            "choice": self._choice,
            "mediator": self._mediator,
            "due": DateField,
            "fault": lambda: self._fault(step),
            "performed": lambda: self._code("CL-PERFORM"),
            "polarity": lambda: self._code("CL-POL"),
            "satisfaction": StarsField,
            "how": lambda: self._listed(WAYS),
            "paper_no": lambda: self._listed(self._papers),
            "recovered": self._recovered,
            "other": lambda: self._other(step),
            "into": lambda: self._other(step),
            "relation": lambda: self._listed(RELATIONS),
        }
        if need in makers:
            return makers[need]()
        return TextField(max_length=120) if need in SHORT else None

    def _choice(self) -> QWidget:
        values = self._case.record.values if self._case else {}
        if values.get("complainant_kind") != CONSUMER:
            made = self._listed((BUSINESS_CHOICE,))
            made.set_value(BUSINESS_CHOICE)
            return made
        made = self._listed((CHOICES["association"],))
        if self._case is not None:
            made.set_value(rules.choice_of(self._case.standing) or None)
        return made

    def _mediator(self) -> QWidget:
        search = self._labels.search("R02")
        made = CodePicker(search, lambda rid: self._labels.of("R02", rid), coded=False)
        made.set_value(self._desk.actor)
        return made

    def _recovered(self) -> QWidget:
        """What the complainant got back; nothing where nobody came to terms."""
        made = MoneyField()
        values = self._case.record.values if self._case else {}
        agreed = values.get("outcome") in rules.MEDIATED
        made.set_value(values.get("recovered_amount", None if agreed else "0.00"))
        return made

    def _other(self, step: str) -> QWidget:
        """Another complaint by its number: the linked ones to undo, else any, those of the same firm first."""
        if step == "unlink":
            made = self._listed(self._links)
        else:
            made = CodePicker(self._search, lambda number: number, coded=False)
        made.set_value(self.likely_other or None)
        return made

    def _search(self, text: str, limit: int) -> Sequence[Choice]:
        if not text.strip():
            return self._alike[:limit]
        own = self._case.record.rid if self._case else ""
        found = self._desk.complaints.page(ComplaintFilter(search=text), 0, min(limit, _OFFERED))
        return [choice(case.record.values) for case in found if case.record.rid != own]

    def _fault(self, step: str) -> QWidget:
        made = self._code("CL-FAULT")
        if step == "confirm_finding" and self._case is not None:
            made.set_value(rules.proposed_finding(self._case.standing))
        return made

    def _code(self, listed: str) -> CodePicker:
        values = self._desk.catalogue.code_lists[listed].values
        return CodePicker(search_codes(values), values.get)

    @staticmethod
    def _listed(values: tuple[str, ...]) -> CodePicker:
        entries = {value: value for value in values}
        return CodePicker(search_codes(entries), entries.get, coded=False)
