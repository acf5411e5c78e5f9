"""What a review writes is what the platform takes: every record of it is judged as the gateway would judge it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jmdesk.attachments.intake import examine
from jmdesk.ratings.admission import type_rules
from jmdesk.ratings.rulebook import Rulebook
from tests.documents import phone_photo

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village


def test_every_record_of_a_review_passes_the_platforms_rules(village: Village) -> None:
    village.to_noticed()
    village.clerk.filing.prove_posting(village.batch, examine(phone_photo()), "公告栏", date(2026, 11, 22))
    village.clerk.object_to(village.ratings[0], f"R05:{village.households[1]}", "收入不实")
    catalogue = village.desk.catalogue
    judged = 0
    for type_id in ("R16", "R25", "assessment", "workflow_event"):
        rules = type_rules(catalogue, type_id)
        assert rules is not None
        for found in village.desk.records.find(type_id):
            sent = {n: v for n, v in found.values.items() if n not in rules.type.computed_names}
            assert rules.fault(sent, date(2026, 11, 22), Rulebook()) is None, type_id
            judged += 1
    assert judged > 20
