"""Backups of real vaults: made, verified, thinned, damaged, rehearsed, restored in place and elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from jmdesk.accounts.service import NewAccount
from jmdesk.backups import writing
from jmdesk.backups.card import Card, Kept
from jmdesk.backups.opening import open_backup
from jmdesk.backups.restoring import restore_to
from jmdesk.backups.retention import superfluous
from jmdesk.backups.service import present
from jmdesk.core.clock import FixedClock, utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.desk import Desk
from jmdesk.registers.samples import write_register
from jmdesk.registers.service import import_households
from jmdesk.store import change_log
from jmdesk.vault.kdf import FLOOR
from tests.desks import NOW, PASSPHRASE, Family

COLLEAGUE = "竹椅 forty lamps 木桥"


def clock_of(desk: Desk) -> FixedClock:
    return cast("FixedClock", desk.clock)


def test_a_backup_is_a_whole_copy_that_the_passphrase_opens(desk: Desk, family: Family, tmp_path: Path) -> None:
    kept = desk.backups.make().kept
    restore_to(open_backup(kept.folder, PASSPHRASE), tmp_path / "新", desk.catalogue, desk.clock, desk.ids)
    with Desk.open(tmp_path / "新", PASSPHRASE, clock=desk.clock) as other:
        assert other.records.get("R06", family.head).record.values["person_name"] == "曾建明"
        assert other.audit.soundness().at == 0


def test_the_devices_private_keys_are_in_no_backup(desk: Desk, tmp_path: Path) -> None:
    kept = desk.backups.make().kept
    assert {entry.name for entry in kept.folder.iterdir()} == {"vault.json", "vault.json.bak", "desk.db", "backup.json"}
    restore_to(open_backup(kept.folder, PASSPHRASE), tmp_path / "新", desk.catalogue, desk.clock, desk.ids)
    with Desk.open(tmp_path / "新", PASSPHRASE, clock=desk.clock) as other:
        with pytest.raises(Environment) as error:
            other.vault.device_keys()
        assert error.value.code == "vault.device_key_missing"


def test_each_backup_has_a_key_of_its_own(desk: Desk) -> None:
    one, two = (open_backup(desk.backups.make().kept.folder, PASSPHRASE) for _ in range(2))
    keys = {one.way.keys.db, two.way.keys.db, desk.vault.keys.db}
    assert len(keys) == 3
    assert one.kept.folder != two.kept.folder


def test_every_users_passphrase_opens_it(desk: Desk) -> None:
    desk.accounts.cost = FLOOR
    colleague = desk.accounts.add(NewAccount("黄小满", ("R1",)), COLLEAGUE)
    kept = desk.backups.make().kept
    assert open_backup(kept.folder, COLLEAGUE, colleague.user).way.user == colleague.user
    assert open_backup(kept.folder, PASSPHRASE, desk.actor).way.user == desk.actor
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        open_backup(kept.folder, "什么也打不开 nothing", desk.actor)


def test_nobody_works_inside_a_backup(desk: Desk) -> None:
    kept = desk.backups.make().kept
    with pytest.raises(Refused, match=r"vault\.is_backup"):
        Desk.open(kept.folder, PASSPHRASE)


def test_a_backup_is_due_a_day_after_the_last(desk: Desk) -> None:
    clock = clock_of(desk)
    assert desk.backups.daily() is None
    clock.advance(hours=24)
    assert desk.backups.daily() is not None
    assert desk.backups.daily() is None
    clock.advance(hours=23)
    assert not desk.backups.due()
    clock.advance(hours=1)
    assert desk.backups.due()


def test_a_cancelled_backup_leaves_nothing(desk: Desk) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        seen.append((done, of))

    with pytest.raises(Refused, match=r"store\.cancelled"):
        desk.backups.make("manual", progress, lambda: True)
    assert seen
    assert list(desk.backups.place.iterdir()) == []


def test_what_a_power_cut_left_is_cleared_by_the_next_backup(desk: Desk) -> None:
    desk.backups.place.mkdir()
    left = desk.backups.place / f"{writing.PART}20261121T000000Z-daily"
    left.mkdir()
    (left / "desk.db").write_bytes(b"half")
    assert desk.backups.all() == []
    made = desk.backups.make().kept
    assert [entry.name for entry in desk.backups.place.iterdir()] == [made.folder.name]


def test_a_full_disk_is_told_before_anything_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(desk.vault.folder)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage)
    with pytest.raises(Environment) as error:
        desk.backups.make()
    assert error.value.code == "backups.no_room"
    assert list(desk.backups.place.iterdir()) == []


def test_each_backup_also_goes_to_the_second_place(desk: Desk, tmp_path: Path) -> None:
    stick = tmp_path / "优盘"
    desk.backups.name_second(stick)
    made = desk.backups.make()
    assert made.second is not None
    assert made.second.folder.parent == stick
    assert open_backup(made.second.folder, PASSPHRASE).kept.card == made.kept.card


def test_a_stick_that_is_not_there_is_told_and_the_backup_here_stands(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk.backups.name_second(tmp_path / "file" / "stick")
    made = desk.backups.make()
    assert made.second is None
    assert made.second_problem is not None
    assert desk.backups.all()[0].card == made.kept.card


def test_the_second_place_is_not_inside_the_vault(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"backups\.second_inside"):
        desk.backups.name_second(desk.vault.folder / "copies")


def flip(file: Path, at: float = 0.5) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * at)] ^= 0x20
    file.write_bytes(data)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
def test_a_damaged_copy_is_never_restored(desk: Desk, damage: Callable[[Path], None]) -> None:
    kept = desk.backups.make().kept
    damage(kept.store)
    opened = open_backup(kept.folder, PASSPHRASE)
    before = desk.vault.header
    with pytest.raises(Environment) as error:
        desk.backups.rehearse(opened)
    assert error.value.code == "backups.altered"
    assert desk.vault.header == before
    assert not (desk.vault.folder / "rehearsal").exists()


def test_a_card_that_somebody_else_wrote_is_refused(desk: Desk) -> None:
    one, two = desk.backups.make().kept, desk.backups.make().kept
    shutil.copyfile(two.folder / "backup.json", one.folder / "backup.json")
    with pytest.raises(Environment) as error:
        open_backup(one.folder, PASSPHRASE)
    assert error.value.code == "backups.altered"


def test_a_rehearsal_says_what_would_be_lost_and_changes_nothing(desk: Desk, family: Family) -> None:
    kept = desk.backups.make().kept
    desk.records.change("R06", family.head, {"person_name": "曾建民"})
    desk.records.change("R06", family.spouse, {"person_name": "区小雁"})
    desk.records.change("R05", family.household, {"group_no": "2"})
    told = desk.backups.rehearse(desk.backups.open(kept.folder, PASSPHRASE))
    assert told.same_history
    assert [(one.verb, one.type, one.number) for one in told.lost] == [("edit", "R06", 2), ("edit", "R05", 1)]
    assert told.records["R06"] == 3
    assert desk.records.get("R06", family.head).record.values["person_name"] == "曾建民"


def test_going_back_keeps_what_was_before_as_a_backup(desk: Desk, family: Family) -> None:
    kept = desk.backups.make().kept
    desk.records.change("R06", family.head, {"person_name": "曾建民"})
    device = desk.vault.device_keys().keyid
    folder, clock = desk.vault.folder, desk.clock
    made = desk.backups.restore(desk.backups.open(kept.folder, PASSPHRASE))
    with Desk.open(folder, PASSPHRASE, clock=clock) as again:
        assert again.records.get("R06", family.head).record.values["person_name"] == "曾建明"
        assert again.vault.device_keys().keyid == device
        assert again.backups.restored() is not None
        notice = again.notice()
        assert notice is not None
        assert "由 2026-11-22 10:00 的备份恢复" in notice.text
        assert again.audit.soundness().at == 0
        undone = again.backups.rehearse(again.backups.open(made.kept.folder, PASSPHRASE))
        assert not undone.same_history
        again.backups.restore(again.backups.open(made.kept.folder, PASSPHRASE))
    with Desk.open(folder, PASSPHRASE, clock=clock) as back:
        assert back.records.get("R06", family.head).record.values["person_name"] == "曾建民"


def test_a_passphrase_changed_since_stays_changed_and_who_left_stays_out(desk: Desk) -> None:
    desk.accounts.cost = FLOOR
    colleague = desk.accounts.add(NewAccount("黄小满", ("R1",)), COLLEAGUE)
    kept = desk.backups.make().kept
    folder, clock = desk.vault.folder, desk.clock
    desk.accounts.change_passphrase(PASSPHRASE, "换过的口令 nine kites 8")
    desk.accounts.remove(colleague.user)
    with Desk.open(folder, "换过的口令 nine kites 8", clock=clock) as again:
        opened = open_backup(kept.folder, PASSPHRASE, again.actor)
        again.backups.restore(opened)
    with Desk.open(folder, "换过的口令 nine kites 8", clock=clock) as restored:
        assert [plate.user for plate in restored.vault.header.nameplates] == [restored.actor]
    with pytest.raises(Refused, match=r"vault\.unknown_user"):
        Desk.open(folder, COLLEAGUE, user=colleague.user, clock=clock)


def test_who_came_later_cannot_lock_themselves_out(desk: Desk) -> None:
    desk.accounts.cost = FLOOR
    kept = desk.backups.make().kept
    colleague = desk.accounts.add(NewAccount("黄小满", ("R8",)), COLLEAGUE)
    assert desk.backups.rehearse(desk.backups.open(kept.folder, PASSPHRASE)).users_lost == (colleague.label,)
    folder, clock, opened = desk.vault.folder, desk.clock, open_backup(kept.folder, PASSPHRASE, desk.actor)
    desk.close()
    with Desk.open(folder, COLLEAGUE, user=colleague.user, clock=clock) as theirs:
        with pytest.raises(Refused, match=r"backups\.before_your_time"):
            theirs.backups.restore(opened)
        assert theirs.accounts.get(colleague.user).active


def test_the_key_is_changed_only_after_a_backup(desk: Desk) -> None:
    place = desk.backups.place
    desk.accounts.renew_key()
    assert [kept.card.kind for kept in present(place)] == ["key"]


def test_the_log_says_that_a_backup_was_made(desk: Desk) -> None:
    desk.backups.make()
    with desk.store.reading() as connection:
        last = change_log.read_head(connection).count
        assert change_log.last_change(connection) < last


def card(kind: str, at: datetime) -> Kept:
    made = Card(1, "v", utc_text(at), kind, "desk.db", 1, "", "0001", 1, "", 0)
    return Kept(Path(f"{at:%Y%m%dT%H%M%SZ}"), made, b"", b"")


def test_old_backups_go_and_the_newest_stays() -> None:
    old = [card("daily", NOW - timedelta(days=days)) for days in range(60)]
    gone = superfluous(old, NOW, 30)
    left = sorted((NOW - kept.card.at).days for kept in old if kept not in gone)
    assert left[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert max(left) <= 30
    assert 3 <= len(left) - 7 <= 5
    assert superfluous([card("daily", NOW - timedelta(days=200))], NOW, 30) == []


def test_a_day_with_a_wrong_clock_costs_no_backup_and_puts_none_off(desk: Desk) -> None:
    clock = clock_of(desk)
    clock.advance(hours=24)
    kept = desk.backups.make("daily").kept
    right, clock.at = clock.at, datetime(2099, 1, 1, tzinfo=UTC)
    astray = desk.backups.make("daily").kept
    assert kept.folder.is_dir(), "under a clock that cannot be right nothing is erased"
    clock.at = right + timedelta(hours=24)
    assert desk.backups.due()
    desk.backups.make("daily")
    assert kept.folder.is_dir()
    assert not astray.folder.exists()


def test_many_backups_of_one_busy_day_do_not_push_out_the_days_before() -> None:
    busy = [card("import", NOW - timedelta(minutes=n)) for n in range(40)]
    before = [card("daily", NOW - timedelta(days=n, hours=1)) for n in range(1, 7)]
    gone = superfluous([*busy, *before], NOW, 30)
    assert not set(before_names(before)) & set(before_names(gone))
    assert len(busy) - len(gone) == 5


def before_names(found: list[Kept]) -> list[str]:
    return [kept.folder.name for kept in found]


def test_who_was_erased_is_gone_from_backups_older_than_the_policy(desk: Desk, family: Family) -> None:
    desk.backups.make()
    clock = clock_of(desk)
    for _day in range(31):
        clock.advance(days=1)
        desk.backups.daily()
    oldest = min(kept.card.at for kept in desk.backups.all())
    assert clock.now() - oldest <= timedelta(days=30)
    assert family.household


def test_a_backup_made_on_another_day_opens_with_the_passphrase_of_that_day(desk: Desk) -> None:
    desk.accounts.cost = FLOOR
    kept = desk.backups.make().kept
    desk.accounts.change_passphrase(PASSPHRASE, "换过的口令 nine kites 8")
    assert open_backup(kept.folder, PASSPHRASE).kept.card == kept.card
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        open_backup(kept.folder, "换过的口令 nine kites 8")


def test_a_store_with_a_broken_log_is_backed_up_and_says_so(desk: Desk, family: Family) -> None:
    from sqlalchemy import text

    with desk.store.beside() as connection:
        connection.execute(text("UPDATE change_log SET actor = 'somebody' WHERE seq = 3"))
    kept = desk.backups.make().kept
    assert kept.card.broken_at == 3
    assert desk.audit.soundness().at == 3
    assert family.household


def test_two_desks_share_nothing(desk: Desk, tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    kept = desk.backups.make().kept
    with (
        Desk.create(
            tmp_path / "另一个", PASSPHRASE, unit=desk.unit, regions=desk.regions, clock=clock, cost=FLOOR
        ) as other,
        pytest.raises(Refused, match=r"backups\.other_vault"),
    ):
        other.backups.restore(open_backup(kept.folder, PASSPHRASE))


def test_a_big_import_into_a_filled_register_comes_after_a_backup(desk: Desk, family: Family, tmp_path: Path) -> None:
    file = tmp_path / "登记表.xlsx"
    write_register(file, desk.regions[0], layout="a", households=120, seed=7)
    import_households(desk, file, dry_run=True)
    assert desk.backups.all() == []
    assert import_households(desk, file).landed
    (kept,) = desk.backups.all()
    assert kept.card.kind == "import"
    assert desk.backups.rehearse(desk.backups.open(kept.folder, PASSPHRASE)).records["R05"] == 1
    assert family.household
