"""Several Word documents as one PDF, drawn in memory: nothing of them reaches the disk before the whole is there."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from jmdesk.core.errors import Environment
from ui.core.printing import paper_bytes


def together(documents: Sequence[bytes], file: Path) -> int:
    """Write documents one after another into one PDF; gives the number of pages. Draws: see ``drawing.drawn``.

    ``Environment`` "printing.cannot_write".
    """
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    for document in documents:
        for page in PdfReader(io.BytesIO(paper_bytes(document))).pages:
            writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    try:
        file.touch(0o600)
        file.write_bytes(out.getvalue())
    except OSError as error:
        raise Environment("printing.cannot_write", reason=str(error.errno)) from error
    return len(writer.pages)
