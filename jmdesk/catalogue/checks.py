"""One door to the checks of single values, as the command line and the forms call them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from jmdesk.catalogue import idno, uscc
from jmdesk.catalogue.regions import regions
from jmdesk.catalogue.verdict import Verdict

CheckKind = Literal["idno", "uscc", "region"]


def check(kind: CheckKind, value: str, on: date) -> Verdict:
    """What is to be said of an identity number, a unified social credit code or a region code on a day."""
    if kind == "idno":
        return idno.check(value, on)
    return uscc.check(value) if kind == "uscc" else regions().check(value)
