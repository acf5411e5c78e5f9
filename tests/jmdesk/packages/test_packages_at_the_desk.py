from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from python_calamine import load_workbook

from jmdesk.catalogue.issues import Issue
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.packages.service import Packages
from jmdesk.records.writer import InvalidRecord
from jmdesk.registers.template import household_columns, write_household_template
from jmdesk.store import change_log
from tests.desks import VILLAGE, Family, new_desk
from tests.packages import calendar_files, catalogue_table, issue, regions_files, rules_text

NEIGHBOUR = "440785109213"

_TEMPLATE = '{"templates": [{"type": "R05", "region": "%s", "title": "柑园登记", "fields": ["address", "%s"]}]}'


def _row(type_id: str, name: str, required: int = 0) -> str:
    return f"{type_id},类,class,99,树,{name},int,,,{required},S1,G,,,,,,,1,"


def taken(desk: Desk, *issues: Issue) -> None:
    for one in issues:
        desk.packages.take(one, b"envelope")
    desk.renew()


def standings(desk: Desk) -> dict[str, str]:
    return {held.issue.version: held.standing for held in desk.packages.held()}


def test_a_catalogue_package_adds_fields_and_codes_without_a_release(desk: Desk, family: Family) -> None:
    taken(desk, issue())
    assert desk.catalogue.version == "JM-CAT-2026.2"
    desk.records.change("R05", family.household, {"x_old_trees": 12, "x_fruit": "1"})
    kept = desk.records.get("R05", family.household).record
    assert (kept.values["x_old_trees"], kept.values["x_fruit"]) == (12, "1")
    assert desk.catalogue.code_lists["CL-LAND"].label("91") == "茶枝柑园"
    with pytest.raises(InvalidRecord):
        desk.records.change("R05", family.household, {"x_old_trees": 1000})
    with pytest.raises(InvalidRecord):
        desk.records.change("R05", family.household, {"x_fruit": "9"})


def test_desks_of_one_process_go_by_packages_of_their_own(desk: Desk, tmp_path: Path) -> None:
    taken(desk, issue())
    with new_desk(tmp_path / "beside") as beside:
        assert "x_old_trees" in desk.catalogue.types["R05"].by_identifier
        assert "x_old_trees" not in beside.catalogue.types["R05"].by_identifier
        assert beside.catalogue.version == "JM-CAT-2026.1"


def test_a_package_takes_effect_on_its_day_in_beijing_and_ends_on_its_last(desk: Desk) -> None:
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    taken(desk, issue(effective="2026-11-23", until="2026-11-25"))
    assert standings(desk) == {"JM-CAT-2026.2": "coming"}
    assert desk.catalogue is desk.shipped
    clock.advance(hours=13, minutes=59)  # 23:59 in Beijing
    desk.renew()
    assert desk.catalogue is desk.shipped
    clock.advance(minutes=1)
    desk.renew()
    assert desk.catalogue.version == "JM-CAT-2026.2"
    assert standings(desk) == {"JM-CAT-2026.2": "in_force"}
    clock.advance(days=2)
    desk.renew()
    assert desk.catalogue is desk.shipped
    assert standings(desk) == {"JM-CAT-2026.2": "past"}


def test_a_vault_opened_on_the_day_goes_by_the_package_at_once(desk: Desk, tmp_path: Path) -> None:
    made = new_desk(tmp_path / "other")
    made.packages.take(issue(), b"envelope")
    vault, clock, ids = made.vault, made.clock, made.ids
    made.store.close()
    with Desk._opened(vault, clock, ids) as again:
        assert again.catalogue.version == "JM-CAT-2026.2"


def test_the_sequence_of_a_package_never_goes_down(desk: Desk) -> None:
    taken(desk, issue(sequence=5))
    assert desk.packages.take(issue(sequence=5), b"envelope") is False
    with pytest.raises(Refused) as older:
        desk.packages.take(issue(version="JM-CAT-2026.1b", sequence=4), b"envelope")
    assert older.value.code == "protocol.package_rollback"
    with pytest.raises(Refused) as twice:
        desk.packages.take(issue(version="JM-CAT-2026.9", sequence=5), b"envelope")
    assert twice.value.code == "packages.sequence_twice"
    assert [k.issue.sequence for k in desk.packages.kept()] == [5]


def test_a_withdrawn_version_gives_way_to_the_one_before(desk: Desk) -> None:
    taken(desk, issue(sequence=1), issue(version="JM-CAT-2026.3", sequence=2, effective="2026-11-10"))
    assert desk.catalogue.version == "JM-CAT-2026.3"
    taken(desk, issue(version="JM-CAT-2026.3", sequence=3, effective="2026-11-10", until="2026-11-10"))
    assert desk.catalogue.version == "JM-CAT-2026.2"
    assert standings(desk)["JM-CAT-2026.3"] in {"withdrawn", "replaced"}


def test_a_package_for_a_newer_program_is_kept_unread_and_holds_nothing(desk: Desk) -> None:
    taken(
        desk, issue(sequence=1), issue(version="JM-CAT-2099.1", sequence=2, min_client="99.0", files={"new.bin": "?"})
    )
    assert desk.catalogue.version == "JM-CAT-2026.2"
    assert standings(desk)["JM-CAT-2099.1"] == "newer_program"
    assert Packages(desk, client="99.1").holding()["catalogue", ""].version == "JM-CAT-2026.2"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"catalogue.csv": catalogue_table("R05", without="phone")}, "packages.field_removed"),
        ({"catalogue.csv": catalogue_table("R05", instead=("phone,str", "phone,int"))}, "packages.field_changed"),
        ({"catalogue.csv": catalogue_table("R05", _row("R05", "trees"))}, "packages.field_added"),
        ({"catalogue.csv": catalogue_table("R05", _row("R05", "x_t", required=1))}, "packages.field_added"),
        ({"catalogue.csv": catalogue_table("R05", _row("R77", "x_t"))}, "packages.type_unknown"),
        ({"catalogue.csv": "nonsense"}, "packages.file"),
        ({"catalogue.csv": "record_id\nR05"}, "packages.file"),
        ({"codes.json": "["}, "packages.file"),
        ({"codes.json": '{"CL-USCC": {"1": "x"}}'}, "packages.codes"),
        ({"templates.json": _TEMPLATE % ("4407", "x_no")}, "packages.template"),
        ({"readme.txt": "x"}, "packages.empty"),
    ],
)  # fmt: skip
def test_what_would_need_a_release_is_refused_with_its_reason(desk: Desk, files: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(issue(files=files), b"envelope")
    assert refused.value.code == code
    assert refused.value.message_for_user().action
    assert desk.packages.kept() == []


def test_records_of_a_merged_village_keep_their_numbers_and_move(desk: Desk, family: Family) -> None:
    number = desk.records.get("R05", family.household).record.values["household_id"]
    desk.packages.take(issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, NEIGHBOUR))), b"envelope")
    (told,) = desk.renew()
    moved = desk.records.get("R05", family.household).record
    assert (moved.values["household_id"], moved.values["region_code"], moved.region) == (number, NEIGHBOUR, NEIGHBOUR)
    assert desk.records.get("R07", family.income).record.region == NEIGHBOUR
    assert told.outcome is not None
    expected = {"old": VILLAGE, "new": NEIGHBOUR, "name": desk.catalogue.regions.label(NEIGHBOUR)}
    assert told.outcome["moves"] == [expected | {"records": 5, "changed": {"R05": 1}}]
    (line,) = desk.packages.moved(told.issue.digest)
    assert (line.type, line.rid, line.before, line.after) == ("R05", family.household, VILLAGE, NEIGHBOUR)
    assert desk.regions == (VILLAGE, NEIGHBOUR)
    assert desk.renew() == []
    with desk.store.reading() as connection:
        assert not list(change_log.verify(connection))


def test_a_former_code_still_names_its_village(desk: Desk) -> None:
    taken(desk, issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, NEIGHBOUR))))
    regions = desk.catalogue.regions
    assert regions.get(VILLAGE) is None
    assert regions.label(VILLAGE) == regions.label(NEIGHBOUR)
    verdict = regions.check(VILLAGE)
    assert (verdict.verdict, verdict.code, verdict.params["code"]) == ("warn", "region.moved", NEIGHBOUR)


def test_a_region_package_that_leads_nowhere_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.packages.take(issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, "440785999999"))), b"")
    assert refused.value.code == "packages.region_moves"


def test_provisional_deadlines_become_final_with_the_calendar_of_the_year(desk: Desk) -> None:
    rid = desk.records.create("R25", {"case_no": "YY-1", "case_kind": "3", "received_at": "2026-12-22T02:00:00Z"})
    before = desk.records.get("R25", rid).record.values["due_at"]
    assert desk.catalogue.calendar.is_published(date(2027, 1, 4)) is False
    desk.packages.take(issue("calendar", "CN-2027.1", files=calendar_files("2027-01-01", "2027-01-04")), b"")
    (told,) = desk.renew()
    after = desk.records.get("R25", rid).record.values["due_at"]
    assert str(after) > str(before)
    assert told.outcome is not None
    assert {name: told.outcome[name] for name in ("deadlines", "final", "provisional")} == {
        "deadlines": 1, "final": 1, "provisional": 0,
    }  # fmt: skip


def test_an_old_rating_is_recomputed_under_its_own_rules(desk: Desk, family: Family) -> None:
    first = desk.ratings.rate(family.household, year=2025)
    taken(desk, issue("rules", "1.1", name="JM-HH-1", files={"rules.json": rules_text("1.1")}))
    second = desk.ratings.rate(family.household)
    assert (first.card.model, second.card.model) == ("JM-HH-1@1.0", "JM-HH-1@1.1")
    assert desk.ratings.latest(family.household, year=2025).card == first.card
    assert desk.ratings.package.label == "JM-HH-1@1.1"


def test_rules_that_are_not_what_the_package_says_are_refused(desk: Desk) -> None:
    other = issue("rules", "1.2", name="JM-HH-1", files={"rules.json": rules_text("1.1")})
    with pytest.raises(Refused) as refused:
        desk.packages.take(other, b"")
    assert refused.value.code == "packages.rules_label"
    same = issue("rules", "1.0", name="JM-HH-1", files={"rules.json": rules_text("1.0", total="91")})
    with pytest.raises(Refused) as differ:
        desk.packages.take(same, b"")
    assert differ.value.code == "packages.rules_differ"


def test_packages_stand_in_the_generic_list_and_nobody_edits_them_there(desk: Desk) -> None:
    taken(desk, issue(), issue("list", "2026-11", name="red", files={"list.csv": "名称\n甲\n"}))
    rows = desk.records.find("R29")
    assert {row.values["pkg_version"] for row in rows} == {"JM-CAT-2026.2", "2026-11"}
    with pytest.raises(Refused):
        desk.records.change("R29", rows[0].rid, {"pkg_version": "1"})
    assert desk.packages.list_file("red", "list.csv") == "名称\n甲\n"


def test_a_regions_own_import_template_is_found_by_the_desks_scope(desk: Desk, tmp_path: Path) -> None:
    files = {"catalogue.csv": issue().files["catalogue.csv"], "codes.json": issue().files["codes.json"]}
    taken(desk, issue(files=files | {"templates.json": _TEMPLATE % ("440785", "x_old_trees")}))
    found = desk.catalogue.template_for("R05", desk.regions)
    assert found is not None
    assert found.title == "柑园登记"
    columns = [c.described.identifier for c in household_columns(desk.catalogue, desk.regions) if c.described]
    assert columns.index("address") < columns.index("x_old_trees")
    assert "main_industry" in columns  # required: asked for in any case
    assert "phone" not in columns
    write_household_template(tmp_path / "模板.xlsx", desk.catalogue, desk.regions)
    with load_workbook(tmp_path / "模板.xlsx") as book:
        sheet = book.get_sheet_by_name("登记表").to_python()
    assert any("百年果树(棵)" in map(str, row) for row in sheet)
    assert desk.catalogue.template_for("R05", ("440703000000",)) is None
