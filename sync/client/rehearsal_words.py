"""A rehearsal in words: for the sync page, the command line and paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.messages import Message, message
from sync.client.rehearsal import Obstacle, Rehearsal
from sync.client.verdicts import explain
from sync.protocol.records import Verdict


def said_of(obstacle: Obstacle, catalogue: Catalogue, language: str = "zh") -> Message:
    """Why a change would not be taken, and how to mend it."""
    if not obstacle.verdict:
        return message(obstacle.code, obstacle.params, language)
    type_ = catalogue.types.get(obstacle.type)
    named = type_.by_identifier.get(obstacle.path) if type_ is not None else None
    code = "" if obstacle.verdict == Verdict.FORBIDDEN else obstacle.code
    return explain(obstacle.verdict, code, obstacle.params, language, field=named.label if named is not None else "")


def reason_of(code: str, language: str = "zh") -> str:
    """A code's text without what fills it, for counts."""
    return message(code, {}, language).text.rstrip("。.")


def size_text(size: int) -> str:
    """A size as people read it: ``12 KB``, ``3.4 MB``."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB"


def told(found: Rehearsal, catalogue: Catalogue, language: str = "zh") -> list[str]:
    """The lines of a rehearsal, what can be done first; one line when nothing waits."""
    zh = language == "zh"
    lines = []
    if found.records:
        kinds = ("、" if zh else ", ").join(f"{_label(catalogue, t)} {n:,}" for t, n in found.ready.items())
        size = size_text(found.bytes)
        lines.append(
            f"可以报送 {found.records:,} 条（{kinds}），约 {size}，{found.batches} 个报送包。"
            if zh
            else f"Would be sent: {found.records:,} records ({kinds}), about {size} in {found.batches} batches."
        )
    for counts, chinese, english in (
        (found.held, "暂不能报送 {n:,} 条：{why}", "Would stay here: {n:,}: {why}"),
        (found.refused, "平台会退回 {n:,} 条：{why}", "Would be refused: {n:,}: {why}"),
    ):
        for code, count in counts.most_common():
            lines.append((chinese if zh else english).format(n=count, why=reason_of(code, language)))
    if found.under_way:
        count = found.under_way
        lines.append(f"另有 {count} 个已封好的报送包在途。" if zh else f"{count} sealed batches are under way.")
    if not lines:
        return ["没有待报送的内容。" if zh else "Nothing waits to be sent."]
    versions = f"{found.catalogue}，{found.rules}" if zh else f"{found.catalogue}, {found.rules}"
    lines.append(f"按 {versions} 核对；别处的修改只有平台知道。" if zh else f"Held against {versions}.")
    return lines


def paper(found: Rehearsal, catalogue: Catalogue, name_of: Callable[[str, str], str], *, unit: str, at: str) -> str:
    """The rehearsal as a printable page (simple HTML, Chinese). ``name_of`` names a record as lists name it."""
    body = [f"<p>{escape(unit)}　{escape(at)}</p>", *(f"<p>{escape(line)}</p>" for line in told(found, catalogue))]
    for title, wanted in (("平台会退回的记录", True), ("暂不能报送的记录", False)):
        rows = [o for o in found.obstacles if bool(o.verdict) == wanted]
        if rows:
            body.append(f"<h3>{title}</h3>{_table(rows, catalogue, name_of)}")
    return f"<html><body><h2>报送预演</h2>{''.join(body)}</body></html>"


def _table(rows: Iterable[Obstacle], catalogue: Catalogue, name_of: Callable[[str, str], str]) -> str:
    lines = []
    for obstacle in rows:
        said = said_of(obstacle, catalogue)
        cells = (_label(catalogue, obstacle.type), name_of(obstacle.type, obstacle.rid), said.text, said.action)
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("类别", "记录", "原因", "怎么办"))
    return f'<table cellspacing="0" cellpadding="4" width="100%"><tr>{head}</tr>{"".join(lines)}</table>'


def _label(catalogue: Catalogue, type_id: str) -> str:
    found = catalogue.types.get(type_id)
    return found.label if found is not None else type_id
