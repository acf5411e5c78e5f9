"""Whether two names may mean one enterprise; only ever a proposal that a person confirms."""

from __future__ import annotations


def alike(one: str, other: str) -> bool:
    """Whether two names may mean one enterprise: one holds the other, without the usual endings."""
    first, second = (_bare(name) for name in (one, other))
    return bool(first and second) and (first in second or second in first)


def _bare(name: str) -> str:
    for ending in ("有限责任公司", "股份有限公司", "有限公司", "（普通合伙）", "公司", "厂"):
        name = name.removesuffix(ending)
    return name.removeprefix("广东").removeprefix("江门市").removeprefix("江门").replace(" ", "")
