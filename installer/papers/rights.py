"""Papers about the rights of the people and firms on record (W11 to W13)."""

from installer.papers.sheet import OFFICE, Made, Sheet


def objection_answer(sheet: Sheet) -> None:
    """Answer to an objection (W11)."""
    sheet.head("异议答复书")
    sheet.line("{{ applicant }}：")
    sheet.body(
        "您于{{ received_on }}就“{{ subject }}”提出异议（案号{{ case_no }}），异议理由：{{ reason }}",
        "经核查，{{ finding }}",
        "处理结果：{{ result }}。",
        "如对本答复不服，可自收到之日起申请复核，也可以依法申请行政复议、提起诉讼或者向信用主管部门反映。",
    )
    sheet.signature()
    sheet.line("")
    sheet.sign_here("收件人签名")


PAPERS = [
    Made(
        "objection-answer",
        "2026-01",
        "异议答复书",
        objection_answer,
        {
            "applicant": "异议人",
            "received_on": "收到日期",
            "subject": "异议对象",
            "case_no": "案号",
            "reason": "异议理由",
            "finding": "核查情况",
            "result": "处理结果",
            **OFFICE,
        },
        prefix="YD",
        copies=2,
    ),
]
