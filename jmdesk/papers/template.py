"""Templates of papers: Word documents that an office may change in WPS or Word, filled by name.

A template is a ``.docx`` with ``{{ name }}`` where values go (docxtpl). Its description beside it says which version of
which paper it is; a city's package may bring newer ones. Templates are data from outside: they run in a sandbox, see
nothing but the values given, and every value is escaped.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource

if TYPE_CHECKING:
    from docxtpl import DocxTemplate


@dataclass(frozen=True, slots=True)
class Template:
    """One version of one paper.

    ``prefix`` begins its numbers, "" for a paper without one; ``copies`` are printed; ``offset_mm`` moves the print for
    pre-printed forms (right, down). ``fields`` are the names it asks for with their labels.
    """

    id: str
    version: str
    label: str
    prefix: str
    copies: int
    offset_mm: tuple[float, float]
    fields: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture among the values, such as a code to scan: PNG bytes and its width on paper."""

    png: bytes
    width_mm: float


def fill(template: Template, values: Mapping[str, object]) -> bytes:
    """The filled document as ``.docx`` bytes.

    Values are text, numbers, lists of mappings for repeated rows, and ``Picture``. ``Refused`` "papers.missing" names
    what the template asks for and the values lack, "papers.template" when it cannot be read or filled.
    """
    missing = [label for name, label in template.fields.items() if name not in values]
    if missing:
        raise Refused("papers.missing", paper=template.label, missing="、".join(missing))
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    document: DocxTemplate = DocxTemplate(io.BytesIO(template.content))

    def placed(value: object) -> object:
        if isinstance(value, Picture):
            return InlineImage(document, io.BytesIO(value.png), width=Mm(value.width_mm))
        if isinstance(value, Mapping):
            return {name: placed(item) for name, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [placed(item) for item in value]
        return value

    try:
        document.render(
            {name: placed(value) for name, value in values.items()},
            SandboxedEnvironment(autoescape=True, undefined=StrictUndefined),
        )
        out = io.BytesIO()
        document.save(out)
    except (TemplateError, ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise Refused("papers.template", paper=template.label) from error
    return out.getvalue()


def asked(template: Template) -> frozenset[str]:
    """What a template asks for: names, and members of what it repeats, written ``.member``.

    ``Refused`` "papers.template" when it cannot be read.
    """
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate
    from jinja2 import TemplateError, meta, nodes
    from jinja2.sandbox import SandboxedEnvironment

    try:
        document: DocxTemplate = DocxTemplate(io.BytesIO(template.content))
        document.init_docx()
        texts = [document.patch_xml(document.get_xml())]
        for place in (document.HEADER_URI, document.FOOTER_URI):
            parts = [part for _, part in document.get_headers_footers(place)]
            texts += [document.patch_xml(document.get_part_xml(part)) for part in parts]
        read = SandboxedEnvironment().parse("".join(texts))
    except (TemplateError, PackageNotFoundError, KeyError, TypeError, ValueError) as error:
        raise Refused("papers.template", paper=template.label) from error
    members = {f".{found.attr}" for found in read.find_all(nodes.Getattr)}
    return frozenset(meta.find_undeclared_variables(read) | members)


def marked(document: bytes, text: str) -> bytes:
    """A filled document with a text at the head of every page."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    found = Document(io.BytesIO(document))
    for section in found.sections:
        line = section.header.paragraphs[0] if section.header.paragraphs else section.header.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = line.add_run(text)
        run.bold, run.font.size, run.font.color.rgb = True, Pt(14), RGBColor(0xC8, 0x3C, 0x28)
    out = io.BytesIO()
    found.save(out)
    return out.getvalue()


def template(raw: Mapping[str, Any], content: bytes) -> Template:
    """A template from its description and its document."""
    right, down = raw.get("offset_mm", (0, 0))
    return Template(
        raw["id"],
        raw["version"],
        raw["label"],
        raw.get("prefix", ""),
        int(raw.get("copies", 1)),
        (right, down),
        dict(raw["fields"]),
        content,
    )


@cache
def shipped() -> Mapping[str, Template]:
    """The papers that come with this program, by id: each ``<id>.json`` of ``resources/papers`` with its ``.docx``."""
    folder = resource("papers")
    found: dict[str, Template] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            raw = json.loads(file.read_text(encoding="utf-8"))
            found[raw["id"]] = template(raw, (folder / f"{raw['id']}.docx").read_bytes())
    return found
