"""Honest enterprises: rounds and candidates, or one candidate with every point explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox, QWidget

from jmdesk.core.numbers import round_half_up
from jmdesk.desk import Desk
from jmdesk.selections import rules
from jmdesk.selections.facts import GRADES
from jmdesk.selections.service import APPROVAL, EVALUATION, Opened, Round
from ui.core.actions import bind, tip
from ui.core.context import Context, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome
from ui.pages.selections.facts import KnownForm
from ui.widgets.chip import ChipLabel
from ui.widgets.code_picker import CodePicker
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.entry_form import Entry, EntryForm
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.form_page import FormPage
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


@dataclass(frozen=True, slots=True)
class RoundShown:
    """A round with its candidates, ready to paint; ``rounds`` are all there are."""

    rounds: tuple[Round, ...]
    batch: str
    rows: tuple[Row, ...]


def kinds() -> dict[str, str]:
    """What a candidate can be."""
    return {"enterprise": tr("企业"), "street": tr("示范街"), "shop": tr("示范店")}


def read_round(desk: Desk, batch: str) -> RoundShown:
    """A round, the latest when none is named."""
    rounds = tuple(desk.selections.rounds())
    batch = batch or (rounds[0].batch if rounds else "")
    lines = desk.selections.lines(batch) if batch else []
    rows = tuple(
        Row(one.rid, (
            one.name,
            kinds()[one.kind],
            "" if one.score is None else str(one.score),
            Chip(one.standing.label, "ok" if one.standing.state == "awarded" else "info"),
        ))
        for one in lines
    )  # fmt: skip
    return RoundShown(rounds, batch, rows)


class SelectionsPage(FormPage):
    """Enter opens a candidate, Ctrl+G its case, Alt+Left leads back. Nothing can be done before a round has a basis."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.batch = ""
        self.opened: Opened | None = None
        self.stack.addWidget(self._round_side())
        self.stack.addWidget(self._candidate_side())
        bind(self, "selections.case", self._to_case)
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def start_new(self) -> None:
        if self.form is None:
            (self.begin_candidate if self.batch else self.begin_round)()

    # -- reading ---------------------------------------------------------------------------------------------------

    @override
    def read_list(self) -> None:
        desk, batch = self.context.services, self.batch
        self.context.runner.read(lambda: read_round(desk, batch), self._round_arrived)

    @override
    def read_one(self, rid: str) -> None:
        desk = self.context.services
        self.context.runner.read(lambda: desk.selections.open(rid), self._arrived)

    def _round_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        shown = outcome.value
        if not isinstance(shown, RoundShown):
            return
        self.batch = shown.batch
        self.rounds.clear()
        for one in shown.rounds:
            self.rounds.addItem(one.batch, one.batch)
        self.rounds.setCurrentIndex(max(0, self.rounds.findData(shown.batch)))
        self.rounds.setVisible(bool(shown.rounds))
        chosen = next((one for one in shown.rounds if one.batch == shown.batch), None)
        words = f"{chosen.title}  {chosen.basis_text}" if chosen else tr("尚未启用：先填写批准文号或信用评价依据。")
        self.basis.setText(words)
        for widget in (self.new_button, self.notice_button):
            widget.setEnabled(chosen is not None)
        self.table.show_source(FixedRows(shown.rows))

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        opened = outcome.value
        if not isinstance(opened, Opened) or opened.record.rid != self.rid:
            return
        self.opened = opened
        self.title.setText(f"{opened.name}({kinds()[opened.kind]})")
        self.state.show_chip(Chip(opened.standing.label, "ok" if opened.standing.state == "awarded" else "info"))
        score = opened.result.score
        self.score.setText(tr("得分 {score}", score=score) if score is not None else tr("得分待补"))
        self.unknown.setText(tr("待核实：{items}", items="、".join(opened.result.unknown)))
        self.unknown.setVisible(bool(opened.result.unknown))
        self.vetoes.setText(tr("否决情形：{items}", items="；".join(opened.result.vetoes)))
        self.vetoes.setVisible(bool(opened.result.vetoes))
        titles = {one["id"]: one["title"] for one in rules.package()["dimensions"]}
        self.lines.show_source(FixedRows(tuple(
            Row("", (
                titles[item.dimension],
                item.title,
                Chip(item.given, "warn") if item.applies and item.points is None else self._given(item),
                "" if item.points is None else f"{round_half_up(item.points)}",
                str(item.maximum),
            ))
            for item in opened.result.items
        )))  # fmt: skip
        number = opened.record.values.get("cert_no")
        until = opened.record.values.get("valid_to", "")
        self.certificate.setText(tr("证书 {number}，有效期至 {day}", number=number, day=until))
        self.certificate.setVisible(number is not None)
        self.show_one()

    def _given(self, item: rules.Item) -> str:
        """What is known of an item, a grade by its name."""
        raw = next(one for one in rules.package()["items"] if one["id"] == item.id)
        field = self.context.services.catalogue.types["R20"].by_identifier.get(raw.get("fact", ""))
        if raw["kind"] != "table" or field is None:
            return item.given
        return self.context.services.catalogue.code_lists[field.code_list].label(item.given)

    # -- forms -----------------------------------------------------------------------------------------------------

    def begin_round(self) -> None:
        """Ask for what a round rests on."""
        bases = {EVALUATION: tr("信用评价依据"), APPROVAL: tr("评比达标表彰批准文号")}
        form = EntryForm(
            tr("建立批次"),
            (
                Entry("batch", tr("批次号"), TextField(max_length=20)),
                Entry("basis", tr("依据种类"), CodePicker(search_codes(bases), bases.get, coded=False)),
                Entry("document", tr("文号或文件名称"), TextField(max_length=80)),
                Entry("title", tr("批准的名称"), TextField(max_length=40), required=False),
            ),
            hint=tr("协会评比表彰须经批准；没有批准文号的，结果统一称“行业信用评价结果(协会评价，非行政认定)”。"),
        )
        form.confirmed.connect(self._open_round)
        self.show_form(form)

    def _open_round(self, values: dict[str, str]) -> None:
        selections = self.context.services.selections
        self.batch = values["batch"]
        self.submit(
            lambda: selections.open_round(
                values["batch"], values["basis"], values["document"], values.get("title", "")
            ),
            tr("已建立批次。"),
        )

    def begin_candidate(self) -> None:
        """Ask for a candidate."""
        names = Labels(self.context.services)
        form = EntryForm(
            tr("登记申报"),
            (
                Entry("kind", tr("类别"), CodePicker(search_codes(kinds()), kinds().get, coded=False)),
                Entry(
                    "enterprise", tr("企业"),
                    CodePicker(names.search("R20"), lambda rid: names.of("R20", rid), coded=False), required=False,
                ),
                Entry("name", tr("街区或店名"), TextField(max_length=60), required=False),
                Entry("address", tr("街区或店址"), TextField(max_length=120), required=False),
            ),
        )  # fmt: skip
        form.fields["kind"].set_value("enterprise")
        form.confirmed.connect(self._enter)
        self.show_form(form)

    def _enter(self, values: dict[str, str]) -> None:
        selections, batch = self.context.services.selections, self.batch
        self.submit(
            lambda: selections.enter(
                batch,
                enterprise=values.get("enterprise", ""),
                kind=values["kind"],
                name=values.get("name", ""),
                address=values.get("address", ""),
            ),
            tr("已登记申报。"),
        )

    def begin_facts(self) -> None:
        """Ask for what no record knows."""
        opened = self.opened
        if opened is None:
            return
        selections, rid = self.context.services.selections, self.rid
        form = KnownForm(opened.name, rules.package(), opened.facts, self._grades(opened))
        form.confirmed.connect(
            lambda values, vetoes, complaints: self.submit(
                lambda: selections.record_facts(rid, values, vetoes, complaints), tr("已登记核实情况。")
            )
        )
        self.show_form(form)

    def _grades(self, opened: Opened) -> dict[str, Mapping[str, str]]:
        """The choices of grades that a street or a shop is asked for; an enterprise has them in its archive."""
        if opened.kind == "enterprise":
            return {}
        known = self.context.services.catalogue
        fields = known.types["R20"].by_identifier
        return {name: known.code_lists[fields[name].code_list].values for name in GRADES}

    def make_notice(self) -> None:
        """Give out the public notice of the round."""
        selections, batch = self.context.services.selections, self.batch
        self.submit(lambda: selections.notice_paper(batch), tr("已出具公示。"))

    def _to_case(self) -> None:
        if self.rid and self.form is None:
            self.context.go(Target("cases", "R23", self.rid, came_from=Target("selections", "R23", self.rid)))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _round_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=8)
        head.addWidget(label(tr("行业信用评价"), "title"))
        self.rounds = QComboBox()
        self.rounds.setAccessibleName(tr("批次"))
        self.rounds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.rounds.activated.connect(self._choose_round)
        head.addWidget(self.rounds)
        head.addStretch(1)
        self.round_button, self.notice_button = button(tr("建立批次")), button(tr("公示"))
        self.new_button = button(tr("登记申报"), "primary", "add")
        self.new_button.setToolTip(tip("app.new"))
        self.round_button.clicked.connect(self.begin_round)
        self.notice_button.clicked.connect(self.make_notice)
        self.new_button.clicked.connect(self.begin_candidate)
        for widget in (self.round_button, self.notice_button, self.new_button):
            head.addWidget(widget)
        down.addLayout(head)
        down.addLayout(self.room[0])
        self.basis = label("", wrap=True)
        down.addWidget(self.basis)
        down.addWidget(label(tr("行业自律评价，不是行政机关作出的结论"), "hint"))
        columns = (
            Column(tr("名称"), 320, stretch=True),
            Column(tr("类别"), 100),
            Column(tr("得分"), 90, number=True),
            Column(tr("状态"), 200),
        )
        self.table = WindowedTable(columns, tr("行业信用评价"))
        self.table.opened.connect(self.open)
        empty = EmptyState(tr("没有申报"), tr("建立批次并填写依据后登记申报；评价不收取任何费用。"), tr("建立批次"))
        empty.acted.connect(self.start_new)
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(KeyHint((("Enter", tr("打开")), ("Ctrl+N", tr("登记申报")))))
        return made

    def _choose_round(self) -> None:
        self.batch = str(self.rounds.currentData() or "")
        self.refresh()

    def _candidate_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=8)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.go_back)
        self.title, self.state = Elided("title"), ChipLabel(Chip(""))
        self.facts_button, self.case_button = button(tr("登记核实情况")), button(tr("办理"), "primary", "next")
        self.facts_button.clicked.connect(self.begin_facts)
        self.case_button.setToolTip(tip("selections.case"))
        self.case_button.clicked.connect(self._to_case)
        head.addWidget(back)
        head.addWidget(self.title, 1)
        for widget in (self.state, self.facts_button, self.case_button):
            head.addWidget(widget)
        down.addLayout(head)
        down.addLayout(self.room[1])
        self.score, self.certificate = label("", "heading"), label("", wrap=True)
        self.unknown, self.vetoes = label("", "warning", wrap=True), label("", "problem", wrap=True)
        for words in (self.score, self.certificate, self.unknown, self.vetoes):
            down.addWidget(words)
        columns = (
            Column(tr("维度"), 160),
            Column(tr("项目"), 300, stretch=True),
            Column(tr("情况"), 220),
            Column(tr("得分"), 70, number=True),
            Column(tr("满分"), 70, number=True),
        )
        self.lines = WindowedTable(columns, tr("逐项得分"), fitted=True)
        down.addWidget(self.lines, 1)
        down.addWidget(label(tr("行业自律评价，不是行政机关作出的结论"), "hint"))
        down.addWidget(KeyHint((("Ctrl+G", tr("办理")), ("Alt+←", tr("返回")))))
        return made
