"""Certificates of credit households: what they say, and the code that vouches for it (its form: ``core.seals``)."""

from __future__ import annotations

import hashlib
import io
from datetime import date
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import beijing_date
from jmdesk.core.seals import FILE_MARK, MARK, Sign, check_digits, digest_of, plain, seal
from jmdesk.papers.codes import certificate_code
from jmdesk.papers.template import fill
from jmdesk.records.serials import Serials
from jmdesk.reviews import documents
from jmdesk.reviews.queries import Line
from jmdesk.reviews.watch import CONFIRMED

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer
    from jmdesk.reviews.office import Office
    from jmdesk.vault.device import DeviceKeys

TEMPLATE: Final = "review-certificate"


def text_of(document: bytes) -> str:
    """Every character of a Word document in reading order, as it is compared."""
    import docx
    from docx.oxml.ns import qn

    body = docx.Document(io.BytesIO(document)).element.body
    return plain("".join(str(part.text or "") for part in body.iter(qn("w:t"))))


def code(number: str, text: str, day: date, keys: DeviceKeys | None) -> str:
    """The code for a certificate's text."""
    return seal(MARK, number, digest_of(text), day, _signer(keys))


def sealed_pdf(data: bytes, number: str, day: date, keys: DeviceKeys | None) -> bytes:
    """A certificate's PDF with the code over its bytes as its last line."""
    return data + f"\n%{seal(FILE_MARK, number, hashlib.sha256(data).digest(), day, _signer(keys))}\n".encode()


def _signer(keys: DeviceKeys | None) -> tuple[str, Sign] | None:
    return (keys.keyid, keys.signing.sign) if keys else None


def issue_certificate(desk: Office, writer: Writer, line: Line, until: date) -> tuple[str, str]:
    """Give out the certificate of a decided rating; its number and its text's digest. Errors as ``Papers.write``."""
    today = beijing_date(desk.clock.now())
    template, keys = desk.papers.template(TEMPLATE), desk.seal_keys()
    connection = writer.transaction.connection
    number = Serials(connection, desk.number_block).next(template.prefix, line.region, today.year)
    found = writer.transaction.get("R16", line.rating)
    rating = found.values if found else {}
    values: dict[str, object] = {
        "grade": line.grade,
        "valid_to": documents.day_text(until.isoformat()),
        "doc_no": str(rating.get("award_doc_no", "")),
        "org": str(rating.get("award_org", "")),
        "state": _state(line, signed=keys is not None),
        "check": check_digits(number, line.rating),
        **documents.of_household(desk, line),
    }
    blank = fill(template, {"number": number, "code": "", **values})
    text = text_of(blank)
    values["code"] = certificate_code(desk.platform, number, code(number, text, today, keys))
    desk.papers.write(writer, TEMPLATE, "R16", line.rating, values, number=number)
    return number, digest_of(text).hex()


def _state(line: Line, *, signed: bool) -> str:
    if not signed:
        return "暂定（本机尚未登记到市平台，未签名）"
    return "市平台已确认" if line.sync == CONFIRMED else "暂定（待市平台回执确认）"
