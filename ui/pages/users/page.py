"""Users: everybody who works at this vault, and the form that lets somebody in or changes what they may do."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QGridLayout, QWidget

from jmdesk.accounts.account import ACTIVE, DISABLED, REMOVED, TYPE, Account
from jmdesk.accounts.service import NewAccount
from jmdesk.core.errors import Refused
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.overriding import override
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.users.own import OwnWays
from ui.widgets.codes_field import CodesField
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.strength import StrengthMeter
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import WindowedTable

STATES = {ACTIVE: ("启用", "ok"), DISABLED: ("停用", "warn"), REMOVED: ("注销", "neutral")}
OWN_WIDTH = 300
ROLE_COLUMNS = ((110, 4), (150, 3), (10_000, 2))
"""Up to which text size so many roles stand side by side."""


class UsersPage(Page):
    """The list at the left with a form below it; one's own passphrase, recovery code and PIN at the right."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._accounts = context.services.accounts
        self._known: dict[str, Account] = {}
        large = look().theme.large
        across = column(self, margin=20, gap=16) if large else row(self, margin=20, gap=16)
        left = column(gap=10)
        left.addWidget(label(tr("用户"), "title"))
        self.clash = label("", "problem", wrap=True)
        self.clash.hide()
        left.addWidget(self.clash)
        self.table = WindowedTable(
            (
                Column(tr("姓名"), 110),
                Column(tr("开库页显示名"), 120),
                Column(tr("角色"), 220, stretch=True),
                Column(tr("负责区划"), 150),
                Column(tr("状态"), 80),
            ),
            tr("用户"),
        )
        self.table.selected.connect(self.show_user)
        left.addWidget(self.table, 1)
        left.addWidget(self._form())
        across.addLayout(left, 1)
        self.own = OwnWays(context)
        self.own.setMinimumWidth(OWN_WIDTH)
        across.addWidget(self.own)
        self._freshness = Freshness(self, context.runner, self.reread, (TYPE,))
        self.reread()
        self.start_new()

    def _form(self) -> QWidget:
        made = card()
        down = column(made, margin=12, gap=6)
        self.heading = label("", "heading")
        down.addWidget(self.heading)
        grid = QGridLayout()
        self.name, self.label_field = TextField(max_length=30), TextField(max_length=20)
        self.regions = TextField(max_length=200)
        self.regions.setPlaceholderText(tr("区划代码，用空格分开；不填为全部"))
        self.label_field.setPlaceholderText(tr("不填则由姓名遮蔽而成；明文显示在开库页"))
        for place, (text, field) in enumerate(
            ((tr("姓名"), self.name), (tr("开库页显示名"), self.label_field), (tr("负责区划"), self.regions))
        ):
            grid.addWidget(label(text, "label"), place, 0)
            grid.addWidget(field, place, 1)
            field.setAccessibleName(text)
        down.addLayout(grid)
        columns = next(number for most, number in ROLE_COLUMNS if look().theme.scale <= most)
        self.roles = CodesField({role.id: role.label for role in self._accounts.matrix.roles.values()}, columns)
        down.addWidget(self.roles)
        self._passphrases = QWidget()
        inside = column(self._passphrases, gap=4)
        inside.addWidget(label(tr("请新同事本人输入口令"), "label"))
        both = row(gap=6)
        self.new, self.again = PassphraseField(tr("新口令")), PassphraseField(tr("再输一次"))
        self.again.setPlaceholderText(tr("再输一次"))
        both.addWidget(self.new)
        both.addWidget(self.again)
        inside.addLayout(both)
        self.meter = StrengthMeter(self.new, lambda: (str(self.name.value() or ""), self.context.services.unit_name))
        inside.addWidget(self.meter)
        down.addWidget(self._passphrases)
        buttons = row(gap=6)
        self.add_button = button(tr("添加用户"), "primary", "add")
        self.save_button = button(tr("保存"), "primary")
        self.pause_button, self.remove_button = button(tr("停用")), button(tr("移除"))
        self.new_button = button(tr("新用户"), "link", "add")
        for made_button, act in (
            (self.add_button, self.add_user),
            (self.save_button, self.save),
            (self.pause_button, self.pause),
            (self.remove_button, self.ask_remove),
            (self.new_button, self.start_new),
        ):
            buttons.addWidget(made_button)
            made_button.clicked.connect(act)
        buttons.addStretch(1)
        down.addLayout(buttons)
        return made

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def take_focus(self) -> None:
        self.table.setFocus()

    @override
    def show_target(self, target: Target) -> None:
        if target.rid:
            self.show_user(target.rid)

    @override
    def start_new(self) -> None:
        self.rid = ""
        self.heading.setText(tr("新用户"))
        for field in (self.name, self.label_field, self.regions, self.roles):
            field.set_value(None)
        self._dress(None)

    # -- reading ---------------------------------------------------------------------------------------------------

    def reread(self) -> None:
        """Read the accounts anew."""
        accounts = self._accounts
        self.context.runner.read(lambda: (accounts.all(), accounts.clashes()), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        everybody, clashes = outcome.value
        self._known = {one.user: one for one in everybody}
        self.table.show_source(FixedRows([self._row(one) for one in everybody]))
        words = [
            tr("{name} 同时担任 {roles}，应由不同的人担任。", name=who.name, roles=self._named(sorted(roles)))
            for who, roles in clashes
        ]
        self.clash.setText("\n".join(words))
        self.clash.setVisible(bool(words))

    def _row(self, one: Account) -> Row:
        word, kind = STATES.get(one.status, (one.status, "neutral"))
        mine = tr("{name}(本人)", name=one.name) if one.user == self.context.services.actor else one.name
        regions = "、".join(one.regions) or tr("全部")
        cells = (mine, one.label or "—", self._named(one.roles), regions, Chip(tr(word), kind))
        return Row(one.user, cells, not one.active)

    def _named(self, roles: tuple[str, ...] | list[str]) -> str:
        known = self._accounts.matrix.roles
        return "、".join(known[role].label for role in roles if role in known)

    def show_user(self, user: str) -> None:
        """Put a user into the form."""
        one = self._known.get(user)
        if one is None:
            return
        self.rid = user
        self.heading.setText(one.name)
        self.name.set_value(one.name)
        self.label_field.set_value(one.label or None)
        self.regions.set_value(" ".join(one.regions) or None)
        self.roles.set_value(list(one.roles))
        self._dress(one)

    def _dress(self, one: Account | None) -> None:
        own = one is not None and one.user == self.context.services.actor
        self._passphrases.setVisible(one is None)
        self.add_button.setVisible(one is None)
        self.new_button.setVisible(one is not None)
        self.save_button.setVisible(one is not None and one.status != REMOVED)
        self.pause_button.setVisible(one is not None and not own and one.status != REMOVED)
        self.pause_button.setText(tr("停用") if one is None or one.active else tr("启用"))
        self.remove_button.setVisible(one is not None and not own and (one.status != REMOVED or bool(one.label)))

    # -- writing ---------------------------------------------------------------------------------------------------

    def add_user(self) -> None:
        """Let somebody in."""
        if self.new.text() != self.again.text():
            self.context.notices.post(Notice(tr("两次输入的口令不一样。"), WARN))
            return
        wanted = NewAccount(str(self.name.value() or ""), self._roles(), self._regions(), self._text(self.label_field))
        passphrase, accounts = self.new.text(), self._accounts
        self._do(lambda: accounts.add(wanted, passphrase), self._added)

    def _added(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.new.take()
        self.again.take()
        self.start_new()
        self.context.notices.say(tr("已添加。从现在起，每个人按自己的角色办事。"))

    @override
    def save(self) -> None:
        if not self.rid:
            return
        user, name, label_ = self.rid, self._text(self.name), self._text(self.label_field)
        roles, regions, accounts, before = self._roles(), self._regions(), self._accounts, self._known[self.rid]

        def write() -> None:
            if (name, label_) != (before.name, before.label):
                accounts.rename(user, name=name, label=label_ if before.label else "")
            if (roles, regions) != (before.roles, before.regions):
                accounts.assign(user, roles, regions)

        self._do(write, partial(self._done, tr("已保存。")))

    def pause(self) -> None:
        """Disable the user, or enable again."""
        user, accounts, active = self.rid, self._accounts, self._known[self.rid].active
        act = accounts.disable if active else accounts.enable
        self._do(lambda: act(user), partial(self._done, tr("已停用。") if active else tr("已启用。")))

    def ask_remove(self) -> None:
        """Say what removing means, and offer it."""
        text = tr("移除“{name}”后不能恢复：资料库换用新密钥，随即锁定。", name=self._known[self.rid].name)
        self.context.notices.post(Notice(text, WARN, "", tr("确定移除"), self.remove))

    def remove(self) -> None:
        """Remove the user; the desk is closed then, so the window locks."""
        user, accounts = self.rid, self._accounts
        self._do(lambda: accounts.remove(user), self._removed)

    def _removed(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, Refused):
            self.context.notices.error(outcome.error)
        else:
            self.context.locking.emit()

    def _do(self, work: object, done: object) -> None:
        assert callable(work)  # noqa: S101 -- given by this class
        assert callable(done)  # noqa: S101
        self.context.runner.submit(lambda _progress, _cancelled: work(), done)

    def _done(self, said: str, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        else:
            self.context.notices.say(said)

    def _roles(self) -> tuple[str, ...]:
        value = self.roles.value()
        chosen = tuple(str(role) for role in value) if isinstance(value, list) else ()
        main = self._known[self.rid].roles[:1] if self.rid in self._known else ()
        return tuple(role for role in (*main, *(r for r in chosen if r not in main)) if role in chosen)

    def _regions(self) -> tuple[str, ...]:
        return tuple(self._text(self.regions).split())

    @staticmethod
    def _text(field: TextField) -> str:
        return str(field.value() or "")
