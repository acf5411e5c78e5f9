from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jmdesk.core.errors import Environment, Refused
from jmdesk.vault import header as module
from jmdesk.vault.header import DamagedHeader, Header, Nameplate, parsed, read_headers, rendered, save_header
from jmdesk.vault.slots import HpkeLock, Slot
from tests.jmdesk.vault.conftest import PASSPHRASE, REGIONS, UNIT, USER, Model


@pytest.fixture
def whole(model: Model) -> bytes:
    return (model.folder / module.NAME).read_bytes()


def test_a_header_comes_back_as_it_was_written(model: Model, whole: bytes) -> None:
    read = parsed(whole)
    assert read.header == model.header
    assert (read.header.unit, read.header.regions) == (UNIT, REGIONS)
    assert read.authentic(model.keys.header_mac)
    assert not read.authentic(model.keys.backup)
    assert rendered(read.header, model.keys.header_mac) == whole


def test_the_header_holds_no_secret_in_plain(model: Model, whole: bytes) -> None:
    assert PASSPHRASE.encode() not in whole
    assert USER.encode() in whole


def test_every_flipped_bit_of_the_header_is_noticed_before_any_key_exists(whole: bytes) -> None:
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            with pytest.raises(DamagedHeader):
                parsed(bytes(flipped))


def test_every_cut_of_the_header_is_noticed(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(DamagedHeader):
            parsed(whole[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"vault"',
        b"[" * 200_000,
        b'{"body":' * 20_000,
        b"\xff\xfe\x00",
        b'{"body":{},"mac":"","sum":"","sum":""}',
        b'{"body":NaN,"mac":"","sum":""}',
    ],
)
def test_what_is_no_header_is_damaged_and_crashes_nothing(data: bytes) -> None:
    with pytest.raises(DamagedHeader):
        parsed(data)


def test_added_spaces_and_keys_are_not_as_written(whole: bytes) -> None:
    for changed in (whole + b"\n", b" " + whole, whole.replace(b'"mac":', b'"mac": '), whole[:-2] + b',"x":1}\n'):
        with pytest.raises(DamagedHeader):
            parsed(changed)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"unit": "too short"},
        {"unit": "11440703007072500x"},
        {"regions": ()},
        {"regions": ("江门",)},
        {"regions": ("440703",) * 1001},
        {"slots": ()},
        {"generation": -1},
        {"generation": 10**7},
        {"nameplates": ()},
        {"nameplates": (Nameplate("u09", "黄*"),)},
        {"nameplates": (Nameplate(USER, ""),)},
        {"nameplates": (Nameplate(USER, " 黄*"),)},
        {"nameplates": (Nameplate(USER, "黄" * 21),)},
        {"nameplates": (Nameplate(USER, "黄\u202e*"),)},
        {"nameplates": (Nameplate(USER, "黄*"), Nameplate(USER, "黄*2"))},
    ],
)
def test_a_header_with_values_out_of_bounds_is_damaged_even_with_its_checksum(
    model: Model, changes: dict[str, object]
) -> None:
    doctored = msgspec.structs.replace(model.header, **changes)
    with pytest.raises(DamagedHeader):
        parsed(rendered(doctored, model.keys.header_mac))


def test_a_user_with_two_slots_of_one_kind_is_damaged(model: Model) -> None:
    twice = msgspec.structs.replace(model.header, slots=model.header.slots * 2)
    with pytest.raises(DamagedHeader):
        parsed(rendered(twice, model.keys.header_mac))


def test_the_format_has_room_for_recovery_and_escrow(model: Model) -> None:
    own = model.header.slots[0]
    full = msgspec.structs.replace(
        model.header,
        slots=(
            own,
            msgspec.structs.replace(own, user="u02"),
            msgspec.structs.replace(own, kind="recovery"),
            Slot("escrow", "admin", own.created, HpkeLock("ab" * 16), bytes(32), b"", bytes(80)),
        ),
        nameplates=(*model.header.nameplates, Nameplate("u02", "黄*")),
    )
    assert parsed(rendered(full, model.keys.header_mac)).header == full


def test_a_header_of_a_later_program_is_refused_and_its_backup_not_opened_instead(vault: Path, model: Model) -> None:
    later = b'{"version":2,"vault":"x","something":{"quite":"different"}}'
    mac = bytes(32)
    wire = module._File(msgspec.Raw(later), mac, module._sum(later, mac))
    (vault / module.NAME).write_bytes(msgspec.json.encode(wire) + b"\n")
    with pytest.raises(Refused) as refused:
        read_headers(vault)
    assert refused.value.code == "vault.newer_version"


def test_a_damaged_header_is_replaced_by_its_copy_and_says_so(vault: Path, model: Model) -> None:
    (vault / module.NAME).write_bytes(b"\x00" * 512)
    found = read_headers(vault)
    assert found.damaged
    assert [copy.header for copy in found.copies] == [model.header]


def test_a_missing_header_is_replaced_by_its_copy_and_says_so(vault: Path) -> None:
    (vault / module.NAME).unlink()
    assert read_headers(vault).damaged


def test_a_damaged_copy_alone_is_no_damage(vault: Path) -> None:
    (vault / module.BACKUP_NAME).write_bytes(b"rubbish")
    found = read_headers(vault)
    assert not found.damaged
    assert len(found.copies) == 1


def test_two_damaged_headers_are_damage(vault: Path) -> None:
    for name in (module.NAME, module.BACKUP_NAME):
        (vault / name).write_bytes((vault / name).read_bytes()[:-9])
    with pytest.raises(Environment) as error:
        read_headers(vault)
    assert error.value.code == "vault.damaged_header"


def test_a_header_over_the_bound_is_damaged_and_not_read_whole(vault: Path) -> None:
    with (vault / module.NAME).open("wb") as stream:
        stream.truncate(5 * 1024**3)
    assert read_headers(vault).damaged


def test_a_header_that_is_a_folder_is_damaged(vault: Path) -> None:
    (vault / module.NAME).unlink()
    (vault / module.NAME).mkdir()
    assert read_headers(vault).damaged


def test_both_copies_hold_the_same_header_after_saving(vault: Path, model: Model) -> None:
    changed: Header = msgspec.structs.replace(model.header, regions=("440703104",))
    save_header(vault, changed, model.keys.header_mac)
    assert (vault / module.NAME).read_bytes() == (vault / module.BACKUP_NAME).read_bytes()
    assert [copy.header for copy in read_headers(vault).copies] == [changed, changed]


def test_a_header_has_one_spelling_even_to_who_can_compute_its_sums(whole: bytes) -> None:
    file = msgspec.json.decode(whole, type=module._File)
    body = msgspec.json.decode(bytes(file.body))
    for other in (dict(reversed(body.items())), body | {"created": body["created"]} | {"more": None}):
        spelled = msgspec.json.encode(other)
        data = msgspec.json.encode(module._File(msgspec.Raw(spelled), file.mac, module._sum(spelled, file.mac))) + b"\n"
        with pytest.raises(DamagedHeader):
            parsed(data)
