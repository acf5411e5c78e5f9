"""A printable document as plain values: sections of paragraphs and tables, the same words as text and as HTML."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; ``strong`` ones carry the result."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``widths`` are the columns' shares of the page in percent."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


Block: TypeAlias = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, which may be empty, and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A titled document. Screen, paper and gateway show the same words because they all start from this value."""

    title: str
    sections: tuple[Section, ...]

    def words(self) -> tuple[str, ...]:
        """Every text of the document in reading order."""
        found = [self.title]
        for section in self.sections:
            found += [section.heading] if section.heading else []
            for block in section.blocks:
                if isinstance(block, Paragraph):
                    found.append(block.text)
                else:
                    found += [*block.headings, *(cell for row in block.rows for cell in row)]
        return tuple(found)

    def as_text(self) -> str:
        """Plain text for a terminal, columns aligned by display width, ending in a line feed."""
        lines = [self.title, "=" * _width(self.title)]
        for section in self.sections:
            lines += ["", section.heading, "-" * _width(section.heading)] if section.heading else [""]
            for block in section.blocks:
                lines += [block.text] if isinstance(block, Paragraph) else _table_lines(block)
        return "\n".join(lines) + "\n"

    def as_html(self) -> str:
        """HTML of the subset that Qt's rich text draws: headings, paragraphs, bordered tables, no scripts or links."""
        parts = [f'<h2 align="center">{escape(self.title)}</h2>']
        for section in self.sections:
            parts += [f"<h3>{escape(section.heading)}</h3>"] if section.heading else []
            parts += [_block_html(block) for block in section.blocks]
        return f"<html><body>{''.join(parts)}</body></html>"


def _block_html(block: Block) -> str:
    if isinstance(block, Paragraph):
        text = escape(block.text)
        return f"<p><b>{text}</b></p>" if block.strong else f"<p>{text}</p>"
    widths = block.widths
    head = "".join(f'<th width="{w}%">{escape(h)}</th>' for w, h in zip(widths, block.headings, strict=True))
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
    frame = 'width="100%" border="1" cellspacing="0" cellpadding="4" style="border-collapse:collapse"'
    return f"<table {frame}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _table_lines(table: Table) -> list[str]:
    rows = (table.headings, *table.rows)
    widths = [max(_width(row[n]) for row in rows) for n in range(len(table.headings))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(r, widths, strict=True)) for r in rows
    ]
    return [line.rstrip() for line in (lines[0], "  ".join("-" * width for width in widths), *lines[1:])]
