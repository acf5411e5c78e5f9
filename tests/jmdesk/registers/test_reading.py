"""Files are judged by their content; each kind of bad file says what it is and what to do."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from itertools import count
from pathlib import Path

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.registers.reading import decoded, read_book, read_books, source_files
from tests.jmdesk.registers.biff import write_xls

ROWS = [["户编号", "姓名", "身份证号"], ["0001", "滘头陈", "44070519900101997X"]]


def workbook(path: Path, rows: list[list[object]] | None = None) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("登记表")
        for number, row in enumerate(rows or ROWS):
            sheet.write_row(number, 0, row)
    return path


def refusal(path: Path, password: str | None = None) -> str:
    with pytest.raises(KnownError) as caught:
        read_book(path, password)
    message = caught.value.message_for_user()
    assert message.text
    assert message.action
    return caught.value.code


def protected(path: Path, password: str) -> Path:
    plain = io.BytesIO(workbook(path.with_name("plain.xlsx")).read_bytes())
    with path.open("wb") as out:
        OOXMLFile(plain).encrypt(password, out)
    return path


def test_a_workbook_is_read_with_its_sheets_and_cells(tmp_path: Path) -> None:
    book = read_book(workbook(tmp_path / "a.xlsx"))
    assert [sheet.name for sheet in book.sheets] == ["登记表"]
    assert [list(row) for row in book.sheets[0].rows] == ROWS
    assert str(book.sheets[0].ref(1, 2)) == "登记表!C2"


def test_an_old_xls_is_read(tmp_path: Path) -> None:
    write_xls(tmp_path / "old.xls", "旧表", [["户编号", "姓名"], ["0001", "陈明"], ["", 12.5]])
    sheet = read_book(tmp_path / "old.xls").sheets[0]
    assert sheet.name == "旧表"
    assert [list(row) for row in sheet.rows] == [["户编号", "姓名"], ["0001", "陈明"], ["", 12.5]]


@pytest.mark.parametrize("ending", [".xls", ".et", ".XLSX"])
def test_content_counts_and_not_the_ending(tmp_path: Path, ending: str) -> None:
    renamed = workbook(tmp_path / "a.xlsx").rename(tmp_path / f"a{ending}")
    assert len(read_book(renamed).sheets[0].rows) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_text_files_are_read_in_every_usual_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(delimiter.join(row) for row in ROWS).replace("滘", "陈").encode(encoding))
    expected = [[cell.replace("滘", "陈") for cell in row] for row in ROWS]
    assert [list(row) for row in read_book(path).sheets[0].rows] == expected


def test_names_outside_gb2312_survive_gb18030() -> None:
    assert decoded("滘蓢湴孖氹簕".encode("gb18030")) == "滘蓢湴孖氹簕"


def test_quoted_cells_may_hold_the_delimiter_and_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('姓名,住址\n陈明,"新屋,3号\n后座"\n', encoding="utf-8")
    assert list(read_book(tmp_path / "a.csv").sheets[0].rows[1]) == ["陈明", "新屋,3号\n后座"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "registers.empty_file"),
        (b" \r\n \r\n", "registers.empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "registers.not_a_workbook"),
        (b"only one line of words", "registers.not_a_workbook"),
        (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "registers.web_page"),
        (b"PK\x03\x04 broken", "registers.not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken", "registers.not_a_workbook"),
    ],
)
def test_what_is_no_workbook_is_told_apart(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    assert refusal(tmp_path / "a.xlsx") == code


def test_a_zip_of_something_else_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as package:
        package.writestr("readme.txt", "hello")
    assert refusal(tmp_path / "a.xlsx") == "registers.not_a_workbook"


def test_a_truncated_workbook_is_no_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    path.write_bytes(path.read_bytes()[:3000])
    assert refusal(path) == "registers.not_a_workbook"


def test_a_missing_file_and_a_locked_one_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(tmp_path / "nowhere.xlsx") == "registers.no_such_file"
    path = workbook(tmp_path / "a.xlsx")

    def sharing_violation(_: Path) -> bytes:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, "read_bytes", sharing_violation)
    assert refusal(path) == "registers.file_locked"


def test_a_failing_drive_is_an_environment_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx")

    def broken(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(Environment, match=r"registers\.unreadable_file"):
        read_book(path)


@pytest.mark.parametrize("mark", ["~$", ".~"])
def test_a_file_that_is_open_elsewhere_is_read_with_a_mark(tmp_path: Path, mark: str) -> None:
    path = workbook(tmp_path / "a.xlsx")
    assert not read_book(path).unsaved
    (tmp_path / f"{mark}a.xlsx").write_bytes(b"owner")
    assert read_book(path).unsaved


def test_a_protected_workbook_asks_for_its_password(tmp_path: Path) -> None:
    path = protected(tmp_path / "a.xlsx", "村2026")
    assert refusal(path) == "registers.password_needed"
    assert refusal(path, "falsch") == "registers.wrong_password"
    assert [list(row) for row in read_book(path, "村2026").sheets[0].rows] == ROWS


def test_a_workbook_that_is_only_write_protected_opens_without_asking(tmp_path: Path) -> None:
    path = protected(tmp_path / "a.xlsx", "VelvetSweatshop")
    assert len(read_book(path).sheets[0].rows) == 2


def test_macros_are_never_looked_at(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 not even a macro")
    book = read_book(path.rename(tmp_path / "a.xlsm"))
    assert (len(book.sheets[0].rows), book.macros) == (2, True)
    assert not read_book(workbook(tmp_path / "b.xlsx")).macros


def test_a_million_formatted_empty_rows_are_cut_off(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        look = book.add_format({"bg_color": "yellow"})
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row)
        for number in range(2, 1_000_000, 4_000):
            sheet.set_row(number, 20, look)
        sheet.write_blank(1_048_575, 5, None, look)
    assert len(read_book(tmp_path / "a.xlsx").sheets[0].rows) == 2


@pytest.mark.parametrize("column", ["XFD", "ZZ", "DA"])
def test_a_stray_cell_in_the_far_corner_is_refused_before_it_is_held(tmp_path: Path, column: str) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string("A1", "户编号")
        sheet.write_string(f"{column}1048576", "x")
    assert refusal(tmp_path / "a.xlsx") == "registers.too_wide"


def test_a_stray_cell_far_down_alone_is_read(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string("A1", "户编号")
        sheet.write_string("B200000", "x")
    rows = read_book(tmp_path / "a.xlsx").sheets[0].rows
    assert len(rows) == 200_000
    assert rows[1] == ()


def test_a_package_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    assert refusal(path) == "registers.too_large"


def test_entities_in_a_package_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]><workbook>&b;</workbook>')
        package.writestr("xl/_rels/workbook.xml.rels", "<Relationships/>")
    assert refusal(path) == "registers.not_a_workbook"


def test_hidden_and_filtered_rows_and_hidden_sheets_are_known(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("登记表")
        for number in range(6):
            sheet.write_row(number, 0, [number, "陈明"])
        sheet.autofilter(0, 0, 5, 1)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(4, None, None, {"hidden": True})
        book.add_worksheet("字典").hide()
    shown, hidden = read_book(tmp_path / "a.xlsx").sheets
    assert shown.hidden_rows == {2, 4}
    assert shown.filtered
    assert (shown.hidden, hidden.hidden) == (False, True)


def test_merged_areas_and_margins_keep_their_places(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("C3:E3", "家庭成员")
        sheet.write_datetime("C4", date(2025, 12, 31), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet_read = read_book(tmp_path / "a.xlsx").sheets[0]
    assert sheet_read.merges == ((2, 2, 2, 4),)
    assert sheet_read.cell(2, 2) == "家庭成员"
    assert sheet_read.cell(3, 2) == date(2025, 12, 31)
    assert sheet_read.cell(99, 99) == ""


def test_a_folder_gives_its_registers_in_order_and_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    for name in ("2.xlsx", "1.xlsx", "~$1.xlsx", ".~2.xlsx", "notes.docx"):
        workbook(tmp_path / name)
    (tmp_path / "3.xlsx").write_bytes(b"broken")
    assert [file.name for file in source_files(tmp_path)] == ["1.xlsx", "2.xlsx", "3.xlsx"]
    first, second, third = read_books(tmp_path)
    assert not isinstance(first, tuple)
    assert not isinstance(second, tuple)
    assert isinstance(third, tuple)
    assert str(first.sheets[0].ref(0, 0)) == "1.xlsx 登记表!A1"
    assert third[1].code == "registers.not_a_workbook"


def test_reading_stops_at_once_when_it_is_told_to(tmp_path: Path) -> None:
    asked = count()
    path = workbook(tmp_path / "a.xlsx", [["姓名", number] for number in range(1000)])
    with pytest.raises(Refused, match=r"registers\.cancelled"):
        read_book(path, cancelled=lambda: next(asked) == 10)
    assert next(asked) == 11


def test_a_folder_whose_reading_is_stopped_gives_no_more_files(tmp_path: Path) -> None:
    for name in ("1.xlsx", "2.xlsx"):
        workbook(tmp_path / name)
    seen: list[object] = []
    read = read_books(tmp_path, cancelled=lambda: bool(seen))
    seen.append(next(read))
    with pytest.raises(Refused, match=r"registers\.cancelled"):
        next(read)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"registers\.empty_folder"):
        source_files(tmp_path)
