"""The demonstration: whole, invented, apart from every real vault and platform, and marked wherever it goes."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from docx import Document

from jmdesk.catalogue import uscc
from jmdesk.cli.main import run
from jmdesk.core.errors import KnownError, Refused
from jmdesk.demonstration.service import Demonstration
from jmdesk.desk import Desk
from jmdesk.exports.service import Order
from jmdesk.place import DEMONSTRATION
from jmdesk.records.invented import INVENTED, is_invented
from jmdesk.registers.service import import_households
from jmdesk.vault.folder import create_vault
from jmdesk.vault.kdf import FLOOR
from sync.client.enrolment import enrol
from sync.client.membership import load_membership
from sync.client.transport import Transport

REAL = "440785199001010011"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """A demonstration that was made once and closed."""
    made = Demonstration(tmp_path_factory.mktemp("data") / "demonstration")
    made.open().close()
    return made


@pytest.fixture
def desk(place: Demonstration) -> Iterator[Desk]:
    with place.open() as opened:
        yield opened


def test_it_has_something_of_every_kind_and_every_number_is_invented(desk: Desk) -> None:
    assert desk.demonstration
    counts = {type_id: desk.records.count(type_id) for type_id in ("R05", "R06", "R07", "R16", "R20", "R21", "R22")}
    assert counts["R05"] == counts["R16"] == 36
    assert all(counts.values())
    numbers = [str(one.values["id_no"]) for one in desk.records.find("R06") if "id_no" in one.values]
    assert all(is_invented(number) for number in numbers)


def test_it_is_opened_again_as_it_was_left_and_begins_anew_when_asked(tmp_path: Path, place: Demonstration) -> None:
    copy = Demonstration(shutil.copytree(place.folder, tmp_path / "demonstration"))
    with copy.open() as desk:
        vault = desk.vault.header.vault
        desk.records.change("R05", desk.records.find("R05", limit=1)[0].rid, {"group_no": "演示组"})
    with copy.open() as desk:
        assert desk.vault.header.vault == vault
    copy.reset()
    assert not copy.folder.exists()


def test_a_damaged_one_is_made_anew(tmp_path: Path, place: Demonstration) -> None:
    copy = Demonstration(shutil.copytree(place.folder, tmp_path / "demonstration"))
    (copy.vault / "desk.db").write_bytes(b"\x07" * 8192)
    with copy.open() as desk:
        assert desk.records.count("R05") == 36


def test_its_unit_is_well_formed_and_of_no_place() -> None:
    assert uscc.check(DEMONSTRATION).verdict == "ok"
    assert DEMONSTRATION[2:8] == "000000"


def test_no_platform_is_asked_for_it(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        enrol(desk, cast("Transport", None), "any", gateway="https://platform.example")
    assert refused.value.code == "demonstration.no_platform"
    with pytest.raises(KnownError):
        load_membership(desk.store)


def test_a_number_that_may_be_somebodys_is_refused_however_it_comes(desk: Desk) -> None:
    person = desk.records.find("R06", limit=1)[0]
    home = person.values["household_id"]

    def change() -> None:
        desk.records.change("R06", person.rid, {"id_no": REAL})

    def create() -> None:
        desk.records.create("R06", {"household_id": home, "id_no": REAL})

    for act in (change, create):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "demonstration.real_number"
        assert REAL not in str(refused.value.params)


def test_a_real_register_is_refused_whole(desk: Desk, tmp_path: Path) -> None:
    before = desk.records.count("R05")
    register = tmp_path / "register.csv"
    register.write_text(
        f"行政村,姓名,与户主关系,公民身份号码,家庭住址\n岭南村,欧阳某,户主,{REAL},某巷\n", encoding="utf-8-sig"
    )
    with pytest.raises(Refused) as refused:
        import_households(desk, register)
    assert refused.value.code == "demonstration.real_number"
    assert desk.records.count("R05") == before


def test_the_register_for_practice_is_taken(desk: Desk, place: Demonstration) -> None:
    (practice,) = (one for one in place.practice.iterdir() if "差错" in one.name)
    assert import_households(desk, practice, dry_run=True).new > 0


def test_what_it_hands_out_says_that_it_is_invented(desk: Desk, tmp_path: Path) -> None:
    desk.exports.records(Order("R06", "培训"), tmp_path / "list.csv")
    assert INVENTED in (tmp_path / "list.csv").read_text("utf-8-sig").splitlines()[1]
    name = next(iter(desk.papers._templates()))
    template = desk.papers.template(name)
    document = Document(io.BytesIO(desk.papers.draft(name, dict.fromkeys(template.fields, ""))))
    assert INVENTED in document.sections[0].header.paragraphs[0].text


def test_a_real_vault_in_its_place_is_never_thrown_away(tmp_path: Path) -> None:
    place = Demonstration(tmp_path / "demonstration")
    create_vault(
        place.vault, "荔枝湾边三只白鹭", unit="54440785MF1000111F", regions=("440785104200",), user="u1", cost=FLOOR
    ).close()
    for act in (place.reset, place.open):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "demonstration.not_ours"
    assert (place.vault / "vault.json").is_file()


def test_files_of_somebody_in_its_folder_stay(tmp_path: Path) -> None:
    place = Demonstration(tmp_path)
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        place.open()
    assert refused.value.code == "demonstration.not_ours"
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_no_real_vault_can_be_made_with_its_code_and_no_command_opens_it(
    tmp_path: Path, place: Demonstration, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("荔枝湾边三只白鹭\n", encoding="utf-8")
    made = (
        "init",
        str(tmp_path / "v"),
        "--unit",
        DEMONSTRATION,
        "--region",
        "440785",
        "--passphrase-file",
        str(secret),
    )
    assert run(made) == 1
    assert (
        run(("records", "R06", "--vault", str(place.vault), "--passphrase-file", str(place.folder / "passphrase"))) == 1
    )
    assert "jmdesk --demonstration" in capsys.readouterr().err
