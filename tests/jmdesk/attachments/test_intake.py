"""What is taken in as a document, what is cleaned away, and what is refused."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from jmdesk.attachments import content as limits
from jmdesk.attachments.intake import examine, read_document
from jmdesk.attachments.pdf import draw_page
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.media import JPEG, PDF, PNG
from tests import documents


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("run.bat", "format c:")
    return file.getvalue()


def bomb() -> bytes:
    """A small file whose header promises one pixel and whose data unpacks to a hundred MiB."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100 * 1024 * 1024), 9)
    parts = (
        documents.png_chunk(b"IHDR", header),
        documents.png_chunk(b"IDAT", pixels),
        documents.png_chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def wide_png() -> bytes:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    parts = documents.png_chunk(b"IHDR", header) + documents.png_chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + parts + documents.png_chunk(b"IEND", b"")


def wide_jpeg() -> bytes:
    plain = documents.jpeg()
    frame = plain.index(b"\xff\xc0")
    return plain[: frame + 5] + struct.pack(">HH", 65_000, 65_000) + plain[frame + 9 :]


def locked_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(documents.pdf())))
    writer.encrypt("geheim", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_document_is_told_by_its_bytes_and_never_by_its_name(tmp_path: Path) -> None:
    for data, media in ((documents.jpeg(), JPEG), (documents.png(), PNG), (documents.pdf(), PDF)):
        file = tmp_path / "photo.exe"
        file.write_bytes(data)
        assert read_document(file).media == media


def test_a_photo_is_kept_without_the_place_it_was_taken_at_and_the_right_way_up() -> None:
    photo = documents.phone_photo(orientation=6)
    kept = examine(photo)
    assert documents.PLACE in photo
    assert documents.PLACE not in kept.data
    assert b"adobe.com" not in kept.data
    assert kept.original_sha256 == hashlib.sha256(photo).hexdigest() != kept.sha256
    assert kept.sha256 == hashlib.sha256(kept.data).hexdigest()
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in kept.data
    drawn = QImage.fromData(kept.data)
    assert (drawn.width(), drawn.height()) == (kept.width, kept.height) == (64, 48)


def test_cleaning_changes_no_pixel_and_cleaning_again_nothing_at_all() -> None:
    for data in (
        documents.phone_photo(1),
        documents.jpeg(progressive=True),
        documents.png(extra=documents.png_chunk(b"tEXt", documents.PLACE)),
    ):
        kept = examine(data)
        assert documents.PLACE not in kept.data
        assert QImage.fromData(kept.data) == QImage.fromData(data)
        assert examine(kept.data).data == kept.data


def test_a_paper_is_kept_to_the_byte_for_its_signature_would_break() -> None:
    paper = documents.pdf(3)
    kept = examine(paper)
    assert (kept.data, kept.pages, kept.scripted) == (paper, 3, False)


def test_a_paper_with_scripts_is_kept_and_says_so_and_its_pages_are_drawn_without_running_them() -> None:
    kept = examine(documents.pdf(more=documents.SCRIPT))
    assert kept.scripted
    drawn = draw_page(kept.data, 0, 300)
    assert (drawn.width, drawn.height) == (300, 425)
    assert len(set(drawn.pixels)) > 2


def test_a_page_of_any_extent_is_drawn_within_bounds() -> None:
    huge = documents.pdf().replace(b"[0 0 595 842]", b"[0 0 9e9 9e9]")
    drawn = draw_page(huge, 0, 1_000_000)
    assert drawn.width * drawn.height <= 8_100_000


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "attachments.empty"),
        (lambda: b"GIF89a" + bytes(100), "attachments.kind"),
        (lambda: b"\0\0\0\x18ftypheic" + bytes(100), "attachments.heic"),
        (lambda: documents.jpeg() + archive(), "attachments.two_kinds"),
        (lambda: documents.png() + b"<html><script>alert(1)</script>", "attachments.two_kinds"),
        (lambda: documents.pdf() + archive(), "attachments.two_kinds"),
        (lambda: documents.pdf().replace(b"%%EOF\n", b"%" + archive() + b"\n%%EOF\n"), "attachments.two_kinds"),
        (lambda: documents.pdf() + bytes(4096), "attachments.two_kinds"),
        (lambda: b"MZ" + documents.pdf(), "attachments.kind"),
        (lambda: documents.jpeg()[:-40], "attachments.damaged"),
        (lambda: documents.jpeg()[:200], "attachments.damaged"),
        (lambda: documents.png()[:-20], "attachments.damaged"),
        (lambda: documents.png().replace(b"IDAT", b"IDAX"), "attachments.damaged"),
        (bomb, "attachments.damaged"),
        (wide_png, "attachments.too_many_pixels"),
        (wide_jpeg, "attachments.too_many_pixels"),
        (lambda: documents.jpeg().replace(b"\xff\xc0", b"\xff\xc9"), "attachments.jpeg_kind"),
        (lambda: b"%PDF-1.7\n" + bytes(500) + b"\n%%EOF\n", "attachments.damaged"),
        (lambda: documents.pdf(limits.MOST_PAGES + 1), "attachments.too_many_pages"),
        (locked_pdf, "attachments.pdf_locked"),
        (lambda: documents.jpeg() + bytes(limits.MOST_BYTES), "attachments.too_large"),
    ],
)  # fmt: skip
def test_what_is_no_clean_document_is_refused_by_name(make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(Refused) as refused:
        examine(make())
    assert refused.value.code == code


def test_a_document_of_exactly_the_limit_fits_and_one_byte_more_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    data = documents.png()
    monkeypatch.setattr("jmdesk.attachments.intake.MOST_BYTES", len(data))
    assert examine(data).data
    monkeypatch.setattr("jmdesk.attachments.intake.MOST_BYTES", len(data) - 1)
    with pytest.raises(Refused, match="too_large"):
        examine(data)


def test_no_broken_photo_breaks_the_program() -> None:
    """Every cut and many twisted bytes: refused by name or a photo, never anything else."""
    for data in (documents.phone_photo(), documents.png(8, 8)):
        for place in range(0, len(data), 7):
            for broken in (data[:place], data[:place] + bytes((data[place] ^ 0xFF,)) + data[place + 1 :]):
                try:
                    kept = examine(broken)
                except Refused:
                    continue
                assert documents.PLACE not in kept.data


def test_an_interlaced_picture_holds_what_it_promises() -> None:
    header = struct.pack(">IIBBBBB", 5, 3, 8, 0, 0, 0, 1)
    # Adam7 of 5 × 3 grey pixels, pass by pass: width and height, each row with its filter byte.
    rows = (1, 1), (1, 1), (0, 0), (1, 1), (3, 1), (2, 2), (5, 1)
    raw = b"".join((b"\0" + bytes(wide)) * high for wide, high in rows if wide)
    parts = (
        documents.png_chunk(b"IHDR", header),
        documents.png_chunk(b"IDAT", zlib.compress(raw)),
        documents.png_chunk(b"IEND", b""),
    )
    kept = examine(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert QImage.fromData(kept.data).width() == 5


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Environment, match=r"attachments\.unreadable"):
        read_document(tmp_path / "gone.pdf")
