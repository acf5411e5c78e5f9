"""Papers of the household review (W2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from installer.papers.sheet import OFFICE, Made, Sheet

BATCH: Final = {"village": "村(居)", "year": "评定年度", "batch": "评议批次", **OFFICE}
HOUSE: Final = {
    "village": "村(居)",
    "head": "户主",
    "household": "户编号",
    "group": "组别",
    "year": "评定年度",
    **OFFICE,
}


def application(sheet: Sheet) -> None:
    """The household's own application."""
    sheet.head("信用户评定申请表")
    sheet.rows(
        [
            ("户主", "{{ head }}"),
            ("户编号", "{{ household }}"),
            ("村(居)、组别", "{{ village }}　{{ group }}"),
            ("申请年度", "{{ year }}"),
        ]
    )
    sheet.body(
        "本户自愿申请参加信用户评定，已收到并阅读告知书，同意按授权书的范围使用本户信用信息档案。",
        "评定得分仅供本次评定使用；拟认定为信用户的，户主姓名(隐一字)、组别和户编号在本村公示，不公示得分。"
        "本户可以随时撤回授权，此后停止评定。",
        "没有提供的信息按“不适用”处理，可能因信息不足暂不评定，或者等级受上限限制。",
    )
    sheet.sign_here("申请人(户主)签名", "收件人签名")
    sheet.signature()


def attendance(sheet: Sheet) -> None:
    """Who sat on the panel."""
    sheet.head("评议小组签到表")
    sheet.body("{{ village }} {{ year }} 年度信用户评议，批次 {{ batch }}。")
    columns = {
        "no": ("编号", 16.0),
        "name": ("姓名", 34.0),
        "duty": ("身份", 40.0),
        "present": ("到会", 18.0),
        "sign": ("签名", 50.0),
    }
    sheet.list("seats", columns)
    sheet.body("与被评议户属同一户或者有亲属关系的评议员，对该户应当回避，不得投票。")
    sheet.signature()


def minutes(sheet: Sheet) -> None:
    """Minutes of the panel."""
    sheet.head("评议会议记录")
    sheet.rows(
        [
            ("村(居)、年度", "{{ village }}　{{ year }}"),
            ("批次", "{{ batch }}"),
            ("应到、实到", "{{ invited }} 人、{{ present }} 人"),
            ("评议户数", "{{ households }} 户"),
            ("有效票", "{{ valid }} 张"),
            ("回避", "{{ recused }} 人次"),
        ]
    )
    sheet.body(
        "评议办法：每户至少 {{ least }} 张有效票，去掉一个最高分和一个最低分后计算平均分。"
        "评议意见只计评议分，不形成其他记录。"
    )
    sheet.line("会议情况：＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿", after=8)
    sheet.sign_here("主持人签名", "记录人签名")
    sheet.signature()


def ballots(sheet: Sheet) -> None:
    """One ballot for each member, with a code that says whose it is."""
    sheet.line("{%p for ballot in ballots %}")
    sheet.line("信用户评议票", size=20, bold=True, align="center", after=6)
    sheet.line("{{ number }}　批次 {{ batch }}　评议员编号 {{ ballot.no }}", align="right", after=6)
    sheet.line("{{ ballot.code }}", align="right", after=6)
    sheet.body(
        "{{ village }} {{ year }} 年度。每项填 {{ lowest }} 至 {{ highest }} 分；不了解的填“不了解”；亲属填“回避”。"
    )
    columns = {
        "place": ("序号", 14.0),
        "head": ("户主", 30.0),
        "household": ("户编号", 46.0),
        "a": ("{{ items[0] }}", 17.0),
        "b": ("{{ items[1] }}", 17.0),
        "c": ("{{ items[2] }}", 17.0),
        "d": ("{{ items[3] }}", 17.0),
    }
    sheet.list("ballot.lines", columns)
    sheet.sign_here("评议员签名(仅交监票人，封存)")
    sheet.line("{%p if not loop.last %}")
    sheet.line("").paragraph_format.page_break_before = True  # each member's ballot is a sheet of its own
    sheet.line("{%p endif %}")
    sheet.line("{%p endfor %}")


def tally(sheet: Sheet) -> None:
    """The count."""
    sheet.head("评议计票表")
    sheet.body("{{ village }} {{ year }} 年度，批次 {{ batch }}。")
    columns = {
        "place": ("序号", 14.0),
        "head": ("户主", 30.0),
        "household": ("户编号", 46.0),
        "valid": ("有效票", 18.0),
        "recused": ("回避", 16.0),
        "mean": ("平均分(去最高最低)", 34.0),
    }
    sheet.list("items", columns)
    sheet.sign_here("计票人签名", "监票人签名")
    sheet.signature()


def notice(sheet: Sheet) -> None:
    """The notice before the decision: proposed credit households only."""
    sheet.head("拟认定信用户名单公示（征求意见）")
    sheet.body(
        "经申请、评议和复核，拟认定以下农户为{{ year }}年度信用户，现予公示，征求意见。",
        "公示时间：{{ since }}至{{ until }}。{{ remark }}",
    )
    columns = {
        "place": ("序号", 16.0),
        "name": ("户主(隐一字)", 44.0),
        "group": ("组别", 36.0),
        "household": ("户编号", 60.0),
    }
    sheet.list("items", columns)
    sheet.body("对名单有异议的，请在公示期内以书面或者口头方式向本单位提出，并说明理由。提出异议不收费。")
    sheet.signature()


def posting(sheet: Sheet) -> None:
    """Proof that the notice was put up."""
    sheet.head("公示张贴证明")
    sheet.rows(
        [
            ("公示编号", "{{ notice }}"),
            ("村(居)", "{{ village }}"),
            ("张贴地点", "{{ place }}"),
            ("张贴日期", "{{ posted_on }}"),
            ("公示时间", "{{ since }}至{{ until }}"),
            ("照片摘要(SHA-256)", "{{ digest }}"),
        ]
    )
    sheet.line("{{ photo }}", align="center")
    sheet.sign_here("张贴人签名", "见证人签名")
    sheet.signature()


def decision(sheet: Sheet) -> None:
    """The decision with its list."""
    sheet.head("信用户认定结果")
    sheet.body(
        "{{ village }} {{ year }} 年度信用户评定，经公示期满，认定以下 {{ count }} 户为信用户。",
        "命名机关：{{ org }}　认定文号：{{ doc_no }}",
    )
    columns = {
        "place": ("序号", 16.0),
        "head": ("户主", 34.0),
        "household": ("户编号", 54.0),
        "group": ("组别", 30.0),
        "grade": ("等级", 20.0),
    }
    sheet.list("items", columns)
    sheet.signature()


def register(sheet: Sheet) -> None:
    """The register of the certificates of a batch, voided ones too."""
    sheet.head("信用户证登记表")
    sheet.body(
        "{{ village }} {{ year }} 年度信用户评定，批次 {{ batch }}，共 {{ count }} 证，其中作废 {{ voided }} 证。"
    )
    columns = {
        "place": ("序号", 12.0),
        "number": ("证号", 38.0),
        "head": ("户主", 24.0),
        "household": ("户编号", 36.0),
        "grade": ("等级", 13.0),
        "until": ("有效期止", 21.0),
        "state": ("状态", 20.0),
    }
    sheet.list("items", columns)
    sheet.signature()


def certificate(sheet: Sheet) -> None:
    """The certificate. Its whole text is what its code vouches for."""
    sheet.line("")
    sheet.line("信用户证", size=32, bold=True, align="center", after=18)
    sheet.rows(
        [
            ("证号", "{{ number }}"),
            ("户主", "{{ head }}"),
            ("户编号", "{{ household }}"),
            ("村(居)", "{{ village }}"),
            ("等级", "{{ grade }}"),
            ("评定年度", "{{ year }}"),
            ("认定文号", "{{ doc_no }}"),
            ("有效期止", "{{ valid_to }}"),
            ("状态", "{{ state }}"),
            ("校验码", "{{ check }}"),
        ]
    )
    sheet.body(
        "本证由下列机关命名：{{ org }}。本证每年年审，以市平台确认的记录为准；银行是否贷款、贷款多少由银行自主审批。",
    )
    sheet.line("{{ code }}", align="center")
    sheet.line("扫码打开市平台查验页；不能扫码的，在查验页输入证号和校验码。以查验页所列为准。", size=9, align="center")
    sheet.signature()


def slip(title: str, *text: str) -> Callable[[Sheet], None]:
    """A slip about one household."""

    def write(sheet: Sheet) -> None:
        sheet.head(title)
        sheet.rows(
            [
                ("户主", "{{ head }}"),
                ("户编号", "{{ household }}"),
                ("村(居)、年度", "{{ village }}　{{ year }}"),
            ]
        )
        sheet.body(*text)
        sheet.list("items", {"item": ("事项", 50.0), "text": ("内容", 108.0)})
        sheet.sign_here("经办人签名", "收件人签名")
        sheet.signature()

    return write


def handover(sheet: Sheet) -> None:
    """What one officer hands to the next."""
    sheet.head("工作交接清单")
    sheet.body("{{ village }} 信用户评定工作交接。以下在办事项、未报送内容和纸质材料一并移交。")
    sheet.list("items", {"place": ("序号", 16.0), "item": ("事项", 60.0), "text": ("数量和说明", 82.0)})
    sheet.sign_here("移交人签名", "接收人签名", "监交人签名")
    sheet.signature()


def staff_handover(sheet: Sheet) -> None:
    """Everything that one officer hands to the next."""
    sheet.head("工作交接清单")
    sheet.rows([("移交人", "{{ leaver }}"), ("接收人", "{{ successor }}"), ("数量", "{{ counts }}")])
    sheet.body("一、在办事项")
    sheet.list(
        "tasks",
        {
            "place": ("序号", 14.0),
            "workflow": ("事项", 32.0),
            "name": ("编号、对象", 48.0),
            "state": ("进度", 32.0),
            "due": ("期限", 32.0),
        },
    )
    sheet.body("二、未报送的内容和在手材料")
    sheet.list("unsent", {"what": ("内容", 108.0), "much": ("数量", 50.0)})
    sheet.body("三、文书和纸质档案(接收人逐份清点，在“清点”栏打勾)")
    sheet.list(
        "files",
        {
            "place": ("序号", 14.0),
            "what": ("文书", 50.0),
            "number": ("编号", 50.0),
            "day": ("日期", 24.0),
            "there": ("清点", 20.0),
        },
    )
    sheet.body("以上已逐项清点，移交人、接收人、监交人签名后生效；移交人的账号由系统管理员停用。")
    sheet.sign_here("移交人签名", "接收人签名", "监交人签名")
    sheet.signature()


_SLIP: Final = {**HOUSE, "items": "事项"}


def _slip(name: str, label: str, prefix: str, *text: str) -> Made:
    return Made(f"review-{name}", "2026-01", label, slip(label, *text), _SLIP, prefix=prefix, copies=2)


PAPERS = [
    Made(
        "handover-list",
        "2026-01",
        "工作交接清单",
        staff_handover,
        {
            "leaver": "移交人",
            "successor": "接收人",
            "counts": "数量",
            "tasks": "在办事项",
            "unsent": "未报送的内容",
            "files": "文书",
            **OFFICE,
        },
        prefix="JJ",
        copies=3,
    ),
    Made("review-application", "2026-01", "信用户评定申请表", application, HOUSE, prefix="PA"),
    Made("review-attendance", "2026-01", "评议小组签到表", attendance, {"seats": "评议员", **BATCH}, prefix="PD"),
    Made(
        "review-minutes",
        "2026-01",
        "评议会议记录",
        minutes,
        {
            "invited": "应到",
            "present": "实到",
            "households": "评议户数",
            "valid": "有效票",
            "recused": "回避",
            "least": "最少有效票",
            **BATCH,
        },
        prefix="PM",
    ),
    Made(
        "review-ballots",
        "2026-01",
        "信用户评议票",
        ballots,
        {"ballots": "评议票", "items": "评议项", "lowest": "最低分", "highest": "最高分", **BATCH},
        prefix="PB",
    ),
    Made("review-tally", "2026-01", "评议计票表", tally, {"items": "农户", **BATCH}, prefix="PT"),
    Made(
        "review-notice",
        "2026-01",
        "拟认定信用户名单公示",
        notice,
        {"items": "农户", "since": "公示起", "until": "公示止", "remark": "说明", **BATCH},
        prefix="PG",
        copies=2,
    ),
    Made(
        "review-posting",
        "2026-01",
        "公示张贴证明",
        posting,
        {
            "notice": "公示编号",
            "place": "张贴地点",
            "posted_on": "张贴日期",
            "since": "公示起",
            "until": "公示止",
            "digest": "照片摘要",
            "photo": "照片",
            **BATCH,
        },
        prefix="PZ",
    ),
    Made(
        "review-decision",
        "2026-01",
        "信用户认定结果",
        decision,
        {"items": "农户", "count": "户数", "org": "命名机关", "doc_no": "认定文号", **BATCH},
        prefix="PR",
        copies=3,
    ),
    Made(
        "review-register",
        "2026-01",
        "信用户证登记表",
        register,
        {"items": "信用户证", "count": "证数", "voided": "作废证数", **BATCH},
        prefix="PQ",
    ),
    Made(
        "review-certificate",
        "2026-01",
        "信用户证",
        certificate,
        {
            "grade": "等级",
            "valid_to": "有效期止",
            "doc_no": "认定文号",
            "org": "命名机关",
            "state": "状态",
            "check": "校验码",
            "code": "核验码",
            **{name: label for name, label in HOUSE.items() if name != "group"},
        },
        prefix="XY",
    ),
    _slip("recall", "撤回报送通知单", "PC", "本户的评定材料已撤回报送，不再送镇复核。补充后可以重新报送。"),
    _slip("return", "退回补正通知单", "PN", "本户的评定材料需要补正，请按下列意见逐项办理后重新报送。"),
    _slip("correction", "更正通知单", "PX", "本户的评定已按下列内容更正，原公示对本户不再有效，复核后重新公示。"),
    _slip("reissue", "证书作废换发单", "PH", "原信用户证作废，请交回；新证已发。"),
    _slip("withdrawal", "撤销信用户通知书", "PV", "本户的信用户认定已撤销。如有异议，可以自收到之日起申请复核。"),
    _slip("annual", "年审结论通知单", "PW", "本户信用户年审已办结，结论如下。如有异议，可以自收到之日起申请复核。"),
    _slip(
        "stop", "停止评定告知单", "PS", "本户已撤回授权（评定与公示），评定和公示自即日起停止，已公示的名单不再列入。"
    ),
    Made("review-handover", "2026-01", "工作交接清单", handover, {"items": "事项", **BATCH}, prefix="PJ", copies=3),
]
