"""Any household at all, as plain facts for property tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.jmdesk.ratings.households import Raw

money = st.decimals(min_value=0, max_value=500_000, places=2).map(str)
signed_money = st.decimals(min_value=-50_000, max_value=500_000, places=2).map(str)
price = st.decimals(min_value="0.01", max_value=50_000, places=2).map(str)
ballot = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(n, 5 * n), st.just(n)).map(list))
people = st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def maybe(inputs: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | inputs


@st.composite
def households(draw: st.DrawFn) -> Raw:
    labor, population = draw(people)
    kinds = draw(st.lists(st.sampled_from("1234567"), unique=True, max_size=4))
    filled, verified = draw(st.integers(0, 30)), draw(st.integers(0, 20))
    arrears = st.fixed_dictionaries(
        {
            "max_overdue_days": st.integers(0, 200),
            "current_overdue_days": st.integers(0, 200),
            "worst_five_class": st.none() | st.sampled_from("12345"),
        }
    )
    return {
        "A1": draw(maybe(arrears)),
        "A2": draw(maybe(st.sampled_from(["kept", "paid_after_default", "default_open"]).map(_named("performance")))),
        "A3": draw(maybe(st.integers(0, 1000).map(lambda n: {"fulfil_rate": str(Decimal(n) / 10)}))),
        "A4": draw(maybe(st.sampled_from(["on_time", "late_paid", "owing"]).map(_named("payment")))),
        "B1": {"years": draw(st.none() | st.integers(0, 40))},
        "B2": draw(
            maybe(
                st.fixed_dictionaries(
                    {"net_income": signed_money, "population": st.just(population), "town_reference": price}
                )
            )
        ),
        "B3": draw(maybe(st.just({"labor": labor, "population": population}))),
        "B4": draw(maybe(st.just([{"kind": k, "quantity": draw(money), "median": draw(price)} for k in kinds]))),
        "C1": draw(maybe(st.fixed_dictionaries({"debt": money, "income": signed_money}))),
        "C2": draw(maybe(st.fixed_dictionaries({"guarantee": money, "net_income": st.none() | signed_money}))),
        "D1": draw(maybe(st.lists(ballot, max_size=9).map(_named("voters")))),
        "D2": {"level": draw(st.none() | st.sampled_from("123456"))},
        "E1": {"filled": filled, "required": draw(st.integers(max(filled, 1), 40))},
        "E2": {"verified": verified, "fields": draw(st.integers(verified, 40))},
    }


def _named(name: str) -> Any:
    return lambda value: {name: value}
