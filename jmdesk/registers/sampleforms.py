"""Layout c of the invented registers: one form per household, as it is printed, filled in and kept in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from jmdesk.registers.samplecolumns import LAYOUT_A, LAYOUT_B, Cell, label

if TYPE_CHECKING:
    from jmdesk.registers.samples import WrittenHousehold

_GET = {column.key: column.get for column in (*LAYOUT_B, *LAYOUT_A)}
_HEAD = (
    (("head_name", "户主姓名"), ("phone", "联系电话"), ("household_type", "农户类型")),
    (("address", "家庭住址"), ("resident_status", "居住状态"), ("industry_since", "从业起始年")),
    (("main_industry", "主营行业"), ("population", "家庭人口"), ("labor_count", "劳动力人数")),
)
_MEMBERS = (
    ("name", "姓名"),
    ("relation", "与户主关系"),
    ("sex", "性别"),
    ("id_no", "身份证号码"),
    ("is_labor", "是否劳动力"),
    ("occupation", "职业"),
)
_MONEY = (
    (("income_crop", "种植收入"), ("income_breed", "养殖收入"), ("income_labor", "务工收入")),
    (("income_business", "工商业收入"), ("income_property", "财产性收入"), ("income_transfer", "转移性收入")),
    (("income_other", "其他收入"), ("cost_production", "生产支出"), ("exp_living", "生活支出")),
)
_DEBTS = (
    ("creditor", "债权人类型"),
    ("lender", "债权人名称"),
    ("debt_amount", "合同金额"),
    ("debt_balance", "余额"),
    ("five_class", "五级分类"),
    ("overdue_days", "逾期天数"),
)
_RIGHTS = {"1": "承包经营权", "2": "流转经营权", "4": "林权"}
_COLUMNS = 6


class _Form:
    """Writes one form from the top down."""

    def __init__(self, sheet: Any, formats: dict[str, Any]) -> None:
        self._sheet = sheet
        self._row = 0
        self._formats = formats
        sheet.set_column(0, _COLUMNS - 1, 16)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1)

    def title(self, text: str) -> None:
        self._sheet.merge_range(self._row, 0, self._row, _COLUMNS - 1, text, self._formats["title"])
        self._row += 1

    def section(self, text: str) -> None:
        self._sheet.merge_range(self._row, 0, self._row, _COLUMNS - 1, text, self._formats["section"])
        self._row += 1

    def line(self, *cells: tuple[object, str]) -> None:
        """One row of cells, each with the name of its format."""
        for column, (value, name) in enumerate(cells):
            form = self._formats[name]
            if value is None or value == "":
                self._sheet.write_blank(self._row, column, None, form)
            elif isinstance(value, str):
                self._sheet.write_string(self._row, column, value, form)
            elif isinstance(value, date):
                self._sheet.write_string(self._row, column, f"{value.year}年{value.month}月{value.day}日", form)
            else:
                self._sheet.write_number(self._row, column, value, form)
        self._row += 1

    def pairs(self, labels: tuple[tuple[str, str], ...], values: dict[str, Any]) -> None:
        """Labels with their values to the right."""
        cells: list[tuple[object, str]] = []
        for key, text in labels:
            cells += [(text, "label"), (values.get(key), "cell")]
        self.line(*cells)


def write(book: Any, source: Iterator[WrittenHousehold]) -> None:
    """Add one sheet per household to the workbook."""
    box = {"border": 1, "font_name": "宋体", "font_size": 11, "text_wrap": True}
    formats = {
        "title": book.add_format({"bold": True, "align": "center", "font_size": 18, "font_name": "宋体"}),
        "section": book.add_format({**box, "bold": True, "align": "center", "bg_color": "#EEEEEE"}),
        "label": book.add_format({**box, "bold": True}),
        "cell": book.add_format({**box, "num_format": "@"}),
    }
    for number, written in enumerate(source, 1):
        _form(_Form(book.add_worksheet(f"{number:04d}"), formats), written)


def _values(written: WrittenHousehold, place: int) -> dict[str, Any]:
    home = written.home
    person = home.members[place]
    values: dict[str, Cell | object] = {key: get(home, person) for key, get in _GET.items()}
    values |= {key: value for (who, key), value in written.overrides.items() if who == place}
    return values


def _form(form: _Form, written: WrittenHousehold) -> None:
    home = written.home
    first = _values(written, 0)
    form.title("农户信用信息采集表")
    form.line(
        (f"村(居)委会：{written.place.village}", "label"),
        (f"村民小组：{home.group}组", "label"),
        (f"户编号：{home.number}", "label"),
    )
    form.section("一、基本情况")
    for labels in _HEAD:
        form.pairs(labels, first)
    form.section("二、家庭成员")
    form.line(*((text, "label") for _, text in _MEMBERS))
    for place in range(len(home.members)):
        values = _values(written, place)
        form.line(*((values.get(key), "cell") for key, _ in _MEMBERS))
    form.section(f"三、家庭收支({home.year}年度，单位：元)")
    for labels in _MONEY:
        form.pairs(labels, first)
    _tables(form, written, first)
    form.section("七、授权与采集")
    form.pairs((("consent_date", "授权书签署日期"), ("consent_no", "授权书编号"), ("collect_date", "采集日期")), first)
    form.pairs((("collector", "采集人"),), first)


def _tables(form: _Form, written: WrittenHousehold, first: dict[str, Any]) -> None:
    home = written.home
    form.section("四、土地与生产资源")
    form.line(*((text, "label") for text in ("资源种类", "面积(亩)", "权属类型")))
    for kind, area in home.land.items():
        right = _RIGHTS.get(kind, "其他")
        form.line((label("CL-LAND", kind), "cell"), (area, "cell"), (right, "cell"))
    form.section("五、贷款与借款(元)")
    form.line(*((text, "label") for _, text in _DEBTS))
    if home.debt:
        form.line(*((first.get(key), "cell") for key, _ in _DEBTS))
    form.section("六、保险与生产")
    form.pairs((("ins_kind", "险种"), ("ins_amount", "保险金额"), ("ins_to", "保险止期")), first)
    form.pairs((("product", "产品"), ("scale", "规模"), ("contract", "有无书面订单")), first)
    form.pairs((("fulfil", "订单履约率(%)"), ("honor_title", "所获荣誉"), ("honor_level", "荣誉级别")), first)
    form.pairs((("honor_org", "授予机关"), ("honor_date", "荣誉日期")), first)
