"""What the audit page reads of a desk, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jmdesk.audit.queries import Entry, Wanted
from jmdesk.catalogue.types import RecordType
from jmdesk.core.clock import beijing_text
from jmdesk.desk import Desk
from jmdesk.exports.sheet import Sheet
from ui.core import wording
from ui.core.i18n import tr
from ui.core.ports import Row
from ui.widgets.table_model import Column

_LONGEST_VALUE = 24
MOST = 50_000
"""Entries that one export holds."""


def columns() -> tuple[Column, ...]:
    """The columns of the trail."""
    return (
        Column(tr("序号"), 76, number=True),
        Column(tr("时间"), 140),
        Column(tr("人员"), 104),
        Column(tr("做了什么"), 132),
        Column(tr("对象"), 132),
        Column(tr("事由"), 150),
        Column(tr("栏目或详情"), 320, stretch=True),
    )


def detail(entry: Entry, labels: Mapping[str, str]) -> str:
    """What an event tells, or the names of the fields that changed."""
    if entry.erased:
        return tr("内容已清除")
    words = {
        "number": tr("次数"),
        "kind": tr("种类"),
        "of": tr("备份时间"),
        "entries": tr("变更条数"),
        "second": tr("另存一份"),
        "sha256": tr("文件摘要"),
        "rows": tr("行数"),
        "format": tr("格式"),
        "masked": tr("已遮蔽"),
        "request": tr("申请"),
        "step": tr("步骤"),
        "batches": tr("报送包"),
        "handed_over": tr("送达"),
        "adopted": tr("收到"),
        "key": tr("查询依据"),
        "paper": tr("文书"),
        "serial": tr("编号"),
        "way": tr("方式"),
    }
    if entry.told:
        parts = {name: _value(value) for name, value in entry.told.items()}
        return "；".join(f"{words.get(name, name)} {value}" for name, value in parts.items())
    return "、".join(labels.get(name, name) for name in entry.fields)


def _labels(record_type: RecordType | None) -> dict[str, str]:
    return {field.identifier: field.label for field in record_type.fields} if record_type is not None else {}


def _value(value: object) -> str:
    if isinstance(value, bool):
        return tr("是") if value else tr("否")
    words = {
        "id_no": tr("证件号码"),
        "phone": tr("电话"),
        "printer": tr("打印机"),
        "pin": tr("快捷码"),
        "vault": tr("资料库密钥"),
    }
    return words.get(str(value), str(value)[:_LONGEST_VALUE])


class Trail:
    """Entries under a filter, for a windowed table."""

    def __init__(self, desk: Desk, names: Mapping[str, str], wanted: Wanted) -> None:
        self._desk, self._names, self._wanted = desk, names, wanted

    def count(self) -> int:
        """How many entries match."""
        return self._desk.audit.count(self._desk.guard, self._wanted)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page, the newest first."""
        found = self._desk.audit.page(self._desk.guard, self._wanted, limit=limit, offset=offset)
        return [Row(str(entry.seq), self._cells(entry), entry.erased) for entry in found]

    def sheet(self) -> Sheet:
        """The whole list for a file, at most ``MOST`` entries."""
        found = self._desk.audit.page(self._desk.guard, self._wanted, limit=MOST)
        names = tuple(made.title for made in columns())
        return Sheet(tr("审计记录"), names, [self._cells(entry) for entry in found])

    def _cells(self, entry: Entry) -> tuple[str, ...]:
        record_type = self._desk.catalogue.types.get(entry.type)
        return (
            str(entry.seq),
            beijing_text(entry.at),
            self._names.get(entry.actor, entry.actor[:8]),
            wording.deed(entry.verb),
            record_type.label if record_type is not None else entry.type,
            entry.reason,
            detail(entry, _labels(record_type)),
        )
