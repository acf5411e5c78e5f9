"""The demonstration, step by step: a paper register becomes ratings, goes to the city, and comes back at the town."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jmdesk.cli.demo.comparison import Comparison, compare
from jmdesk.cli.demo.gateway import Gateway, serving
from jmdesk.core.errors import KnownError
from jmdesk.core.messages import message
from jmdesk.desk import Desk
from jmdesk.store import outbox

VILLAGE, VILLAGE_UNIT = "440785104200", "54440785MF1000111F"
TOWN, TOWN_UNIT = "440785104000", "11440785MF10001032"
PASSPHRASE = "岭南村 演示 口令 2026"  # noqa: S105 — the demonstration's vaults hold invented people only
FLAWS = 0.03
SEED = 2026


class Discrepancy(Exception):
    """Desk and gateway do not agree, or a step did not do what it must."""


class Stage:
    """Prints each step with its counts and its time."""

    def __init__(self) -> None:
        self._number = 0

    @contextmanager
    def step(self, title: str) -> Iterator[dict[str, object]]:
        """One step; what the body puts into the given dict is printed behind its title."""
        self._number += 1
        told: dict[str, object] = {}
        began = time.perf_counter()
        yield told
        seconds = time.perf_counter() - began
        counts = "，".join(f"{name} {value}" for name, value in told.items())
        print(f"[{self._number:2}] {title}：{counts}（{seconds:.1f} 秒）", flush=True)


def play(out: Path, households: int) -> int:
    """Play the demonstration into the folder ``out``; 0 when everything agrees, 1 otherwise."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        with ExitStack() as open_things:
            _play(out.resolve(), households, open_things)
    except KnownError as error:
        print(f"demo: failed: {error.code}: {error.message_for_user()}", file=sys.stderr)
        return 1
    except Discrepancy as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    print("demo: ok", flush=True)
    return 0


def _play(out: Path, households: int, open_things: ExitStack) -> None:
    stage = Stage()
    register = _paper(stage, out, households)
    with stage.step("启动市平台网关(PostgreSQL、HTTPS)") as told:
        gateway = open_things.enter_context(serving())
        told["地址"] = gateway.url
    village = open_things.enter_context(
        _desk(stage, out / "岭南村资料库", VILLAGE_UNIT, VILLAGE, "岭南村民委员会(样例)")
    )
    _import(stage, village, register, out)
    household = _rate(stage, village, out)
    _enrol(stage, village, gateway, "村")
    _seal(stage, village, out)
    _sync(stage, village, gateway, out, "村报送")
    town = open_things.enter_context(_desk(stage, out / "牛江镇资料库", TOWN_UNIT, TOWN, "牛江镇人民政府(样例)"))
    _enrol(stage, town, gateway, "镇")
    _sync(stage, town, gateway, out, "镇取回")
    _town_edits(stage, town, village, gateway, household, out)
    _agree(stage, village, town, gateway, household)
    town.close()
    village.close()
    _screens(stage, out)
    _holdings(gateway)


def _paper(stage: Stage, out: Path, households: int) -> Path:
    from jmdesk.registers.samples import write_register

    with stage.step("生成虚构登记表(版式甲)") as told:
        register = out / "岭南村农户登记表.xlsx"
        report = write_register(register, VILLAGE, "a", households, SEED, FLAWS)
        told.update({"户": report.households, "人": report.persons, "故意留下的差错": len(report.flaws)})
    return register


@contextmanager
def _desk(stage: Stage, folder: Path, unit: str, region: str, name: str) -> Iterator[Desk]:
    with stage.step("新建加密的本机资料库") as told:
        desk = Desk.create(folder, PASSPHRASE, unit=unit, regions=(region,), unit_name=name, user_name="演示员")
        told["单位"] = name
    with desk:
        yield desk


def _import(stage: Stage, desk: Desk, register: Path, out: Path) -> None:
    from jmdesk.registers.service import import_households

    with stage.step("导入登记表") as told:
        result = import_households(desk, register)
        result.write_refused(out / "退回补正.xlsx")
        told.update({"新增户": result.new, "有提醒": result.warned, "退回补正": result.refused})
        told.update({type_id: desk.records.count(type_id) for type_id in ("R05", "R06", "R04", "R07")})
    if not result.new:
        raise Discrepancy("nothing was imported")
    with stage.step("再导入一次(不应有重复)") as told:
        before = desk.records.count("R05"), desk.records.count("R06")
        import_households(desk, register)
        after = desk.records.count("R05"), desk.records.count("R06")
        told.update({"户": after[0], "人": after[1]})
    if before != after:
        raise Discrepancy(f"importing twice changed the counts: {before} -> {after}")


def _rate(stage: Stage, desk: Desk, out: Path) -> str:
    from ui.core.printing import write_pdf

    with stage.step("按规则 JM-HH-1 评级") as told:
        tally = desk.ratings.rate_all()
        told.update({"户": tally.done} | dict(sorted(tally.grades.items())))
    year = desk.ratings.this_year()
    best = desk.ratings.page(year, grade="AA", limit=1) or desk.ratings.page(year, limit=1)
    household = best[0].household
    with stage.step("一户的逐项得分说明书(PDF)") as told:
        write_pdf(desk.ratings.explanation(household).as_html(), out / "逐项得分说明书.pdf")
        told["等级"] = best[0].grade
    return household


def _enrol(stage: Stage, desk: Desk, gateway: Gateway, name: str) -> None:
    from sync.client.enrolment import enrol
    from sync.client.http import HttpTransport

    with stage.step(f"{name}凭一次性登记码接入平台") as told:
        (code,) = gateway.ask("enrol-code", "--unit", desk.unit)
        ca = gateway.ca.read_text(encoding="utf-8")
        with HttpTransport(gateway.url, desk.ids, ca=ca) as transport:
            grant = enrol(desk, transport, code["code"], gateway=gateway.url, ca=ca)
        told.update({"编号段": grant.block, "区划": "、".join(grant.regions)})


def _seal(stage: Stage, desk: Desk, out: Path) -> None:
    from sync.client.membership import load_membership
    from sync.client.sealing import seal
    from sync.client.steering import Steering
    from sync.protocol.inspect import inspect_file

    with stage.step("封成签名报送包") as told:
        sealed = seal(desk, load_membership(desk.store), Steering())
        if sealed.batch is None:
            raise Discrepancy("nothing was ready to be sent")
        batch = out / "岭南村.jmb"
        shutil.copyfile(desk.vault.outgoing / sealed.batch.file, batch)
        told.update({"记录": sealed.batch.records, "字节": batch.stat().st_size})
        told.update({f"暂缓：{message(code, {}).text.split('：')[0]}": count for code, count in sealed.held.items()})
    keys = _public_keys(desk)
    (out / "keys.json").write_bytes(keys)
    with batch.open("rb") as source:
        report = inspect_file(source, keys)
    if not report.sound:
        raise Discrepancy(f"the batch does not verify: {report.problems}")


def _public_keys(desk: Desk) -> bytes:
    """The public keys that ``jmdesk verify --keys`` needs for the demonstration's batch and receipts."""
    from sync.client.membership import load_membership, signing_key
    from sync.protocol.suites import KeyRole

    trusted = load_membership(desk.store).keyring.document
    platform = next(key.public for key in trusted.keys if key.role is KeyRole.PLATFORM)
    device = signing_key(desk.vault.device_keys()).public.public.hex()
    named = {"device_public": device, "platform_signing_public": platform, "root_public": trusted.public}
    return json.dumps(named, indent=1).encode()


def _sync(stage: Stage, desk: Desk, gateway: Gateway, out: Path, title: str) -> None:
    from sync.client.engine import synchronise
    from sync.client.http import HttpTransport
    from sync.client.membership import load_membership

    with stage.step(title) as told:
        membership = load_membership(desk.store)
        with HttpTransport(gateway.url, desk.ids, ca=membership.ca) as transport:
            report = synchronise(desk, transport)
        told.update({"已交": report.handed_over, "平台意见": _verdicts(report.verdicts), "取回": report.adopted})
    if report.problem is not None:
        raise report.problem
    if not report.complete or report.set_aside:
        raise Discrepancy(f"{title}: {report.as_json()}")
    with desk.store.reading() as connection:
        for batch in outbox.batch_list(connection):
            if desk.unit == VILLAGE_UNIT and batch.seq == 1 and batch.custody and batch.receipt:
                (out / "保管回执.json").write_bytes(batch.custody)
                (out / "处理回执.json").write_bytes(batch.receipt)


def _verdicts(counts: Mapping[str, int]) -> str:
    words = {"accepted": "已入库", "merged": "已合并入库", "duplicate": "已入库过"}
    return "、".join(f"{words.get(verdict, verdict)} {count}" for verdict, count in counts.items()) or "无"


def _town_edits(stage: Stage, town: Desk, village: Desk, gateway: Gateway, household: str, out: Path) -> None:
    address = "岭南村1组(镇核对)"
    with stage.step("镇核对后修改一户住址") as told:
        town.records.change("R05", household, {"address": address}, reason="核对户口簿")
        told["历史"] = f"{len(town.records.history(household))} 条"
    _sync(stage, town, gateway, out, "镇报送")
    _sync(stage, village, gateway, out, "村取回")
    if village.records.get("R05", household).record.values.get("address") != address:
        raise Discrepancy("the village does not see what the town changed")


def _agree(stage: Stage, village: Desk, town: Desk, gateway: Gateway, household: str) -> None:
    with stage.step("逐字段核对：村、镇与市平台") as told:
        rows = gateway.ask("show", "records", "--all", "--values")
        ours, theirs = compare(village, rows), compare(town, rows, unit=town.unit)
        told.update({"平台记录": sum(ours.held.values()), "不一致": len(ours.differences) + len(theirs.differences)})
    _check(ours)
    _check(theirs)
    with stage.step("平台重算的说明书逐字一致") as told:
        rating = village.ratings.latest(household)
        (document,) = gateway.ask("show", "explanation", rating.rid)
        words = list(village.ratings.explanation(household).words())
        told["字"] = sum(len(word) for word in words)
    if document["words"] != words:
        other = [(here, there) for here, there in zip(words, document["words"], strict=False) if here != there]
        raise Discrepancy(f"the platform explains the rating in other words: {other[:3]}")


def _check(comparison: Comparison) -> None:
    if comparison.differences:
        raise Discrepancy("\n".join(comparison.differences[:20]))


def _screens(stage: Stage, out: Path) -> None:
    from jmdesk.cli.demo.screens import take

    with stage.step("打开窗口并截图(1366×768)") as told:
        taken = take(out / "岭南村资料库", PASSPHRASE, out)
        told["截图"] = len(taken)


def _holdings(gateway: Gateway) -> None:
    print("\n市平台现有：")
    print(f"{'类型':<14}{'单位':<20}{'记录':>8}{'作废':>6}  名称")
    for row in gateway.ask("show", "records"):
        print(f"{row['type']:<14}{row['unit']:<20}{row['records']:>8}{row['void']:>6}  {row['label']}")
    (batch_count, device_count) = (len(gateway.ask("show", what)) for what in ("batches", "devices"))
    print(json.dumps({"batches": batch_count, "devices": device_count}))
