"""What the invented registers have in their columns, and how two offices word and write the same thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from jmdesk.catalogue.loader import catalogue
from jmdesk.registers.livelihoods import SampleHousehold
from jmdesk.registers.people import SamplePerson

Cell = str | int | float | date | None
Get = Callable[[SampleHousehold, SamplePerson], Cell]


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """One column: ``key`` names it across layouts, ``group`` and ``header`` are its wording in one of them."""

    key: str
    group: str
    header: str
    get: Get
    personal: bool = False
    """One value per person rather than per household."""
    money: bool = False
    width: int = 10


def label(code_list: str, code: str) -> str:
    """The wording of a code in the catalogue; "" for no code."""
    return catalogue().code_lists[code_list].label(code) if code else ""


def _income(name: str) -> Get:
    return lambda home, _: home.income.get(name)


def _land(kind: str) -> Get:
    return lambda home, _: home.land.get(kind)


def _debt(read: Callable[[SampleHousehold], Cell]) -> Get:
    return lambda home, _: read(home) if home.debt else None


_GETTERS: dict[str, Get] = {
    "number": lambda home, _: home.number,
    "group_no": lambda home, _: f"{home.group}组",
    "head_name": lambda home, _: home.head.name,
    "address": lambda home, _: home.address,
    "phone": lambda home, _: home.phone,
    "household_type": lambda home, _: label("CL-HTYPE", home.household_type),
    "resident_status": lambda home, _: label("CL-RESIDE", home.resident_status),
    "population": lambda home, _: len(home.members),
    "labor_count": lambda home, _: home.labor_count,
    "main_industry": lambda home, _: label("CL-IND", home.industry),
    "industry_since": lambda home, _: home.industry_since,
    "name": lambda _, person: person.name,
    "relation": lambda _, person: label("CL-REL", person.relation),
    "sex": lambda _, person: "男" if person.sex == "1" else "女",
    "id_no": lambda _, person: person.id_no,
    "is_labor": lambda _, person: "是" if person.labor else "否",
    "occupation": lambda _, person: label("CL-OCC", person.occupation),
    "land_1": _land("1"),
    "land_2": _land("2"),
    "land_3": _land("3"),
    "land_4": _land("4"),
    "land_5": _land("5"),
    "creditor": _debt(lambda home: label("CL-CRED", home.debt.creditor) if home.debt else None),
    "lender": _debt(lambda home: home.debt.lender if home.debt else None),
    "debt_amount": _debt(lambda home: home.debt.amount if home.debt else None),
    "debt_balance": _debt(lambda home: home.debt.balance if home.debt else None),
    "debt_due": _debt(lambda home: home.debt.due if home.debt else None),
    "five_class": _debt(lambda home: label("CL-FIVE", home.debt.five_class) if home.debt else None),
    "overdue_days": _debt(lambda home: (home.debt.overdue_days or None) if home.debt else None),
    "ins_kind": lambda home, _: label("CL-INS", home.insurance[0]) if home.insurance else None,
    "ins_amount": lambda home, _: home.insurance[1] if home.insurance else None,
    "ins_to": lambda home, _: home.insurance[3] if home.insurance else None,
    "product": lambda home, _: label("CL-BREED", home.production[0]) if home.production else None,
    "scale": lambda home, _: home.production[1] if home.production else None,
    "contract": lambda home, _: ("有" if home.production[2] else "无") if home.production else None,
    "fulfil": lambda home, _: (home.production[3] or None) if home.production else None,
    "honor_level": lambda home, _: label("CL-HLEVEL", home.honor[0]) if home.honor else None,
    "honor_title": lambda home, _: home.honor[1] if home.honor else None,
    "honor_org": lambda home, _: home.honor[2] if home.honor else None,
    "honor_date": lambda home, _: home.honor[3] if home.honor else None,
    "consent_date": lambda home, _: home.consent_date,
    "consent_no": lambda home, _: home.consent_no or None,
    "collect_date": lambda home, _: home.collected,
    "collector": lambda home, _: home.collector,
    "notes": lambda home, _: home.notes or None,
}
_INCOMES = ("crop", "breed", "labor", "business", "property", "transfer", "other")
_GETTERS |= {f"income_{name}": _income(f"income_{name}") for name in _INCOMES}
_GETTERS |= {name: _income(name) for name in ("cost_production", "exp_living")}
_GETTERS["income_total"] = lambda home, _: sum(v for k, v in home.income.items() if k.startswith("income_"))

_PERSONAL = {"name", "relation", "sex", "id_no", "is_labor", "occupation"}
_MONEY = {"debt_amount", "debt_balance", "ins_amount", "cost_production", "exp_living", "income_total"}
_MONEY |= {f"income_{name}" for name in _INCOMES}
_WIDE = {"id_no": 21, "address": 18, "phone": 14, "main_industry": 20, "occupation": 20, "consent_no": 24}


def _columns(wording: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> tuple[SampleColumn, ...]:
    return tuple(
        SampleColumn(key, group, header, _GETTERS[key], key in _PERSONAL, key in _MONEY, _WIDE.get(key, 10))
        for group, columns in wording
        for key, header in columns
    )


# Two header rows; the household stands on the first of its rows.
LAYOUT_A = _columns(
    (
        ("户编号", (("number", ""),)),
        ("村民小组", (("group_no", ""),)),
        ("家庭住址", (("address", ""),)),
        ("联系电话", (("phone", ""),)),
        ("农户类型", (("household_type", ""),)),
        ("居住状态", (("resident_status", ""),)),
        ("家庭人口数", (("population", ""),)),
        ("劳动力人数", (("labor_count", ""),)),
        (
            "家庭成员",
            (
                ("name", "姓名"),
                ("relation", "与户主关系"),
                ("sex", "性别"),
                ("id_no", "公民身份号码"),
                ("is_labor", "是否劳动力"),
                ("occupation", "职业"),
            ),
        ),
        ("主业", (("main_industry", "主营行业"), ("industry_since", "起始年"))),
        (
            "上年收入(元)",
            (
                ("income_crop", "种植收入"),
                ("income_breed", "养殖收入"),
                ("income_labor", "务工收入"),
                ("income_business", "工商业收入"),
                ("income_property", "财产性收入"),
                ("income_transfer", "转移性收入"),
                ("income_other", "其他收入"),
                ("income_total", "合计"),
            ),
        ),
        ("上年支出(元)", (("cost_production", "生产支出"), ("exp_living", "生活及其他支出"))),
        (
            "土地资源(亩)",
            (
                ("land_1", "承包耕地"),
                ("land_2", "流转耕地"),
                ("land_3", "园地"),
                ("land_4", "林地"),
                ("land_5", "鱼塘水面"),
            ),
        ),
        (
            "贷款及借款(元)",
            (
                ("creditor", "债权人类型"),
                ("lender", "债权人名称"),
                ("debt_amount", "合同金额"),
                ("debt_balance", "余额"),
                ("debt_due", "到期日"),
                ("five_class", "五级分类"),
                ("overdue_days", "逾期天数"),
            ),
        ),
        ("保险", (("ins_kind", "险种"), ("ins_amount", "保险金额(元)"), ("ins_to", "止期"))),
        (
            "生产经营",
            (("product", "产品"), ("scale", "规模"), ("contract", "有无书面订单"), ("fulfil", "订单履约率(%)")),
        ),
        (
            "所获荣誉",
            (("honor_level", "级别"), ("honor_title", "名称"), ("honor_org", "授予机关"), ("honor_date", "日期")),
        ),
        ("授权书", (("consent_date", "签署日期"), ("consent_no", "编号"))),
        ("采集日期", (("collect_date", ""),)),
        ("采集人", (("collector", ""),)),
    )
)

# One flat header in another office's words; every row repeats the household's number; amounts in 万元.
LAYOUT_B = _columns(
    (
        (
            "",
            (
                ("number", "户号"),
                ("head_name", "户主姓名"),
                ("name", "成员姓名"),
                ("relation", "家庭关系"),
                ("id_no", "身份证号码"),
                ("is_labor", "劳力(是/否)"),
                ("occupation", "从事工作"),
                ("phone", "手机号"),
                ("address", "门牌地址"),
                ("household_type", "户类型"),
                ("resident_status", "在家情况"),
                ("population", "人口"),
                ("labor_count", "劳力数"),
                ("main_industry", "主要产业"),
                ("industry_since", "从业起始年份"),
                ("income_crop", "种田收入(万元)"),
                ("income_breed", "养殖收入(万元)"),
                ("income_labor", "打工收入(万元)"),
                ("income_business", "经商收入(万元)"),
                ("income_property", "租金等财产收入(万元)"),
                ("income_transfer", "补贴养老金等(万元)"),
                ("income_other", "其它收入(万元)"),
                ("cost_production", "生产成本(万元)"),
                ("exp_living", "生活开支(万元)"),
                ("land_1", "承包地面积(亩)"),
                ("land_2", "租种面积(亩)"),
                ("land_3", "果园面积(亩)"),
                ("land_4", "山林面积(亩)"),
                ("land_5", "鱼塘面积(亩)"),
                ("creditor", "贷款来源"),
                ("lender", "贷款银行"),
                ("debt_amount", "贷款金额(万元)"),
                ("debt_balance", "贷款余额(万元)"),
                ("debt_due", "还款到期日"),
                ("ins_kind", "参保险种"),
                ("ins_amount", "保额(万元)"),
                ("ins_to", "保险到期"),
                ("consent_date", "授权签字日期"),
                ("consent_no", "授权书号"),
                ("collect_date", "登记日期"),
                ("collector", "登记人"),
                ("notes", "备注"),
            ),
        ),
    )
)
