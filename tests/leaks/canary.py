"""An invented person whom no other text of the world resembles, and the search for what was written of them."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jmdesk.catalogue.types import Record

NAME: Final = "白鹭舟渡娘"
ID_NO: Final = "440785196802290320"
PHONE: Final = "19987650432"
ADDRESS: Final = "白鹭渡口九十九号船屋"
INCOME: Final = "48231.07"
TYPED: Final = "白鹭未存之言"
"""What was typed into a form and never saved."""

CANARIES: Final = {
    "name": NAME,
    "identity number": ID_NO,
    "telephone": PHONE,
    "address": ADDRESS,
    "income": INCOME,
    "typed": TYPED,
}


def household(number: str, region: str, head: str, collector: str) -> Record:
    """Her household."""
    return {
        "household_id": number,
        "head_person_id": head,
        "region_code": region,
        "address": ADDRESS,
        "phone": PHONE,
        "household_type": "1",
        "population": 1,
        "labor_count": 1,
        "resident_status": "1",
        "main_industry": "0141",
        "collect_date": "2026-01-05",
        "collector_id": collector,
        "verify_level": "1",
        "archive_status": "10",
    }


def person(rid: str, of_household: str) -> Record:
    """Herself."""
    return {
        "person_id": rid,
        "household_id": of_household,
        "person_name": NAME,
        "relation": "02",
        "id_type": "111",
        "id_no": ID_NO,
        "sex": "2",
        "is_labor": True,
    }


def income(of_household: str) -> Record:
    """A year of hers."""
    return {"household_id": of_household, "year": 2025, "income_crop": INCOME, "evidence_level": "2"}


def spellings(text: str) -> Mapping[str, bytes]:
    """Every way in which a program of ours, or one beneath it, may write a text down."""
    utf8 = text.encode()
    escaped = "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text)
    settings = "".join(c if c.isascii() else f"\\x{ord(c):x}" for c in text)
    found = {
        "UTF-8": utf8,
        "UTF-16": text.encode("utf-16-le"),
        "UTF-16 the other way": text.encode("utf-16-be"),
        "GBK": text.encode("gb18030"),
        "JSON": escaped.encode(),
        "QSettings": settings.encode(),
        "URL": "".join(chr(b) if b < 128 else f"%{b:02X}" for b in utf8).encode(),
        "hex": utf8.hex().encode(),
    }
    for shift in range(3):
        # In the middle of something else, base64 spells a text in one of three ways; the signs at its ends are shared.
        whole = base64.b64encode(b"\0" * shift + utf8)
        found[f"base64, shifted by {shift}"] = whole[(shift * 8 + 5) // 6 : (shift + len(utf8)) * 8 // 6]
    return found


_WANTED: Final = [(what, how, sign) for what, text in CANARIES.items() for how, sign in spellings(text).items()]


def leaks(place: Path) -> Iterator[str]:
    """Where below a folder something of hers stands in plain: in names, in bytes, inside ZIP containers."""
    for path in sorted(place.rglob("*")):
        yield from (f"{path}: its name has her {what}" for what, text in CANARIES.items() if text in path.name)
        if path.is_file() and not path.is_symlink():
            yield from told(str(path), path.read_bytes())


def told(where: str, data: bytes) -> Iterator[str]:
    """What some bytes tell of her."""
    lower = data.lower()
    for what, how, sign in _WANTED:
        if sign in data or sign.lower() in lower:
            yield f"{where}: her {what} in {how}"
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as stock:
            for entry in stock.infolist():
                yield from told(f"{where}!{entry.filename}", stock.read(entry))
