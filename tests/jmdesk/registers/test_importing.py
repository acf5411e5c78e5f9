"""A register lands in a real encrypted store in one transaction, once, with its consents before what they open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.registers.mapping import Mapping
from jmdesk.registers.register import open_register
from jmdesk.registers.samples import LAYOUTS, Layout, write_register
from jmdesk.registers.service import consent_batch, import_households, proposed_mapping, remembered
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from tests import documents
from tests.desks import VILLAGE
from tests.jmdesk.registers.sheets import HEAD_ID, OTHER_ID, WIFE_ID

HEADER = [
    "户号", "姓名", "与户主关系", "身份证号", "是否劳动力", "住址",
    "主营行业", "种植收入", "承包地面积(亩)", "授权日期",
]  # fmt: skip
HEAD = ["1", "陈明", "户主", HEAD_ID, "是", "新屋3号", "水稻", 12000.0, 3.5, "2026.10.8"]
WIFE = ["", "黄英", "妻", WIFE_ID, "是", "", "", "", "", ""]
OTHER = ["2", "李强", "户主", OTHER_ID, "否", "塘边1号", "蔬菜", 8000.0, 2.0, "2026.10.9"]


def register(path: Path, *rows: Sequence[object], header: Sequence[object] = tuple(HEADER)) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("登记表")
        for number, row in enumerate((header, *rows)):
            sheet.write_row(number, 0, row)
    return path


def counts(desk: Desk) -> dict[str, int]:
    return {type_: desk.records.count(type_) for type_ in ("R04", "R05", "R06", "R07", "R08")}


def sealed(desk: Desk) -> list[str]:
    with desk.store.reading() as connection:
        return sorted({entry.field for entry in reading.sealed(connection)})


def only(desk: Desk, type_id: str, **where: str) -> dict[str, object]:
    (found,) = desk.records.find(type_id, Filter(where=dict(where)))
    return dict(found.values)


@pytest.fixture
def village_register(tmp_path: Path) -> Path:
    return register(tmp_path / "r.xlsx", HEAD, WIFE, OTHER)


def test_a_register_lands_with_households_people_and_consents(desk: Desk, village_register: Path) -> None:
    result = import_households(desk, village_register)
    assert (result.new, result.refused, result.persons, result.awaiting) == (2, 0, 3, 0)
    assert counts(desk) == {"R04": 9, "R05": 2, "R06": 3, "R07": 2, "R08": 2}
    home = only(desk, "R05", old_household_no="1")
    assert home["household_id"] == f"{VILLAGE}000001"
    assert home["region_code"] == VILLAGE
    head = desk.records.get("R06", str(home["head_person_id"])).record.values
    assert (head["person_name"], head["id_no"], head["birth_date"]) == ("陈明", HEAD_ID, "1990-01-01")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_importing_a_sample_twice_makes_no_duplicates_in_any_layout(desk: Desk, tmp_path: Path, layout: Layout) -> None:
    report = write_register(tmp_path / "r.xlsx", VILLAGE, layout, 40, flaws=0.3)
    first = import_households(desk, tmp_path / "r.xlsx")
    there = counts(desk)
    log = desk.store.reading
    with log() as connection:
        changes = connection.exec_driver_sql("SELECT count(*) FROM change_log").scalar()
    second = import_households(desk, tmp_path / "r.xlsx")
    assert first.new == 40 - report.expected("refused")
    assert first.refused == second.refused == report.expected("refused")
    assert (second.new, second.changed, second.unchanged) == (0, 0, first.new)
    assert counts(desk) == there
    with log() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM change_log").scalar() == changes


def test_the_same_village_in_another_layout_is_recognised(desk: Desk, tmp_path: Path) -> None:
    for layout in ("a", "c"):
        write_register(tmp_path / f"{layout}.xlsx", VILLAGE, layout, 25)
    assert import_households(desk, tmp_path / "a.xlsx").new == 25
    again = import_households(desk, tmp_path / "c.xlsx")
    assert (again.new, again.changed, again.unchanged) == (0, 0, 25)


def test_a_changed_field_updates_and_what_the_register_does_not_list_stays(
    desk: Desk, tmp_path: Path, village_register: Path
) -> None:
    import_households(desk, village_register)
    changed = register(tmp_path / "2.xlsx", [*HEAD[:5], "新屋8号", *HEAD[6:8], 4.0, HEAD[9]], OTHER)
    result = import_households(desk, changed)
    assert (result.new, result.changed, result.unchanged) == (0, 1, 1)
    home = only(desk, "R05", old_household_no="1")
    assert home["address"] == "新屋8号"
    assert home["household_id"] == f"{VILLAGE}000001"
    assert sorted(str(r.values["area_mu"]) for r in desk.records.find("R08")) == ["2.00", "4.00"]
    assert counts(desk)["R06"] == 3


def test_a_new_member_joins_the_household_that_is_there(desk: Desk, tmp_path: Path) -> None:
    import_households(desk, register(tmp_path / "1.xlsx", HEAD))
    result = import_households(desk, register(tmp_path / "2.xlsx", HEAD, WIFE))
    assert (result.new, result.changed, result.persons) == (0, 1, 1)
    assert len({str(p.values["household_id"]) for p in desk.records.find("R06")}) == 1


def test_a_household_without_identity_numbers_is_recognised_by_number_and_head(desk: Desk, tmp_path: Path) -> None:
    bare = register(tmp_path / "1.xlsx", [*HEAD[:3], "", *HEAD[4:]])
    assert import_households(desk, bare).new == 1
    assert import_households(desk, bare).unchanged == 1
    numbered = import_households(desk, register(tmp_path / "2.xlsx", HEAD))
    assert (numbered.new, numbered.changed) == (0, 1)
    assert only(desk, "R06")["id_no"] == HEAD_ID


def test_a_number_used_again_for_other_people_is_another_household(desk: Desk, tmp_path: Path) -> None:
    import_households(desk, register(tmp_path / "1.xlsx", HEAD))
    assert import_households(desk, register(tmp_path / "2.xlsx", ["1", *OTHER[1:]])).new == 1


def test_a_son_who_becomes_head_does_not_make_a_second_household(desk: Desk, tmp_path: Path) -> None:
    import_households(desk, register(tmp_path / "1.xlsx", HEAD, WIFE))
    widow = ["1", "黄英", "户主", WIFE_ID, *HEAD[4:]]
    result = import_households(desk, register(tmp_path / "2.xlsx", widow))
    assert (result.new, result.changed) == (0, 1)
    home = only(desk, "R05")
    assert desk.records.get("R06", str(home["head_person_id"])).record.values["person_name"] == "黄英"
    assert "registers.head_changed" in {f.code for f in result.outcomes[0].findings}
    assert result.warned == 1


def test_without_consent_the_sensitive_values_are_kept_apart(desk: Desk, tmp_path: Path) -> None:
    result = import_households(desk, register(tmp_path / "r.xlsx", HEAD[:9], WIFE[:9], header=HEADER[:9]))
    assert result.consents == 0
    assert result.awaiting > 0
    assert {"id_no", "income_crop", "area_mu"} <= set(sealed(desk))
    assert "id_no" not in only(desk, "R06", person_name="陈明")


def test_a_sealed_household_is_recognised_and_opened_by_a_later_register_with_consents(
    desk: Desk, tmp_path: Path
) -> None:
    import_households(desk, register(tmp_path / "1.xlsx", HEAD[:9], WIFE[:9], header=HEADER[:9]))
    unchanged = import_households(desk, register(tmp_path / "1.xlsx", HEAD[:9], WIFE[:9], header=HEADER[:9]))
    assert unchanged.unchanged == 1
    opened = import_households(desk, register(tmp_path / "2.xlsx", HEAD, WIFE))
    assert (opened.new, opened.changed) == (0, 1)
    assert opened.awaiting < 0
    assert sealed(desk) == []
    assert only(desk, "R06", person_name="陈明")["id_no"] == HEAD_ID
    assert only(desk, "R08")["area_mu"] == "3.50"


def test_a_scan_of_the_whole_batch_stands_for_every_household(desk: Desk, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(documents.pdf())
    batch = consent_batch(scan, date(2026, 11, 20))
    bare = register(tmp_path / "r.xlsx", HEAD[:9], WIFE[:9], header=HEADER[:9])
    result = import_households(desk, bare, consents=batch)
    assert result.awaiting == 0
    consents = [record.values for record in desk.records.find("R04")]
    assert {c["consent_state"] for c in consents} == {"2"}
    assert {c["doc_digest"] for c in consents} == {batch.scan.sha256}
    filed = [desk.attachments.of("R04", record.rid) for record in desk.records.find("R04")]
    assert [[(found.sha256, found.field, found.state) for found in each] for each in filed] == [
        [(batch.scan.sha256, "doc_digest", "waiting")]
    ] * len(consents)
    assert desk.attachments.data(filed[0][0].link) == scan.read_bytes()
    assert {str(c["signed_at"])[:10] for c in consents} == {"2026-11-20"}


def test_an_authorisation_dated_in_the_future_does_not_count(desk: Desk, tmp_path: Path) -> None:
    result = import_households(desk, register(tmp_path / "r.xlsx", [*HEAD[:9], "2027.1.1"]))
    assert result.consents == 0
    assert "registers.consent_in_future" in {f.code for o in result.outcomes for f in o.findings}


def test_a_dry_run_counts_everything_and_writes_nothing(desk: Desk, village_register: Path) -> None:
    result = import_households(desk, village_register, dry_run=True)
    assert (result.dry_run, result.new, result.persons) == (True, 2, 3)
    assert sum(counts(desk).values()) == 0
    assert remembered(desk, open_register(village_register)) is None
    assert import_households(desk, village_register).new == 2
    assert only(desk, "R05", old_household_no="1")["household_id"] == f"{VILLAGE}000001"


def test_a_cancelled_import_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    write_register(tmp_path / "r.xlsx", VILLAGE, "a", 60)
    asked = iter(range(1000))
    with pytest.raises(Refused, match=r"registers\.cancelled"):
        import_households(desk, tmp_path / "r.xlsx", cancelled=lambda: next(asked) >= 40)
    assert sum(counts(desk).values()) == 0
    assert import_households(desk, tmp_path / "r.xlsx").new == 60


def test_progress_counts_rows_up_to_the_end(desk: Desk, tmp_path: Path) -> None:
    report = write_register(tmp_path / "r.xlsx", VILLAGE, "a", 30)
    told: list[tuple[int, int]] = []
    import_households(desk, tmp_path / "r.xlsx", progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (report.persons, report.persons)
    assert told == sorted(told)


def test_a_household_outside_the_desks_region_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = register(tmp_path / "r.xlsx", [*HEAD, "440705101201"], header=[*HEADER, "区划代码"])
    result = import_households(desk, path, replace(open_register(path).guess(), region=""))
    assert not result.landed
    assert result.refused == 1
    (error,) = [f for f in result.outcomes[0].findings if f.level == "error"]
    assert error.code == "registers.village_outside"
    assert str(error.cell) == "登记表!K2"


def test_refused_households_are_handed_back_and_land_once_mended(desk: Desk, tmp_path: Path) -> None:
    wrong = [*OTHER[:3], OTHER_ID[:-1] + "5", *OTHER[4:]]
    result = import_households(desk, register(tmp_path / "r.xlsx", HEAD, WIFE, wrong))
    assert (result.new, result.refused, result.landed) == (1, 1, True)
    assert result.write_refused(tmp_path / "back.xlsx") == 1
    assert not import_households(desk, tmp_path / "back.xlsx").landed
    assert import_households(desk, register(tmp_path / "mended.xlsx", OTHER)).new == 1


def test_the_result_names_every_household_by_its_rows(desk: Desk, village_register: Path) -> None:
    result = import_households(desk, village_register)
    assert [(str(o.at), o.rows, o.outcome) for o in result.outcomes] == [
        ("登记表!A2", (2, 3), "new"),
        ("登记表!A4", (4,), "new"),
    ]
    assert result.to_plain()["new"] == 2


def test_the_office_need_not_choose_its_columns_twice(desk: Desk, tmp_path: Path) -> None:
    header = [*HEADER[:7], "田地收成", *HEADER[8:]]
    first = open_register(register(tmp_path / "1.xlsx", HEAD, header=header))
    mapping: Mapping = proposed_mapping(desk, first).changed("田地收成", key="R07.income_crop", unit="元")
    import_households(desk, first, mapping)
    second = open_register(register(tmp_path / "2.xlsx", OTHER, header=header))
    assert proposed_mapping(desk, second).by_header["田地收成"].key == "R07.income_crop"


def test_an_import_can_be_undone_as_one_command(desk: Desk, village_register: Path) -> None:
    import_households(desk, village_register)
    desk.records.undo_last()
    assert sum(counts(desk).values()) == 0


def test_a_consent_batch_needs_a_readable_scan(tmp_path: Path) -> None:
    from jmdesk.core.errors import Environment

    with pytest.raises(Environment, match=r"attachments\.unreadable"):
        consent_batch(tmp_path / "nowhere.pdf", date(2026, 1, 1))
    (tmp_path / "letter.pdf").write_bytes(b"Dear Sir or Madam")
    with pytest.raises(Refused, match=r"attachments\.kind"):
        consent_batch(tmp_path / "letter.pdf", date(2026, 1, 1))


def test_a_mended_name_of_the_same_family_is_taken_over_with_a_warning(desk: Desk, tmp_path: Path) -> None:
    import_households(desk, register(tmp_path / "a.xlsx", HEAD, WIFE))
    result = import_households(desk, register(tmp_path / "b.xlsx", [*HEAD[:1], "陈铭", *HEAD[2:]], WIFE))
    assert (result.changed, result.warned, result.refused) == (1, 1, 0)
    assert [f.code for f in result.outcomes[0].findings if f.level == "warn"] == ["registers.name_changed"]
    assert only(desk, "R06", relation="02")["person_name"] == "陈铭"


def test_another_family_under_a_number_on_file_is_refused_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    import_households(desk, register(tmp_path / "a.xlsx", HEAD, WIFE))
    before = counts(desk)
    stranger = ["7", "伍国华", "户主", HEAD_ID, *OTHER[4:]]
    result = import_households(desk, register(tmp_path / "b.xlsx", stranger))
    assert (result.changed, result.refused) == (0, 1)
    assert "registers.number_of_another" in [f.code for f in result.outcomes[0].findings]
    assert counts(desk) == before
    assert only(desk, "R06", relation="02")["person_name"] == "陈明"
