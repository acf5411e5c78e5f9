"""What an association reports: awards to streets and shops, which have no unified code, and facts with their source."""

from __future__ import annotations

from datetime import date

from jmdesk.core.clock import SystemClock
from jmdesk.desk import Desk
from jmdesk.selections.rules import Complaints
from jmdesk.selections.service import EVALUATION
from jmdesk.store.reading import Filter
from jmdesk.workflows.service import Workflows
from sync.client.engine import synchronise
from sync.client.enrolment import enrol
from sync.client.http import HttpTransport
from sync.client.patience import Patience
from sync.gateway.enrol import issue_code
from tests.offices import FIRM
from tests.sync.client.conftest import Platform
from tests.sync.client.office import UNIT

BATCH = "2027-01"
FACTS: dict[str, int | bool | str] = {
    "standard": True, "testing": True, "report_in_order": True, "duties_met": True, "takes_part": True, "charity": True,
    "pledged": True, "tax_grade": "A", "labor_grade": "A", "env_grade": "1",
    "trade_complaints": 0, "payment_judgments": 0, "failed_samplings": 0,
}  # fmt: skip


def of_an_association(desk: Desk, platform: Platform, patience: Patience) -> HttpTransport:
    """Enrol a desk with the duties of an association; gives its line."""
    transport, gateway = platform.transport(), platform.running.gateway
    code = issue_code(platform.storage.database, gateway.keys, SystemClock(), UNIT, (), ("R3", "R4", "R13"))
    enrol(desk, transport, code.text, gateway=platform.url, ca=platform.ca, patience=patience)
    return transport


def by_head(desk: Desk, rid: str, step: str, **details: str) -> None:
    """A step of a selection by a second person."""
    whole = desk.workflows
    head = Workflows(
        desk, actor="01900000-0000-7000-8000-000000000001", unit=desk.unit, roles=lambda: None,
        bars=whole._bars, effects=whole._effects,
    )  # fmt: skip
    head.take("W8", "R23", rid, step, details=details)


def test_a_street_without_a_code_is_proposed_at_the_gateway_by_name_and_address(
    desk: Desk, platform: Platform, patience: Patience
) -> None:
    transport = of_an_association(desk, platform, patience)
    selections = desk.selections
    selections.open_round(BATCH, EVALUATION, "江商信用函〔2026〕12号")
    street = selections.enter(BATCH, kind="street", name="古典家具一条街", address="新会区会城街道样例路")
    assert synchronise(desk, transport, patience=patience).held == {"sending.incomplete": 1}  # no points yet
    selections.record_facts(street, FACTS, {}, Complaints(4, 4, 3, 2, 9))
    desk.workflows.take("W8", "R23", street, "screen", details={"checked": "信用中国"})
    desk.workflows.take("W8", "R23", street, "score")
    by_head(desk, street, "judge", votes="7票同意", opinion="同意")
    report = synchronise(desk, transport, patience=patience)
    assert set(report.verdicts) == {"accepted"}
    assert report.held == {}
    ((kept,),) = platform.ask("SELECT fields FROM records WHERE rid = %s", street)
    assert (kept["x_subject_name"], kept["x_subject_address"]) == ("古典家具一条街", "新会区会城街道样例路")
    assert desk.records.get("R23", street).record.sync == "confirmed"


def test_a_grade_and_its_source_are_taken_by_the_gateway(desk: Desk, platform: Platform, patience: Patience) -> None:
    transport = of_an_association(desk, platform, patience)
    firm = desk.records.create("R20", {**FIRM, "region_code": "440785103200"})
    desk.enterprises.record_source(firm, "tax_grade", "B", source="江门市税务局公布", dated=date(2026, 4, 30))
    report = synchronise(desk, transport, patience=patience)
    assert (set(report.verdicts), report.held) == ({"accepted"}, {})
    about = Filter(where={"subject_id": f"R20:{firm}"})
    assert [one.sync for one in desk.records.find("assessment", about)] == ["confirmed"]
