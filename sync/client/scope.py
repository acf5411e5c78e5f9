"""Another scope: the platform gives this desk other regions, roles or numbers than its grant says, and it asks anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sync.protocol.enrolment import scope_digest

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Catalogue
    from jmdesk.desk import Desk
    from jmdesk.place import Grant

FOLLOWED: Final = "sync.scope"
"""The setting that holds the platform's last word on the scope that a new grant was asked for."""
_ROLES: Final = "CL-ROLE"


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """The grant before, and the one after; ``None`` while that waits for an approval."""

    before: Grant
    after: Grant | None

    def told(self, catalogue: Catalogue | None, *, zh: bool) -> list[str]:
        """The lines of the diary that say so."""
        if self.after is None:
            waits = "平台调整了本机的办理范围，已申请新的授权；管理员批准后，下次报送时生效。"
            return [waits if zh else "The platform changed this computer's scope; the new grant waits for approval."]
        lines = []
        for chinese, english, before, after in self._parts(self.after, catalogue, zh=zh):
            if before != after:
                said = f"平台调整了本机的{chinese}：由{before}改为{after}。"
                lines.append(said if zh else f"The platform changed this computer's {english}: {before} → {after}.")
        done = "本机已换取新的授权，按新的范围取回数据；不再归本机办理的移出，未报送的内容都保留。"
        return [*lines, done if zh else "A new grant is in force; records follow it, and unsent work is kept."]

    def _parts(self, after: Grant, catalogue: Catalogue | None, *, zh: bool) -> list[tuple[str, str, str, str]]:
        before = self.before
        return [
            ("办理区划", "regions", _regions(before, catalogue, zh=zh), _regions(after, catalogue, zh=zh)),
            ("岗位", "roles", _roles(before, catalogue, zh=zh), _roles(after, catalogue, zh=zh)),
            ("编号段", "desk block", before.block, after.block),
        ]


def changed(before: Grant | None, after: Grant | None) -> ScopeChange | None:
    """What a new grant changed; ``None`` where it gives the same."""
    if before is None or after is None or _given(before) == _given(after):
        return None
    return ScopeChange(before, after)


def new_grant_due(desk: Desk, hint: str) -> bool:
    """Whether the platform means another scope than this desk's grant says, and was not asked about it yet.

    ``hint`` is unsigned (`Session.scope`): it leads to one request at most, and what is granted then is signed.
    """
    grant = desk.grant
    return bool(hint) and grant is not None and hint not in (_given(grant), desk.store.setting(FOLLOWED))


def follow(desk: Desk, hint: str) -> None:
    """Remember the word that is asked about."""
    desk.store.put_setting(FOLLOWED, hint)


def _given(grant: Grant) -> str:
    return scope_digest(grant.regions, grant.roles, grant.block)


def _regions(grant: Grant, catalogue: Catalogue | None, *, zh: bool) -> str:
    known = [catalogue.regions.get(code) if catalogue is not None else None for code in grant.regions]
    names = [region.name if region is not None else code for code, region in zip(grant.regions, known, strict=True)]
    return ("、" if zh else ", ").join(names)


def _roles(grant: Grant, catalogue: Catalogue | None, *, zh: bool) -> str:
    values = catalogue.code_lists[_ROLES].values if catalogue is not None and zh else {}
    return ("、" if zh else ", ").join(str(values.get(role, role)) for role in grant.roles)
