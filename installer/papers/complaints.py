"""Papers of an association's complaint desk (W7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from installer.papers.sheet import OFFICE, Made, Sheet

CASE: Final = {"complaint_no": "投诉编号", "received_on": "收到日期", "product": "产品或服务", "respondent": "被投诉方"}
PEOPLE: Final = {"complainant": "投诉人", **CASE}
PROMISE: Final = (
    "本文书中的调解期限是本会承诺期限。本会的调解是行业自律服务，不影响您依法向有关部门投诉、申请仲裁或者提起诉讼。"
)


def receipt(sheet: Sheet) -> None:
    """What was taken down, with a receipt for the complainant."""
    sheet.head("投诉登记表")
    sheet.rows(
        [
            ("收到时间", "{{ received_at }}（{{ channel }}）"),
            ("投诉人", "{{ complainant }}（{{ kind }}）　电话：{{ phone }}"),
            ("被投诉方", "{{ respondent }}"),
            ("产品或服务", "{{ product }}　订单或票据：{{ order_no }}　购买日期：{{ purchased }}"),
            ("问题类别", "{{ problem }}　争议金额：{{ amount }}"),
            ("请求", "{{ claims }}"),
            ("事实", "{{ facts }}"),
            ("渠道告知", "{{ choice }}"),
            ("登记人", "{{ handler }}"),
        ]
    )
    sheet.line("——————————　沿此线撕下，交投诉人　——————————", align="center", after=6)
    sheet.line("投诉登记回执", size=16, bold=True, align="center", after=6)
    sheet.body(
        "{{ complainant }}：您对{{ respondent }}（{{ product }}）的投诉已于{{ received_on }}登记，编号{{ number }}。"
        "本会将在{{ decide_by }}前告知是否受理。查询进度请报编号。",
        "协会调解可能使12315不再受理同一投诉。您的选择：{{ choice }}。",
    )
    sheet.signature()


def completion(sheet: Sheet) -> None:
    """Request to complete the material."""
    sheet.head("补正材料通知书")
    sheet.line("{{ complainant }}：")
    sheet.body(
        "您于{{ received_on }}对{{ respondent }}的投诉（{{ complaint_no }}）还缺少以下材料：{{ missing }}。",
        "请于{{ complete_by }}前补齐，可以当面提交，也可以邮寄或者通过微信发送照片。补正期间不计入受理决定的期限。",
        "期满仍未补齐、无法查明事实的，本会将告知您不属于本会调解范围，您可以补齐后重新投诉。",
    )
    sheet.signature()


def acceptance(sheet: Sheet) -> None:
    """Notice of acceptance, to both sides."""
    sheet.head("投诉受理告知书")
    sheet.line("{{ complainant }}、{{ respondent }}：")
    sheet.body(
        "{{ received_on }}收到的关于{{ product }}的投诉（{{ complaint_no }}），本会已于{{ accepted_on }}受理。",
        "投诉人请求：{{ claims }}。请{{ respondent }}于{{ reply_by }}前书面答复，并附相关证据。",
        "本会承诺于{{ mediate_by }}前结束调解；送检测鉴定的时间不计入。{{ choice }}。",
        PROMISE,
    )
    sheet.signature()


def not_accepted(sheet: Sheet) -> None:
    """The complaint is outside what the association mediates."""
    sheet.head("不属于本会调解范围告知书")
    sheet.line("{{ complainant }}：")
    sheet.body(
        "您于{{ received_on }}对{{ respondent }}（{{ product }}）的投诉（{{ complaint_no }}），经核对属于以下情形："
        "{{ decision }}。{{ ground }}",
        "因此不属于本会调解范围。您可以拨打12315或者向有关部门投诉，也可以依法申请仲裁或者提起诉讼。"
        "您提交的材料原件可凭本告知书取回。",
    )
    sheet.signature()


def transfer(sheet: Sheet) -> None:
    """Letter that goes with a case to somebody else."""
    sheet.head("投诉转送函")
    sheet.line("{{ to }}：")
    sheet.body(
        "本会于{{ received_on }}收到对{{ respondent }}的投诉（{{ complaint_no }}），产品或服务：{{ product }}，"
        "问题类别：{{ problem }}，争议金额：{{ amount }}，请求：{{ claims }}。",
        "转送原因：{{ ground }}。投诉人材料随函附上，请予处理，并请将结果函告本会。",
    )
    sheet.signature()


def mediation(sheet: Sheet) -> None:
    """Invitation to mediation."""
    sheet.head("调解通知书")
    sheet.line("{{ complainant }}、{{ respondent }}：")
    sheet.body(
        "关于{{ product }}的投诉（{{ complaint_no }}），本会指定{{ mediator }}为调解员。"
        "请于＿＿＿＿年＿＿月＿＿日＿＿时到＿＿＿＿＿＿＿＿＿＿参加调解，并携带身份证明和有关证据。",
        "认为调解员与本案有利害关系的，可以在调解开始前申请回避。调解自愿，任何一方可以随时终止。",
    )
    sheet.signature()


def minutes(sheet: Sheet) -> None:
    """Minutes of one session."""
    sheet.head("调解笔录")
    sheet.rows(
        [
            ("投诉编号", "{{ complaint_no }}"),
            ("时间和地点", "{{ date }}　＿＿＿＿＿＿＿＿＿＿"),
            ("投诉人", "{{ complainant }}"),
            ("被投诉方", "{{ respondent }}"),
            ("调解员", "{{ mediator }}"),
        ]
    )
    sheet.line("调解情况：")
    sheet.body("{{ minutes }}")
    sheet.line("")
    sheet.sign_here("投诉人", "被投诉方", "调解员")


def agreement(sheet: Sheet) -> None:
    """Agreement; three copies."""
    sheet.head("调解协议书")
    sheet.line("甲方（投诉人）：{{ complainant }}")
    sheet.line("乙方（被投诉方）：{{ respondent }}", after=6)
    sheet.body(
        "甲方因{{ product }}于{{ received_on }}投诉乙方（{{ complaint_no }}）。"
        "经{{ office }}调解，双方自愿达成如下协议：",
        "一、{{ terms }}",
        "二、履行期限：{{ due }}前。",
        "三、本协议自双方签字或者盖章之日起生效，双方应当自觉履行。一方不履行的，另一方可以依法申请仲裁或者提起诉讼。",
        "四、本协议一式三份，甲方、乙方和{{ office }}各执一份。",
    )
    sheet.line("")
    sheet.sign_here("甲方", "乙方（盖章）", "调解员")
    sheet.signature()


def termination(sheet: Sheet) -> None:
    """Mediation is over."""
    sheet.head("终止调解告知书")
    sheet.line("{{ complainant }}、{{ respondent }}：")
    sheet.body(
        "关于{{ product }}的投诉（{{ complaint_no }}），本会于{{ accepted_on }}受理，现终止调解。"
        "结果：{{ outcome }}。{{ ground }}",
        "未达成协议的，投诉人可以依法申请仲裁、提起诉讼，或者向有关部门反映。",
    )
    sheet.signature()


def service(sheet: Sheet) -> None:
    """Proof of service."""
    sheet.head("送达回证")
    sheet.rows(
        [
            ("投诉编号", "{{ complaint_no }}"),
            ("送达文书", "{{ served }}"),
            ("受送达人", "{{ complainant }}、{{ respondent }}"),
            ("送达方式", "{{ how }}"),
            ("送达人", "{{ handler }}"),
            ("备注", ""),
        ]
    )
    sheet.sign_here("受送达人（投诉人）", "受送达人（被投诉方）", "代收人或见证人")
    sheet.signature()


def closing(sheet: Sheet) -> None:
    """Report that closes the file."""
    sheet.head("投诉办结报告")
    sheet.rows(
        [
            ("投诉编号", "{{ complaint_no }}"),
            ("被投诉方", "{{ respondent }}"),
            ("产品或服务", "{{ product }}"),
            ("问题类别", "{{ problem }}"),
            ("结果", "{{ outcome }}"),
            ("协会核查意见", "{{ fault }}"),
            ("履行情况", "{{ performed }}"),
            ("挽回经济损失", "{{ recovered }}"),
            ("满意度", "{{ satisfaction }}"),
        ]
    )
    sheet.line("办理过程", bold=True, after=4)
    sheet.list("steps", {"at": ("时间", 40), "step": ("步骤", 58), "who": ("经办人", 30), "due": ("期限", 30)})
    sheet.sign_here("承办人", "负责人")
    sheet.signature()


def _paper(
    name: str, label: str, prefix: str, write: Callable[[Sheet], None], fields: dict[str, str], copies: int = 1
) -> Made:
    return Made(name, "2026-01", label, write, {**fields, **OFFICE}, prefix=prefix, copies=copies)


GROUND: Final = {"ground": "理由"}

PAPERS: Final = [
    _paper(
        "complaint-receipt", "投诉登记表", "TS", receipt,
        {
            **PEOPLE, "received_at": "收到时间", "channel": "渠道", "kind": "投诉人类别", "phone": "电话",
            "order_no": "订单或票据号", "purchased": "购买日期", "problem": "问题类别", "amount": "争议金额",
            "claims": "请求", "facts": "事实", "choice": "渠道选择", "handler": "登记人", "decide_by": "受理决定期限",
        },
    ),
    _paper("complaint-completion", "补正材料通知书", "TB", completion,
           {**PEOPLE, "missing": "需要补正的材料", "complete_by": "补正期限"}),
    _paper("complaint-acceptance", "投诉受理告知书", "TA", acceptance,
           {**PEOPLE, "accepted_on": "受理日期", "claims": "请求", "choice": "渠道选择", "reply_by": "答复期限",
            "mediate_by": "调解期限"}, 2),
    _paper("complaint-not-accepted", "不属于本会调解范围告知书", "TN", not_accepted,
           {**PEOPLE, "decision": "情形", **GROUND}),
    _paper("complaint-transfer", "投诉转送函", "TZ", transfer,
           {**CASE, "to": "转送单位", "problem": "问题类别", "amount": "争议金额", "claims": "请求", **GROUND}, 2),
    _paper("complaint-mediation", "调解通知书", "TT", mediation, {**PEOPLE, "mediator": "调解员"}, 2),
    _paper("complaint-minutes", "调解笔录", "TL", minutes,
           {**CASE, "complainant": "投诉人", "mediator": "调解员", "minutes": "调解情况"}),
    _paper("complaint-agreement", "调解协议书", "TX", agreement,
           {**CASE, "complainant": "投诉人", "terms": "协议内容", "due": "履行期限"}, 3),
    _paper("complaint-termination", "终止调解告知书", "TE", termination,
           {**PEOPLE, "accepted_on": "受理日期", "outcome": "结果", **GROUND}, 2),
    _paper("complaint-service", "送达回证", "TD", service,
           {**PEOPLE, "served": "送达文书", "how": "送达方式", "handler": "送达人"}),
    _paper("complaint-closing", "投诉办结报告", "TJ", closing,
           {**CASE, "problem": "问题类别", "outcome": "结果", "fault": "协会核查意见", "performed": "履行情况",
            "recovered": "挽回经济损失", "satisfaction": "满意度", "steps": "办理过程"}),
]  # fmt: skip
