from __future__ import annotations

import pytest

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.records.readiness import SEND_ORDER, Readiness
from jmdesk.store import outbox, reading
from tests.desks import Family

SIGNED = Signature("2026-10-01T02:00:00Z", doc_digest="ab" * 32)


def holds(desk: Desk) -> dict[str, set[str]]:
    """By record type, why its drafts cannot be sent; an empty code means they can."""
    found: dict[str, set[str]] = {}
    with desk.store.reading() as connection:
        readiness = Readiness(connection, desk.catalogue, desk.clock)
        for draft in outbox.drafts(connection, types=SEND_ORDER):
            hold = readiness.hold(draft)
            found.setdefault(draft.record.type, set()).add(hold.code if hold else "")
    return found


def sealed_fields(desk: Desk) -> set[str]:
    with desk.store.reading() as connection:
        return {entry.field for entry in reading.sealed(connection)}


def test_without_consent_numbers_and_incomes_are_kept_apart(desk: Desk, family: Family) -> None:
    assert "id_no" not in desk.records.get("R06", family.head).record.values
    assert set(desk.records.get("R07", family.income).record.values) == {"household_id", "year", "evidence_level"}
    assert {"id_no", "income_crop", "income_total", "cost_production"} <= sealed_fields(desk)


def test_a_sealed_value_is_not_in_the_history(desk: Desk, family: Family) -> None:
    assert "440785199001010011" not in str(desk.records.history(family.head))


def test_without_consent_nothing_of_a_household_may_be_sent(desk: Desk, family: Family) -> None:
    held = holds(desk)
    assert held["R05"] == {"sending.awaiting_consent"}
    assert held["R06"] == {"sending.awaiting_consent"}
    assert held["R07"] == {"sending.awaiting_consent"}


def test_signing_puts_the_values_in_place_and_lets_the_household_go(desk: Desk, family: Family) -> None:
    assert desk.consents.sign(family.household, SIGNED) == 7
    assert desk.records.get("R06", family.head).record.values["id_no"] == "440785199001010011"
    assert desk.records.get("R07", family.income).record.values["net_income"] == "41000.50"
    assert sealed_fields(desk) == set()
    assert holds(desk) == {type_: {""} for type_ in ("R04", "R05", "R06", "R07")}


def test_the_income_opens_only_when_every_adult_has_signed(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C2", "C4"))
    assert "income_crop" in sealed_fields(desk)
    with desk.records.writing("consent") as writer:
        from jmdesk.consents.service import write_consents

        write_consents(writer, family.household, [family.head], SIGNED, kinds=("C3",))
        assert writer.release(family.household) == 0
        write_consents(writer, family.household, [family.spouse], SIGNED, kinds=("C3",))
        assert writer.release(family.household) == 6
    assert sealed_fields(desk) == set()


def test_a_child_need_not_sign(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    assert family.child not in desk.consents.of(family.household).adults


def test_a_value_typed_before_its_consent_is_sealed_at_once(desk: Desk, family: Family) -> None:
    desk.records.change("R07", family.income, {"income_breed": "500.00"})
    assert "income_breed" not in desk.records.get("R07", family.income).record.values
    assert "income_breed" in sealed_fields(desk)


def test_withdrawing_takes_the_values_back_and_unsets_them_for_the_platform(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    assert desk.consents.withdraw(family.household, ["C3"], reason="本人撤回") == 6
    assert "income_crop" not in desk.records.get("R07", family.income).record.values
    with desk.store.reading() as connection:
        draft = next(d for d in outbox.drafts(connection, types=("R07",)))
    assert "income_crop" in draft.fields
    assert "income_crop" not in draft.record.values


def test_withdrawing_nothing_is_refused(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused, match=r"consents\.none_in_force"):
        desk.consents.withdraw(family.household, ["C3"], reason="本人撤回")


def test_an_expired_consent_opens_nothing(desk: Desk, family: Family) -> None:
    old = Signature("2020-10-01T02:00:00Z", doc_digest="ab" * 32, valid_to="2022-10-01")
    assert desk.consents.sign(family.household, old) == 0
    assert holds(desk)["R05"] == {"sending.awaiting_consent"}


def test_a_signed_paper_without_its_scan_counts_and_says_so(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, Signature("2026-10-01T02:00:00Z"))
    assert {c.values["consent_state"] for c in desk.records.find("R04")} == {"1"}
    assert holds(desk)["R05"] == {""}


def test_an_incomplete_record_waits_and_says_what_is_missing(desk: Desk) -> None:
    desk.records.create("R20", {"ent_name": "某厂"})
    with desk.store.reading() as connection:
        readiness = Readiness(connection, desk.catalogue, desk.clock)
        hold = readiness.hold(next(outbox.drafts(connection, types=("R20",))))
    assert hold is not None
    assert hold.code == "sending.incomplete"
    assert hold.detail


def test_a_rating_is_locked_as_strictly_as_what_it_was_computed_from(desk: Desk) -> None:
    field = desk.catalogue.types["R16"].by_identifier["item_scores"]

    def lock(facts: dict[str, object]) -> str:
        found = desk.catalogue.lock_of(field, {"facts": facts, "items": []})
        return found.name if found else ""

    assert lock({"B3": {"labor": 2}, "D2": {}}) == "rating"
    assert lock({"A1": {"max_overdue_days": 0}, "C2": {"guarantee": "0.00"}}) == "sensitive"
    assert lock({"A1": {}, "C2": {"guarantee": "0.00", "net_income": "1.00"}}) == "written"
    assert lock({"B2": {"net_income": "1.00"}}) == "written"


def test_what_awaits_consent_for_more_than_thirty_days_is_erased_and_the_history_says_so(
    desk: Desk, family: Family
) -> None:
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=30)
    assert desk.consents.erase_overdue() == 0
    desk.clock.advance(days=1)
    assert desk.consents.erase_overdue() == 7
    assert sealed_fields(desk) == set()
    last = desk.records.history(family.head)[-1]
    assert (last.verb, last.after) == ("expire", {})
    assert "证件号码" in last.reason
    assert desk.consents.sign(family.household, SIGNED) == 0
