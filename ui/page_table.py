"""The pages of the window: one line each. A page is imported and built when it is first shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from ui.core.context import Context, Page


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page: its id, its name on the rail, its icon, and its class as ``noun.Class`` (in ``ui/pages/<noun>/page.py``).

    ``types`` are the record types it is about: who may read none of them does not see it on the rail. ``above`` is the
    page of the rail under which it stands when other pages lead to it; "" for a page with a place of its own.
    """

    id: str
    title: str
    icon: str
    page: str
    types: tuple[str, ...] = ()
    above: str = ""

    def build(self, context: Context) -> Page:
        """The page, made for an open desk."""
        noun, _, name = self.page.partition(".")
        made = getattr(import_module(f"ui.pages.{noun}.page"), name)(context)
        assert isinstance(made, Page)  # noqa: S101 -- a bug of ours
        return made

    def concerns(self, context: Context) -> bool:
        """Whether the user has anything to do on the page; who works alone does whatever such an office does."""
        guard = context.services.guard
        roles = _office(context) if guard.matrix is None else ()
        if not self.types or not roles:
            return not self.types or any(guard.may("read", type_id) for type_id in self.types)
        from jmdesk.permissions.matrix import shipped  # with the catalogue: not before a desk is open

        return any(shipped().may(role, "read", type_id) for role in roles for type_id in self.types)


_OFFICES = (("51", ("R3", "R4", "R13")), ("54", ("R1",)), ("N", ("R1",)))
"""Beginnings of unified codes with the roles of such a unit: associations, village committees, village economies."""


def _office(context: Context) -> tuple[str, ...]:
    """The roles of the unit: those the platform granted, else what its code tells; () when it tells nothing."""
    desk = context.services
    if desk.grant is not None:
        return desk.grant.roles
    return next((roles for beginning, roles in _OFFICES if desk.unit.startswith(beginning)), ())


PAGES: tuple[PageSpec, ...] = (
    PageSpec("home", "首页", "home", "home.HomePage"),
    PageSpec("households", "农户档案", "household", "households.HouseholdsPage", ("R05",)),
    PageSpec("consents", "授权与删除", "seal", "consents.ConsentsPage", ("R04",)),
    PageSpec("imports", "导入", "import", "imports.ImportsPage", ("R05",)),
    PageSpec("ratings", "评级", "rating", "ratings.RatingsPage", ("R16",)),
    PageSpec("villages", "信用村镇", "region", "villages.VillagesPage", ("R05",)),
    PageSpec("lookup", "信用查询", "search", "lookup.LookupPage", ("R17",)),
    PageSpec("complaints", "投诉", "pending", "complaints.ComplaintsPage", ("R22",)),
    PageSpec("enterprises", "会员企业", "seal", "enterprises.EnterprisesPage", ("R20",)),
    PageSpec("selections", "信用评价", "ok", "selections.SelectionsPage", ("R23",)),
    PageSpec("green_cards", "诚信绿卡", "vault", "green_cards.GreenCardsPage", ("R24",)),
    PageSpec("cases", "在办事项", "history", "cases.CasesPage"),
    PageSpec("records", "记录", "records", "records.RecordsPage"),
    PageSpec("sync", "报送", "sync", "sync.SyncPage"),
    PageSpec("help", "帮助", "help", "help.HelpPage"),
    PageSpec("users", "用户", "settings", "users.UsersPage", above="help"),
    PageSpec("caretaking", "代管村", "region", "caretaking.CaretakingPage", ("R05",), above="help"),
    PageSpec("handover", "工作交接", "seal", "handover.HandoverPage", above="help"),
    PageSpec("reviews", "评议与认定", "rating", "reviews.ReviewsPage", ("R16",), above="ratings"),
    PageSpec("backups", "备份与恢复", "vault", "backups.BackupsPage", above="help"),
    PageSpec("audit", "审计", "history", "audit.AuditPage", ("R26",), above="help"),
    PageSpec("conflicts", "两处修改不一致", "warn", "conflicts.ConflictsPage", above="sync"),
    PageSpec("replacement", "更换电脑", "sync", "replacement.ReplacementPage", above="sync"),
)
"""In the order of the rail; pages that others lead to come last."""

RAIL = tuple(spec for spec in PAGES if not spec.above)
"""The pages with a place of their own."""
