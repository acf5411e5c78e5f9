"""``jmdesk escrow``: the offline administrators' tool, and a desk's side of a reset."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, first_line, say
from jmdesk.cli.users_commands import new_passphrase
from jmdesk.core.errors import Environment, Refused


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    escrow = commands.add_parser("escrow", help="口令托管：keygen、install、request、answer、accept、recover")
    verbs = escrow.add_subparsers(dest="verb", metavar="操作", required=True)
    keygen = verbs.add_parser("keygen", parents=[common], help="生成托管密钥：一个公钥、两份各有口令的半把私钥")
    keygen.add_argument("--out", required=True, metavar="DIR")
    install = verbs.add_parser("install", parents=[common, vault], help="在资料库登记托管公钥")
    install.add_argument("key", metavar="ESCROW-KEY.json")
    request = verbs.add_parser("request", parents=[common], help="忘记口令：写出申请文件，核对指纹")
    request.add_argument("--out", required=True, metavar="REQUEST.json")
    answer = verbs.add_parser("answer", parents=[common], help="两位保管人一同答复申请(离线)")
    answer.add_argument("request", metavar="REQUEST.json")
    answer.add_argument("--share", action="append", required=True, metavar="SHARE.json", help="半把私钥，共两次")
    answer.add_argument("--fingerprint", required=True, metavar="HEX", help="申请人在电话里报出的指纹")
    answer.add_argument("--out", required=True, metavar="ANSWER.json")
    accept = verbs.add_parser("accept", parents=[common], help="读入答复，新口令随即生效")
    accept.add_argument("answer", metavar="ANSWER.json")
    recover = verbs.add_parser("recover", parents=[common], help="用恢复码开库并换口令")
    recover.add_argument("--code-file", metavar="FILE", help="恢复码文件，首行为恢复码")
    for one in (keygen, answer):
        one.add_argument("--share-passphrase-file", action="append", default=[], metavar="FILE", help="共两次")
    for one in (request, accept, recover):
        one.add_argument("--vault", required=True, metavar="VAULT")
        one.add_argument("--new-passphrase-file", metavar="FILE")
    for one in (request, recover):
        one.add_argument("--user", metavar="USER", help="显示名或标识")
    for one, run in (
        (keygen, make_key),
        (install, install_key),
        (request, ask),
        (answer, give_answer),
        (accept, take_answer),
        (recover, use_code),
    ):
        one.set_defaults(run=run)


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as stream:
            return stream.read(1 << 17)
    except OSError as error:
        raise Environment("cli.unreadable_file", file=name) from error


def _write(name: Path, data: bytes) -> None:
    """A new file, never over another: a share that is overwritten is lost for good."""
    try:
        with name.open("xb") as stream:
            stream.write(data)
        name.chmod(0o600)
    except OSError as error:
        raise Environment("cli.cannot_write", file=str(name)) from error


def _two_passphrases(args: argparse.Namespace, *, new: bool) -> tuple[str, str]:
    files = args.share_passphrase_file
    if files:
        if len(files) != 2:
            raise Refused("cli.two_shares")
        return first_line(files[0]), first_line(files[1])
    if not sys.stdin.isatty():
        raise Refused("cli.passphrase_needed")
    typed = []
    for number in (1, 2):
        typed.append(getpass.getpass(f"第 {number} 位保管人的口令: "))
        if new and getpass.getpass("再输一次: ") != typed[-1]:
            raise Refused("cli.passphrase_differs")
    return typed[0], typed[1]


def make_key(args: argparse.Namespace) -> int:
    """Make an escrow key; the shares belong on two sticks in two safes."""
    from jmdesk.vault.escrow import file_bytes, fingerprint, new_escrow
    from jmdesk.vault.kdf import calibrated

    folder = Path(args.out)
    key, shares = new_escrow(_two_passphrases(args, new=True), calibrated())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Environment("cli.cannot_write", file=args.out) from error
    _write(folder / "escrow-key.json", file_bytes(key))
    for share in shares:
        _write(folder / f"escrow-share-{share.number}.json", file_bytes(share))
    say(args, f"托管密钥 {key.keyid} 已生成，公钥指纹 {fingerprint(key.public)}。两份半把私钥请分别由两人保管。",
        {"keyid": key.keyid, "fingerprint": fingerprint(key.public)})  # fmt: skip
    return DONE


def install_key(args: argparse.Namespace) -> int:
    """Entrust a vault to the holders of an escrow key."""
    from jmdesk.vault.escrow import EscrowKey, fingerprint, parsed

    key = parsed(_read(args.key), EscrowKey)
    with open_desk(args) as desk:
        desk.accounts.entrust(key)
    say(args, f"已登记托管公钥，指纹 {fingerprint(key.public)}，请与管理员核对。",
        {"keyid": key.keyid, "fingerprint": fingerprint(key.public)})  # fmt: skip
    return DONE


def ask(args: argparse.Namespace) -> int:
    """Write a request for a user who forgot the passphrase; the new one is chosen now."""
    from jmdesk.core.clock import SystemClock
    from jmdesk.vault.escrow import fingerprint
    from jmdesk.vault.folder import peek
    from jmdesk.vault.reset import ask as make_request

    plates = peek(Path(args.vault)).nameplates
    user = args.user or (plates[0].user if len(plates) == 1 else "")
    data = make_request(Path(args.vault), user, new_passphrase(args), SystemClock().now())
    _write(Path(args.out), data)
    say(args, f"申请文件已写好：{args.out}\n指纹 {fingerprint(data)}，请在电话里报给管理员。读入答复时要用新口令。",
        {"file": args.out, "fingerprint": fingerprint(data)})  # fmt: skip
    return DONE


def give_answer(args: argparse.Namespace) -> int:
    """Answer a request with both halves of the escrow key."""
    from jmdesk.vault.escrow import EscrowShare, fingerprint, joined, parsed
    from jmdesk.vault.reset import Request, answered

    data = _read(args.request)
    asked = parsed(data, Request)
    if "".join(args.fingerprint.split()).upper() != fingerprint(data).replace(" ", ""):
        raise Refused("cli.other_fingerprint")
    if len(args.share) != 2:
        raise Refused("cli.two_shares")
    first, second = (parsed(_read(name), EscrowShare) for name in args.share)
    private = joined((first, second), _two_passphrases(args, new=False))
    _write(Path(args.out), answered(data, private))
    say(args, f"已答复：单位 {asked.unit}，使用人“{asked.label}”，{args.out}",
        {"unit": asked.unit, "user": asked.user, "label": asked.label, "file": args.out})  # fmt: skip
    return DONE


def take_answer(args: argparse.Namespace) -> int:
    """Take an answer in: the passphrase chosen when asking opens from now on."""
    from jmdesk.core.clock import SystemClock
    from jmdesk.desk import Desk
    from jmdesk.vault.reset import accepted

    vault = accepted(Path(args.vault), _read(args.answer), new_passphrase(args), SystemClock().now())
    with Desk.enter(vault) as desk:
        desk.accounts.note_reset()
        say(args, "新口令已生效。", {"user": desk.actor})
    return DONE


def use_code(args: argparse.Namespace) -> int:
    """Open with a recovery code and set a new passphrase."""
    from jmdesk.core.clock import SystemClock, utc_text
    from jmdesk.desk import Desk
    from jmdesk.vault.recovery import unlock_with_code

    clock = SystemClock()
    if args.code_file:
        code = first_line(args.code_file)
    elif sys.stdin.isatty():
        code = getpass.getpass("恢复码: ")
    else:
        raise Refused("cli.passphrase_needed")
    at = utc_text(clock.now())
    vault = unlock_with_code(Path(args.vault), code, new_passphrase(args), args.user, clock=clock, created=at)
    with Desk.enter(vault) as desk:
        desk.accounts.note_reset()
        say(args, "新口令已生效，恢复码已用掉，请重新打印一份。", {"user": desk.actor})
    return DONE
