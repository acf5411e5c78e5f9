"""``jmdesk rate``, ``jmdesk explain`` and ``jmdesk score``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, progress_line, say, whole
from jmdesk.core.errors import Environment, Refused

if TYPE_CHECKING:
    from jmdesk.desk import Desk


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    rate = commands.add_parser("rate", parents=[common, vault], help="按规则评级(初评)")
    rate.add_argument("--village", default="", metavar="CODE", help="只评这个区划(可为镇或县)")
    rate.add_argument("--year", type=whole(2000, 2100), metavar="YEAR", help="评级年度，默认今年")
    rate.add_argument("--simulate", metavar="MODEL", help="只比较：换成另一规则(标签或 .json)会怎样，不写入")
    rate.set_defaults(run=rate_households)
    reality = commands.add_parser("reality", parents=[common], help="用虚拟乡镇检验农户模型：哪些户暂不评定，为什么")
    reality.add_argument("--households", type=whole(100, 100_000), default=1000, metavar="N")
    reality.set_defaults(run=check_reality)
    explain = commands.add_parser("explain", parents=[common, vault], help="逐项得分说明书")
    explain.add_argument("household", metavar="HOUSEHOLD", help="户编号或记录标识")
    explain.add_argument("--pdf", metavar="OUT.pdf", help="另存为 PDF")
    explain.set_defaults(run=explain_rating)
    score = commands.add_parser("score", parents=[common], help="由事实文件计分，不用资料库")
    score.add_argument("--model", default="JM-HH-1", metavar="MODEL")
    score.add_argument("--facts", metavar="FILE", help="事实 JSON 文件，- 为标准输入")
    score.add_argument("--schema", action="store_true", help="打印事实文件的 JSON Schema")
    score.set_defaults(run=score_facts)


def rate_households(args: argparse.Namespace) -> int:
    """Rate every household of a region and say how many got which grade."""
    from jmdesk.catalogue.regions import regions

    village = args.village.rstrip("0") if len(args.village) == len("440785109214") else args.village
    if args.village and regions().get(args.village.ljust(12, "0")) is None:
        raise Refused("cli.bad_region", region=args.village)
    with open_desk(args) as desk:
        if args.simulate:
            return _simulate(args, desk, village)
        tally = desk.ratings.rate_all(village, year=args.year, progress=progress_line("评级", args))
        data = {
            "households": tally.of,
            "outcomes": {outcome.value: count for outcome, count in tally.outcomes.items()},
            "grades": dict(tally.grades),
            "failures": [{"household": rid, "error": error.code} for rid, error in tally.failures],
        }
        lines = [f"共 {tally.of} 户，已评 {tally.done} 户"]
        lines += [f"{grade}：{count} 户" for grade, count in sorted(tally.grades.items())]
        lines += [f"{rid}：{error.message_for_user()}" for rid, error in tally.failures]
        say(args, "\n".join(lines), data)
    return REFUSED if tally.failures and len(tally.failures) == tally.of else DONE


def _simulate(args: argparse.Namespace, desk: Desk, village: str) -> int:
    from jmdesk.ratings.simulation import package_named, simulate

    ratings = desk.ratings
    package, year = package_named(ratings, args.simulate), args.year or ratings.this_year()
    households = ratings.households(village)
    found = simulate(ratings, package, households, year, progress=progress_line("比较", args))
    lines = [
        f"{found.label_before} → {found.label_after}：比较 {found.compared} 户，等级有变化 {len(found.changes)} 户"
    ]
    lines += [f"{grade:>4}：{count} 户 → {found.after[grade]} 户" for grade, count in found.before.items()]
    lines += [
        f"{change.household}：{change.before}({change.score_before}) → {change.after}({change.score_after})"
        for change in found.changes
    ]
    lines += [f"另有 {found.failed} 户的记录有矛盾，没有比较"] if found.failed else []
    say(args, "\n".join(lines), asdict(found))
    return DONE


def check_reality(args: argparse.Namespace) -> int:
    """Rate an invented town and print who is not rated, by cause; no vault needed."""
    from jmdesk.catalogue.loader import catalogue
    from jmdesk.core.clock import SystemClock, beijing_date
    from jmdesk.ratings import reference
    from jmdesk.ratings.reality import reality
    from jmdesk.ratings.rulebook import Rulebook

    package, on = Rulebook().in_force(), beijing_date(SystemClock().now())
    town = reality(package, reference.shipped(), catalogue(), on, households=args.households)
    total = sum(kind.households for kind in town.values())
    unrated = sum(kind.causes.total() for kind in town.values())
    lines = [f"{package.label}，虚拟乡镇 {total} 户：可评 {total - unrated} 户，暂不评定 {unrated} 户"]
    for name, kind in town.items():
        grades = "  ".join(f"{grade} {count}" for grade, count in sorted(kind.grades.items()))
        lines.append(f"{name}({kind.households} 户)：{grades}")
        lines += [f"    {count} 户：{why}" for why, count in kind.causes.most_common()]
    data = {n: {"households": k.households, "grades": k.grades, "causes": k.causes} for n, k in town.items()}
    say(args, "\n".join(lines), {"model": package.label, "kinds": data})
    return DONE


def explain_rating(args: argparse.Namespace) -> int:
    """Print the explanation of a household's newest rating, word for word as on screen and paper."""
    with open_desk(args) as desk:
        rid = desk.households.find(args.household)
        document = desk.ratings.explanation(rid)
        rating = desk.ratings.latest(rid)
        if args.pdf:
            from ui.core.printing import write_pdf

            desk.audit.printed("逐项得分说明书", "R16", rating.rid)
            write_pdf(document.as_html(), Path(args.pdf))
        data = {"household": rid, "text": document.as_text(), "item_scores": rating.card.item_scores()}
        say(args, document.as_text(), data | {"score": str(rating.card.score), "grade": rating.card.grade})
    return DONE


def score_facts(args: argparse.Namespace) -> int:
    """Facts in, scorecard out; no vault needed."""
    from jmdesk.ratings import engine, facts, model
    from jmdesk.ratings.facts_schema import facts_schema

    package = model.shipped(args.model)
    if args.schema:
        print(json.dumps(facts_schema(package), ensure_ascii=False, indent=1))
        return DONE
    if not args.facts:
        print("jmdesk score: --facts FILE 或 --schema", file=sys.stderr)
        return 2
    try:
        raw = sys.stdin.buffer.read() if args.facts == "-" else Path(args.facts).read_bytes()
    except OSError as error:
        raise Environment("cli.unreadable_file", file=args.facts) from error
    card = engine.score(facts.from_json(raw, package), package)
    from jmdesk.ratings.explanation import explain

    say(args, explain(card, package).as_text(), card.as_json())
    return DONE
