"""Which adverse findings (R14) suspend a rating, and on which document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from jmdesk.catalogue.types import Record

IN_FORCE = "1"
"""CL-NSTAT: a finding that is objected to, repaired, expired or revoked never counts against anybody."""

SUSPENDS = {"N2": "V1", "N4": "V5", "N6": "V4", "N7": "V3", "N8": "V6"}
"""CL-NEG to CL-VETO; N6 (breach of contract) only with a court's ruling."""

_COURT_NUMBER = re.compile(r"[(（〔\[]\d{4}[)）〕\]].{1,20}(初|终|再|执|破|监|特).{0,12}号")


def vetoes(findings: Iterable[Record], on: date) -> list[dict[str, str]]:
    """The vetoes that stand on a day, as facts carry them: ``{"code", "document"}``, in order, each once."""
    claimed = {
        (SUSPENDS[str(finding["neg_type"])], document(finding))
        for finding in findings
        if finding.get("neg_type") in SUSPENDS and stands(finding, on) and _is_documented(finding)
    }
    return [{"code": code, "document": text} for code, text in sorted(claimed)]


def stands(finding: Record, on: date) -> bool:
    """True for a finding in force that has neither ended nor passed the end of its storage."""
    day = on.isoformat()
    ended = any(isinstance(end := finding.get(name), str) and end < day for name in ("end_date", "retain_until"))
    return finding.get("neg_status") == IN_FORCE and not ended


def document(finding: Record) -> str:
    """The number of the document and who issued it, as the explanation names it."""
    number, issuer = str(finding.get("doc_no", "")).strip(), str(finding.get("neg_org", "")).strip()
    return f"{number}，{issuer}" if issuer else number


def _is_documented(finding: Record) -> bool:
    number = str(finding.get("doc_no", "")).strip()
    if finding.get("neg_type") == "N6":
        return bool(_COURT_NUMBER.search(number)) or (bool(number) and "法院" in str(finding.get("neg_org", "")))
    return bool(number)
