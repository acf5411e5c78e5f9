"""Papers as a city words them: templates of a signed list "papers", in place of those that came with the program.

Files of the list, for each paper: ``<id>.docx.b64``, the Word document in base64, and ``<id>.json`` with ``version``,
``label``, ``copies`` and ``offset_mm`` (each may be left out). What a paper is about, what it is filled with and how
it is numbered belong to the program: a template may leave things out, and may not ask for what it is not given.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from jmdesk.core.errors import Refused
from jmdesk.papers.template import Template, asked, fill, shipped

PAPERS: Final = "papers"
"""The name of the list package."""
_DOCUMENT: Final = ".docx.b64"
_ABOUT: Final = {"version", "label", "copies", "offset_mm"}
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a document when unpacked."""
_MOST_MM: Final = 60
_MOST_COPIES: Final = 20
_VERSION: Final = re.compile(r"[0-9A-Za-z.\-]{1,20}")
_REACHING_OUT: Final = re.compile(rb'TargetMode\s*=\s*"External"', re.IGNORECASE)


class _Specimen:
    """Stands for any value while a template is tried: a text, a list of rows, a row with any member."""

    def __str__(self) -> str:
        return "某"

    def __iter__(self) -> Iterator[_Specimen]:
        return iter([self])

    def __getitem__(self, _key: object) -> _Specimen:
        return self

    def __getattr__(self, name: str) -> _Specimen:
        if name.startswith("_"):
            raise AttributeError(name)
        return self


def city_templates(version: str, files: Mapping[str, str], *, trying: bool = True) -> dict[str, Template]:
    """The program's templates with those of a list in their place.

    ``trying`` fills each once, a tenth of a second apiece: for a list that has just come.
    ``Refused``: "papers.city_empty" without a document; "papers.city_unknown" for a paper that the program does not
    have; "papers.city_file" for a file that cannot be read; "papers.city_asks" for a name that the program does not
    give, "papers.city_reaches" for a document with macros or parts elsewhere.
    """
    ids = [name.removesuffix(_DOCUMENT) for name in files if name.endswith(_DOCUMENT)]
    if not ids:
        raise Refused("papers.city_empty")
    found = dict(shipped())
    for id_ in ids:
        if id_ not in found:
            raise Refused("papers.city_unknown", name=id_)
        found[id_] = _template(found[id_], version, files)
        if trying:
            _try(shipped()[id_], found[id_])
    return found


def _template(own: Template, version: str, files: Mapping[str, str]) -> Template:
    content = _document(own, files[own.id + _DOCUMENT])
    about = _about(own, files.get(f"{own.id}.json", "{}"))
    made = replace(own, version=str(about.get("version", version)), content=content)
    right, down = about.get("offset_mm", own.offset_mm)
    made = replace(made, label=about.get("label", own.label), copies=about.get("copies", own.copies))
    return replace(made, offset_mm=(right, down))


def _try(own: Template, made: Template) -> None:
    """What cannot be filled is refused now, not in front of a household."""
    more = asked(made) - asked(own) - own.fields.keys() - {"number"}
    if more:
        raise Refused("papers.city_asks", paper=own.label, names="、".join(sorted(more)))
    fill(replace(made, fields={}), dict.fromkeys((*own.fields, "number"), _Specimen()))


def _document(own: Template, text: str) -> bytes:
    try:
        content = b64decode("".join(text.split()), validate=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > _MOST_BYTES:
                raise Refused("papers.city_file", paper=own.label)
            names = {part.filename for part in parts}
            outward = any(_REACHING_OUT.search(archive.read(name)) for name in names if name.endswith(".rels"))
    except (ValueError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise Refused("papers.city_file", paper=own.label) from error
    if outward or any("vbaproject" in name.lower() or "/embeddings/" in name for name in names):
        raise Refused("papers.city_reaches", paper=own.label)
    return content


def _about(own: Template, text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise Refused("papers.city_file", paper=own.label) from error
    whole = isinstance(raw, dict) and raw.keys() <= _ABOUT
    if not whole or not all(_fits(name, value) for name, value in raw.items()):
        raise Refused("papers.city_file", paper=own.label)
    return dict(raw)


def _fits(name: str, value: object) -> bool:
    if name == "version":
        return isinstance(value, str) and _VERSION.fullmatch(value) is not None
    if name == "label":
        return isinstance(value, str) and 0 < len(value.strip()) <= 40
    if name == "copies":
        return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_COPIES
    numbers = isinstance(value, list) and len(value) == 2
    return numbers and all(isinstance(each, int | float) and abs(each) <= _MOST_MM for each in value)  # type: ignore[attr-defined]
