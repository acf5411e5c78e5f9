"""``jmdesk enrol``, ``seal``, ``sync``, ``take`` and ``verify``."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, USAGE, passphrase, progress_line, say, whole
from jmdesk.core.errors import Environment

if TYPE_CHECKING:
    from sync.protocol.inspect import Report


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    enrol = commands.add_parser("enrol", parents=[common, vault], help="凭一次性登记码接入平台")
    enrol.add_argument("--gateway", required=True, metavar="URL")
    enrol.add_argument("--code", required=True, metavar="CODE", help="平台管理员给的登记码")
    enrol.add_argument("--ca", metavar="FILE", help="平台证书(PEM)，不用系统信任的证书时")
    enrol.set_defaults(run=enrol_desk)
    seal = commands.add_parser("seal", parents=[common, vault], help="把待报送的内容封成报送包")
    seal.add_argument("--out", required=True, metavar="FILE.jmb")
    seal.set_defaults(run=seal_batch)
    sync = commands.add_parser("sync", parents=[common, vault], help="报送并取回平台回执和别处的修改")
    sync.add_argument("--rehearse", action="store_true", help="只预演：会报送什么，会被退回什么，为什么")
    sync.set_defaults(run=synchronise_desk)
    diary = commands.add_parser("diary", parents=[common, vault], help="交换日记：每次报送做了什么")
    diary.add_argument("--outcome", default="", choices=("", "done", "waiting", "attention", "stopped", "failed"))
    diary.add_argument("--limit", type=whole(1, 10_000), default=20, metavar="N")
    diary.add_argument("--pdf", metavar="FILE.pdf", help="存为 PDF")
    diary.set_defaults(run=show_diary)
    take = commands.add_parser("take", parents=[common, vault], help="读入优盘带回的平台回执和别处的修改")
    take.add_argument("source", metavar="FILE.jmr|FILE.jmp|FOLDER")
    take.set_defaults(run=take_stick)
    verify = commands.add_parser("verify", parents=[common], help="核对报送包、回执、发布包，或资料库的变更日志")
    verify.add_argument("file", nargs="?", metavar="FILE")
    verify.add_argument("--keys", metavar="KEYS.json", help="公钥(和可选的解密私钥)")
    verify.add_argument("--vault", metavar="VAULT")
    verify.add_argument("--user")
    verify.add_argument("--passphrase-file", metavar="FILE")
    verify.set_defaults(run=verify_file)


def _bytes_of(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Environment("cli.unreadable_file", file=name) from error


def enrol_desk(args: argparse.Namespace) -> int:
    """Admit this desk to the platform."""
    from sync.client.enrolment import enrol
    from sync.client.http import HttpTransport

    ca = _bytes_of(args.ca).decode("utf-8", "replace") if args.ca else ""
    with open_desk(args) as desk, HttpTransport(args.gateway, desk.ids, ca=ca) as transport:
        grant = enrol(desk, transport, args.code, gateway=args.gateway, ca=ca)
        data = {"device": grant.device, "unit": grant.unit, "regions": list(grant.regions), "roles": list(grant.roles)}
        say(args, f"已接入平台：单位 {grant.unit}，区划 {'、'.join(grant.regions)}，编号段 {grant.block}",
            data | {"block": grant.block})  # fmt: skip
    return DONE


def seal_batch(args: argparse.Namespace) -> int:
    """Seal what waits into the next batch and copy its bytes; the batch stays in the outbox until its receipt."""
    from sync.client.membership import load_membership
    from sync.client.sealing import seal
    from sync.client.steering import Steering

    with open_desk(args) as desk:
        sealed = seal(desk, load_membership(desk.store), Steering())
        if sealed.batch is None:
            say(args, "没有可以报送的内容。", {"records": 0, "held": dict(sealed.held)})
            return REFUSED
        out = Path(args.out)
        temporary = out.with_name(out.name + ".part")
        try:
            shutil.copyfile(desk.vault.outgoing / sealed.batch.file, temporary)
            temporary.replace(out)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise Environment("cli.cannot_write", file=args.out) from error
        data = {"batch": sealed.batch.batch_id, "records": sealed.batch.records, "seq": sealed.batch.seq}
        say(args, f"报送包已写好：{sealed.batch.records} 条记录，{args.out}",
            data | {"file": str(out), "held": dict(sealed.held)})  # fmt: skip
    return DONE


def synchronise_desk(args: argparse.Namespace) -> int:
    """One synchronisation; exit status 1 when something was refused or is still to be done."""
    from sync.client.diary import told
    from sync.client.engine import synchronise
    from sync.client.http import HttpTransport
    from sync.client.membership import load_membership
    from sync.client.steering import Steering

    if args.rehearse:
        return _rehearse(args)
    with open_desk(args) as desk:
        membership = load_membership(desk.store)
        line = progress_line("报送", args)
        steering = Steering(progress=lambda _stage, done, of: line(done, of))
        with HttpTransport(membership.gateway, desk.ids, ca=membership.ca) as transport:
            report = synchronise(desk, transport, steering)
        say(args, "\n".join(told(report, catalogue=desk.catalogue)), report.as_json())
    return DONE if report.complete else REFUSED


def show_diary(args: argparse.Namespace) -> int:
    """The latest exchanges in words, the newest first; one JSON object for each with ``--json``."""
    from jmdesk.core.clock import beijing_text
    from jmdesk.store import diary
    from sync.client.diary import OUTCOMES, WAYS, paper

    with open_desk(args) as desk:
        with desk.store.reading() as connection:
            entries = diary.page(connection, outcome=args.outcome, limit=args.limit)
        if args.pdf:
            from ui.core.printing import write_pdf

            write_pdf(paper(entries, unit=desk.unit_name), Path(args.pdf))
    words = {str(outcome): said[0] for outcome, said in OUTCOMES.items()}
    for entry in entries:
        head = f"{beijing_text(entry.at)}  {WAYS[entry.way][0]}  {words[entry.outcome]}"
        data = {"at": entry.at, "way": entry.way, "outcome": entry.outcome, "sent": entry.sent}
        data |= {"received": entry.received, "refused": entry.refused, "told": list(entry.told["zh"])}
        say(args, "\n".join([head, *(f"  {line}" for line in entry.told["zh"])]), data)
    return DONE


def _rehearse(args: argparse.Namespace) -> int:
    """Say what a synchronisation would do; exit status 1 when something stands in the way of something."""
    from sync.client.rehearsal import rehearse
    from sync.client.rehearsal_words import said_of, told
    from sync.client.steering import Steering

    with open_desk(args) as desk:
        line = progress_line("预演", args)
        found = rehearse(desk, Steering(progress=lambda _stage, done, of: line(done, of)))
        lines = told(found, desk.catalogue)
        for obstacle in found.obstacles:
            lines.append(f"  {obstacle.type} {obstacle.rid}  {said_of(obstacle, desk.catalogue)}")
        say(args, "\n".join(lines), found.as_json())
    return DONE if found.clean else REFUSED


def take_stick(args: argparse.Namespace) -> int:
    """Take over what a stick brings back; exit status 1 when a file was not for this desk or did not hold."""
    from sync.client.diary import told
    from sync.client.stick import take_replies

    with open_desk(args) as desk:
        brought = take_replies(desk, Path(args.source))
        lines = told(brought.report)
        lines += [f"{name}：{error.message_for_user()}" for name, error in brought.refused.items()]
        refused = {name: error.code for name, error in brought.refused.items()}
        say(args, "\n".join(lines), brought.report.as_json() | {"refused_files": refused})
    return REFUSED if brought.refused else DONE


def verify_file(args: argparse.Namespace) -> int:
    """Check one file, or with ``--vault`` alone the change chain of a vault.

    Without keys only structure and digests can be checked, and the answer says so.
    """
    if args.file is None and args.vault:
        return _verify_vault(args)
    if args.file is None:
        print("jmdesk verify: FILE 或 --vault VAULT", file=sys.stderr)
        return USAGE
    from sync.protocol.inspect import inspect_file

    keys = _bytes_of(args.keys) if args.keys else None
    try:
        with Path(args.file).open("rb") as source:
            report = inspect_file(source, keys)
    except OSError as error:
        raise Environment("cli.unreadable_file", file=args.file) from error
    say(args, _report_text(report), _report_json(report))
    return DONE if report.sound or (keys is None and _unchecked(report)) else REFUSED


def _unchecked(report: Report) -> bool:
    """Whether nothing is wrong but that some signature could not be checked: its key was not given."""
    return not report.problems and all(envelope.signature.value != "invalid" for envelope in report.envelopes)


def _report_json(report: Report) -> dict[str, object]:
    return {
        "kind": report.kind,
        "sound": report.sound,
        "parts": report.parts,
        "attachments": report.attachments,
        "records": report.records,
        "problems": list(report.problems),
        "envelopes": [
            {"kind": e.kind, "signer": e.signer, "signature": e.signature.value, **dict(e.fields)}
            for e in report.envelopes
        ],
    }


def _report_text(report: Report) -> str:
    from jmdesk.core.messages import message

    words = {"valid": "签名有效", "invalid": "签名无效", "unknown_key": "签名未核对(没有对应的公钥)"}
    kinds = {"batch": "报送包", "reply": "回执包", "rescue": "抢救包", "envelope": "签名文件"}
    problems = [f"{message(code, {})}({code})" for code in report.problems]
    if not report.envelopes:  # nothing in it was signed in our way: there is nothing to list
        return "\n".join(["不是报送包、回执或发布包，或者已经损坏。", *problems])
    state = "完好" if report.sound else "内容完整，签名未核对" if _unchecked(report) else "有问题"
    lines = [f"{kinds.get(report.kind, report.kind)}：{state}"]
    for envelope in report.envelopes:
        lines.append(f"{envelope.kind}  {words[envelope.signature.value]}  签名者 {envelope.signer}")
        lines += [f"  {name} {value}" for name, value in envelope.fields]
    if report.parts:
        lines.append(f"分块 {report.parts} 个，附件 {report.attachments} 个")
    if report.records is not None:
        lines.append(f"记录 {report.records} 条")
    return "\n".join([*lines, *problems])


def _verify_vault(args: argparse.Namespace) -> int:
    from jmdesk.desk import Desk
    from jmdesk.rights.query_log import verify_queries
    from jmdesk.store import change_log

    with Desk.open(Path(args.vault), passphrase(args), user=args.user) as desk:
        with desk.store.reading() as connection:
            broken = list(change_log.verify(connection))
            head = change_log.read_head(connection)
            severed = list(verify_queries(connection))
        data = {
            "entries": head.count,
            "head": head.hash.hex(),
            "broken": [{"seq": s, "what": w} for s, w in broken],
            "broken_queries": severed,
        }
        text = f"变更日志 {head.count} 条，" + ("完好" if not broken else f"在第 {broken[0][0]} 条断开")
        text += "；查询日志" + ("完好" if not severed else f"在第 {severed[0]} 条断开")
        sound = not broken and not severed
        say(args, text, {"ok": sound, **data})
    return DONE if sound else REFUSED
