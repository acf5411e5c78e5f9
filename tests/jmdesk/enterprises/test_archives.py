"""Archives of enterprises: the list, sealing on leaving, one source per number, figures."""

from __future__ import annotations

from datetime import date

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.enterprises.queries import EnterpriseFilter
from tests.offices import Office


def test_an_enterprise_is_found_by_code_name_and_pinyin(office: Office) -> None:
    enterprises = office.desk.enterprises
    for text in ("914407857701234562", "云声", "ysyx"):
        assert [one.rid for one in enterprises.page(EnterpriseFilter(text), 0, 10)] == [office.firm], text
    assert enterprises.count(EnterpriseFilter(cluster="C1")) == 2
    assert enterprises.count(EnterpriseFilter(cluster="C3")) == 0


def test_an_archive_is_checked_by_a_second_person(office: Office) -> None:
    office.take("clerk", "W5", office.firm, "file")
    with pytest.raises(Refused, match="same_person"):
        office.take("clerk", "W5", office.firm, "check", evidence="营业执照")
    assert office.take("head", "W5", office.firm, "check", evidence="营业执照") == "checked"


def test_leaving_seals_the_archive_until_the_enterprise_comes_back(office: Office) -> None:
    office.take("clerk", "W5", office.firm, "file")
    office.take("head", "W5", office.firm, "leave", ground="企业申请退会")
    with pytest.raises(Refused, match="sealed"):
        office.desk.records.change("R20", office.firm, {"employees": 30})
    with pytest.raises(Refused, match="sealed"):
        office.desk.records.void("R20", office.firm, "误登")
    assert office.desk.enterprises.dossier(office.firm).sealed
    assert office.desk.enterprises.count(EnterpriseFilter()) == 1
    assert office.desk.enterprises.count(EnterpriseFilter(sealed=True)) == 1
    office.take("head", "W5", office.firm, "rejoin", ground="理事会同意")
    assert office.desk.records.change("R20", office.firm, {"employees": 30})


def test_a_grade_says_where_it_comes_from(office: Office) -> None:
    enterprises = office.desk.enterprises
    with pytest.raises(Refused, match="source_needed"):
        enterprises.record_source(office.firm, "tax_grade", "B", source=" ", dated=date(2026, 4, 30))
    enterprises.record_source(office.firm, "tax_grade", "B", source="江门市税务局公布", dated=date(2026, 4, 30))
    dossier = enterprises.dossier(office.firm)
    assert dossier.enterprise.values["tax_grade"] == "B"
    (source,) = dossier.sources
    assert (source.field, source.value, source.source, source.dated) == (
        "tax_grade",
        "B",
        "江门市税务局公布",
        "2026-04-30",
    )


def test_what_a_department_gave_through_the_platform_is_not_changed_here(office: Office) -> None:
    facts: dict[str, object] = {
        "field": "tax_grade",
        "value": "A",
        "source": "国家税务总局江门市税务局",
        "dated": "2026-04-30",
    }
    with office.desk.store.transaction("platform", "pull", source="platform") as transaction:
        values: Record = {"subject_id": f"R20:{office.firm}", "rating_year": 2026, "item": "tax", "facts": facts}
        transaction.adopt(
            "assessment", office.desk.ids.new(), values, region="440785000000",
            version=1, versions={}, epoch="e", source="市平台", found=None,
        )  # fmt: skip
    with pytest.raises(Refused, match="departments_number"):
        office.desk.records.change("R20", office.firm, {"tax_grade": "D"})
    assert office.desk.records.change("R20", office.firm, {"env_grade": "2"})


def test_figures_count_by_cluster(office: Office) -> None:
    office.event(polarity="1", content="市级质量奖。")
    office.event()
    (line,) = office.desk.enterprises.figures()
    assert (line.cluster, line.enterprises, line.above_scale, line.above_scale_filed) == ("C1", 2, 2, 2)
    assert (line.good, line.bad, line.complaints) == (1, 1, 0)
