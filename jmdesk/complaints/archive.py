"""What a finding does to a member's archive: one credit event (R21), paused while an appeal runs.

The event goes the way of every credit event (W6): a second person checks it, the firm is told and may state its case.
"""

from __future__ import annotations

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.records.writer import Writer
from jmdesk.store.stored import Stored

_COMPLAINT_CLOSED, _COMPLAINT_PAPER = "23", "4"
_SHARED, _OWN_UNIT = "G", "U"
_NONE, _TOO_EARLY, _UNDER_REVIEW = "0", "1", "3"
_BAD = frozenset({"3", "4", "5"})
_PAUSED: Record = {"publicity": _OWN_UNIT, "repair_status": _UNDER_REVIEW}


def archive(writer: Writer, complaint: Stored, polarity: str) -> str:
    """Write the event and give its record id; it names the complaint's number and never a person.

    ``Refused`` "complaints.no_archive" when the complaint is not about an enterprise on record, "complaints.no_fault"
    for a bad event where the finding blames nobody.
    """
    values = complaint.values
    firm = values.get("uscc")
    if not isinstance(firm, str):
        raise Refused("complaints.no_archive")
    if polarity in _BAD and values.get("fault") not in ("1", "2"):
        raise Refused("complaints.no_fault")
    rid = writer.transaction.new_id()
    event: Record = {
        "event_id": rid,
        "uscc": firm,
        "polarity": polarity,
        "event_cat": _COMPLAINT_CLOSED,
        "event_date": writer.on.isoformat(),
        "basis_kind": _COMPLAINT_PAPER,
        "doc_no": values.get("complaint_no", ""),
        "content": f"投诉{values.get('complaint_no', '')}办结，产品或服务：{values.get('product', '')}。",
        "publicity": _SHARED,
        "repair_status": _TOO_EARLY if polarity in _BAD else _NONE,
    }
    writer.create("R21", event, rid=rid, region=complaint.region)
    return rid


def pause(writer: Writer, event: str) -> Record:
    """Keep the event inside the unit while an appeal runs; gives what it said before, for ``resume``."""
    found = writer.transaction.get("R21", event)
    if found is None:
        return {}
    before: Record = {name: found.values[name] for name in _PAUSED if name in found.values}
    writer.change("R21", event, dict(_PAUSED), reason="企业申诉期间暂停")
    return before


def resume(writer: Writer, event: str, before: Record) -> None:
    """Let the event count again as it did before the appeal."""
    if writer.transaction.get("R21", event) is not None:
        writer.change("R21", event, before, reason="申诉处理完毕，恢复")


def revoke(writer: Writer, event: str, ground: str) -> None:
    """Void the event, for the finding behind it was revoked."""
    writer.void("R21", event, f"申诉成立：{ground}")
