"""Papers about enterprises: credit events (W6), assessments by the trade (W8), green cards (W9)."""

from installer.papers.sheet import OFFICE, Made, Sheet

NOT_AN_AUTHORITY = "本结果为行业自律评价，不是行政机关作出的结论。"
"""Stands on every paper of an assessment by the trade."""


def event_notice(sheet: Sheet) -> None:
    """Notice to an enterprise before a bad event takes effect (W6)."""
    sheet.head("信用信息记录事先告知书")
    sheet.line("{{ enterprise }}（{{ uscc }}）：")
    sheet.body(
        "本会拟将下列信息记入贵单位信用信息档案，现事先告知。",
    )
    sheet.rows(
        [
            ("类别", "{{ category }}"),
            ("发生日期", "{{ event_date }}"),
            ("依据", "{{ basis }}"),
            ("文号", "{{ document }}"),
            ("内容", "{{ content }}"),
            ("拟披露范围", "{{ disclosure }}"),
        ]
    )
    sheet.body(
        "贵单位如有异议，可在收到本告知书之日起{{ days }}个工作日内（{{ until }}前）"
        "向本会提交陈述和证据；逾期不陈述的，按现有材料处理。",
    )
    sheet.signature()
    sheet.sign_here("收件人签名")


def repair_transfer(sheet: Sheet) -> None:
    """Transfer of a repair application to the authority that recorded the event (W6, W12)."""
    sheet.head("信用修复申请转办函")
    sheet.line("{{ to }}：")
    sheet.body(
        "{{ enterprise }}（{{ uscc }}）就“{{ content }}”（文号{{ document }}）申请信用修复。"
        "该记录由贵单位认定，本会无权修复，现将申请材料转请办理。",
        "履行义务的证明：{{ proof }}；公开承诺：{{ pledge }}。",
        "申请人也可以通过“信用中国”网站或者本市信用平台直接申请，办理不收取费用。",
    )
    sheet.signature()


def department_inquiry(sheet: Sheet) -> None:
    """Inquiry letter to a department about applicants for the green card (W9)."""
    sheet.head("关于征询企业信用评价的函")
    sheet.line("{{ department }}：")
    sheet.body(
        "{{ year }}年度诚信绿卡评定已开始。请贵单位按本部门监管情况，对下列企业作出评价，盖章后于{{ until }}前回复。",
        "评价分五档：{{ levels }}。与贵单位没有业务往来的企业，请填“无业务”。",
    )
    sheet.list(
        "companies",
        {"no": ("序号", 14), "name": ("企业名称", 70), "uscc": ("统一社会信用代码", 46), "level": ("评价档次", 28)},
    )
    sheet.signature()


def department_reminder(sheet: Sheet) -> None:
    """Reminder to a department that has not answered (W9)."""
    sheet.head("关于催复企业信用评价的函")
    sheet.line("{{ department }}：")
    sheet.body(
        "我单位于{{ asked_on }}发函征询{{ year }}年度诚信绿卡申报企业的评价，"
        "尚有{{ count }}家未收到回复，请尽快回复。未回复的按“待补”处理，不计为零分，但会影响企业定级。",
    )
    sheet.signature()


def green_card_notice(sheet: Sheet) -> None:
    """Public notice of the proposed green cards: A and B only (W9)."""
    sheet.head("诚信绿卡企业公示")
    sheet.body("经部门评价和联合会审，现将{{ year }}年度拟定诚信绿卡企业公示如下，公示期{{ begins }}至{{ ends }}。")
    sheet.list("companies", {"no": ("序号", 14), "name": ("企业名称", 96), "grade": ("拟定等级", 48)})
    sheet.body("对公示内容有异议的，请在公示期内书面反映，并署真实姓名和联系方式。")
    sheet.signature()


def green_card_decision(sheet: Sheet) -> None:
    """Decision on one enterprise, with every point explained (W9)."""
    sheet.head("诚信绿卡评定结果")
    sheet.line("{{ enterprise }}（{{ uscc }}）：")
    sheet.body(
        "经评定，贵单位{{ year }}年度诚信绿卡等级为{{ grade }}级（评定文号{{ document }}）。{{ backbone }}",
        "主营业务收入{{ revenue }}万元，口径：{{ basis }}。",
        "基础信用{{ base }}分，信用增加{{ gain }}分，信用流失{{ loss }}分，总分{{ total }}分，规则版本{{ model }}。",
    )
    sheet.list("lines", {"title": ("项目", 88), "given": ("评价", 40), "points": ("得分", 30)})
    sheet.signature()


def honest_certificate(sheet: Sheet) -> None:
    """Certificate of the trade's own assessment with a code to check it (W8)."""
    sheet.head("行业信用评价证书", number=False)
    sheet.line("证书编号：{{ number }}", align="right", after=18)
    sheet.line("{{ name }}", size=18, bold=True, align="center", after=12)
    sheet.body(
        "经本会{{ batch }}评价，符合{{ title }}条件，有效期至{{ valid_to }}。",
        "依据：{{ basis }}；规则版本{{ model }}。",
        NOT_AN_AUTHORITY,
    )
    sheet.line("{{ code }}", align="center")
    sheet.line("扫码打开市平台查验页，或在查验页输入证书编号；真伪以协会公布的名单为准。", size=9, align="center")
    sheet.signature()


def honest_notice(sheet: Sheet) -> None:
    """Public notice of those proposed in a round (W8): names only, no failures, no points."""
    sheet.head("行业信用评价结果公示")
    sheet.body("经申报、核查和评审，现将{{ batch }}拟授予名单公示如下，公示期{{ begins }}至{{ ends }}。")
    sheet.list("names", {"no": ("序号", 14), "name": ("名称", 96), "kind": ("类别", 48)})
    sheet.body(f"依据：{{{{ basis }}}}。{NOT_AN_AUTHORITY}评价不收取任何费用。")
    sheet.signature()


_WHO = {"enterprise": "企业名称", "uscc": "统一社会信用代码"}
_DAYS = {"begins": "公示起", "ends": "公示止"}

PAPERS = [
    Made(
        "event-notice",
        "2026-01",
        "信用信息记录事先告知书",
        event_notice,
        {
            **_WHO,
            "category": "类别",
            "event_date": "发生日期",
            "basis": "依据",
            "document": "文号",
            "content": "内容",
            "disclosure": "披露范围",
            "days": "陈述工作日数",
            "until": "陈述截止日",
            **OFFICE,
        },
        prefix="XG",
        copies=2,
    ),
    Made(
        "repair-transfer",
        "2026-01",
        "信用修复申请转办函",
        repair_transfer,
        {
            **_WHO,
            "to": "认定单位",
            "content": "内容",
            "document": "文号",
            "proof": "履行证明",
            "pledge": "公开承诺",
            **OFFICE,
        },
        prefix="XZ",
        copies=2,
    ),
    Made(
        "department-inquiry",
        "2026-01",
        "征询企业信用评价的函",
        department_inquiry,
        {
            "department": "部门",
            "year": "年度",
            "until": "回复期限",
            "levels": "评价档次",
            "companies": "企业名单",
            **OFFICE,
        },
        prefix="LZ",
    ),
    Made(
        "department-reminder",
        "2026-01",
        "催复企业信用评价的函",
        department_reminder,
        {"department": "部门", "year": "年度", "asked_on": "发函日期", "count": "未回复家数", **OFFICE},
        prefix="LC",
    ),
    Made(
        "green-card-notice",
        "2026-01",
        "诚信绿卡企业公示",
        green_card_notice,
        {"year": "年度", "companies": "企业名单", **_DAYS, **OFFICE},
        prefix="LG",
    ),
    Made(
        "green-card-decision",
        "2026-01",
        "诚信绿卡评定结果",
        green_card_decision,
        {
            **_WHO,
            "year": "年度",
            "grade": "等级",
            "document": "评定文号",
            "backbone": "骨干企业说明",
            "revenue": "主营业务收入",
            "basis": "收入年度和依据",
            "base": "基础信用分",
            "gain": "信用增加分",
            "loss": "信用流失分",
            "total": "总分",
            "model": "规则版本",
            "lines": "逐项得分",
            **OFFICE,
        },
        prefix="LJ",
    ),
    Made(
        "honest-certificate",
        "2026-01",
        "行业信用评价证书",
        honest_certificate,
        {
            "name": "名称",
            "batch": "评选批次",
            "title": "评价结果",
            "valid_to": "有效期止",
            "basis": "依据",
            "model": "规则版本",
            "code": "二维码",
            **OFFICE,
        },
        prefix="HY",
    ),
    Made(
        "honest-notice",
        "2026-01",
        "行业信用评价结果公示",
        honest_notice,
        {"batch": "评选批次", "names": "名单", "basis": "依据", **_DAYS, **OFFICE},
        prefix="HG",
    ),
]
