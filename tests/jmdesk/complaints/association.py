"""An association's desk for tests: a member firm, a clerk, a head, a secretary-general; all invented."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jmdesk.accounts.account import guard_of
from jmdesk.catalogue.types import Record
from jmdesk.complaints.intake import Intake
from jmdesk.complaints.service import Complaints
from jmdesk.desk import Desk
from jmdesk.permissions.guard import Guard
from jmdesk.workflows.service import Workflows

FIRM = "914407857701234562"
RIVAL = "91440785MA4UABCD5X"


@dataclass
class Person:
    """Somebody at the association's desk: the same vault, an account of his own."""

    desk: Desk
    roles: tuple[str, ...]
    user: str = field(default="")

    def __post_init__(self) -> None:
        self.user = self.user or self.desk.ids.new()
        values: Record = {
            "user_id": self.user,
            "user_name": f"{self.roles[0]}某",
            "role": self.roles[0],
            "user_status": "1",
            "x_roles": list(self.roles),
        }
        with self.desk.records.writing("account") as writer:
            writer.bookkeep("R02", self.user, values)

    @property
    def seat(self) -> Seat:
        """This person's place at the desk."""
        return Seat(self.desk, self.user)

    @property
    def at_desk(self) -> Complaints:
        """The complaint desk with this person sitting at it."""
        return Complaints(self.seat)


class Seat:
    """What a service sees of the desk while one person sits at it."""

    def __init__(self, desk: Desk, user: str) -> None:
        self._desk, self.actor = desk, user
        self.store, self.catalogue, self.clock = desk.store, desk.catalogue, desk.clock
        self.number_block, self.papers = desk.number_block, desk.papers
        self.unit, self.unit_name = desk.unit, desk.unit_name
        self.records = type(desk.records)(
            desk.store, desk.catalogue, actor=user, home_region="440785000000", guard=self.guard
        )

    def judge_anew(self) -> None:
        """Go by the accounts and the interests as they are now, as the desk does."""
        self.records.guard = replace(self.guard, avoided=Complaints(self).interests().avoided())

    @property
    def guard(self) -> Guard:
        """What the person may do."""
        return guard_of(self._desk.accounts.all(), self.actor, self._desk.accounts.matrix)

    @property
    def workflows(self) -> Workflows:
        """The cases, in this person's name."""
        guard = self.guard
        return Workflows(
            self,
            actor=self.actor,
            unit=self._desk.unit,
            roles=lambda: guard.roles if guard.matrix is not None else None,
            bars={"W6": Complaints(self).bar_event, "W7": Complaints(self).bar},
            effects={"W7": Complaints(self).follow},
        )


def add_firm(desk: Desk, code: str = FIRM, name: str = "恩平某电声有限公司", **more: object) -> str:
    """A member enterprise; gives its record id."""
    values: Record = {
        "uscc": code,
        "ent_name": name,
        "ent_type": "1",
        "legal_rep": "冯志强",
        "region_code": "440785000000",
        "industry_code": "3939",
        "cluster": "C1",
        "member_no": f"HY{code[-4:]}",
        "member_since": "2015-06-01",
        "above_scale": False,
        **more,  # type: ignore[dict-item]
    }
    with desk.records.writing("import") as writer:
        return writer.create("R20", values, checked=True)


def complaint(firm: str = "", **more: object) -> Record:
    """What a complainant says on the phone."""
    values: Record = {
        "channel": "2",
        "complainant_kind": "1",
        "is_anonymous": False,
        "complainant_name": "何秀英",
        "complainant_phone": "13900001234",
        "respondent_name": "恩平某电声有限公司",
        "product": "无线话筒",
        "product_model": "U-200",
        "order_no": "DD20261101",
        "problem_class": "01",
        "amount": "680.00",
        "claims": ["1", "4"],
        "facts": "收到的话筒无声，商家不退货。",
        **more,  # type: ignore[dict-item]
    }
    if firm:
        values["uscc"] = firm
    return values


def intake(firm: str = "", choice: str = "association", **more: object) -> Intake:
    """A complaint, ready to be registered."""
    return Intake(complaint(firm, **more), choice)
