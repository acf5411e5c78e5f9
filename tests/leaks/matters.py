"""Everything in which an office may come across her: a firm, a complaint, an agreement with a bank, a review."""

from __future__ import annotations

from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.core.clock import utc_text
from jmdesk.desk import Desk
from jmdesk.selections.service import EVALUATION
from tests.jmdesk.complaints.association import add_firm, intake
from tests.leaks import canary
from tests.sync.client.office import VILLAGE

BANK: Final = "91440785MA4UL00008"


def bring_in(desk: Desk) -> None:
    """Let her household be in each kind of matter that pages are about."""
    household = hers(desk)
    now = utc_text(desk.clock.now())
    desk.records.change("R05", household, {"industry_since": 2010, "verify_level": "3"})
    desk.consents.sign(household, Signature(now, doc_digest="ab" * 32))
    desk.consents.sign(household, Signature(now, recipient=BANK, purpose="2"), kinds=("C5",))
    desk.ratings.rate(household)
    _twice(desk)
    firm = add_firm(desk, legal_rep=canary.NAME)
    words = f"{canary.NAME}住{canary.ADDRESS}，电话{canary.PHONE}。"
    desk.complaints.register(intake(firm, complainant_name=canary.NAME, complainant_phone=canary.PHONE, facts=words))
    desk.green_cards.apply(desk.green_cards.today.year, firm, "1200.00", f"{canary.NAME}提供的报表")
    desk.selections.open_round("2026-1", EVALUATION, "样例评价办法")
    desk.selections.enter("2026-1", kind="shop", name=f"{canary.NAME}渔家店", address=canary.ADDRESS)
    with desk.records.writing("award") as writer:
        village: Record = {"region_code": VILLAGE, "rating_year": 2026, "hh_base": 20, "hh_credit": 11}
        writer.bookkeep("R17", writer.transaction.new_id(), village)
    reviews = desk.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch))
    reviews.panel.seat(batch, canary.NAME, address=canary.ADDRESS)


def _twice(desk: Desk) -> None:
    """Somebody puts her on record again, in a household of its own."""
    with desk.records.writing("create") as writer:
        rid, head = writer.transaction.new_id(), writer.transaction.new_id()
        number = f"{VILLAGE}{desk.number_block}0077"
        writer.create("R05", canary.household(number, VILLAGE, head, desk.actor), rid=rid)
        writer.create("R06", canary.person(head, rid), rid=head)
    desk.consents.sign(rid, Signature(utc_text(desk.clock.now())))


def hers(desk: Desk) -> str:
    """Her household, the one that was made first."""
    made = [one for one in desk.records.find("R06") if one.values.get("person_name") == canary.NAME]
    return str(min(made, key=lambda one: one.rid).values["household_id"])
