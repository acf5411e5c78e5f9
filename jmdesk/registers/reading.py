"""Opens what offices hand in: ``.xlsx``, ``.xlsm``, ``.xls``, ``.et``, ``.csv``, or a folder of such files.

Macros are never run (only values are read); formulas count with the value that was saved. Every file is judged by its
content, not by its ending.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.core.progress import Cancelled, never
from jmdesk.registers.sheets import Book, Row, Sheet, trimmed
from jmdesk.registers.stopping import CANCELLED, until
from jmdesk.registers.xlsxparts import SheetHints, inspected

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

ENDINGS = (".xlsx", ".xlsm", ".xls", ".et", ".csv", ".txt")
MOST_BYTES = 512 * 1024**2
MOST_FILES = 20_000
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OWNER_FILES = ("~$", ".~")
_WRITE_PROTECTION = "VelvetSweatshop"
_SHARING_VIOLATIONS = (32, 33)


def source_files(source: Path) -> list[Path]:
    """The files of a source: itself, or a folder's registers in order of name, without owner files and hidden ones.

    Raises ``Refused`` when there is none or too many, ``Environment`` when the folder cannot be read.
    """
    if not source.is_dir():
        return [source]
    try:
        found = sorted(
            file
            for file in source.rglob("*")
            if file.is_file() and file.suffix.lower() in ENDINGS and not file.name.startswith((*_OWNER_FILES, "."))
        )
    except OSError as problem:
        raise Environment("registers.unreadable_file", name=source.name) from problem
    if not found:
        raise Refused("registers.empty_folder", name=source.name)
    if len(found) > MOST_FILES:
        raise Refused("registers.too_many_files", most=MOST_FILES)
    return found


def read_books(
    source: Path, password: str | None = None, cancelled: Cancelled = never
) -> Iterator[Book | tuple[str, KnownError]]:
    """Every file of a source; a file of a folder that cannot be read comes as (name, error), the others go on.

    A single file that cannot be read raises its error.
    """
    files = source_files(source)
    for file in files:
        try:
            yield read_book(file, password, named=source.is_dir(), cancelled=cancelled)
        except KnownError as problem:
            if not source.is_dir() or problem.code == CANCELLED:
                raise
            yield file.name, problem


def read_book(path: Path, password: str | None = None, *, named: bool = False, cancelled: Cancelled = never) -> Book:
    """One file with all its sheets; ``named`` puts the file's name into every cell address.

    Raises ``Refused("registers.password_needed")`` and ``registers.wrong_password`` for a protected workbook,
    ``registers.not_a_workbook`` and its kin for other content, ``Environment("registers.file_locked")`` while another
    program holds the file; ``registers.cancelled`` after ``cancelled`` said yes.
    """
    file = path.name if named else ""
    content = io.BytesIO(_content(path))
    head = content.getvalue()[:2048]
    unsaved = any((path.parent / f"{mark}{path.name}").exists() for mark in (*_OWNER_FILES, ".~lock."))
    if head.startswith(_OLE):
        content = _unprotected(content, password)
        head = content.getvalue()[:2048]
    if head.startswith((_ZIP, _OLE)):
        sheets = tuple(_sheets(content, password, file, cancelled))
        return Book(path.name, sheets, unsaved, _has_macros(content))
    if not head.strip():
        raise Refused("registers.empty_file")
    if b"<html" in head.lower() or b"<table" in head.lower():
        raise Refused("registers.web_page")
    return Book(path.name, (_csv(content.getvalue(), path, file),), unsaved)


def _has_macros(content: io.BytesIO) -> bool:
    """Whether a package carries a VBA project; one in an old ``.xls`` is not looked for, and never run either."""
    if not zipfile.is_zipfile(content):
        return False
    with zipfile.ZipFile(content) as package:
        return any(name.lower().endswith("vbaproject.bin") for name in package.namelist())


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused("registers.too_large")
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise Refused("registers.no_such_file", name=path.name) from problem
    except OSError as problem:
        if isinstance(problem, PermissionError) or getattr(problem, "winerror", None) in _SHARING_VIOLATIONS:
            raise Environment("registers.file_locked", name=path.name) from problem
        raise Environment("registers.unreadable_file", name=path.name) from problem


def _unprotected(content: io.BytesIO, password: str | None) -> io.BytesIO:
    """A password-protected package opened; anything else in an OLE container (``.xls``, ``.et``) as it is."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    opened = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(content)
        if not office.is_encrypted():
            return content
        for attempt in (_WRITE_PROTECTION, password):
            if attempt is None:
                raise Refused("registers.password_needed")
            try:
                _decrypt(office, attempt, opened)
            except InvalidKeyError:
                opened = io.BytesIO()
            else:
                return opened
    except (FileFormatError, ParseError, DecryptionError, NotImplementedError, ValueError, KeyError) as problem:
        raise Refused("registers.unknown_protection") from problem
    except OSError as problem:  # olefile's own errors
        raise Refused("registers.not_a_workbook") from problem
    raise Refused("registers.wrong_password")


def _decrypt(office: object, password: str, into: BinaryIO) -> None:
    """Old ``.xls`` checks the password while loading the key, new packages only when told to."""
    from msoffcrypto.exceptions import InvalidKeyError
    from msoffcrypto.format.ooxml import OOXMLFile

    if isinstance(office, OOXMLFile):
        office.load_key(password=password, verify_password=True)
    else:
        office.load_key(password=password)  # type: ignore[attr-defined]
    try:
        office.decrypt(into)  # type: ignore[attr-defined]
    except AssertionError as problem:
        raise InvalidKeyError("wrong password") from problem


def _sheets(content: io.BytesIO, password: str | None, file: str, cancelled: Cancelled) -> Iterator[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    hints = inspected(content, cancelled) if content.getvalue().startswith(_ZIP) else {}
    try:
        content.seek(0)
        with CalamineWorkbook.from_filelike(content) as book:
            for meta in book.sheets_metadata:
                if meta.typ == SheetTypeEnum.WorkSheet:
                    visible = meta.visible == SheetVisibleEnum.Visible
                    sheet = book.get_sheet_by_name(meta.name)
                    rows = trimmed(until(cancelled, _rows(sheet)))
                    yield _sheet(sheet, rows, hints.get(meta.name, SheetHints()), hidden=not visible, file=file)
    except PasswordError as problem:
        raise Refused("registers.password_needed" if password is None else "registers.wrong_password") from problem
    except (CalamineError, ValueError, OverflowError) as problem:
        raise Refused("registers.not_a_workbook") from problem


def _sheet(sheet: CalamineSheet, rows: list[Row], hints: SheetHints, *, hidden: bool, file: str) -> Sheet:
    merges = sheet.merged_cell_ranges
    return Sheet(
        sheet.name,
        rows,
        None if merges is None else tuple((a, b, c, d) for (a, b), (c, d) in merges),
        hints.hidden_rows,
        hints.filtered,
        hidden,
        file,
    )


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    if sheet.start is None:
        return
    # calamine's rows begin at the sheet's first row, but at the first column that is used.
    first_column = sheet.start[1]
    if first_column == 0:
        yield from cast("Iterator[Row]", sheet.iter_rows())
        return
    margin = [""] * first_column
    for row in sheet.iter_rows():
        yield [*margin, *row]


def _csv(content: bytes, path: Path, file: str) -> Sheet:
    text = decoded(content)
    sample = text[:20_000]
    delimiter = max(",\t;，", key=lambda mark: sample.count(mark) if mark in sample else -1)
    if "\x00" in sample or sample.count(delimiter) < 1:
        raise Refused("registers.not_a_workbook")
    if delimiter == "，":
        text, delimiter = text.replace("，", ","), ","
    try:
        rows = [cast("Row", row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as problem:
        raise Refused("registers.not_a_workbook") from problem
    return Sheet(path.stem[:31], trimmed(rows), file=file)


def decoded(content: bytes) -> str:
    """The text of a CSV file: by its byte order mark, else UTF-8, else GB 18030 (which contains GBK and GB 2312).

    Raises ``Refused("registers.not_a_workbook")`` when it is text in none of them.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decoded(content, (encoding,))
    return _decoded(content, ("utf-8", "gb18030"))


def _decoded(content: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("registers.not_a_workbook")
