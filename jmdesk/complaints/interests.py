"""Conflicts of interest: whose own firm, or whose rival, a complaint is about. Pure.

A user declares the firms in which he has a part. Nobody acts in, or sees, a case against a firm of his own. An
office-bearer who has a firm sees no complaint about any firm of the trade; the secretary-general acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jmdesk.core.errors import Refused
from jmdesk.permissions.guard import Avoided

OFFICE_BEARER: Final = "R4"
SECRETARY_GENERAL: Final = "R13"
REVENUE: Final = {"R20": frozenset({"revenue_main", "revenue_year"}), "R24": frozenset({"revenue_main"})}
"""What firms earn, by record type: hidden from office-bearers who have one."""

_COMPLAINT_CLOSED = "23"
"""CL-EVCAT: what a complaint became in the archive."""


@dataclass(frozen=True, slots=True)
class Interests:
    """What one user has a part in: record ids of member enterprises, their names; ``office``: he bears one."""

    firms: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    office: bool = False

    @property
    def shut_out(self) -> bool:
        """Whether the user sees no complaint at all."""
        return self.office and bool(self.firms or self.names)

    def touches(self, values: Mapping[str, object]) -> bool:
        """Whether a complaint is about a firm of the user's own, or made by it."""
        name = str(values.get("respondent_name", "")).strip()
        return values.get("uscc") in self.firms or name in self.names

    def avoided(self) -> Avoided:
        """The same for every page and service of the desk: complaints, credit events of one's own, what rivals earn.

        Steps and sources say the same again, so they are left out of the lists of records.
        """
        if not self.firms and not self.names:
            return Avoided()
        own = ("uscc", tuple(sorted(self.firms)))
        if self.shut_out:
            return Avoided(
                types=frozenset({"R22"}),
                fields=REVENUE,
                records={"R21": (own, ("event_cat", (_COMPLAINT_CLOSED,))), "assessment": (("item", ("revenue",)),)},
                begins={"workflow_event": (("target_ref", ("R21:", "R22:", "R24:")),)},
            )
        return Avoided(
            records={"R21": (own,), "R22": (own, ("respondent_name", tuple(sorted(self.names))))},
            begins={"workflow_event": (("target_ref", ("R21:", "R22:")),)},
        )

    def owns(self, type_id: str, rid: str, values: Mapping[str, object]) -> bool:
        """Whether a record is about a firm of the user's own, so that he takes no step in its case."""
        return (rid if type_id == "R20" else values.get("uscc")) in self.firms

    def require_open(self) -> None:
        """``Refused`` "complaints.office_bearer" for a user who sees no complaint at all."""
        if self.shut_out:
            raise Refused("complaints.office_bearer")

    def require_free(self, values: Mapping[str, object]) -> None:
        """``Refused`` "complaints.office_bearer" or "complaints.interest" when the user must keep away from a case."""
        self.require_open()
        if self.touches(values):
            raise Refused("complaints.interest")
