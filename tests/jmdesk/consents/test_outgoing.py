"""Whatever is signed, declined, withdrawn or left to expire: no value under a closed lock is in an outgoing batch.

The model of this test knows papers as people do (who signed what until when); what travels is asked of the very code
that fills batches.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock, beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.instance import locked
from sync.client.membership import Membership
from sync.client.sealing import _Press as Press
from sync.client.steering import Steering
from tests.desks import NOW, Family, add_family

KINDS = ("C1", "C2", "C3", "C4")
SEALED = {"R06": {"id_no"}, "R07": {"income_crop", "income_labor", "cost_production", "net_income", "income_total"}}
NEEDS = {"R06": "C2", "R07": "C3"}


@dataclass
class Papers:
    """Who signed what until when: subjects are "household", "head" and "spouse"."""

    until: dict[tuple[str, str], date] = field(default_factory=dict)

    def holds(self, subject: str, kind: str, on: date) -> bool:
        return self.until.get((subject, kind), date.min) >= on

    def may_travel(self, on: date) -> bool:
        """Whether anything of the household may leave."""
        return self.holds("household", "C1", on)

    def may_tell(self, type_id: str, on: date) -> bool:
        """Whether the sealed values of a type may leave."""
        own = NEEDS[type_id]
        signers = ("household",) if own == "C2" else ("head", "spouse")
        return self.holds("household", "C1", on) and all(self.holds(signer, own, on) for signer in signers)


@contextmanager
def refusing(code: str) -> Iterator[None]:
    """What is inside may be refused for this reason, and no other."""
    try:
        yield
    except Refused as refused:
        if refused.code != code:
            raise


Step = Callable[[Desk, Family, Papers], None]


def sign(kind: str, person: str, days: int) -> Step:
    def step(desk: Desk, family: Family, papers: Papers) -> None:
        on = beijing_date(desk.clock.now())
        paper = Signature(utc_text(desk.clock.now()), valid_to=(on + timedelta(days=days)).isoformat())
        persons = (getattr(family, person),)
        desk.consents.sign(family.household, paper, kinds=(kind,), persons=persons)
        subject = person if kind == "C3" else "household"
        papers.until[subject, kind] = max(papers.until.get((subject, kind), date.min), on + timedelta(days=days))

    return step


def withdraw(kind: str) -> Step:
    def step(desk: Desk, family: Family, papers: Papers) -> None:
        with refusing("consents.none_in_force"):
            desk.consents.withdraw(family.household, (kind,), reason="本人要求")
        for place in [place for place in papers.until if place[1] == kind]:
            del papers.until[place]

    return step


def decline(kind: str) -> Step:
    def step(desk: Desk, family: Family, _papers: Papers) -> None:
        with refusing("consents.withdraw_first"):
            desk.consents.decline(family.household, (kind,), on=utc_text(desk.clock.now()))

    return step


def wait(days: int) -> Step:
    def step(desk: Desk, _family: Family, _papers: Papers) -> None:
        assert isinstance(desk.clock, FixedClock)
        desk.clock.advance(days=days)
        desk.begin_day()

    return step


def earn(amount: int) -> Step:
    def step(desk: Desk, family: Family, _papers: Papers) -> None:
        desk.records.change("R07", family.income, {"income_crop": f"{amount}.00"})
        desk.records.change("R06", family.head, {"id_no": "440785199001010011"})

    return step


STEPS = st.lists(
    st.one_of(
        st.builds(sign, st.sampled_from(KINDS), st.sampled_from(["head", "spouse"]), st.sampled_from([1, 5, 400])),
        st.builds(withdraw, st.sampled_from(KINDS)),
        st.builds(decline, st.sampled_from(KINDS)),
        st.builds(wait, st.sampled_from([1, 6])),
        st.builds(earn, st.integers(1, 99_999)),
    ),
    min_size=4,
    max_size=14,
)


def outgoing(desk: Desk) -> dict[str, set[str]]:
    """By type, the fields that the next batch would set."""
    membership = Membership("", "", desk.unit, "", "", "", "", 1, "", "")
    found: dict[str, set[str]] = {}
    with desk.store.transaction(desk.actor, "seal") as transaction:
        for draft in Press(desk, membership, transaction, Steering(), 100).drafts():
            found.setdefault(draft.type, set()).update(draft.set)
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, closed_desk: Unlocked) -> tuple[Path, Unlocked]:
    return tmp_path_factory.mktemp("outgoing"), closed_desk


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_no_value_under_a_closed_lock_is_ever_in_an_outgoing_batch(
    template: tuple[Path, Unlocked], steps: list[Step]
) -> None:
    base, closed = template
    with ExitStack() as stack:
        folder = base / "资料库"
        shutil.copytree(closed.folder, folder)
        stack.callback(shutil.rmtree, folder)
        clock = FixedClock(NOW)
        vault = replace(closed, folder=folder, lock=locked(folder))
        desk = stack.enter_context(Desk(vault, clock, TimeOrderedIds(clock)))
        with desk.records.writing("import") as writer:
            family = add_family(writer, desk.actor)
        papers = Papers()
        for step in steps:
            step(desk, family, papers)
            on = beijing_date(desk.clock.now())
            sent = outgoing(desk)
            for type_id, names in SEALED.items():
                assert papers.may_tell(type_id, on) or names.isdisjoint(sent.get(type_id, set())), type_id
            for type_id in ("R05", "R06", "R07"):
                assert papers.may_travel(on) or not sent.get(type_id), type_id
