"""What a verdict means to the person who recorded the data, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jmdesk.core.messages import Message, message, table
from sync.protocol.records import Verdict

SET_ASIDE: Final = frozenset({Verdict.CONFLICT, Verdict.REJECTED, Verdict.FORBIDDEN, Verdict.GONE})
"""Verdicts that somebody must look at; the others need nothing."""


def explain(
    verdict: str, code: str = "", params: Mapping[str, object] | None = None, language: str = "zh", *, field: str = ""
) -> Message:
    """The text and next step of one verdict; a rejection is told with its reason (``code``, ``params``).

    ``field`` is the label of the field that is meant, named where the reason's own text does not. A code that this
    program does not know (a later platform's) is shown beside the verdict rather than hidden.
    """
    said = message(f"sync.verdict_{verdict}", {}, language)
    if verdict != Verdict.REJECTED or not code or code == verdict:
        return said
    if code not in table():
        return Message(f"{said.text}（{code}）" if language == "zh" else f"{said.text} ({code})", said.action)
    reason = message(code, params or {}, language)
    if field and "label" not in (params or {}):
        reason = Message(
            f"“{field}”：{reason.text}" if language == "zh" else f"“{field}”: {reason.text}", reason.action
        )
    return Message(f"{said.text}{reason.text}" if language == "zh" else f"{said.text} {reason.text}", reason.action)
