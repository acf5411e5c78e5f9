"""Whose signatures open the values of a household is a city's to say, by a signed package."""

from __future__ import annotations

import json

import pytest

from jmdesk.catalogue.issues import Issue
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import change_log, reading
from tests.desks import Family
from tests.packages import issue

SIGNED = Signature("2026-10-01T02:00:00Z")


def locks(signers: object, *, name: str = "written", sequence: int = 1) -> Issue:
    files = {"locks.json": json.dumps({name: {"signers": signers}})}
    return issue(version=f"JM-CAT-2026.{sequence + 1}", sequence=sequence, files=files)


def take(desk: Desk, one: Issue) -> dict[str, object] | None:
    """Take a package into force; what it did."""
    desk.packages.take(one, b"envelope")
    (told,) = desk.renew()
    return told.outcome


def waiting(desk: Desk) -> set[str]:
    with desk.store.reading() as connection:
        return {entry.field for entry in reading.sealed(connection)}


def signed_by_the_head(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C2", "C4"))
    desk.consents.sign(family.household, SIGNED, kinds=("C3",), persons=(family.head,))


def test_a_package_lets_the_heads_signature_open_the_income_and_the_next_asks_every_adult_again(
    desk: Desk, family: Family
) -> None:
    signed_by_the_head(desk, family)
    assert "income_crop" in waiting(desk)
    told = take(desk, locks("head"))
    assert told is not None
    assert told["withheld"] == 0
    assert waiting(desk) == set()
    assert desk.records.get("R07", family.income).record.values["income_crop"] == "12000.50"
    assert all(one.is_open for one in desk.consents.locks(family.household) if one.lock.name == "written")
    again = take(desk, issue(version="JM-CAT-2026.9", sequence=9))
    assert again is not None
    assert again["withheld"] == told["released"]
    assert "income_crop" not in desk.records.get("R07", family.income).record.values
    assert "income_crop" in waiting(desk)
    with desk.store.reading() as connection:
        assert not list(change_log.verify(connection))


def test_a_package_may_ask_every_adult_for_what_the_head_alone_signed(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C2", "C4"))
    assert "id_no" not in waiting(desk)
    told = take(desk, locks("every_adult", name="sensitive"))
    assert told is not None
    assert told["withheld"] == 1
    assert "id_no" in waiting(desk)
    missing = {lack.person for one in desk.consents.locks(family.household) for lack in one.lacking
               if one.lock.name == "sensitive"}  # fmt: skip
    assert missing == {family.head, family.spouse}


@pytest.mark.parametrize(
    "one",
    [
        locks("nobody"),
        locks(["head"]),
        locks("head", name="unheard_of"),
        issue(files={"locks.json": '{"written": {"signers": "head", "kinds": []}}'}),
        issue(files={"locks.json": '{"written": "head"}'}),
    ],
)
def test_who_signs_is_all_that_a_package_may_say_of_a_lock(desk: Desk, one: Issue) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(one, b"envelope")
    assert refused.value.code == "packages.locks"
    assert refused.value.message_for_user().action
