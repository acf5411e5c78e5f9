"""A complaint as it is taken down while the complainant is on the phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.complaints.rules import BUSINESS_CHOICE, CHOICES, CONSUMER
from jmdesk.core.errors import Refused

NEEDED: Final[Mapping[str, str]] = {
    "respondent_name": "被投诉方",
    "product": "产品或服务",
    "problem_class": "问题类别",
    "claims": "请求",
    "facts": "事实",
}
"""Without these a complaint is no complaint."""

PERSONAL: Final = ("complainant_name", "complainant_phone", "complainant_addr", "agent_name")
"""What an anonymous complaint must not hold."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What was taken down. ``values`` are fields of R22; ``choice`` a key of ``CHOICES``; ``on`` the day it came in.

    ``on`` None is today; an earlier day is for what is written down later, such as a letter.
    """

    values: Record
    choice: str = "not_told"
    on: date | None = None

    @property
    def choice_text(self) -> str:
        """What is recorded of the complainant's choice."""
        return CHOICES[self.choice] if self.values.get("complainant_kind") == CONSUMER else BUSINESS_CHOICE


def checked(intake: Intake) -> Record:
    """The values of the record. ``Refused`` "complaints.intake_needs" names what is missing, all of it at once."""
    values = dict(intake.values)
    anonymous = values.get("is_anonymous") is True
    missing = [label for name, label in NEEDED.items() if values.get(name) in (None, "", [])]
    if not anonymous and not values.get("complainant_name"):
        missing.append("投诉人姓名(或选匿名)")
    if missing:
        raise Refused("complaints.intake_needs", missing="、".join(missing))
    if anonymous:
        for name in PERSONAL:
            values.pop(name, None)
    values["is_anonymous"] = anonymous
    return values
