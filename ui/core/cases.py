"""A case as people read it: where it stands, what was done, what is due, and what this user can do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from jmdesk.core.clock import beijing_text
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.workflows.definition import Step
    from jmdesk.workflows.standing import Due, Event, Standing

SOON = 3
"""Days before the last one from which a deadline is shown as near."""


@dataclass(frozen=True, slots=True)
class Done:
    """One step that was taken: what, when, by whom, why, and what was entered with it."""

    label: str
    at: str
    who: str
    reason: str
    entered: tuple[tuple[str, str], ...]
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """One time limit: its name, its state in words, who has to act, and the law or rule it comes from."""

    label: str
    state: Chip
    waits_for: str
    basis: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One step that can be taken: what it asks for, whether a signed paper may stand behind it, what is in the way."""

    id: str
    label: str
    needs: tuple[tuple[str, str], ...]
    paper: bool
    obstacle: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A whole case, ready to show."""

    label: str
    state: Chip
    done: tuple[Done, ...]
    limits: tuple[Limit, ...]
    offers: tuple[Offer, ...]
    can_go_back: bool


Say = Callable[[str, object], str]
"""Puts what was entered for a need into words: codes, persons."""


def plainly(_need: str, value: object) -> str:
    """As it was entered."""
    return str(value)


def view(desk: Desk, labels: Labels, case: Standing, say: Say = plainly) -> CaseView:
    """A case as this user sees it. Reads names; call on the runner."""
    today = desk.workflows.today
    kind = "ok" if case.is_final else "info"
    offers = tuple(_offer(desk, step, case) for step in case.next_steps())
    disputed = [event for event in case.disputed if event.step in case.definition.steps]
    done = [_done(labels, case, event, say) for event in case.taken]
    done += [_done(labels, case, event, say, disputed=True) for event in disputed]
    limits = tuple(
        Limit(d.clock.label, due_chip(d, today), d.clock.waits_for if d.is_open() else "", d.clock.basis)
        for d in case.dues
    )
    return CaseView(case.definition.label, Chip(case.label, kind), tuple(done), limits, offers, case.can_go_back())


def due_chip(due: Due, today: date) -> Chip:
    """A time limit in words: days left, overdue, met in time or late, paused; provisional dates say so."""
    if due.met_on is not None:
        return Chip(tr("按期完成"), "ok") if due.in_time(today) else Chip(tr("超期完成"), "warn")
    left = due.days_left(today)
    if left is None or due.day is None:
        return Chip(tr("暂停计时"), "neutral")
    about = tr("(暂定)") if due.provisional else ""
    if left < 0:
        return Chip(tr("超期 {n} 天，原定 {day}", n=-left, day=f"{due.day}{about}"), "bad")
    if left == 0:
        return Chip(tr("今天到期{about}", about=about), "bad")
    return Chip(tr("还有 {n} 天，到 {day}", n=left, day=f"{due.day}{about}"), "warn" if left <= SOON else "info")


def _offer(desk: Desk, step: Step, case: Standing) -> Offer:
    obstacle = desk.workflows.may(step, case)
    words = {"role": tr("须由其他角色办理"), "same_person": tr("须换一人办理")}
    return Offer(step.id, step.label, tuple(step.needs.items()), bool(step.paper), words.get(obstacle, ""))


def _done(labels: Labels, case: Standing, event: Event, say: Say, *, disputed: bool = False) -> Done:
    step = case.definition.steps[event.step]
    entered = [(label, say(name, event.details[name])) for name, label in step.needs.items() if event.details.get(name)]
    if "ground" not in step.needs and event.details.get("ground"):
        entered.append((tr("理由"), str(event.details["ground"])))
    who = labels.of("R02", event.actor) if event.actor else tr("{unit} 办理", unit=labels.unit_of(event, step.roles))
    if event.signer:
        paper = event.details.get("paper")
        day = str(paper.get("date", "")) if isinstance(paper, dict) else ""
        filed = tr("(扫描件已归档)") if isinstance(paper, dict) and paper.get("scan") else ""
        entered.append((tr("纸质签批"), f"{event.signer} {day}{filed}".strip()))
        who = tr("{who} 录入", who=who)
    return Done(step.label, beijing_text(event.at), who, event.reason, tuple(entered), disputed)
