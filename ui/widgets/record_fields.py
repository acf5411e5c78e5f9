"""The widget for each kind of catalogue field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from PySide6.QtWidgets import QWidget

from jmdesk.catalogue.pickers import industry_picker
from jmdesk.catalogue.types import Catalogue, Field
from jmdesk.records.masking import is_masked, is_number
from ui.core import wording
from ui.core.labels import Labels, industry_name
from ui.core.pickers import children_within, region_path, regions_within, search_codes
from ui.core.ports import SearchChoices
from ui.widgets.code_picker import CodePicker
from ui.widgets.codes_field import CodesField
from ui.widgets.date_field import DateField
from ui.widgets.field import LineField, NoteField, TextField, WholeField, YearField
from ui.widgets.json_field import JsonField
from ui.widgets.masked_field import MaskedField
from ui.widgets.money_field import DecimalField, MoneyField
from ui.widgets.range_field import RangeField
from ui.widgets.region_picker import RegionPicker
from ui.widgets.time_field import TimeField
from ui.widgets.yes_no_field import YesNoField

LONG_TEXT = 100
"""A text field longer than this gets several lines."""


@dataclass(frozen=True)
class FieldMaker:
    """Makes the widget of a field; pickers search what this desk holds."""

    catalogue: Catalogue
    labels: Labels
    scope: tuple[str, ...]

    def make(self, field: Field) -> QWidget:
        """A widget with ``value``, ``set_value``, ``edited`` and ``problem_changed``."""
        if is_number(field):
            return MaskedField()
        maker = self._makers.get(field.type.kind, self._text)
        return MaskedField(maker(field)) if is_masked(field) else maker(field)

    def hidden(self, type_id: str) -> frozenset[str]:
        """The fields of a type that the user may not see: a form leaves them out."""
        return self.labels.hidden(type_id)

    @cached_property
    def _makers(self) -> dict[str, Callable[[Field], QWidget]]:
        return {
            "code": self._code,
            "char": self._char,
            "bool": lambda _field: YesNoField(),
            "date": lambda _field: DateField(),
            "datetime": lambda _field: TimeField(),
            "daterange": lambda _field: RangeField(),
            "year": lambda _field: YearField(),
            "int": lambda _field: WholeField(),
            "dec": self._decimal,
            "json": self._json,
            "ref": self._reference,
            "digest": lambda _field: TextField(max_length=64),
            "uuid": lambda _field: TextField(max_length=36),
        }

    def _text(self, field: Field) -> QWidget:
        if field.type.size > LONG_TEXT:
            return NoteField(max_length=field.type.size)
        return TextField(max_length=field.type.size)

    def _char(self, field: Field) -> QWidget:
        if field.code_list == "CL-REGION":
            known = self.catalogue.regions
            path = partial(region_path, known=known)
            return RegionPicker(regions_within(self.scope, known), path, children_within(self.scope, known))
        if field.code_list == "CL-IND":
            return CodePicker(self._search_industries, lambda code: industry_name(self.catalogue, code))
        return TextField(max_length=field.type.size)

    def _code(self, field: Field) -> QWidget:
        listed = self.catalogue.code_lists[field.code_list].values
        if field.code_list == "CL-GRADE":  # the catalogue names grades by their range of scores
            listed = {code: wording.grade(code).text for code in listed}
        return CodePicker(search_codes(listed), listed.get)

    @staticmethod
    def _decimal(field: Field) -> QWidget:
        if field.unit == "元":
            return MoneyField(field.type.size, field.type.scale)
        return DecimalField(field.type.size, field.type.scale)

    def _json(self, field: Field) -> QWidget:
        listed = self.catalogue.code_lists.get(field.code_list)
        return CodesField(listed.values) if listed and listed.values else JsonField()

    def _reference(self, field: Field) -> QWidget:
        if field.type.target:
            target = field.type.target
            return CodePicker(self.labels.search(target), lambda rid: self.labels.of(target, rid), coded=False)
        return CodePicker(self.labels.search_subjects, self.labels.of_reference, coded=False)

    @cached_property
    def _search_industries(self) -> SearchChoices:
        """Favourites first; anything typed searches the whole classification as well."""
        favourites = self.catalogue.code_lists["CL-IND"].values
        near, far = search_codes(favourites), industry_picker(favourites).offer
        return lambda text, limit: (far if text else near)(text, limit)


def carries_own_unit(widget: QWidget) -> bool:
    """Whether the widget shows its unit itself."""
    return isinstance(widget.inner if isinstance(widget, MaskedField) else widget, MoneyField)


def make_read_only(widget: QWidget) -> None:
    """Show a value without taking input."""
    if isinstance(widget, LineField | NoteField | MoneyField | RegionPicker | RangeField | CodesField | MaskedField):
        widget.setReadOnly(True)
    else:
        widget.setEnabled(False)
