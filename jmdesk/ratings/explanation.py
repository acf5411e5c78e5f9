"""The explanation of a rating, item by item, that a household may take home (逐项得分说明书).

Word for word the same on screen, on paper and on the gateway: it is made from the scorecard and the rule package
alone, with the few labels of ``Subject`` on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from jmdesk.ratings.document import Document, Paragraph, Section, Table
from jmdesk.ratings.improvement import Improvement, improvements
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.scorecard import TOO_LITTLE, VETOED, ItemScore, Scorecard
from jmdesk.ratings.wording import filled, inputs_text, points_text

TITLE = "农户信用评定逐项得分说明书"


@dataclass(frozen=True, slots=True)
class Subject:
    """The labels at the head of an explanation: household number, rating year, and, where known, place and name.

    A ``draft`` rests on values whose consent is still to be recorded; it never leaves the desk.
    """

    household_no: str
    rating_year: int
    place: str = ""
    head_name: str = ""
    draft: bool = False


def explain(card: Scorecard, package: RulePackage, subject: Subject | None = None) -> Document:
    """The explanation of ``card``; ``package`` must be the one it was computed with."""
    sections = [
        _head(card, package, subject),
        Section("逐项得分", (_table(card, package),)),
        _totals(card, package),
        _change(card, package),
        _remarks(package),
    ]
    return Document(TITLE, tuple(section for section in sections if section.blocks))


def result_sentence(card: Scorecard, package: RulePackage) -> str:
    """The result in one sentence, in the wording of the office."""
    if VETOED in card.reasons:
        return f"评定结果：{package.veto_text}(附依据)。"
    if TOO_LITTLE in card.reasons:
        return f"评定结果：{package.floor.text}。"
    meaning = next((band.meaning for band in package.bands if band.grade == card.grade), "")
    return f"评定结果：{card.grade}级，{meaning}。本次评定得分(仅供评定)：{card.score}分。"


def _head(card: Scorecard, package: RulePackage, subject: Subject | None) -> Section:
    blocks = []
    if subject is not None:
        labels = [("户编号", subject.household_no), ("户主", subject.head_name), ("所在地", subject.place)]
        known = "　".join(f"{label}：{text}" for label, text in labels if text)
        blocks.append(Paragraph(f"{known}　评定年度：{subject.rating_year}年"))
    if subject is not None and subject.draft:
        blocks.append(Paragraph("试评草稿：部分信息尚待登记授权，本结果不报送、不作认定依据。", strong=True))
    blocks.append(Paragraph(result_sentence(card, package), strong=True))
    advice = next((band.advice for band in package.bands if band.grade == card.grade), "")
    blocks += [Paragraph(advice)] if advice else []
    if VETOED in card.reasons:
        blocks.append(Paragraph(package.veto_explanation))
        for hit in card.vetoes:
            basis = "；".join(
                text for text in (hit.basis, f"文书号或凭据号：{hit.document}" if hit.document else "") if text
            )
            blocks.append(Paragraph(f"暂缓评定情形：{package.veto(hit.code).text}。依据：{basis}。"))
    if TOO_LITTLE in card.reasons:
        numbers = {"applicable": points_text(card.applicable_max), "floor": points_text(package.floor.below)}
        blocks.append(Paragraph(filled(package.floor.explanation, numbers)))
    return Section("", tuple(blocks))


def _table(card: Scorecard, package: RulePackage) -> Table:
    dimensions = {dimension.id: dimension.title for dimension in package.dimensions}
    rows = []
    for item in card.items:
        indicator = package.indicator(item.id)
        name = f"{dimensions[indicator.dimension]} {indicator.id} {indicator.title}"
        rows.append((name, *_cells(card, package, item)))
    return Table(("指标", "依据的信息", "适用的规则", "得分／满分"), tuple(rows), (27, 37, 22, 14))


def _cells(card: Scorecard, package: RulePackage, item: ItemScore) -> tuple[str, str, str]:
    indicator = package.indicator(item.id)
    words = inputs_text(card.facts, indicator, item) if item.applicable else ""
    evidence = card.facts.evidence.get(item.id, "")
    basis = "；".join(text for text in (words, f"凭据：{evidence}" if evidence else "") if text) or "—"
    if not item.applicable:
        return basis, f"不适用：{indicator.absence(item.rule).text}", "不计入满分"
    return basis, indicator.rule(item.rule).text, f"{points_text(item.points)}／{points_text(item.max)}"


def _totals(card: Scorecard, package: RulePackage) -> Section:
    applicable, points = points_text(card.applicable_max), points_text(card.points)
    blocks = [Paragraph(f"各项得分合计{points}分，适用的满分合计{applicable}分；不适用的指标不计入满分。")]
    if not card.rated:
        return Section("得分是怎样算出来的", (*blocks, Paragraph("本次不给出得分和等级。")))
    blocks.append(
        Paragraph(f"本次评定得分(仅供评定)＝{points}÷{applicable}×100，四舍五入到一位小数，为{card.score}分。")
    )
    bands = "，".join(f"{band.grade}级{points_text(band.from_)}分起" for band in package.bands)
    blocks.append(Paragraph(f"等级：{bands}。按得分为{card.before_caps}级。"))
    caps = {cap.id: cap.text for cap in package.caps}
    blocks += [Paragraph(f"等级上限：{caps[cap]}") for cap in card.caps]
    return Section("得分是怎样算出来的", tuple(blocks))


def _change(card: Scorecard, package: RulePackage) -> Section:
    blocks = [Paragraph(_improvement_text(found, package)) for found in improvements(card, package)]
    for item in card.items:
        if not item.applicable:
            absence = package.indicator(item.id).absence(item.rule)
            if absence.hint:
                blocks.append(Paragraph(f"{item.id} {package.indicator(item.id).title}：{absence.hint}。"))
    return Section("怎样可以提高", tuple(blocks))


def _improvement_text(found: Improvement, package: RulePackage) -> str:
    parts = []
    for step in found.steps:
        indicator = package.indicator(step.indicator)
        text = indicator.rule(step.rule).text
        parts.append(f"{indicator.improve}({indicator.id}达到“{text}”，增加{points_text(step.gain)}分)")
    joined = "；".join(parts)
    lead = "以下各项一并改善：" if len(found.steps) > 1 else ""
    return f"{lead}{joined}，其他不变时得分为{found.score}分，等级为{found.grade}级。"


def _remarks(package: RulePackage) -> Section:
    effective = package.effective_from
    return Section(
        "说明",
        (
            Paragraph(
                f"评定规则：{package.title}，{package.label}，{effective.year}年{effective.month}月{effective.day}日起施行。"
                "历史评定按当时的规则可以重新算出同样的结果。"
            ),
            Paragraph("本结果只用于信用户评定，不对外公布得分；贷款由银行自主审批。"),
            Paragraph(
                "对信息或结果有不同意见的，可以向村(居)委或镇(街)提出异议，也可以要求查阅、更正本户信息或撤回授权。"
            ),
        ),
    )
