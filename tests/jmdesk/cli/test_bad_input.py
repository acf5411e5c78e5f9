"""Every line of "Bad input" as a script meets it: a code, a Chinese text, a next step, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from jmdesk.cli.main import run
from jmdesk.desk import Desk
from tests.desks import PASSPHRASE, UNIT

VILLAGE = "440785104200"
_CHINESE = re.compile("[\u4e00-\u9fff]")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line; returns exit status, standard output, standard error."""

    def called(*arguments: object) -> tuple[int, str, str]:
        status = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return called


@pytest.fixture
def register(tmp_path: Path, call: Run) -> Path:
    """A sound register of six households."""
    path = tmp_path / "登记表.xlsx"
    assert call("sample", "--village", VILLAGE, "--households", 6, path)[0] == 0
    return path


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Run, register: Path) -> Path:
    """A vault with six households."""
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    monkeypatch.setenv("JMDESK_PASSPHRASE_FILE", str(secret))
    folder = tmp_path / "库"
    assert call("init", folder, "--unit", UNIT, "--region", VILLAGE)[0] == 0
    assert call("import", "households", register, "--vault", folder)[0] == 0
    return folder


def refusal(result: tuple[int, str, str]) -> str:
    """The code of a refusal that is told as it should be."""
    status, out, err = result
    assert (status, out) == (1, "")
    told = json.loads(err)
    assert _CHINESE.search(told["text"])
    assert _CHINESE.search(told["action"])
    return str(told["error"])


def limited(room: int, *arguments: object) -> tuple[int, str, str]:
    """Run one command line in a process whose files may not grow beyond ``room`` bytes."""
    ended = subprocess.run(
        [sys.executable, "-m", "jmdesk", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    return ended.returncode, ended.stdout, ended.stderr


def households(call: Run, vault: Path) -> int:
    status, out, err = call("records", "R05", "--vault", vault, "--json")
    assert status == 0, err
    return len(out.splitlines())


def test_a_lost_or_emptied_data_file_is_told_and_never_made_anew(call: Run, vault: Path) -> None:
    kept = (vault / "desk.db").read_bytes()
    (vault / "desk.db").unlink()
    assert refusal(call("doctor", "--vault", vault, "--json")) == "store.missing"
    assert not (vault / "desk.db").exists()
    (vault / "desk.db").touch()
    assert refusal(call("records", "R05", "--vault", vault, "--json")) == "store.missing"
    (vault / "desk.db").write_bytes(kept)
    assert households(call, vault) == 6


@pytest.mark.parametrize("at", [5, 50, 5_000, 9_000])
def test_a_flipped_bit_of_the_data_file_is_damage_and_never_a_crash(call: Run, vault: Path, at: int) -> None:
    content = bytearray((vault / "desk.db").read_bytes())
    content[at] ^= 1
    (vault / "desk.db").write_bytes(content)
    status, out, err = call("doctor", "--vault", vault, "--json")
    assert status == 1
    if err:
        assert json.loads(err)["error"] == "store.damaged"
    else:
        assert json.loads(out)["problems"]


def test_a_damaged_or_missing_device_key_is_a_finding_of_doctor(call: Run, vault: Path) -> None:
    content = bytearray((vault / "device.key").read_bytes())
    content[50] ^= 1
    (vault / "device.key").write_bytes(content)
    for _ in range(2):
        status, out, _ = call("doctor", "--vault", vault, "--json")
        found = json.loads(out)
        assert (status, found["ok"], len(found["problems"])) == (1, False, 1)
        (vault / "device.key").unlink(missing_ok=True)
    assert households(call, vault) == 6


def test_a_header_mended_from_its_copy_is_said_beside_the_answer(call: Run, vault: Path) -> None:
    content = bytearray((vault / "vault.json").read_bytes())
    content[100] ^= 1
    (vault / "vault.json").write_bytes(content)
    status, out, err = call("doctor", "--vault", vault, "--json")
    assert (status, json.loads(out)["ok"]) == (0, True)
    assert _CHINESE.search(err)
    assert call("doctor", "--vault", vault, "--json")[2] == ""


def test_a_second_program_is_told_that_the_vault_is_in_use(call: Run, vault: Path) -> None:
    with Desk.open(vault, PASSPHRASE):
        assert refusal(call("rate", "--vault", vault, "--json")) == "vault.in_use"
    assert households(call, vault) == 6


def test_a_workbook_with_macros_is_read_and_says_that_they_did_not_run(call: Run, vault: Path, register: Path) -> None:
    with zipfile.ZipFile(register, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    macros = register.rename(register.with_suffix(".xlsm"))
    status, out, _ = call("import", "households", macros, "--vault", vault, "--json")
    told = json.loads(out)
    assert (status, told["unchanged"]) == (0, 6)
    assert "registers.macros_not_run" in [note["code"] for note in told["notes"]]


def test_empty_rows_below_a_header_are_nothing_to_import_and_said(call: Run, vault: Path, tmp_path: Path) -> None:
    path = tmp_path / "空.xlsx"
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet, look = book.add_worksheet(), book.add_format({"border": 1})
        sheet.write_row(0, 0, ["户编号", "户主姓名", "姓名", "证件号码"])
        for row in range(1, 20_000):
            sheet.write_blank(row, 0, None, look)
        sheet.write_blank(1_048_575, 0, None, look)
    status, out, _ = call("import", "households", path, "--vault", vault, "--json")
    told = json.loads(out)
    assert (status, told["rows"]) == (1, 0)
    assert "registers.nothing_below" in [note["code"] for note in told["notes"]]


def test_a_wrong_checksum_and_an_unknown_code_name_their_cell_and_what_to_do(
    call: Run, vault: Path, tmp_path: Path
) -> None:
    path = tmp_path / "错.csv"
    path.write_text(
        "户编号,户主姓名,姓名,与户主关系,证件号码\n901,甲某,甲某,户主,440785198001010013\n902,乙某,乙某,外星人,\n",
        encoding="utf-8",
    )
    status, out, _ = call("import", "households", path, "--vault", vault, "--json")
    told = json.loads(out)
    errors = {finding["code"]: finding for finding in told["findings"] if finding["level"] == "error"}
    assert (status, told["refused"]) == (1, 2)
    assert errors["idno.checksum"]["cell"].endswith("E2")
    assert errors["registers.unknown_code"]["cell"].endswith("D3")
    assert all(_CHINESE.search(finding["action"]) for finding in errors.values())
    plain = call("import", "households", path, "--vault", vault)[1]
    assert all(finding["text"] + finding["action"] in plain for finding in errors.values())
    assert households(call, vault) == 6


def test_a_sample_that_cannot_be_written_is_told(call: Run, tmp_path: Path) -> None:
    place = tmp_path / "没有" / "a.xlsx"
    assert refusal(call("sample", "--village", VILLAGE, "--households", 2, place, "--json")) == "registers.unwritable"


@pytest.mark.parametrize("number", ["0", "-3", "1000001", "many"])
def test_a_number_of_households_out_of_bounds_is_wrong_usage(number: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as left:
        run(["sample", "--village", VILLAGE, "--households", number, str(tmp_path / "a.xlsx")])
    assert left.value.code == 2


def test_a_year_that_cannot_be_is_wrong_usage_and_rates_nobody(call: Run, vault: Path) -> None:
    with pytest.raises(SystemExit) as left:
        run(["rate", "--vault", str(vault), "--year", "99"])
    assert left.value.code == 2
    assert call("records", "R16", "--vault", vault, "--json")[1] == ""


def test_what_the_system_refuses_unforeseen_is_told_and_is_no_crash(
    call: Run, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Desk, "notice", full)
    assert refusal(call("doctor", "--vault", vault, "--json")) == "cli.system"


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_fills_up_during_an_import_loses_nothing(call: Run, vault: Path, tmp_path: Path) -> None:
    more = tmp_path / "更多.xlsx"
    assert call("sample", "--village", VILLAGE, "--households", 150, "--seed", 7, more)[0] == 0
    before = shutil.copytree(vault, tmp_path / "之前")
    room = (vault / "desk.db").stat().st_size + 150_000
    filled = limited(room, "import", "households", more, "--vault", vault, "--json")
    assert refusal(filled) in {"store.disk_full", "store.disk_error"}
    assert households(call, vault) == households(call, before) == 6
    assert json.loads(call("doctor", "--vault", vault, "--json")[1])["ok"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_is_full_before_the_vault_opens_is_not_taken_for_damage(call: Run, vault: Path) -> None:
    told = refusal(limited(1_000, "records", "R05", "--vault", vault, "--json"))
    assert told in {"store.disk_full", "store.disk_error", "vault.disk_full"}
    assert households(call, vault) == 6
