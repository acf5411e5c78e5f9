"""The page that carries a recovery code: printed, sealed in an envelope, put into the safe."""

from __future__ import annotations

from html import escape

from jmdesk.accounts.account import Account

TITLE = "本机资料库恢复码"


def recovery_sheet(code: str, owner: Account, unit_name: str) -> str:
    """The page as HTML for the product's own PDF writer."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in (("单位", unit_name), ("使用人", owner.name), ("开库页显示名", owner.label))
    )
    return (
        f"<h1>{TITLE}</h1><table cellpadding='4'>{rows}</table>"
        f"<p style='font-size:20pt; font-family:monospace; font-weight:bold'>{escape(code)}</p>"
        "<p>忘记口令时，在开库页点“忘记口令”，选“用恢复码”，按组输入上面的 25 位，"
        "大小写不限，O 和 0、I、L 和 1 不分。</p>"
        "<p>用过一次即作废，请随即打印新码。谁拿到这张纸，谁就能打开资料库：请装入信封封口，放进保险柜，不要拍照。</p>"
    )
