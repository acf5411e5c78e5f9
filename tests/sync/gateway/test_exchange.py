"""A batch's way from a desk over HTTPS into PostgreSQL, and back as verdicts and changes."""

from __future__ import annotations

from collections import Counter

from sync.protocol.records import Op, Value, Verdict
from tests.sync.gateway.conftest import OTHER_VILLAGE, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import consent, draft, household, person, void


def test_a_new_household_is_accepted_and_a_second_desk_sees_it(platform: Platform) -> None:
    desk, second = platform.desk(), platform.desk()
    rid, values = household()
    (line,) = desk.exchange(draft("R05", rid, values))
    assert (line.verdict, line.version, line.rid) == (Verdict.ACCEPTED, 1, rid)
    seen = second.pull()[rid]
    assert seen.set == values
    assert (seen.version, seen.versions, seen.region, seen.unit) == (1, {}, "440785104200", VILLAGE)
    assert seen.origin.startswith(f"{desk.device}.1.1.")
    assert second.pull() == {}


def test_the_parts_of_a_household_lie_where_it_lies(platform: Platform) -> None:
    desk, town = platform.desk(), platform.desk(TOWN)
    rid, values = household()
    agreed, consented = consent(rid)
    member, named = person(rid)
    lines = desk.exchange(draft("R04", agreed, consented), draft("R05", rid, values), draft("R06", member, named))
    assert Counter(line.verdict for line in lines) == {Verdict.ACCEPTED: 3}
    changes = town.pull()
    assert {changes[name].region for name in (rid, agreed, member)} == {"440785104200"}


def test_what_is_about_a_member_lies_where_the_household_lies_though_it_comes_first(platform: Platform) -> None:
    town, village = platform.desk(TOWN), platform.desk()
    rid, values = household()
    member, named = person(rid)
    agreed, consented = consent(rid, subject_type="2", subject_id=f"R06:{member}")
    lines = town.exchange(draft("R04", agreed, consented), draft("R06", member, named), draft("R05", rid, values))
    assert lines[0].verdict is Verdict.ACCEPTED
    assert village.pull()[agreed].region == "440785104200"


def test_what_came_in_earlier_batches_follows_to_where_its_household_lies(platform: Platform) -> None:
    town, village = platform.desk(TOWN), platform.desk()
    rid, values = household()
    member, named = person(rid)
    agreed, consented = consent(rid, subject_type="2", subject_id=f"R06:{member}")
    for early in (draft("R04", agreed, consented), draft("R06", member, named)):
        assert town.exchange(early)[0].verdict is Verdict.ACCEPTED
    assert not village.pull().keys() & {agreed, member}
    assert town.exchange(draft("R05", rid, values))[0].verdict is Verdict.ACCEPTED
    seen = village.pull()
    assert {seen[name].region for name in (agreed, member, rid)} == {"440785104200"}
    assert (seen[agreed].version, seen[member].version) == (1, 1)
    assert village.pull() == {}


def test_a_household_stays_where_it_is_though_its_new_head_comes_later(platform: Platform) -> None:
    town, village = platform.desk(TOWN), platform.desk()
    rid, values = household()
    member, named = person(rid)
    town.exchange(draft("R05", rid, values))
    town.exchange(draft("R05", rid, {"head_person_id": member}, base=1))
    town.exchange(draft("R06", member, named))
    seen = village.pull()
    assert {seen[name].region for name in (rid, member)} == {"440785104200"}


def test_a_reference_that_is_no_record_id_breaks_nothing(platform: Platform) -> None:
    town = platform.desk(TOWN)
    member, named = person("1,2")
    agreed, consented = consent("-" * 36)
    lines = town.exchange(draft("R06", member, named), draft("R04", agreed, consented))
    assert {line.verdict for line in lines} <= {Verdict.ACCEPTED, Verdict.REJECTED}


def test_two_desks_change_different_fields_and_both_stay(platform: Platform) -> None:
    one, two = platform.desk(), platform.desk()
    rid, values = household()
    one.exchange(draft("R05", rid, values))
    two.pull()
    assert one.exchange(draft("R05", rid, {"old_household_no": "A1"}, base=1))[0].verdict is Verdict.ACCEPTED
    (line,) = two.exchange(draft("R05", rid, {"contractor_code": "440785104200000012"}, base=1))
    assert (line.verdict, line.version) == (Verdict.MERGED, 3)
    seen = one.pull()[rid]
    assert (seen.set["old_household_no"], seen.set["contractor_code"]) == ("A1", "440785104200000012")
    assert seen.versions["old_household_no"] == 2
    assert "contractor_code" not in seen.versions


def test_two_desks_change_one_field_and_the_later_hears_of_the_conflict(platform: Platform) -> None:
    one, two = platform.desk(), platform.desk()
    rid, values = household()
    one.exchange(draft("R05", rid, values))
    one.exchange(draft("R05", rid, {"population": 5}, base=1))
    (line,) = two.exchange(draft("R05", rid, {"labor_count": 3}, base=1))
    assert (line.verdict, line.version) == (Verdict.CONFLICT, 2)
    assert line.values == {"population": 5, "labor_count": 2}
    assert line.versions == {"population": 2, "labor_count": 1}
    assert one.pull()[rid].set["labor_count"] == 2


def test_a_desk_does_not_conflict_with_its_own_edits(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    lines = desk.exchange(
        draft("R05", rid, values),
        draft("R05", rid, {"population": 5}, seen={"population": 0}),
        draft("R05", rid, {"population": 6}, seen={"population": 0}),
    )
    assert [(line.verdict, line.version) for line in lines] == [(Verdict.ACCEPTED, n) for n in (1, 2, 3)]
    assert desk.exchange(draft("R05", rid, {"population": 7}))[0].verdict is Verdict.ACCEPTED
    assert platform.desk().pull()[rid].set["population"] == 7


def test_a_void_record_is_gone_for_whoever_edits_it_later(platform: Platform) -> None:
    one, two = platform.desk(), platform.desk()
    rid, values = household()
    one.exchange(draft("R05", rid, values))
    assert one.exchange(void("R05", rid, base=1))[0].verdict is Verdict.ACCEPTED
    (line,) = two.exchange(draft("R05", rid, {"population": 5}, base=1))
    assert (line.verdict, line.version) == (Verdict.GONE, 2)
    seen = two.pull()[rid]
    assert (seen.op, seen.set, seen.reason) == (Op.TOMBSTONE, {}, "登记有误")


def test_voiding_what_another_has_changed_is_a_conflict(platform: Platform) -> None:
    one, two = platform.desk(), platform.desk()
    rid, values = household()
    one.exchange(draft("R05", rid, values))
    one.exchange(draft("R05", rid, {"population": 5}, base=1))
    (line,) = two.exchange(void("R05", rid, base=1))
    assert line.verdict is Verdict.CONFLICT
    assert line.values["population"] == 5


def test_a_bad_record_never_blocks_its_neighbours(platform: Platform) -> None:
    desk = platform.desk()
    good, values = household()
    bad, broken = household(household_type="99")
    lines = desk.exchange(draft("R05", bad, broken), draft("R05", good, values), draft("R05", bad, {}, unset=["phone"]))
    assert [line.verdict for line in lines] == [Verdict.REJECTED, Verdict.ACCEPTED, Verdict.REJECTED]
    assert (lines[0].code.partition(".")[0], lines[0].path) == ("field", "household_type")
    assert bad not in platform.desk().pull()


def test_what_lacks_a_required_value_is_rejected_with_the_field(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    del values["address"]
    (line,) = desk.exchange(draft("R05", rid, values))
    assert (line.verdict, line.code, line.path) == (Verdict.REJECTED, "field.required", "address")


def test_values_that_never_travel_are_refused(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    member, named = person(rid, is_under14=False)
    lines = desk.exchange(draft("R05", rid, values), draft("R06", member, named))
    assert (lines[1].code, lines[1].path) == ("field.not_on_wire", "is_under14")


def test_a_region_outside_the_grant_is_forbidden(platform: Platform) -> None:
    desk = platform.desk(VILLAGE)
    rid, values = household("440785104201")
    (line,) = desk.exchange(draft("R05", rid, values))
    assert (line.verdict, line.scope) == (Verdict.FORBIDDEN, "440785104200")
    assert rid not in platform.desk(TOWN).pull()


def test_a_record_of_another_village_can_be_neither_changed_nor_seen(platform: Platform) -> None:
    owner, neighbour = platform.desk(VILLAGE), platform.desk(OTHER_VILLAGE)
    rid, values = household()
    owner.exchange(draft("R05", rid, values))
    (line,) = neighbour.exchange(draft("R05", rid, {"population": 9}, base=1))
    assert line.verdict is Verdict.FORBIDDEN
    assert rid not in neighbour.pull()


def test_a_role_sends_only_its_types(platform: Platform) -> None:
    desk = platform.desk(TOWN, roles=("R6",))
    rid, values = household()
    (line,) = desk.exchange(draft("R05", rid, values))
    assert (line.verdict, line.role) == (Verdict.FORBIDDEN, "R6")


def test_the_unit_s_own_fields_reach_only_its_own_desks(platform: Platform) -> None:
    desk, same, town = platform.desk(), platform.desk(), platform.desk(TOWN)
    rid, values = household(old_household_no="旧12")
    desk.exchange(draft("R05", rid, values))
    assert same.pull()[rid].set["old_household_no"] == "旧12"
    seen = town.pull()[rid].set
    assert "old_household_no" not in seen
    assert "collector_id" not in seen
    assert seen["population"] == 4


def test_a_locked_value_needs_its_consents_on_the_platform(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    income: dict[str, Value] = {"household_id": rid, "year": 2025, "income_crop": "12000.00", "evidence_level": "1"}
    first, basic = consent(rid, "C1")
    second, written = consent(rid, "C3")
    lines = desk.exchange(draft("R05", rid, values), draft("R04", first, basic))
    assert {line.verdict for line in lines} == {Verdict.ACCEPTED}
    named = draft("R07", "01900000-0000-7000-8000-00000000a001", income, consent=[first, second])
    (line,) = desk.exchange(named)
    assert (line.code, line.path) == ("verdict.consent_missing", "income_crop")
    lines = desk.exchange(draft("R04", second, written), named)
    assert [line.verdict for line in lines] == [Verdict.ACCEPTED, Verdict.ACCEPTED]


def test_the_same_values_again_are_a_duplicate(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    desk.exchange(draft("R05", rid, values))
    (line,) = platform.desk().exchange(draft("R05", rid, values))
    assert (line.verdict, line.version) == (Verdict.DUPLICATE, 1)


def test_a_version_that_the_platform_never_gave_is_refused(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    lines = desk.exchange(draft("R05", rid, values), draft("R05", rid, {"population": 9}, base=7))
    assert (lines[1].verdict, lines[1].code) == (Verdict.REJECTED, "verdict.version_unknown")
    (line,) = desk.exchange(draft("R05", "01900000-0000-7000-8000-00000000beef", {"population": 9}, base=1))
    assert line.code == "verdict.record_unknown"
