"""``jmdesk verify-certificate`` and ``jmdesk certificate-keys``."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, say
from jmdesk.core.errors import Refused


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    verify = commands.add_parser("verify-certificate", parents=[common], help="核验信用户证(PDF 或文本)是否被改动")
    verify.add_argument("file", metavar="FILE.pdf|TEXT")
    verify.add_argument("--keys", metavar="KEYS.json", help="签发设备的公钥：设备编号到 Base64 公钥的 JSON")
    verify.set_defaults(run=verify_certificate)
    keys = commands.add_parser("certificate-keys", parents=[common, vault], help="打印本机签发证书的公钥")
    keys.set_defaults(run=print_keys)


def verify_certificate(args: argparse.Namespace) -> int:
    """Read the code of a certificate back and hold its words against it."""
    from jmdesk.reviews.verifying import read_keys, verify_file

    found = verify_file(Path(args.file), read_keys(Path(args.keys)) if args.keys else {})
    state = "签名有效，文字未改动" if found.signed else "文字与核验码一致，但没有签名：暂定"
    data = {"number": found.number, "day": found.day, "key": found.keyid, "signed": found.signed}
    say(args, f"{found.number}（{found.day}）：{state}", data)
    return DONE


def print_keys(args: argparse.Namespace) -> int:
    """Print the public key by which this device signs certificates, in the form that ``--keys`` reads."""
    import json

    with open_desk(args) as desk:
        keys = desk.seal_keys()
        if keys is None:
            raise Refused("reviews.no_keys")
        data = {keys.keyid: base64.b64encode(keys.signing_public).decode()}
        say(args, json.dumps(data, indent=1), data)
    return DONE
