from __future__ import annotations

import shutil
import stat
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.vault import device, header
from jmdesk.vault.folder import BACKUP_CARD, DATABASE, Unlocked, create_vault, peek, unlock
from jmdesk.vault.header import Header, Nameplate, save_header
from jmdesk.vault.instance import InstanceLock, locked
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.slots import Argon2Lock, HpkeLock, Slot
from tests.jmdesk.vault.conftest import PASSPHRASE, REGIONS, UNIT, USER, Model


def make(folder: Path, passphrase: str = PASSPHRASE, unit: str = UNIT, user: str = USER) -> Unlocked:
    return create_vault(folder, passphrase, unit=unit, regions=REGIONS, user=user, cost=FLOOR)


def refusal(path: Path, passphrase: str = PASSPHRASE, user: str | None = None) -> str:
    with pytest.raises(KnownError) as error:
        unlock(path, passphrase, user)
    return error.value.code


def resave(vault: Path, model: Model, **changes: object) -> Header:
    changed: Header = msgspec.structs.replace(model.header, **changes)
    save_header(vault, changed, model.keys.header_mac)
    return changed


def test_a_vault_opens_with_its_passphrase_and_gives_the_same_keys(vault: Path, model: Model) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        assert opened.keys == model.keys
        assert opened.header == model.header
        assert opened.user == USER
        assert not opened.header_restored
        assert opened.database == vault / "desk.db"
        assert opened.outgoing.is_dir()


def test_the_passphrase_opens_however_it_was_typed(tmp_path: Path) -> None:
    make(tmp_path / "v", "Kettle 荔枝湾 47 白鹭").close()
    unlock(tmp_path / "v", "Ｋｅｔｔｌｅ　荔枝湾 ４７ 白鹭").close()


def test_a_wrong_passphrase_is_told_and_lets_the_vault_go(vault: Path) -> None:
    assert refusal(vault, "荔枝湾边两只白鹭") == "vault.wrong_passphrase"
    unlock(vault, PASSPHRASE).close()


def test_two_vaults_share_no_key(vault: Path, tmp_path: Path, model: Model) -> None:
    with make(tmp_path / "other") as other:
        assert other.keys != model.keys
        assert other.header.vault != model.header.vault


def test_showing_an_open_vault_shows_no_key(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        assert "VaultKeys(…)" in repr(opened)
        assert opened.keys.db.hex() not in repr(opened)
        assert repr(opened.keys.db) not in repr(opened)


def test_the_device_keys_are_the_same_each_time(vault: Path, model: Model) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        first = opened.device_keys()
        assert first.keyid == opened.device_keys().keyid


def test_a_vault_without_its_device_key_opens_and_can_be_given_fresh_ones(vault: Path) -> None:
    (vault / device.NAME).unlink()
    with unlock(vault, PASSPHRASE) as opened:
        with pytest.raises(Environment, match=r"vault\.device_key_missing"):
            opened.device_keys()
        fresh = opened.renew_device_keys()
        assert opened.device_keys().keyid == fresh.keyid


def test_the_device_key_of_another_vault_is_refused(vault: Path, tmp_path: Path) -> None:
    make(tmp_path / "other").close()
    shutil.copy(tmp_path / "other" / device.NAME, vault / device.NAME)
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Environment, match=r"vault\.damaged_device_key"):
        opened.device_keys()


def test_nobody_else_on_the_computer_can_read_the_vault(vault: Path) -> None:
    vault.chmod(0o755)
    with unlock(vault, PASSPHRASE):
        assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    with make(vault.parent / "new"):
        folder = vault.parent / "new"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "outgoing").stat().st_mode) == 0o700
        for name in (header.NAME, header.BACKUP_NAME, device.NAME, "lock"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_vault_is_never_made_over_another(vault: Path) -> None:
    before = {entry.name: entry.read_bytes() for entry in vault.iterdir() if entry.is_file()}
    with pytest.raises(Refused, match=r"vault\.exists"):
        make(vault)
    assert before == {entry.name: entry.read_bytes() for entry in vault.iterdir() if entry.is_file()}


@pytest.mark.parametrize("name", ["register.xlsx", DATABASE])
def test_a_vault_is_not_made_among_other_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"somebody's")
    with pytest.raises(Refused, match=r"vault\.not_empty"):
        make(tmp_path)
    assert (tmp_path / name).read_bytes() == b"somebody's"


def test_a_vault_is_not_made_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"somebody's")
    with pytest.raises(Refused, match=r"vault\.not_empty"):
        make(tmp_path / "file")


def test_a_creation_that_was_cut_short_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jmdesk.vault.folder.save_header", cut)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "v")
    monkeypatch.undo()
    assert refusal(tmp_path / "v") == "vault.damaged_header"
    make(tmp_path / "v").close()
    unlock(tmp_path / "v", PASSPHRASE).close()


def test_an_open_vault_is_in_use_for_everyone_else(vault: Path) -> None:
    with unlock(vault, PASSPHRASE):
        assert refusal(vault) == "vault.in_use"
    unlock(vault, PASSPHRASE).close()


@pytest.mark.parametrize("what", ["missing", "empty", "file", "other"])
def test_what_is_no_vault_is_told(tmp_path: Path, what: str) -> None:
    path = tmp_path / "somewhere"
    if what == "file":
        path.write_bytes(b"")
    elif what != "missing":
        path.mkdir()
    if what == "other":
        (path / "register.xlsx").write_bytes(b"")
    assert refusal(path) == "vault.not_a_vault"
    assert not (path / "lock").exists()


def test_a_vault_that_lost_its_header_is_damaged_not_unknown(vault: Path) -> None:
    (vault / header.NAME).unlink()
    (vault / header.BACKUP_NAME).unlink()
    assert refusal(vault) == "vault.damaged_header"


def test_a_damaged_header_is_mended_from_its_copy_and_said(vault: Path, model: Model) -> None:
    (vault / header.NAME).write_bytes(b"\x00" * 300)
    with unlock(vault, PASSPHRASE) as opened:
        assert opened.header_restored
        assert opened.header == model.header
        assert "vault.json" in str(opened.notice())
    with unlock(vault, PASSPHRASE) as opened:
        assert not opened.header_restored
        assert opened.notice() is None


def test_a_damaged_header_is_damage_whatever_the_passphrase(vault: Path) -> None:
    for name in (header.NAME, header.BACKUP_NAME):
        (vault / name).write_bytes((vault / name).read_bytes().replace(b"440703104", b"440703105", 1))
    assert refusal(vault) == "vault.damaged_header"
    assert refusal(vault, "荔枝湾边两只白鹭") == "vault.damaged_header"


def test_a_header_that_somebody_doctored_with_a_fresh_checksum_is_damage(vault: Path, model: Model) -> None:
    forged = msgspec.structs.replace(model.header, regions=("44",))
    save_header(vault, forged, mac_key=bytes(32))
    assert refusal(vault) == "vault.damaged_header"


def test_a_doctored_header_gives_way_to_a_good_copy(vault: Path, model: Model) -> None:
    forged = msgspec.structs.replace(model.header, regions=("44",))
    (vault / header.NAME).write_bytes(header.rendered(forged, bytes(32)))
    with unlock(vault, PASSPHRASE) as opened:
        assert opened.header == model.header
        assert opened.header_restored


def test_a_slot_with_a_ruinous_cost_is_damage_and_never_derived(
    vault: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = model.header.slots[0]
    assert isinstance(slot.lock, Argon2Lock)
    dear = msgspec.structs.replace(slot, lock=msgspec.structs.replace(slot.lock, memory_kib=2**30))
    resave(vault, model, slots=(dear,))
    monkeypatch.setattr("jmdesk.vault.slots.derive", lambda *_: pytest.fail("derived"))
    assert refusal(vault) == "vault.damaged_header"


def test_a_passphrase_that_was_changed_does_not_come_back_through_the_copy(vault: Path, tmp_path: Path) -> None:
    """Power went between the two copies of a change: the new passphrase mends, the old one never opens."""
    make(tmp_path / "changed", "春天的榕树下喝茶").close()
    shutil.copy(tmp_path / "changed" / header.NAME, vault / header.NAME)
    assert refusal(vault, PASSPHRASE) == "vault.wrong_passphrase"
    unlock(vault, "春天的榕树下喝茶").close()
    assert (vault / header.NAME).read_bytes() == (vault / header.BACKUP_NAME).read_bytes()


def test_with_several_users_the_user_has_to_be_named(vault: Path, model: Model) -> None:
    own = model.header.slots[0]
    other = msgspec.structs.replace(own, user="u02")
    escrow = Slot("escrow", "admin", own.created, HpkeLock("ab" * 16), bytes(32), b"", bytes(80))
    plates = (*model.header.nameplates, Nameplate("u02", "黄*"))
    resave(vault, model, slots=(own, other, escrow), nameplates=plates)
    assert refusal(vault) == "vault.user_needed"
    assert refusal(vault, user="u03") == "vault.unknown_user"
    assert refusal(vault, user="admin") == "vault.unknown_user"
    for named in (USER, model.header.label(USER)):
        with unlock(vault, PASSPHRASE, named) as opened:
            assert opened.user == USER


def test_one_user_s_slot_under_another_s_name_does_not_open(vault: Path, model: Model) -> None:
    moved = msgspec.structs.replace(model.header.slots[0], user="u02")
    resave(vault, model, slots=(moved,), nameplates=(Nameplate("u02", "黄*"),))
    assert refusal(vault) == "vault.wrong_passphrase"


@pytest.mark.parametrize("user", ["", "陈会计", "u 01", "-u", "u" * 65, "u\n"])
def test_a_user_id_that_could_be_a_name_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(Refused, match=r"vault\.bad_user"):
        make(tmp_path / "v", user=user)
    assert not (tmp_path / "v").exists()


def test_claims_that_are_no_codes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.bad_claims"):
        make(tmp_path / "v", unit="棠下镇")
    with pytest.raises(Refused, match=r"vault\.bad_claims"):
        create_vault(tmp_path / "v", PASSPHRASE, unit=UNIT, regions=(), user=USER, cost=FLOOR)


def test_a_weak_passphrase_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.passphrase_short"):
        make(tmp_path / "v", "12345")
    assert not (tmp_path / "v").exists()


def test_a_read_only_folder_is_told(unprivileged: Path) -> None:
    folder = unprivileged / "v"
    make(folder).close()
    (folder / "lock").chmod(0o400)
    folder.chmod(0o500)
    assert refusal(folder) == "vault.read_only"
    (unprivileged / "closed").mkdir(mode=0o500)
    with pytest.raises(Environment, match=r"vault\.read_only"):
        make(unprivileged / "closed" / "v")


def test_a_full_disk_makes_no_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_handle: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jmdesk.vault.files.os.write", no_room)
    with pytest.raises(Environment, match=r"vault\.disk_full"):
        make(tmp_path / "v")
    monkeypatch.undo()
    make(tmp_path / "v").close()


def test_a_header_of_a_later_program_is_refused_before_the_passphrase(vault: Path) -> None:
    body = b'{"version":2}'
    wire = header._File(msgspec.Raw(body), b"", header._sum(body, b""))
    (vault / header.NAME).write_bytes(msgspec.json.encode(wire) + b"\n")
    assert refusal(vault, "荔枝湾边两只白鹭") == "vault.newer_version"


def test_a_vault_says_what_it_is_without_being_opened(vault: Path, tmp_path: Path) -> None:
    with unlock(vault, PASSPHRASE):
        assert peek(vault).unit == UNIT
    with pytest.raises(Refused, match=r"vault\.not_a_vault"):
        peek(tmp_path)


def test_the_cost_is_calibrated_when_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def remember() -> object:
        asked.append(True)
        return FLOOR

    monkeypatch.setattr("jmdesk.vault.folder.calibrated", remember)
    create_vault(tmp_path / "v", PASSPHRASE, unit=UNIT, regions=REGIONS, user=USER).close()
    assert asked == [True]


def test_a_label_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.bad_label"):
        create_vault(tmp_path / "v", PASSPHRASE, unit=UNIT, regions=REGIONS, user=USER, label="", cost=FLOOR)
    assert not (tmp_path / "v").exists()


def test_somebody_elses_folder_is_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "照片"
    folder.mkdir(mode=0o755)
    (folder / "一.jpg").touch()
    with pytest.raises(Refused, match=r"vault\.not_empty"):
        make(folder)
    assert [entry.name for entry in folder.iterdir()] == ["一.jpg"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_vault_that_another_program_made_meanwhile_is_left_alone(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_by_another(folder: Path) -> InstanceLock:
        shutil.copy(vault / header.NAME, folder / header.NAME)
        return locked(folder)

    monkeypatch.setattr("jmdesk.vault.folder.locked", made_by_another)
    with pytest.raises(Refused, match=r"vault\.exists"):
        make(tmp_path / "v")
    assert (tmp_path / "v" / header.NAME).read_bytes() == (vault / header.NAME).read_bytes()


def test_a_backup_is_not_worked_in(vault: Path) -> None:
    (vault / BACKUP_CARD).touch()
    assert refusal(vault) == "vault.is_backup"
