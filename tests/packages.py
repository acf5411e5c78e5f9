"""Packages for tests: issues as a publisher would sign them, made from what ships with the program."""

from __future__ import annotations

import csv
import hashlib
import io
import json

from jmdesk.catalogue.issues import Issue
from jmdesk.core.resources import resource

TREES = "R05,农户,household,99,百年果树,x_old_trees,int0-999,棵,,0,S1,G,,家庭情况,,,,,1,"
"""A city's own field of a household: how many old fruit trees it tends."""
FRUIT = "R05,农户,household,98,果树品种,x_fruit,code,,CL-XFRUIT,0,S1,G,,家庭情况,,,,,1,"


def catalogue_table(type_id: str, *own: str, without: str = "", instead: tuple[str, str] = ("", "")) -> str:
    """The program's rows of one record type with further rows, a field left out, a row's words replaced."""
    lines = resource("catalogue/catalogue.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for row in lines[1:] if row.startswith(f"{type_id},") and not (without and f",{without}," in row)]
    return "\n".join([lines[0], *(row.replace(*instead) if instead[0] else row for row in rows), *own])


def issue(
    kind: str = "catalogue",
    version: str = "JM-CAT-2026.2",
    *,
    name: str = "jiangmen",
    sequence: int = 1,
    effective: str = "2026-11-01",
    until: str = "",
    min_client: str = "",
    files: dict[str, str] | None = None,
) -> Issue:
    """An issue; without files a catalogue with two fields of the city's own."""
    if files is None:
        files = {
            "catalogue.csv": catalogue_table("R05", FRUIT, TREES),
            "codes.json": json.dumps({"CL-XFRUIT": {"1": "新会柑", "2": "荔枝"}, "CL-LAND": {"91": "茶枝柑园"}}),
        }
    told = json.dumps([kind, name, version, sequence, effective, until, min_client, files])
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Issue(kind, name, version, sequence, effective, until, min_client, "2026-10-20T00:00:00Z", digest, files)


def regions_files(*gone: tuple[str, str]) -> dict[str, str]:
    """The program's regions without some villages, and the villages that took their place."""
    rows = list(csv.reader(io.StringIO(resource("regions/regions.csv").read_text(encoding="utf-8"))))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(row for row in rows if row[4] not in {old for old, _ in gone})
    return {
        "regions.csv": out.getvalue(),
        "moves.csv": "old,new\n" + "".join(f"{old},{new}\n" for old, new in gone),
        "as_of.txt": "2026-10-31",
    }


def calendar_files(*holidays: str, last_year: int = 2027) -> dict[str, str]:
    """The program's calendar with holidays of a later year."""
    table = resource("calendar/calendar_cn_2015_2026.csv").read_text(encoding="utf-8")
    more = "".join(f"{day},holiday,元旦,New Year's Day,0,Fri\n" for day in holidays)
    return {"calendar.csv": table + more, "calendar.json": json.dumps({"first_year": 2015, "last_year": last_year})}


def rules_text(version: str, *, total: str = "") -> str:
    """The program's rules under another version; ``total``: another lowest band of the best grade."""
    package = json.loads(resource("rules/JM-HH-1.json").read_text(encoding="utf-8"))
    package["version"] = version
    if total:
        package["bands"][0]["from"] = total
    return json.dumps(package, ensure_ascii=False)
