"""Certificates on paper: read back, held against what was signed, and refused when anything was changed."""

from __future__ import annotations

import base64
import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from jmdesk.cli.main import run
from jmdesk.core.errors import Refused
from jmdesk.core.seals import check, check_digits, code_in, digest_of, page_of, plain, plain_check, read_code
from jmdesk.papers.template import fill
from jmdesk.place import Grant
from jmdesk.reviews import certificates
from jmdesk.reviews.certificates import code
from jmdesk.reviews.verifying import read_keys, verify_file
from jmdesk.store.tables import record_tables
from jmdesk.vault.device import new_device_keys
from tests.desks import UNIT, VILLAGE
from ui.core.printing import write_paper

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village


def enrol(village: Village) -> dict[str, bytes]:
    """Enrol the desk; gives its public key as a verifier would hold it."""
    keys = village.desk.vault.device_keys()
    village.desk.accept_grant(Grant(keys.keyid, UNIT, (VILLAGE,), ("R2",), "07", "https://localhost"))
    return {keys.keyid: keys.signing_public}


def pdf_of(village: Village, folder: Path) -> tuple[str, Path]:
    """The first certificate as a PDF file."""
    number = village.clerk.cases(village.batch)[0].line.cert_no
    target = folder / "证书.pdf"
    write_paper(village.desk.papers.document(number), target)
    target.write_bytes(village.clerk.seal_pdf(number, target.read_bytes()))
    return number, target


def test_a_certificate_is_read_back_from_its_pdf_and_holds(village: Village, tmp_path: Path) -> None:
    keys = enrol(village)
    village.to_certified()
    number, pdf = pdf_of(village, tmp_path)
    found = verify_file(pdf, keys)
    assert (found.number, found.signed, found.day) == (number, True, "2026-12-01")
    assert _scanned(pdf) == page_of("https://localhost", number, _code_in(pdf))
    assert code_in(_scanned(pdf)) == _code_in(pdf)
    line = village.clerk.cases(village.batch)[0].line
    words = certificates.text_of(village.desk.papers.document(number))
    assert plain(check_digits(number, line.rating)) in words
    issued = village.clerk.case(line.rating).standing.last("certify")
    assert issued is not None
    assert issued.details["cert_digest"] == digest_of(words).hex()
    with pytest.raises(Refused, match="unknown_key"):
        verify_file(pdf, {})
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({name: base64.b64encode(raw).decode() for name, raw in keys.items()}))
    assert read_keys(file) == keys
    assert run(["verify-certificate", str(pdf), "--keys", str(file)]) == 0
    assert run(["verify-certificate", str(pdf)]) == 1


def test_a_pdf_with_another_grade_and_the_same_code_fails(village: Village, tmp_path: Path) -> None:
    keys = enrol(village)
    village.to_certified()
    line = village.clerk.cases(village.batch)[0].line
    _, pdf = pdf_of(village, tmp_path)
    seal = _code_in(pdf)
    template = village.desk.papers.template(certificates.TEMPLATE)
    from jmdesk.papers.codes import qr_png
    from jmdesk.papers.template import Picture
    from jmdesk.reviews import documents

    forged = fill(
        template,
        {
            "number": line.cert_no,
            "grade": "AAA",
            "valid_to": documents.day_text(line.valid_to),
            "doc_no": "恩信〔2026〕1号",
            "org": "恩平市人民政府",
            "state": "市平台已确认",
            "check": check_digits(line.cert_no, line.rating),
            "code": Picture(qr_png(seal), 38),
            **documents.of_household(village.desk, line),
        },
    )
    target = tmp_path / "forged.pdf"
    write_paper(forged, target)
    with pytest.raises(Refused, match="text_changed"):
        verify_file(target, keys)
    last_line = pdf.read_bytes().rpartition(b"\n%JMP1.")[2]
    target.write_bytes(target.read_bytes() + b"\n%JMP1." + last_line)
    with pytest.raises(Refused, match="text_changed"):
        verify_file(target, keys)
    stranger = certificates.sealed_pdf(forged_bytes := target.read_bytes(), line.cert_no, date(2026, 12, 1), None)
    assert stranger.startswith(forged_bytes)
    target.write_bytes(stranger)
    with pytest.raises(Refused, match="text_changed"):
        verify_file(target, keys)


def test_check_digits_are_read_as_people_write_them() -> None:
    digits = check_digits("XY44078507202600001", "01900000-0000-7000-8000-000000000001")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", digits)
    typed = digits.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert plain_check(typed) == plain_check(digits)
    assert digits != check_digits("XY44078507202600002", "01900000-0000-7000-8000-000000000001")


def test_one_changed_byte_of_the_pdf_fails(village: Village, tmp_path: Path) -> None:
    keys = enrol(village)
    village.to_certified()
    _, pdf = pdf_of(village, tmp_path)
    data = pdf.read_bytes()
    at = data.index(b"/Creator")
    pdf.write_bytes(data[: at + 1] + b"K" + data[at + 2 :])
    with pytest.raises(Refused, match="text_changed"):
        verify_file(pdf, keys)


def _scanned(pdf: Path) -> str:
    """What a telephone reads from the first page."""
    import pypdfium2
    import zxingcpp

    document = pypdfium2.PdfDocument(pdf.read_bytes())
    bitmap = document[0].render(scale=3.0, grayscale=True)
    rows = bytes(bitmap.buffer)
    tight = b"".join(rows[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height))
    (found,) = zxingcpp.read_barcodes(memoryview(tight).cast("B", shape=[bitmap.height, bitmap.width]))
    document.close()
    return str(found.text)


def _code_in(pdf: Path) -> str:
    from jmdesk.reviews.verifying import _of_pdf

    return _of_pdf(pdf.read_bytes())[1]


def test_before_enrolment_a_certificate_is_provisional_and_says_so(village: Village, tmp_path: Path) -> None:
    village.to_certified()
    number, pdf = pdf_of(village, tmp_path)
    found = verify_file(pdf, {})
    assert (found.number, found.signed) == (number, False)
    assert "暂定" in certificates.text_of(village.desk.papers.document(number))


def test_who_waits_for_the_receipt_of_a_decision_gives_out_a_certificate_that_is_not_provisional(
    village: Village,
) -> None:
    enrol(village)
    village.to_noticed()
    village.clock.advance(days=9)
    village.as_reviewer()
    first, second, _ = village.ratings
    for rating in (first, second):
        village.clerk.take(rating, "decide", details={"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"})
    assert [trouble.code for trouble in village.clerk.case(first).troubles] == ["unsent"]
    table = record_tables["R16"]
    with village.desk.store.beside() as connection:  # as the receipt leaves it
        connection.execute(update(table).where(table.c.rid == first).values(rec_sync="confirmed"))
    assert village.clerk.case(first).troubles == ()
    village.as_clerk()
    state = {}
    for rating in (first, second):
        village.clerk.take(rating, "certify")
        state[rating] = certificates.text_of(village.desk.papers.document(village.clerk.case(rating).line.cert_no))
    assert "市平台已确认" in state[first]
    assert "暂定" not in state[first]
    assert "暂定" in state[second]


def test_words_and_code_in_a_text_file_are_checked_alike(tmp_path: Path) -> None:
    keys = new_device_keys()
    words = "信用户证 XY44078507202600001 等级 A"
    seal = code("XY44078507202600001", plain(words), date(2026, 12, 1), keys)
    file = tmp_path / "证书.txt"
    file.write_text(f"信用户证\nXY44078507202600001\n等级　Ａ\n{seal}\n", encoding="utf-8")
    trusted = {keys.keyid: keys.signing_public}
    assert verify_file(file, trusted).signed
    file.write_text(f"信用户证\nXY44078507202600001\n等级 AA\n{seal}\n", encoding="utf-8")
    with pytest.raises(Refused, match="text_changed"):
        verify_file(file, trusted)


def test_another_signature_or_a_stripped_one_is_refused() -> None:
    own, other = new_device_keys(), new_device_keys()
    sealed = read_code(code("XY1", "XY1", date(2026, 12, 1), own))
    with pytest.raises(Refused, match="bad_signature"):
        check(sealed, "XY1", {own.keyid: other.signing_public})
    stripped = code("XY1", "XY1", date(2026, 12, 1), own).rpartition(".")[0] + "."
    with pytest.raises(Refused, match="bad_signature"):
        check(read_code(stripped), "XY1", {own.keyid: own.signing_public})


@pytest.mark.parametrize("text", ["", "JMC1", "JMC1.e30.", "JMC1.!!.x", "JMB1.a.b", "JMC1." + "A" * 3000 + "."])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no_code"):
        read_code(text)


def test_the_code_carries_no_name_and_no_score(village: Village, tmp_path: Path) -> None:
    village.to_certified()
    line = village.clerk.cases(village.batch)[0].line
    _, pdf = pdf_of(village, tmp_path)
    payload = read_code(_code_in(pdf)).payload.decode()
    assert re.fullmatch(r'\{"d":"[\w-]{43}","k":"","n":"' + line.cert_no + r'","t":"2026-12-01"\}', payload)
