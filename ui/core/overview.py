"""How a desk stands: figures, waiting work, the first steps, and each village; reads only what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jmdesk.core.clock import beijing_date, beijing_text
from ui.core.i18n import tr
from ui.core.pickers import region_path
from ui.core.ports import Overview, Step, SyncState, Village, Waiting

if TYPE_CHECKING:
    from jmdesk.desk import Desk


def read_overview(desk: Desk) -> Overview:
    """What the home page shows. Reads; call on the runner."""
    sync, awaiting, reviews = _sync(desk), _awaiting(desk), desk.reviews.watch.waiting()
    villages = _villages(desk)
    households, rated = sum(v.households for v in villages), sum(v.rated for v in villages)
    until = tr("截至 {day}", day=beijing_date(desk.clock.now()).isoformat())
    year = desk.ratings.this_year()
    return Overview(
        figures=(
            (tr("农户档案(户)"), households, tr("本机已建档的户；来源：本机记录；{until}", until=until)),
            (
                tr("{year} 年度已评定(户)", year=year),
                rated,
                tr("其中符合信用户条件 {n} 户；来源：本机记录；{until}", n=f"{_credit(villages):,}", until=until),
            ),
            (tr("等待授权(户)"), awaiting, tr("信息暂存本机 30 天，取得授权后才报送")),
        ),
        waiting=(
            Waiting(tr("平台退回，需补正"), sync.refused, "conflicts", "bad"),
            Waiting(tr("两处修改不一致，需选定"), sync.conflicts, "conflicts", "bad"),
            Waiting(tr("待报送期间平台有新内容"), desk.conflicts.newer_beside(), "conflicts", "warn"),
            Waiting(tr("依据有变化，需重新评级的户"), len(desk.conflicts.ratings_due()), "conflicts", "warn"),
            Waiting(tr("有信息等待授权的户"), awaiting, "households", "warn"),
            Waiting(tr("公示期间有变化或异议，需处理的户"), reviews["trouble"], "reviews", "bad"),
            Waiting(tr("等我复核的户"), reviews["review"], "reviews", "warn"),
            Waiting(tr("镇退回补正、等重新送审的户"), reviews["returned"], "reviews", "warn"),
            Waiting(tr("已认定、待发证的户"), reviews["certify"], "reviews", "info"),
            Waiting(tr("公示期满，可以认定的户"), reviews["ready"], "reviews", "warn"),
            Waiting(tr("评定办理超期的户"), reviews["overdue"], "reviews", "bad"),
            Waiting(tr("信用户年审到期的户"), reviews["annual"], "reviews", "warn"),
            Waiting(tr("撤回授权后待删除的户"), len(desk.rights.countdowns()), "consents", "bad"),
            Waiting(tr("保存期满应删除的记录"), _out_of_term(desk), "consents", "warn"),
            Waiting(tr("等我批准的完整信息导出"), desk.exports.waiting(), "records", "warn"),
            Waiting(tr("待报送的修改"), sync.unsent, "sync", "info"),
        ),
        sync=sync,
        steps=first_steps(households, desk.records.count("R04"), awaiting, rated, sync),
        villages=villages,
    )


def first_steps(households: int, consents: int, awaiting: int, rated: int, sync: SyncState) -> tuple[Step, ...]:
    """The way from an empty vault to the first report, each step with what is still missing."""
    some = households > 0
    return (
        Step(
            tr("导入登记表"),
            some,
            tr("已建档 {n} 户", n=f"{households:,}") if some else tr("从 Excel 登记表导入，或逐户新建"),
            "imports",
        ),
        Step(
            tr("登记授权"),
            some and consents > 0 and not awaiting,
            _consent_detail(consents, awaiting),
            "households",
        ),
        Step(
            tr("评级"),
            some and rated >= households,
            tr("已评 {done} 户，共 {n} 户", done=f"{rated:,}", n=f"{households:,}") if some else tr("建档后逐户评定"),
            "ratings",
        ),
        Step(tr("报送"), bool(sync.enrolled and sync.last_sync and not sync.unsent), _sync_detail(sync), "sync"),
    )


def _consent_detail(consents: int, awaiting: int) -> str:
    if awaiting:
        return tr("还有 {n} 户待登记", n=f"{awaiting:,}")
    return tr("没有等待授权的信息") if consents else tr("在农户档案里登记已签的授权书")


def _sync_detail(sync: SyncState) -> str:
    if not sync.enrolled:
        return tr("先用登记码登记到市平台")
    return tr("待报送 {n} 条", n=f"{sync.unsent:,}") if sync.unsent else tr("没有待报送的修改")


def _sync(desk: Desk) -> SyncState:
    from jmdesk.store import outbox

    with desk.store.reading() as connection:
        states = outbox.counts(connection)
    at = desk.store.setting("sync.last_at")
    return SyncState(
        enrolled=desk.grant is not None,
        unsent=states.get("draft", 0),
        in_custody=states.get("sealed", 0),
        refused=states.get("refused", 0),
        conflicts=states.get("conflict", 0),
        last_sync=beijing_text(at) if at else "",
    )


def _out_of_term(desk: Desk) -> int:
    """Records whose term is over."""
    from jmdesk.rights.retention import Retention

    return sum(len(one.rids) for one in Retention(desk).due())


def _awaiting(desk: Desk) -> int:
    """Households with values that wait for a consent."""
    from jmdesk.store import reading

    with desk.store.reading() as connection:
        return len({entry.household for entry in reading.sealed(connection)})


def _villages(desk: Desk) -> tuple[Village, ...]:
    """Every village with households, in the order of the region codes."""
    grades = desk.ratings.grades_by_village(desk.ratings.this_year())
    made = []
    for code, households in sorted(desk.households.by_village().items()):
        found = grades.get(code, {})
        credit, below = (sum(found.get(grade, 0) for grade in group) for group in (("AAA", "AA", "A"), ("B", "C")))
        name = " / ".join(region_path(code)[-2:]) or code
        made.append(Village(code, name, households, credit, below, found.get("NR", 0)))
    return tuple(made)


def _credit(villages: tuple[Village, ...]) -> int:
    return sum(village.credit for village in villages)
