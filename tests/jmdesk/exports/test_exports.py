"""Lists handed out: nothing in them acts, numbers stay numbers, masks hold, two persons open them, all is noted."""

from __future__ import annotations

import csv
import io
import zipfile
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import msoffcrypto
import pytest
from python_calamine import CalamineWorkbook

from jmdesk.accounts.service import NewAccount
from jmdesk.audit.queries import Wanted
from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import KnownError, Refused
from jmdesk.desk import Desk
from jmdesk.exports.rows import private
from jmdesk.exports.service import Order
from jmdesk.exports.sheet import Cell, Mark, Sheet, comma_separated, workbook
from jmdesk.records.masking import WITHHELD
from jmdesk.vault.kdf import FLOOR
from tests.desks import PASSPHRASE, Family

COLLEAGUE = "竹椅 forty lamps 木桥"
MARK = Mark("测试员", "塘洲村委会", "2026-11-22T02:00:00Z", "年度核对 & 上报", "已遮蔽")
HOSTILE = ("=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "http://example.invalid")


def read(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()  # type: ignore[return-value]


def refusal(call: object) -> str:
    assert callable(call)
    with pytest.raises(KnownError) as error:
        call()
    return error.value.code


def test_no_cell_of_a_workbook_can_act() -> None:
    data = workbook(Sheet("清单", ("内容",), [[text] for text in HOSTILE]), MARK)
    shown = [row[0] for row in read(data)[3:]]
    assert [str(cell).strip() for cell in shown] == [text.strip() for text in HOSTILE]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert b"hyperlink" not in sheet


def test_numbers_stay_numbers_and_long_ones_stay_text() -> None:
    rows: list[list[Cell]] = [["440785199001010011", Decimal("12000.50"), 3, True]]
    (_title, _mark, _heading, row) = read(workbook(Sheet("清单", ("a", "b", "c", "d"), rows), MARK))
    assert row == ["440785199001010011", 12000.5, 3.0, "是"]


def test_a_csv_is_safe_to_open() -> None:
    hostile: list[list[Cell]] = [[text] for text in HOSTILE]
    rows: list[list[Cell]] = [*hostile, ["440785199001010011"], [-12.5], [None]]
    data = comma_separated(Sheet("清单", ("内容",), rows), MARK)
    cells = [row[0] for row in list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[3:]]
    assert all(cell.startswith("'") for cell in cells[:7])
    assert cells[8:] == ["\t440785199001010011", "-12.5", ""]


def test_a_list_says_who_took_it_and_what_for(desk: Desk, family: Family, tmp_path: Path) -> None:
    made = desk.exports.records(Order("R06", "入户核对"), tmp_path / "成员.xlsx")
    rows = read(made.file.read_bytes())
    assert rows[0][0] == "家庭成员"
    assert "测试员" in str(rows[1][0])
    assert "用途：入户核对" in str(rows[1][0])
    assert "已遮蔽" in str(rows[1][0])
    assert (made.rows, made.sha256) == (3, sha256(made.file.read_bytes()).hexdigest())
    assert family.head


def test_a_list_is_masked(desk: Desk, family: Family, tmp_path: Path) -> None:
    text = desk.exports.records(Order("R05", "核对"), tmp_path / "农户.csv").file.read_text("utf-8-sig")
    assert "19900001234" not in text
    assert "1组8号" not in text
    assert "199****1234" in text
    assert "塘洲村…" in text
    assert family.household


@pytest.mark.parametrize(
    ("type_id", "name", "value", "shown"),
    [
        ("R06", "id_no", "440785199001010011", "440785********0011"),
        ("R05", "phone", "19900001234", "199****1234"),
        ("R05", "address", "塘洲村1组8号", "塘洲村…"),
        ("R05", "address", "8号", WITHHELD),
        ("R07", "income_crop", "12000.50", WITHHELD),
        ("R05", "population", 3, 3),
    ],
)
def test_each_kind_of_private_value_has_its_mask(type_id: str, name: str, value: str | int, shown: str | int) -> None:
    assert private(catalogue().types[type_id].by_identifier[name], value) == shown


def test_every_export_is_noted_with_its_digest(desk: Desk, family: Family, tmp_path: Path) -> None:
    made = desk.exports.records(Order("R05", "年度上报"), tmp_path / "农户.xlsx")
    (entry,) = desk.audit.page(desk.guard, Wanted(verbs=("export",)))
    assert (entry.type, entry.reason, entry.actor) == ("R05", "年度上报", desk.actor)
    assert entry.told == {"sha256": made.sha256, "rows": 1, "format": "xlsx", "masked": True}
    assert family.household


@pytest.mark.parametrize(
    ("order", "name", "code"),
    [
        (Order("R05", "  "), "a.xlsx", "exports.purpose_needed"),
        (Order("R05", "核对"), "a.exe", "exports.format"),
        (Order("R20", "核对"), "a.xlsx", "exports.nothing"),
        (Order("R05", "核对", request="x"), "a.xlsx", "exports.no_request"),
    ],
)
def test_an_order_that_cannot_be_met_leaves_no_file(
    desk: Desk, family: Family, tmp_path: Path, order: Order, name: str, code: str
) -> None:
    assert refusal(lambda: desk.exports.records(order, tmp_path / name)) == code
    assert not (tmp_path / name).exists()
    assert desk.audit.count(desk.guard, Wanted(verbs=("export",))) == 0
    assert family.household


def test_a_cancelled_export_leaves_no_file(desk: Desk, family: Family, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"store\.cancelled"):
        desk.exports.records(Order("R05", "核对"), tmp_path / "a.xlsx", cancelled=lambda: True)
    assert not (tmp_path / "a.xlsx").exists()
    assert family.household


def test_an_unmasked_list_needs_a_second_person_and_a_password(desk: Desk, family: Family, tmp_path: Path) -> None:
    desk.accounts.cost = FLOOR
    colleague = desk.accounts.add(NewAccount("黄小满", ("R2",)), COLLEAGUE)
    desk.accounts.assign(desk.actor, ("R2",))
    asked = desk.exports.ask("R05", "上级复核")
    order = Order("R05", "上级复核", request=asked.id, password="文件密码 ten chars")
    file = tmp_path / "未遮蔽.xlsx"
    assert refusal(lambda: desk.exports.records(order, file)) == "exports.not_approved"
    assert refusal(lambda: desk.exports.approve(asked.id)) == "permissions.four_eyes"
    folder, clock = desk.vault.folder, desk.clock
    desk.close()
    with Desk.open(folder, COLLEAGUE, user=colleague.user, clock=clock) as theirs:
        theirs.exports.approve(asked.id)
        assert refusal(lambda: theirs.exports.records(order, file)) == "exports.not_approved"
    with Desk.open(folder, PASSPHRASE, user=desk.actor, clock=clock) as again:
        short = Order("R05", "上级复核", request=asked.id, password="short")
        assert refusal(lambda: again.exports.records(short, file)) == "exports.password_short"
        again.exports.records(order, file)
        assert refusal(lambda: again.exports.records(order, file)) == "exports.no_request"
    assert "塘洲村1组8号".encode() not in file.read_bytes()
    book = msoffcrypto.OfficeFile(io.BytesIO(file.read_bytes()))
    assert book.is_encrypted()
    book.load_key(password="文件密码 ten chars")
    plain = io.BytesIO()
    book.decrypt(plain)
    text = str(read(plain.getvalue()))
    assert "塘洲村1组8号" in text
    assert "批准人 黄小满" in text
    assert family.household


def test_sensitive_values_are_withheld_not_zeroed(desk: Desk, family: Family, tmp_path: Path) -> None:
    made = desk.exports.records(Order("R07", "核对"), tmp_path / "收支.xlsx")
    shown = str(read(made.file.read_bytes()))
    assert WITHHELD in shown or "待授权" in shown
    assert family.income
