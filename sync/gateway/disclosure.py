"""What a device is shown of the platform's records: by its regions, its roles and each field's disclosure (I11)."""

from __future__ import annotations

from psycopg import sql

from jmdesk.catalogue.disclosure import AUTHORITIES
from sync.gateway.policy import Grant
from sync.protocol.roles import PLACES, SHARED, may_see

_HOUSEHOLD_UNITS, _TRADE_UNITS, _OVER_BOTH = ("1", "2"), ("3", "4", "8"), ("6", "7")
"""Kinds of units (CL-ORG) by what their records of a shared type are about."""


def shown(grant: Grant) -> sql.Composed:
    """The condition on ``records`` for what a device is shown: its unit's own, and what its roles see of others.

    A record of a shared type is seen by whoever sees what it is about. Where that is of a shared type itself (a step of
    a case), the kind of its unit decides. A referral is for the bank that it names; of green cards, associations see
    the awarded ones. A tombstone says nothing but that something is gone.
    """
    seen = may_see(grant.roles)
    whole, shared = sorted(seen - SHARED), sorted(seen & SHARED)
    kinds = (
        *(_HOUSEHOLD_UNITS if "R05" in seen else ()),
        *(_TRADE_UNITS if "R20" in seen else ()),
        *_OVER_BOTH,
    )
    about = sql.SQL("split_part(coalesce(fields ->> 'subject_id', fields ->> 'target_ref'), ':', 1)")
    return sql.SQL(
        "(unit = {unit} OR type = ANY({whole}) OR type = ANY({shared}) AND (tombstone OR {about} = ANY({whole_about})"
        " OR {about} = ANY({indirect}) AND unit IN (SELECT unit FROM units WHERE kind = ANY({kinds})))"
        " OR type = 'R27' AND fields ->> 'bank_uscc' = {unit}"
        " OR {among} AND type = 'assessment' AND {about} = ANY({places}))"
        " AND (unit = {unit} OR {among} OR tombstone OR type <> 'R24' OR fields -> 'is_green' = 'true')"
    ).format(
        unit=sql.Literal(grant.unit),
        among=sql.Literal(not AUTHORITIES.isdisjoint(grant.roles)),
        whole=sql.Literal(whole),
        shared=sql.Literal(shared),
        about=about,
        whole_about=sql.Literal([*whole, *(("R06",) if "R05" in seen else ())]),
        indirect=sql.Literal(sorted(SHARED)),
        places=sql.Literal(sorted(seen & PLACES)),
        kinds=sql.Literal(list(kinds)),
    )
