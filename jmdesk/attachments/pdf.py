"""PDF papers: looked at and drawn by PDFium in memory; scripts and files inside are never run or opened.

A PDF is kept as it came: a paper may carry an electronic signature, which any rewriting would break. So what its maker
wrote into its properties stays, too; scanners write no places there. PDFium works for one thread at a time.
"""

from __future__ import annotations

import ctypes
import io
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from jmdesk.attachments.content import MOST_PAGES
from jmdesk.core.errors import Refused

_TAIL: Final = 1024
_DRAWN_PIXELS: Final = 8_000_000
_SECONDS: Final = 10.0
"""How long one page may take: a paper made to keep a renderer busy is given up."""
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Paper:
    """What was found out about a PDF: how many pages, and whether it carries scripts or files."""

    pages: int
    scripted: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """One page as pixels: BGRx, 4 bytes each, rows of ``stride`` bytes from the top."""

    width: int
    height: int
    stride: int
    pixels: bytes = field(repr=False)


def read_pdf(data: bytes) -> Paper:
    """Looks at a PDF. ``Refused``: "attachments.damaged", "attachments.pdf_locked", "attachments.too_many_pages",
    "attachments.two_kinds" when something follows its end.
    """
    end = data.rfind(b"%%EOF")
    if end < len(data) - _TAIL:
        raise Refused("attachments.damaged" if end < 0 else "attachments.two_kinds")
    import pypdfium2.raw as pdfium

    with _opened(data) as document:
        pages = len(document)
        if not pages:
            raise Refused("attachments.damaged")
        if pages > MOST_PAGES:
            raise Refused("attachments.too_many_pages", most=MOST_PAGES)
        scripts = pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw)
        files = pdfium.FPDFDoc_GetAttachmentCount(document.raw)
        return Paper(pages, scripts != 0 or files != 0 or b"/JavaScript" in data or b"/Launch" in data)


def draw_page(data: bytes, page: int, width: int) -> Drawn:
    """Page ``page`` (from 0), about ``width`` pixels wide and at most 8 million pixels large.

    ``Refused`` "attachments.cannot_draw" where the page is unreadable or takes longer than ten seconds.
    """
    with _opened(data) as document:
        try:
            return _drawn(document[page], width)
        except (RuntimeError, IndexError, ValueError) as error:
            raise Refused("attachments.cannot_draw") from error


def count_pages(data: bytes) -> int:
    """How many pages a PDF has. ``Refused`` "attachments.damaged", "attachments.pdf_locked"."""
    with _opened(data) as document:
        return len(document)


def take_pages(data: bytes, pages: Sequence[int]) -> bytes:
    """A new PDF of some pages (from 0) of another, in this order: what they show stays as it was scanned.

    ``Refused`` "attachments.damaged", "attachments.pdf_locked".
    """
    from pypdfium2 import PdfDocument, PdfiumError

    with _opened(data) as document:
        made = PdfDocument.new()
        try:
            made.import_pages(document, list(pages))
            out = io.BytesIO()
            made.save(out)
        except PdfiumError as error:
            raise Refused("attachments.damaged") from error
        finally:
            made.close()
        return out.getvalue()


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    from pypdfium2 import PdfDocument, PdfiumError
    from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_GetLastError

    with _ONE_AT_A_TIME:
        try:
            document = PdfDocument(data)
        except PdfiumError as error:
            locked = FPDF_GetLastError() == FPDF_ERR_PASSWORD
            raise Refused("attachments.pdf_locked" if locked else "attachments.damaged") from error
        try:
            yield document
        finally:
            document.close()


def _drawn(page: Any, width: int) -> Drawn:
    import pypdfium2.raw as pdfium
    from pypdfium2 import PdfBitmap

    across, down = page.get_size()
    if not (0 < across < math.inf and 0 < down < math.inf):
        raise ValueError("extent")
    scale = min(width / across, math.sqrt(_DRAWN_PIXELS / (across * down)))
    wide, high = max(1, round(across * scale)), max(1, round(down * scale))
    bitmap = PdfBitmap.new_native(wide, high, pdfium.FPDFBitmap_BGRx)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, wide, high)
        ends = time.monotonic() + _SECONDS
        pause = pdfium.IFSDK_PAUSE(version=1)
        pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _pause: time.monotonic() > ends)
        arguments = (bitmap.raw, page.raw, 0, 0, wide, high, 0, pdfium.FPDF_ANNOT, ctypes.byref(pause))
        state = pdfium.FPDF_RenderPageBitmap_Start(*arguments)
        pdfium.FPDF_RenderPage_Close(page.raw)
        if state != pdfium.FPDF_RENDER_DONE:
            raise ValueError("too long")
        return Drawn(wide, high, bitmap.stride, bytes(bitmap.buffer))
    finally:
        bitmap.close()
        page.close()
