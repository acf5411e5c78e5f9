"""A time limit that ends on the same day of every year: the next one, on a working day or not."""

from __future__ import annotations

from datetime import date

import pytest

from jmdesk.catalogue.calendar import work_calendar
from jmdesk.workflows.definition import Flawed, definition
from jmdesk.workflows.standing import Event, standing


def flow(by: str) -> dict[str, object]:
    """A workflow of one step whose answer is due on a day of the year."""
    return {
        "id": "T1",
        "version": "1",
        "label": "试",
        "subject": "R17",
        "effective": "2026-01-01",
        "initial": "new",
        "states": {"new": {"label": "未办"}, "done": {"label": "已办"}},
        "steps": {"begin": {"label": "开始", "from": ["new"], "to": "done"}},
        "clocks": [{"id": "y", "label": "年度", "unit": "yearly", "by": by, "starts": ["begin"], "met_by": []}],
    }


@pytest.mark.parametrize(
    ("begun", "due"),
    [
        ("2026-11-22", date(2027, 1, 31)),
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-02-01", date(2028, 1, 31)),
    ],
)
def test_the_next_such_day_is_the_last(begun: str, due: date) -> None:
    event = Event("r", "begin", f"{begun}T02:00:00Z", "u", "o", "", {})
    case = standing(definition(flow("01-31")), [event], work_calendar())
    assert [one.day for one in case.dues] == [due]


@pytest.mark.parametrize("by", ["", "02-29", "13-01", "1-31"])
def test_a_day_that_not_every_year_has_is_no_limit(by: str) -> None:
    with pytest.raises(Flawed):
        definition(flow(by))
