"""Family changes in the dossier: what happens, to whom, why; what follows is told before it is done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QVBoxLayout, QWidget

from jmdesk.households.operation import (
    ChangeHead,
    Depart,
    Died,
    Effects,
    Left,
    Merge,
    MoveMember,
    Operation,
    Relocate,
    Split,
    suggested_relations,
)
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import children_within, region_path, regions_within, search_codes
from ui.core.runner import Outcome
from ui.pages.households.model import Shown
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.region_picker import RegionPicker
from ui.widgets.styling import button, column, label, row

_ASKS: dict[str, tuple[str, ...]] = {
    "head": ("person", "relations"),
    "move": ("person", "household", "relation"),
    "split": ("members", "person", "address"),
    "merge": ("household", "relations"),
    "relocate": ("region", "group", "address"),
    "depart": ("destination",),
    "died": ("person", "on", "head"),
    "left": ("person", "on", "head"),
}
"""What each change asks for; the reason is asked of all."""


class FamilyPanel(QFrame):
    """``changed`` carries the household to look at once something was done; ``left`` says that the user gave up."""

    changed = Signal(str)
    left = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("role", "card")
        desk = context.services
        self._context, self._desk, self._labels = context, desk, Labels(desk)
        self._shown: Shown | None = None
        self.rows: dict[str, FormRow] = {}
        self.members: dict[str, tuple[QCheckBox, CodePicker]] = {}
        down = column(self, margin=12, gap=8)
        down.addWidget(label(tr("家庭变动"), "heading"))
        self.kind = QComboBox()
        for name, text in self._kinds():
            self.kind.addItem(text, name)
        self.rows["kind"] = FormRow(RowText(tr("办什么"), required=True), self.kind)
        down.addWidget(self.rows["kind"])
        self._fields(down)
        self.told = label("", "warning", wrap=True)
        down.addWidget(self.told)
        across = row(gap=8)
        self.tell_button = button(tr("看看会有什么影响"), "primary")
        self.do_button = button(tr("确认办理"), "danger")
        self.cancel_button = button(tr("取消"))
        for widget in (self.tell_button, self.do_button, self.cancel_button):
            across.addWidget(widget)
        across.addStretch(1)
        down.addLayout(across)
        self.kind.currentIndexChanged.connect(self._ask)
        self.tell_button.clicked.connect(self._tell)
        self.do_button.clicked.connect(self._do)
        self.cancel_button.clicked.connect(self.leave)
        self.hide()

    @property
    def reason(self) -> str:
        """Why, as typed."""
        return str(self._reason.value() or "")

    def begin(self, shown: Shown) -> None:
        """Ask about one household."""
        self._shown = shown
        people = [(one.rid, str(one.values.get("person_name", ""))) for one in shown.dossier.members]
        for box, empty in ((self.person, tr("请选成员")), (self.heir, tr("暂不确定户主"))):
            box.clear()
            box.addItem(empty, "")
            for rid, name in people:
                box.addItem(name, rid)
        self._list_members(shown)
        for name in ("household", "relation", "region", "group", "address", "destination", "on", "reason"):
            self.rows[name].field.set_value(None)  # type: ignore[attr-defined]
        self.show()
        self._ask()
        self.kind.setFocus()

    def leave(self) -> None:
        """Put the form away."""
        self.left.emit()
        self.hide()

    def show_effects(self, effects: Effects) -> None:
        """Say what would happen; only then can it be done."""
        self.told.setText("\n".join(_words(effects)) or tr("没有别的影响。"))
        self.told.show()
        self.do_button.setEnabled(True)
        self.do_button.setFocus()

    def operation(self) -> Operation | None:
        """What is asked for, or None when something is missing (and said so)."""
        assert self._shown is not None  # noqa: S101 -- the panel is shown for a household
        rid, person = self._shown.rid, str(self.person.currentData() or "")
        if self._lacking():
            return None
        value = {
            name: str(made.field.value() or "") for name, made in self.rows.items() if hasattr(made.field, "value")
        }
        relations = {one: str(picker.value() or "") for one, (_, picker) in self.members.items()}
        relations = {one: code for one, code in relations.items() if code}
        match self.kind.currentData():
            case "head":
                return ChangeHead(rid, person, {one: code for one, code in relations.items() if one != person})
            case "move":
                return MoveMember(person, value["household"], value["relation"])
            case "split":
                chosen = tuple(one for one, (box, _) in self.members.items() if box.isChecked())
                theirs = {one: relations[one] for one in chosen if one in relations and one != person}
                return Split(rid, chosen, person, value["address"], theirs)
            case "merge":
                return Merge(value["household"], rid, relations)
            case "relocate":
                return Relocate(rid, value["region"], value["group"], value["address"])
            case "depart":
                return Depart(rid, value["destination"])
            case "died":
                return Died(person, value["on"], str(self.heir.currentData() or ""))
            case _:
                return Left(person, value["on"], str(self.heir.currentData() or ""))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    # -- inside ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _kinds() -> tuple[tuple[str, str], ...]:
        return (
            ("head", tr("变更户主")),
            ("move", tr("成员转到另一户")),
            ("split", tr("分户")),
            ("merge", tr("整户并入另一户")),
            ("relocate", tr("整户迁到另一个村居")),
            ("depart", tr("整户迁出本机管辖范围")),
            ("died", tr("成员死亡")),
            ("left", tr("成员迁出(外嫁、移居等)")),
        )

    def _fields(self, down: QVBoxLayout) -> None:
        desk = self._desk
        codes = desk.catalogue.code_lists["CL-REL"].values
        self.person, self.heir, self._reason = QComboBox(), QComboBox(), TextField(max_length=200)
        picker = CodePicker(self._labels.search("R05"), lambda rid: self._labels.of("R05", rid) or None, coded=False)
        region = RegionPicker(regions_within(desk.regions), region_path, children_within(desk.regions))
        self._people = QWidget()
        self._people_rows = column(self._people, gap=4)
        fields: tuple[tuple[str, str, QWidget], ...] = (
            ("person", tr("成员(变更户主、分户时选新户主)"), self.person),
            ("members", tr("成员及与新户主的关系"), self._people),
            ("household", tr("另一户"), picker),
            ("relation", tr("与那户户主的关系"), CodePicker(search_codes(codes), codes.get)),
            ("region", tr("迁入村居"), region),
            ("group", tr("村民小组"), TextField(max_length=10)),
            ("address", tr("住址"), TextField(max_length=120)),
            ("destination", tr("迁往何处"), TextField(max_length=80)),
            ("on", tr("日期"), DateField()),
            ("head", tr("是户主的，由谁接任"), self.heir),
            ("reason", tr("事由(会留痕)"), self._reason),
        )
        for name, text, field in fields:
            self.rows[name] = FormRow(RowText(text, required=name not in ("head", "group", "address")), field)
            down.addWidget(self.rows[name])
            changed = getattr(field, "edited", None) or getattr(field, "currentIndexChanged", None)
            if changed is not None:
                changed.connect(self._changed)

    def _list_members(self, shown: Shown) -> None:
        while self._people_rows.count():
            item = self._people_rows.takeAt(0)
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        codes = self._desk.catalogue.code_lists["CL-REL"].values
        self.members.clear()
        for one in shown.dossier.members:
            line = QWidget()
            across = row(line, gap=8)
            name, box = str(one.values.get("person_name", "")), QCheckBox(tr("分出去"))
            picker = CodePicker(search_codes(codes), codes.get)
            box.setAccessibleName(tr("{name}分出去", name=name))
            picker.setAccessibleName(tr("{name}与户主的关系", name=name))
            called = Elided()
            called.setText(name)
            across.addWidget(called, 1)
            across.addWidget(box)
            across.addWidget(picker, 2)
            box.toggled.connect(self._changed)
            picker.edited.connect(self._changed)
            self.members[one.rid] = (box, picker)
            self._people_rows.addWidget(line)

    def _ask(self) -> None:
        """Show the fields of the change chosen."""
        kind = str(self.kind.currentData())
        asked = _ASKS[kind]
        for name, made in self.rows.items():
            made.setVisible(name in ("kind", "reason", *asked) or (name == "members" and "relations" in asked))
            made.show_problem("")
        for box, _ in self.members.values():
            box.setVisible(kind == "split")
        self._changed()

    def _changed(self) -> None:
        self.do_button.setEnabled(False)
        self.told.hide()
        person, kind = str(self.person.currentData() or ""), self.kind.currentData()
        if kind in ("head", "split") and person in self.members and self._shown is not None:
            people = {one.rid: one.values for one in self._shown.dossier.members}
            for rid, code in suggested_relations(people, person).items():
                picker = self.members[rid][1]
                picker.setVisible(rid != person)
                if picker.value() is None:
                    picker.set_value(code)

    def _lacking(self) -> bool:
        """Say what is missing; whether anything is."""
        kind = str(self.kind.currentData())
        wanted = [n for n in _ASKS[kind] if n not in ("relations", "members", "head", "group", "address")] + ["reason"]
        lacking = []
        for name in wanted:
            made = self.rows[name]
            value = made.field.currentData() if isinstance(made.field, QComboBox) else made.field.value()  # type: ignore[attr-defined]
            if not value:
                made.show_problem(tr("请填写{name}。", name=made.text.label))
                lacking.append(made)
        if kind == "split" and not any(box.isChecked() for box, _ in self.members.values()):
            self.rows["members"].show_problem(tr("请勾选分出去的成员。"))
            lacking.append(self.rows["members"])
        if lacking:
            lacking[0].field.setFocus()
        return bool(lacking)

    def _tell(self) -> None:
        """Rehearse what is asked for and say what would follow."""
        operation, family = self.operation(), self._desk.family
        if operation is not None:
            self._context.runner.submit(lambda _progress, _cancelled: family.rehearse(operation), self._told)

    def _told(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, Effects):
            self.show_effects(outcome.value)

    def _do(self) -> None:
        operation, family, reason = self.operation(), self._desk.family, self.reason
        if operation is not None:
            self.do_button.setEnabled(False)
            self._context.runner.submit(lambda _progress, _cancelled: family.perform(operation, reason), self._done)

    def _done(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self.hide()
        if isinstance(outcome.value, Effects) and outcome.value.household:
            self.changed.emit(outcome.value.household)
        self._context.notices.say(tr("已办理。两边的历史都有记录；要改回来，请再办一次相反的变动。"))


def _words(effects: Effects) -> list[str]:
    """What follows, one line each."""
    told = (
        (
            effects.household_consents,
            tr("原户主代表全户签的 {n} 份授权失效，需由新户主重新签署。", n=effects.household_consents),
        ),
        (effects.own_consents, tr("本人的 {n} 份授权随之终止。", n=effects.own_consents)),
        (effects.carried_consents, tr("本人的 {n} 份授权继续有效，随人转移。", n=effects.carried_consents)),
        (
            effects.withheld,
            tr("{n} 项信息因签署人变化转为待授权：不显示、不报送，30 天内未重新签署将清除。", n=effects.withheld),
        ),
        (effects.released, tr("{n} 项待授权信息可以启用。", n=effects.released)),
        (effects.ratings_ended, tr("{n} 份评级随户终止(留痕)。", n=effects.ratings_ended)),
        (effects.ratings_to_review, tr("{n} 份评级保留，但依据有变，请复核。", n=effects.ratings_to_review)),
        (effects.moved, tr("{n} 条记录一并转移。", n=effects.moved)),
        (effects.left_behind, tr("{n} 条记录随原户终止(留痕)。", n=effects.left_behind)),
        (effects.unrelated, tr("{n} 位成员还没有写明与户主的关系，请随后补上。", n=effects.unrelated)),
    )
    return [text for number, text in told if number]
