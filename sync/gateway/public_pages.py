"""The page where anybody checks a certificate: plain HTML in Chinese, no script, nothing loaded from anywhere.

- ``GET /certificates``: the form
- ``GET /certificates/{number}``, ``?code=`` what the QR holds: how it stands
- ``POST /certificates``: the form's answer (``multipart/form-data``: number, check, code, file); nothing of it is kept

It is for people, not part of the device API: errors are pages too. A city that shows it on the internet lets its proxy
pass these paths and no other.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from sync.gateway.body import read_body
from sync.gateway.door import guarded, retry_after
from sync.gateway.problem import Declined
from sync.gateway.public_certificates import Asked, Certificate, Fault, Standing, look
from sync.protocol.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from sync.gateway.app import Gateway

HTML: Final = "text/html; charset=utf-8"
MOST_BYTES: Final = 2 * 1024 * 1024
"""Of a form with its file: a certificate's PDF has some 100 KB."""

_STYLE: Final = (
    "body{font:18px/1.6 system-ui,'Microsoft YaHei',sans-serif;max-width:38em;margin:1em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.4em}.said{padding:.6em 1em;border-left:.4em solid}.good{border-color:#1a7f37;background:#eaf6ec}"
    ".bad{border-color:#b42318;background:#fdecea}.fair{border-color:#9a6700;background:#fff6dc}"
    "th{text-align:left;padding-right:1em;vertical-align:top;font-weight:600;white-space:nowrap}"
    "label{display:block;margin-top:.8em}input{font:inherit;width:100%;box-sizing:border-box;padding:.3em}"
    "button{font:inherit;margin-top:1em;padding:.3em 1.5em}.hint{color:#555;font-size:.9em}"
)
_STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Language": "zh-CN",
}
_TITLE: Final = "信用证书查验"
_KINDS: Final = {"household": "信用户证", "enterprise": "行业信用评价证书", "village": "信用村", "town": "信用镇"}
_GRADES: Final = {"1": "县级", "2": "市级"}
_SAID: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.VALID: ("good", "有效。请逐项核对下列内容与您手中的证书是否一致，不一致的以本页为准。"),
    Standing.EXPIRED: ("fair", "已过有效期。"),
    Standing.REISSUED: ("fair", "已作废：已换发新证，请以新证为准。"),
    Standing.WITHDRAWN: ("bad", "已撤销，不再有效。"),
    Standing.ENDED: ("fair", "不再有效。"),
    Standing.PROVISIONAL: (
        "fair",
        "暂定：签发单位的签名有效，但平台还没有收到这份认定。请过几天再查；急用的，向发证单位核实。",
    ),
    Standing.UNKNOWN: ("bad", "没有查到这个编号。请核对是否输错；确实无误的，请向发证单位核实，在此之前不要采信。"),
}
_FAULTS: Final[Mapping[Fault, str]] = {
    Fault.CODE: "二维码内容不是本平台的证书核验码，或者属于另一个编号。",
    Fault.SIGNATURE: "核验码被改动过，或者与平台登记的证书内容不符：这份证书与发出时不一样，不要采信。",
    Fault.SIGNER: "核验码不是本地有效的签发设备签的，不要采信，请向发证单位核实。",
    Fault.UNSIGNED: "这份证书没有签名（签发时尚未登记到市平台），平台无法核验，请向发证单位换领。",
    Fault.CHECK: "校验码与编号不符。请核对是否输错；确实与证书上印的一致的，这份证书不可采信。",
    Fault.FILE: "这个文件不是系统保存的证书 PDF，或者保存后被改动过。",
    Fault.TWICE: "有不止一份认定使用这个编号，请扫描二维码或输入校验码再查。",
}
_PROBLEMS: Final[Mapping[Problem, str]] = {
    Problem.TOO_MANY: "查得太频繁了，请稍等再试。",
    Problem.TOO_LARGE: "文件太大了（不超过 2 MiB）。证书 PDF 通常只有几百 KB。",
    Problem.UNAVAILABLE: "平台暂时不能查询，请稍后再试。",
    Problem.NOT_FOUND: "没有这个页面。",
}
_BOUNDARY: Final = re.compile(r"(?i)multipart/form-data\s*;\s*boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?")
_PART_NAME: Final = re.compile(rb"content-disposition:\s*form-data;[^\r\n]*?\bname=\"([a-z]{1,20})\"", re.IGNORECASE)
_FIELDS: Final = frozenset({"number", "check", "code", "file"})


def page_routes(gateway: Gateway) -> list[Route]:
    """The routes of the page, behind the same door as the API."""
    from starlette.routing import Route

    table = (("GET", "/certificates", _form), ("POST", "/certificates", _answer), ("GET", _ONE, _one))
    return [
        Route(path, guarded(partial(handler, gateway), path, lambda: gateway.door, problem_page), methods=[method])
        for method, path, handler in table
    ]


_ONE: Final = "/certificates/{number}"


async def _form(_: Gateway, __: Request) -> Response:
    return _page("")


async def _one(gateway: Gateway, request: Request) -> Response:
    asked = Asked(str(request.path_params["number"]), code=request.query_params.get("code", ""))
    return await _told(gateway, asked)


async def _answer(gateway: Gateway, request: Request) -> Response:
    body = await read_body(request, MOST_BYTES)
    fields = read_form(request.headers.get("content-type", ""), body)
    text = {name: fields.get(name, b"").decode("utf-8", "replace") for name in _FIELDS - {"file"}}
    return await _told(gateway, Asked(text["number"], text["check"], text["code"], fields.get("file", b"")))


async def _told(gateway: Gateway, asked: Asked) -> Response:
    found = await run_in_threadpool(look, gateway.database, gateway.clock, asked)
    return _page(_result(found), status=404 if found.standing is Standing.UNKNOWN else 200)


def read_form(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a ``multipart/form-data`` body that the form has. ``Declined`` ``malformed``."""
    given = _BOUNDARY.match(content_type)
    if given is None:
        raise Declined(Problem.MALFORMED)
    first, *parts = (b"\r\n" + body).split(b"\r\n--" + given[1].encode())
    if first or not parts or not parts[-1].startswith(b"--"):
        raise Declined(Problem.MALFORMED)
    fields: dict[str, bytes] = {}
    for part in parts[:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if not found or name is None or name[1].decode() not in _FIELDS or name[1].decode() in fields:
            raise Declined(Problem.MALFORMED)
        fields[name[1].decode()] = content
    return fields


def problem_page(declined: Declined, _: str) -> Response:
    """A problem told to a person."""
    text = _PROBLEMS.get(declined.problem, "这次查询没有成功，请检查后重试。")
    response = _page(f'<p class="said bad">{escape(text)}</p>', status=declined.status)
    return retry_after(declined, response)


def _result(found: Certificate) -> str:
    style, text = _SAID.get(found.standing, ("bad", _FAULTS.get(found.fault, "")))
    title = "核验不通过。" if found.standing is Standing.CHANGED else ""
    rows = [
        ("编号", found.number),
        ("种类", _KINDS.get(found.kind, "")),
        ("户主（隐去一字）" if found.kind == "household" else "名称", found.holder),
        ("等级", _GRADES.get(found.grade, found.grade)),
        ("命名机关", found.org),
        ("文号", found.document),
        ("经办单位", found.office),
        ("发证日期", found.issued),
        ("有效期止", found.valid_to),
    ]
    shown = "".join(f"<tr><th>{label}</th><td>{escape(value)}</td></tr>" for label, value in rows if value)
    hint = ""
    if found.kind == "household" and found.standing is Standing.VALID and not found.proved:
        hint = '<p class="hint">扫描证书上的二维码，或者加输校验码，可以核对户主和等级。</p>'
    return f'<p class="said {style}"><strong>{title}</strong>{text}</p><table>{shown}</table>{hint}'


def _page(result: str, status: int = 200) -> Response:
    text = (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{_TITLE}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><h1>{_TITLE}</h1>{result}"
        '<form action="/certificates" method="post" enctype="multipart/form-data">'
        "<label>编号（证书上的“证号”；信用村输入 XC、信用镇输入 XZ，后面接 12 位区划代码和 4 位年份）"
        '<input name="number" maxlength="40" autocomplete="off"></label>'
        '<label>校验码（印在信用户证上，8 位）<input name="check" maxlength="12" autocomplete="off"></label>'
        '<label>或者：扫码得到的内容<input name="code" maxlength="2000" autocomplete="off"></label>'
        '<label>或者：证书的 PDF 文件（只用来核验，不保存）<input name="file" type="file" accept=".pdf"></label>'
        "<button>查验</button></form>"
        '<p class="hint">本页只说明证书是否由平台登记、现在是否有效。银行是否贷款、贷款多少由银行自主审批。</p>'
        "</body></html>"
    )
    return Response(text, status, dict(_HEADERS), media_type=HTML)
