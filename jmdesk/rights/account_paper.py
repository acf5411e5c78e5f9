"""Everything held about a person as a document to read: the same data as the JSON, in the words of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import beijing_text
from jmdesk.ratings.document import Document, Paragraph, Section, Table

Data = Mapping[str, Any]


def paper_of(data: Data, catalogue: Catalogue) -> Document:
    """The document of an account's data (``account.Account.data``); parts without content are left out."""
    sections = [_head(data), *(_record(one) for one in data["records"])]
    sections += [_awaiting(data, catalogue), *_ratings(data), _queries(data), _sendings(data, catalogue)]
    sections += [_requests(data), _papers(data), _attachments(data), _history(data, catalogue)]
    return Document("本人信息清单", tuple(section for section in sections if section.blocks))


def _head(data: Data) -> Section:
    made = f"提供单位：{data['unit']['name']}　导出时间：{beijing_text(data['made_at'])}"
    purpose = f"用途：{data['purpose']['label']}。事由：{data['purpose']['reason']}"
    scope = "本件列出本单位本机保存的与您有关的全部信息；平台另存的，可向平台提出。"
    return Section("", (Paragraph(made), Paragraph(purpose), Paragraph(scope)))


def _record(one: Data) -> Section:
    rows = [(one["labels"][name], words) for name, words in one["words"].items() if name in one["labels"]]
    return _list(f"{one['label']}{'（已作废）' if one['void'] else ''}", ("项目", "内容"), rows)


def _awaiting(data: Data, catalogue: Catalogue) -> Section:
    rows = [
        (
            _type(catalogue, e["type"]),
            _field(catalogue, e["type"], e["field"]),
            str(e["value"]),
            beijing_text(e["since"]),
        )
        for e in data["awaiting_consent"]
    ]
    return _list("等待授权的信息", ("类别", "项目", "内容", "自"), rows)


def _ratings(data: Data) -> list[Section]:
    found = []
    for rating in data["ratings"]:
        lines = [line for line in rating["explanation"].splitlines() if line.strip("-= ")]
        found.append(Section("评定与逐项得分说明", tuple(Paragraph(line) for line in lines)))
    return found


def _queries(data: Data) -> Section:
    rows = [
        (beijing_text(str(one["values"]["query_at"])), str(one["values"]["org_uscc"]), one["words"]["purpose"])
        for one in data["queries"]
        if "query_at" in one["values"]
    ]
    return _list("查询记录", ("时间", "查询单位", "用途"), rows)


def _sendings(data: Data, catalogue: Catalogue) -> Section:
    rows = [
        (_type(catalogue, s["type"]), s["batch"], beijing_text(s["sealed_at"]), s["verdict"] or s["state"])
        for s in data["sendings"]
        if s["batch"]
    ]
    return _list("报送记录", ("类别", "批次", "时间", "结果"), rows)


def _requests(data: Data) -> Section:
    rows = []
    for one in data["requests"]:
        if one["type"] == "R25":
            told = [f"{one['labels'][name]}：{words}" for name, words in one["words"].items() if name in one["labels"]]
            rows.append((one["label"], "；".join(told)))
    return _list("权利请求", ("类别", "内容"), rows)


def _papers(data: Data) -> Section:
    rows = [(paper["number"], paper["label"], beijing_text(paper["issued_at"])) for paper in data["papers"]]
    return _list("文书", ("编号", "名称", "出具时间"), rows)


def _attachments(data: Data) -> Section:
    rows = [(one["caption"] or "—", one["sha256"]) for one in data["attachments"]]
    return _list("附件", ("说明", "校验值"), rows)


def _history(data: Data, catalogue: Catalogue) -> Section:
    rows = [
        (beijing_text(one["at"]), one["by"], _type(catalogue, one["type"]), _told(one, catalogue))
        for one in data["history"]
    ]
    return _list("修改历史", ("时间", "经办人", "类别", "内容"), rows)


def _told(change: Data, catalogue: Catalogue) -> str:
    if change["erased"]:
        return "内容已依法删除"
    names = [_field(catalogue, change["type"], name) for name in {**change["before"], **change["after"]}]
    return "；".join(filter(None, (change["reason"], "、".join(names))))


def _type(catalogue: Catalogue, type_id: str) -> str:
    found = catalogue.types.get(type_id)
    return found.label if found is not None else type_id


def _field(catalogue: Catalogue, type_id: str, name: str) -> str:
    found = catalogue.types.get(type_id)
    field = found.by_identifier.get(name) if found is not None else None
    return field.label if field is not None else name


def _list(title: str, headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Section:
    width = 100 // len(headings)
    return Section(title, (Table(headings, tuple(rows), (width,) * len(headings)),) if rows else ())


def _place(catalogue: Catalogue, entry: Data) -> tuple[str, str]:
    return _type(catalogue, entry["type"]), _field(catalogue, entry["type"], entry["field"])
