"""Papers of credit villages and towns (W3, W4): application, review, notice, decision of the plaque, register."""

from installer.papers.sheet import OFFICE, Made, Sheet

_WHAT = {"place": "村或镇", "kind": "评定种类", "year": "年度"}
_FIGURES = {
    "figures": "数据清单",
    "gates": "条件清单",
    "cutoff": "截止日",
    "rules": "规则版本",
}


def _figures(sheet: Sheet) -> None:
    sheet.line("数据(截至{{ cutoff }}，规则 {{ rules }})：", bold=True)
    sheet.list(
        "figures",
        {
            "label": ("数据", 38),
            "value": ("数值", 30),
            "basis": ("口径", 32),
            "source": ("来源", 36),
            "as_of": ("截止", 22),
        },
    )
    sheet.line("条件：", bold=True)
    sheet.list("gates", {"title": ("条件", 62), "asked": ("要求", 32), "shown": ("现值", 32), "state": ("结果", 32)})


def application(sheet: Sheet) -> None:
    """Application for a credit village or town."""
    sheet.head("{{ kind }}申报表")
    sheet.rows([("申报对象", "{{ place }}"), ("年度", "{{ year }}"), ("申报单位和决议", "{{ applied_by }}")])
    _figures(sheet)
    sheet.body("还差事项：{{ missing }}")
    sheet.signature(seal="（申报单位盖章）")


def opinion(sheet: Sheet) -> None:
    """Opinion of the review."""
    sheet.head("{{ kind }}评审意见表")
    sheet.rows(
        [
            ("评审对象", "{{ place }}"),
            ("年度", "{{ year }}"),
            ("得分", "{{ score }}"),
            ("按规则结论", "{{ outcome }}"),
            ("评审意见", "{{ opinion }}"),
        ]
    )
    _figures(sheet)
    sheet.sign_here("评审人", "负责人")
    sheet.signature()


def notice(sheet: Sheet) -> None:
    """Notice of seven days."""
    sheet.head("拟认定{{ kind }}公示(征求意见)")
    sheet.body(
        "根据{{ year }}年度{{ kind }}工作安排，经初审，拟认定{{ place }}为{{ kind }}。"
        "现予公示，公示期自{{ from_day }}起至{{ to_day }}止。",
        "公示期内对公示内容有意见的，可以书面、电话或当面向{{ office }}提出，请写明事实和联系方式。",
        "公示期满无异议或者异议不成立的，报上级评审。",
    )
    sheet.signature()


def plaque(sheet: Sheet) -> None:
    """Decision of the plaque."""
    sheet.head("关于命名{{ kind }}的决定")
    sheet.line("命名文号：{{ doc_no }}", align="right")
    sheet.body(
        "{{ place }}：",
        "经申报、初审、公示和评审，你单位符合{{ year }}年度{{ kind }}条件，结论为{{ outcome }}，现予命名并授牌。",
        "命名后每年复核一次；不再符合条件的，按规定摘牌。",
        "命名机关：{{ org }}",
    )
    sheet.line("{{ code }}", align="center")
    sheet.line("扫码打开市平台查验页，或在查验页输入查验编号 {{ certificate }}。", size=9, align="center")
    sheet.signature()


def register(sheet: Sheet) -> None:
    """Register of the villages and towns that were named."""
    sheet.head("{{ year }}年度信用村(镇)命名登记簿")
    sheet.list(
        "awards",
        {
            "place": ("村或镇", 44),
            "outcome": ("结论", 30),
            "score": ("得分", 16),
            "plaque_date": ("授牌日期", 26),
            "doc_no": ("命名文号", 42),
        },
    )
    sheet.signature()


def removal(sheet: Sheet) -> None:
    """Notice that the plaque is taken back."""
    sheet.head("{{ kind }}摘牌通知书")
    sheet.body(
        "{{ place }}：",
        "经年度复核，你单位不再符合{{ kind }}条件，依据为：{{ ground }}。现予摘牌。",
        "如有异议，可自收到本通知书之日起十个工作日内向{{ office }}提出。",
    )
    sheet.signature()


PAPERS = [
    Made(
        "village-register",
        "2026-01",
        "信用村(镇)命名登记簿",
        register,
        {"year": "年度", "awards": "命名清单", **OFFICE},
        prefix="CR",
    ),
    Made(
        "village-application",
        "2026-01",
        "信用村(镇)申报表",
        application,
        {**_WHAT, **_FIGURES, "applied_by": "申报单位和决议", "missing": "还差事项", **OFFICE},
        prefix="CS",
    ),
    Made(
        "village-opinion",
        "2026-01",
        "信用村(镇)评审意见表",
        opinion,
        {**_WHAT, **_FIGURES, "score": "得分", "outcome": "按规则结论", "opinion": "评审意见", **OFFICE},
        prefix="CP",
    ),
    Made(
        "village-notice",
        "2026-01",
        "拟认定信用村(镇)公示",
        notice,
        {**_WHAT, "from_day": "公示开始日", "to_day": "公示截止日", **OFFICE},
        prefix="CG",
        copies=2,
    ),
    Made(
        "village-plaque",
        "2026-01",
        "信用村(镇)命名决定",
        plaque,
        {
            **_WHAT,
            "outcome": "结论",
            "doc_no": "命名文号",
            "org": "命名机关",
            "certificate": "查验编号",
            "code": "二维码",
            **OFFICE,
        },
        prefix="CM",
        copies=2,
    ),
    Made(
        "village-removal",
        "2026-01",
        "信用村(镇)摘牌通知书",
        removal,
        {**_WHAT, "ground": "摘牌依据", **OFFICE},
        prefix="CT",
        copies=2,
    ),
]
