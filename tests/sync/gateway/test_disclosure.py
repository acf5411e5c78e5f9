"""What the platform shows a device: its own unit's records, and of others what its roles are for (I11)."""

from __future__ import annotations

import pytest

from sync.protocol.records import Draft, Value, Verdict
from tests.sync.gateway.conftest import BANK, COUNTY, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import IDS, Desk, consent, draft, household, person

ASSOCIATION = "51440785MF100020X4"
MARKET = "93440785MF1000218R"
FIRM: dict[str, Value] = {
    "uscc": "91440785MF1000226T",
    "ent_name": "样例电声有限公司",
    "ent_type": "91",
    "legal_rep": "样例甲",
    "region_code": "440785104200",
    "industry_code": "3934",
    "cluster": "C1",
    "above_scale": False,
    "employees": 12,
    "x_opinion": "合作愉快",
}


def step(target: str) -> Draft:
    return draft(
        "workflow_event",
        IDS.new(),
        {
            "target_ref": target,
            "step": "received",
            "event_at": "2026-03-01T08:00:00Z",
            "actor_id": IDS.new(),
            "org_uscc": VILLAGE,
        },
    )


def dossier() -> list[Draft]:
    """A household with a member, a consent, an objection and a step of it."""
    rid, values = household()
    agreed, consented = consent(rid)
    member, named = person(rid)
    case = IDS.new()
    objection: dict[str, Value] = {
        "case_no": f"YY-{case[-8:]}",
        "case_kind": "1",
        "applicant_id": f"R05:{rid}",
        "target_ref": f"R05:{rid}",
        "reason": "等级有误",
        "received_at": "2026-03-01T08:00:00Z",
    }
    return [
        draft("R05", rid, values),
        draft("R04", agreed, consented),
        draft("R06", member, named),
        draft("R25", case, objection),
        step(f"R25:{case}"),
    ]


def of_a_firm() -> list[Draft]:
    rid = IDS.new()
    return [draft("R20", rid, FIRM), step(f"R20:{rid}")]


def sent(desk: Desk, drafts: list[Draft]) -> set[str]:
    assert not [(r.code, r.path) for r in desk.exchange(*drafts) if r.verdict is not Verdict.ACCEPTED]
    return {one.rid for one in drafts}


def test_a_household_is_shown_to_its_town_and_county_and_to_no_bank_or_association(platform: Platform) -> None:
    made = sent(platform.desk(VILLAGE), dossier())
    assert made <= platform.desk(VILLAGE).pull().keys()
    assert made <= platform.desk(TOWN).pull().keys()
    assert made <= platform.desk(COUNTY).pull().keys()
    for stranger in (BANK, ASSOCIATION):
        assert not made & platform.desk(stranger).pull().keys()


def test_a_firm_is_shown_to_its_association_and_of_others_only_in_public(platform: Platform) -> None:
    made = sent(platform.desk(ASSOCIATION), of_a_firm())
    firm, _ = sorted(made, key=lambda rid: rid not in platform.desk(MARKET).pull())
    assert made <= platform.desk(ASSOCIATION).pull().keys()
    assert not made & platform.desk(VILLAGE).pull().keys()
    assert "employees" in platform.desk(COUNTY).pull()[firm].set
    seen = platform.desk(MARKET).pull()
    assert made & seen.keys() == {firm}
    assert {"employees", "member_no", "revenue_main", "x_opinion"}.isdisjoint(seen[firm].set)
    assert seen[firm].set["ent_name"] == FIRM["ent_name"]


def test_a_bank_is_shown_the_village_s_standing_and_a_referral_to_itself(platform: Platform) -> None:
    rid, values = household()
    referrals = {
        bank: draft(
            "R27",
            IDS.new(),
            {
                "referral_no": f"TJ-{bank[-4:]}",
                "applicant_id": f"R05:{rid}",
                "applicant_kind": "1",
                "amount": "50000.00",
                "loan_purpose": "种植",
                "bank_uscc": bank,
                "referral_status": "10",
            },
        )
        for bank in (BANK, "91440785MF1000234M")
    }
    sent(platform.desk(VILLAGE), [draft("R05", rid, values), *referrals.values()])
    seen = platform.desk(BANK).pull()
    assert seen.keys() & {rid, *(one.rid for one in referrals.values())} == {referrals[BANK].rid}
    assert seen[referrals[BANK].rid].set["amount"] == "50000.00"


@pytest.mark.parametrize("unit", [BANK, ASSOCIATION])
def test_what_a_unit_sent_itself_it_always_sees_again(unit: str, platform: Platform) -> None:
    desk = platform.desk(unit)
    if unit == BANK:
        rid = IDS.new()
        figures: dict[str, Value] = {
            "bank_uscc": BANK, "region_code": "440785104200", "period": "202602",
            "loan_hh": 12, "arrears_hh": 1, "loan_balance": "500000.00", "npl_balance": "0.00",
        }  # fmt: skip
        made = sent(desk, [draft("R19", rid, figures)])
    else:
        made = sent(desk, of_a_firm())
    assert made <= platform.desk(unit).pull().keys()
