"""The consent page that officers carry to the houses; papers of withdrawal and of a person's rights (W10, W13)."""

from docx.shared import Mm

from installer.papers.sheet import OFFICE, Made, Sheet

_SMALL = 9.0
_CLOSE = 1.2
"""Points and line spacing of the notice: all of it and the signatures of a household fit on one sheet."""


def consent_page(sheet: Sheet) -> None:
    """Notice, answers and signature lines of every adult on one sheet, with the code by which its scan finds home."""
    section = sheet.document.sections[0]
    section.top_margin = section.bottom_margin = Mm(14)
    section.left_margin = section.right_margin = Mm(18)
    sheet.line("{{ title }}", size=16, bold=True, align="center", after=2)
    sheet.line("{{ code }}", align="right").paragraph_format.line_spacing = 1.0
    sheet.line("{{ place }}　户编号：{{ household_no }}　户主：{{ head }}", size=10.5, bold=True)
    sheet.line("{%p for line in notice %}")
    sheet.line("{{ line }}", size=_SMALL).paragraph_format.line_spacing = _CLOSE
    sheet.line("{%p endfor %}")
    sheet.line("授权书（告知书 {{ version }}，校验 {{ digest }}，第 {{ sheet }}/{{ sheets }} 页）", bold=True, after=2)
    sheet.line(
        "授权一 基本信息　授权二 敏感个人信息　授权三 收入、存款、保险、不动产　授权四 评定与公示。"
        "授权一、二、四由户主代表本户选择；授权三由每位成年成员各自选择。同意画√，不提供画×。",
        size=_SMALL,
        after=3,
    ).paragraph_format.line_spacing = _CLOSE
    sheet.list(
        "adults",
        {
            "name": ("姓名", 28.0),
            "one": ("一", 12.0),
            "two": ("二", 12.0),
            "three": ("三", 12.0),
            "four": ("四", 12.0),
            "sign": ("本人签名", 56.0),
            "day": ("日期", 38.0),
        },
    )
    sheet.line("采集人签名：＿＿＿＿＿＿＿＿　　见证人签名：＿＿＿＿＿＿＿＿　　{{ office }}", size=10.5)


def withdrawal_slip(sheet: Sheet) -> None:
    """What a household takes home when it has withdrawn its consent."""
    sheet.head("撤回授权回执")
    sheet.rows((
        ("户编号", "{{ household_no }}"),
        ("申请人", "{{ applicant }}"),
        ("撤回的授权", "{{ kinds }}"),
        ("收到日期", "{{ received_on }}"),
        ("案号", "{{ case_no }}"),
    ))  # fmt: skip
    sheet.body(
        "自收到时起，本单位已停止使用上述授权的信息：{{ effect }}",
        "最迟于{{ erase_by }}删除或者匿名化；法律规定须留存的除外（{{ kept }}）。已报送的，随下一次报送通知平台。",
        "撤回不影响此前已经依法进行的处理。重新签署授权书后可以恢复。",
    )
    sheet.signature()
    sheet.line("")
    sheet.sign_here("申请人签名")


def erasure_record(sheet: Sheet) -> None:
    """The record of an erasure: what was erased, who asked for it and who approved, and nothing of what it said."""
    sheet.head("个人信息删除记录")
    sheet.rows((
        ("案号", "{{ case_no }}"),
        ("依据", "{{ ground }}"),
        ("删除范围", "{{ scope }}"),
        ("删除记录数", "{{ records }}"),
        ("删除附件、文书数", "{{ documents }}"),
        ("提请人", "{{ proposer }}"),
        ("复核人", "{{ approver }}"),
        ("依法留存", "{{ kept }}"),
    ))  # fmt: skip
    sheet.signature()


def rights_answer(sheet: Sheet) -> None:
    """The answer to a request for access, a copy, correction, erasure or explanation (W13)."""
    sheet.head("个人信息权利请求答复书")
    sheet.line("{{ applicant }}：")
    sheet.body(
        "您于{{ received_on }}提出“{{ subject }}”请求（案号{{ case_no }}）。",
        "办理情况：{{ finding }}",
        "结果：{{ result }}。",
        "如有异议，可以向本单位申请复核，也可以向履行个人信息保护职责的部门投诉、举报，或者依法提起诉讼。",
    )
    sheet.signature()
    sheet.line("")
    sheet.sign_here("收件人签名")


PAPERS = [
    Made(
        "consent-page",
        "2026-01",
        "告知书与授权书",
        consent_page,
        {
            "title": "标题", "code": "识别码", "place": "村组", "household_no": "户编号", "head": "户主",
            "notice": "告知内容", "version": "告知书版本", "digest": "校验", "sheet": "页次", "sheets": "页数",
            "adults": "成年成员", "office": "单位名称",
        },
    ),
    Made(
        "withdrawal-slip",
        "2026-01",
        "撤回授权回执",
        withdrawal_slip,
        {
            "household_no": "户编号", "applicant": "申请人", "kinds": "撤回的授权", "received_on": "收到日期",
            "case_no": "案号", "effect": "已停止的处理", "erase_by": "删除期限", "kept": "依法留存", **OFFICE,
        },
        prefix="CH",
        copies=2,
    ),
    Made(
        "erasure-record",
        "2026-01",
        "个人信息删除记录",
        erasure_record,
        {
            "case_no": "案号", "ground": "依据", "scope": "删除范围", "records": "删除记录数",
            "documents": "删除附件、文书数", "proposer": "提请人", "approver": "复核人", "kept": "依法留存", **OFFICE,
        },
        prefix="SC",
    ),
    Made(
        "rights-answer",
        "2026-01",
        "个人信息权利请求答复书",
        rights_answer,
        {
            "applicant": "申请人", "received_on": "收到日期", "subject": "请求事项", "case_no": "案号",
            "finding": "办理情况", "result": "结果", **OFFICE,
        },
        prefix="DF",
        copies=2,
    ),
]  # fmt: skip
