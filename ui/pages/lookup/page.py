"""Credit look-up (W10): villages and towns without consent, a household only on its agreement with one bank, logged."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from jmdesk.rights.lookup import HouseholdAnswer, Lookup
from ui.core.context import Context, Page
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import children_within, region_path, regions_within
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.lookup.model import Places, agreement_columns, answered, place_columns, read_agreements, read_places
from ui.widgets.code_picker import CodePicker
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.region_picker import RegionPicker
from ui.widgets.styling import card, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

_PLACES, _AGREEMENTS = 140, 90


class LookupPage(Page):
    """Two cards; who may not read households sees the first alone, as a bank's own desk does."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        guard = context.services.guard
        self._labels = Labels(context.services)
        self._households = guard.may("read", "R05") and guard.may("read", "R16")
        outer, scroll, inside = column(self), QScrollArea(), QWidget()
        scroll.setWidgetResizable(True)
        inside.setProperty("role", "scrolled")
        down = column(inside, margin=20, gap=12)
        scroll.setWidget(inside)
        outer.addWidget(scroll)
        down.addWidget(label(tr("信用查询"), "title"))
        down.addWidget(self._place_card())
        if self._households:
            down.addWidget(self._household_card())
        down.addStretch(1)
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    @override
    def take_focus(self) -> None:
        self.region.setFocus()

    def refresh(self) -> None:
        """Read the places again; a household is asked about only when somebody wishes it."""
        desk, households = self.context.services, self._households
        chosen = str(self.region.value() or "")
        region = chosen or next(iter(desk.regions), "")
        self.context.runner.read(lambda: read_places(desk, region, households=households), self._places_arrived)

    # -- villages and towns ----------------------------------------------------------------------------------------

    def _place_card(self) -> QFrame:
        made, services = card(), self.context.services
        down = column(made, margin=16, gap=10)
        down.addWidget(label(tr("村镇信用状况"), "heading"))
        advice = tr("信用村镇的评定结果是公开信息，查询不需要农户授权。户数口径为参评常住户。")
        down.addWidget(label(advice, "muted", wrap=True))
        known = services.catalogue.regions
        self.region = RegionPicker(
            regions_within(services.regions, known),
            lambda code: region_path(code, known),
            children_within(services.regions, known),
        )
        self.region.setAccessibleName(tr("村居或镇街"))
        self.region.edited.connect(self.refresh)
        down.addWidget(self.region)
        self.places = WindowedTable(place_columns(), tr("村镇信用状况"), fitted=True)
        self.places.setMinimumHeight(look().theme.px(_PLACES))
        empty = EmptyState(tr("这里还没有村镇评定结果"), tr("评定信用村镇并报送以后，结果列在这里。"))
        down.addWidget(TableOrEmpty(self.places, empty))
        self.grades = label("", "muted", wrap=True)
        down.addWidget(self.grades)
        return made

    def _places_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if isinstance(outcome.value, Places):
            self.places.show_source(FixedRows(outcome.value.rows))
            self.grades.setText(outcome.value.grades)

    # -- one household ---------------------------------------------------------------------------------------------

    def _household_card(self) -> QFrame:
        made = card()
        down = column(made, margin=16, gap=10)
        down.addWidget(label(tr("答复银行查询农户"), "heading"))
        advice = tr("只有农户书面同意的银行、按同意的用途才能查询；每次查询都记入查询日志，保存五年。按 Enter 查询。")
        down.addWidget(label(advice, "muted", wrap=True))
        across = row(gap=10)
        across.addWidget(label(tr("农户")))
        self.household = CodePicker(self._labels.search("R05"), lambda rid: self._labels.of("R05", rid), coded=False)
        self.household.setAccessibleName(tr("农户"))
        self.household.setPlaceholderText(tr("户主姓名、拼音或户编号"))
        self.household.edited.connect(self._chosen)
        across.addWidget(self.household, 1)
        down.addLayout(across)
        self.answer = label("", "heading", wrap=True)
        down.addWidget(self.answer)
        self.agreements = WindowedTable(agreement_columns(), tr("农户同意的查询"), fitted=True)
        self.agreements.setMinimumHeight(look().theme.px(_AGREEMENTS))
        self.agreements.opened.connect(self._ask)
        self.nothing = EmptyState(tr("先选农户"), tr("农户同意过的银行和用途列在这里。"))
        down.addWidget(TableOrEmpty(self.agreements, self.nothing))
        return made

    def _chosen(self) -> None:
        desk, household = self.context.services, str(self.household.value() or "")
        self.answer.setText("")
        if not household:
            self.agreements.show_source(FixedRows(()))
            self.nothing.say(tr("先选农户"), tr("农户同意过的银行和用途列在这里。"))
            return
        self.context.runner.read(lambda: read_agreements(desk, household), self._agreements_arrived)

    def _agreements_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, tuple):
            return
        self.nothing.say(tr("没有有效的银行查询授权"), tr("请先让农户签《信息查询授权书》(C5)，写明银行和用途。"))
        self.agreements.show_source(FixedRows(outcome.value))
        if outcome.value:
            self.agreements.setFocus()

    def _ask(self, key: str) -> None:
        desk, household = self.context.services, str(self.household.value() or "")
        recipient, _, purpose = key.partition(" ")
        self.context.runner.submit(
            lambda _progress, _cancelled: Lookup(desk).household(household, recipient, purpose), self._told
        )

    def _told(self, outcome: Outcome) -> None:
        self.answer.setText("")
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, HouseholdAnswer):
            self.answer.setText(answered(self.context.services, outcome.value))
