"""Enrolment: a one-time code makes this desk a device of its unit."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.store import outbox
from sync.client.asking import CLIENT
from sync.client.faults import of_the_platform
from sync.client.grants import grant_of
from sync.client.membership import Membership, opening_key, save_membership, signing_key
from sync.client.patience import Patience
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import SignedRequest, open_grant, open_request, request_enrolment
from sync.protocol.trust import Trust, open_trust

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.place import Grant
    from jmdesk.vault.device import DeviceKeys
    from sync.client.transport import Transport

_ENROLLING: Final = "sync.enrolling"
"""The request under way (base64): an answer that was lost, or that waits for an approval, is fetched with it."""
_KEPT: Final = frozenset({"sync.enrolment_waits", "sync.blocks_full"})
"""Refusals that an administrator can lift: the same request is granted then."""
_LOST: Final = frozenset({"vault.device_key_missing", "vault.damaged_device_key"})


def enrol(
    desk: Desk, transport: Transport, code: str, *, gateway: str, ca: str = "", patience: Patience | None = None
) -> Grant:
    """Enrol this desk with the platform at ``gateway`` and keep what it grants.

    The code carries the root's fingerprint: the trust document is checked against it before anything is asked, so a
    false platform gets nothing but the request (which holds no secret). The request is made once and may be repeated;
    the platform answers the same bytes with the same grant. ``ca`` is PEM text. ``Refused``: ``protocol.…`` for a
    mistyped code or an answer that does not hold, ``sync.code_invalid``, ``sync.code_unit``, ``sync.already_enrolled``;
    ``demonstration.no_platform``, ``sync.enrolment_waits`` until an administrator has approved the key,
    ``sync.blocks_full`` until there is a desk block for it (call again with the same code); ``Unreachable`` as the
    transport says.
    """
    if desk.demonstration:
        raise Refused("demonstration.no_platform")
    if desk.grant is not None and not _is_stranded(desk, desk.grant.device):
        raise Refused("sync.already_enrolled")
    patience = patience or Patience()
    with of_the_platform():
        parsed = EnrolmentCode.parse(code)
    keys = _device_keys(desk)
    envelope = patience.run(transport.trust)
    now = utc_text(desk.clock.now())
    with of_the_platform():
        trust = open_trust(envelope, parsed.root_prefix, now=now)
    request = _request(desk, keys, parsed, now)
    try:
        answer = patience.run(lambda: transport.enrol(request.envelope))
    except Refused as error:
        if error.code not in _KEPT:
            desk.store.put_setting(_ENROLLING, "")
        raise
    grant = _keep(desk, trust, request, answer, gateway=gateway, ca=ca)
    desk.store.put_setting(_ENROLLING, "")
    return grant


def _request(desk: Desk, keys: DeviceKeys, code: EnrolmentCode, now: str) -> SignedRequest:
    """The request for this code: the one that was asked with it before, byte for byte, else a new one."""
    stored = desk.store.setting(_ENROLLING)
    with of_the_platform():
        if stored:
            known = open_request(base64.b64decode(stored))
            if (known.request.code_id, known.device.keyid, known.request.unit) == (code.code_id, keys.keyid, desk.unit):
                return known
        request = request_enrolment(
            signing_key(keys), opening_key(keys).public, code, unit=desk.unit, client=CLIENT, created=now
        )
    desk.store.put_setting(_ENROLLING, base64.b64encode(request.envelope).decode())
    return request


def _keep(desk: Desk, trust: Trust, request: SignedRequest, answer: bytes, *, gateway: str, ca: str) -> Grant:
    with of_the_platform():
        granted = open_grant(answer, trust, request)
    membership = Membership(
        gateway=gateway,
        ca=ca,
        unit=granted.unit,
        device=granted.device,
        root=trust.root,
        trust=base64.b64encode(trust.envelope).decode(),
        grant=base64.b64encode(answer).decode(),
        epoch=granted.epoch,
        server_epoch=granted.server_epoch,
        server_seen=granted.granted,
    )
    # The grant is written last: while it is missing the desk counts as not enrolled, and the code can be used again.
    save_membership(desk.store, membership)
    grant = grant_of(granted, gateway)
    desk.accept_grant(grant)
    return grant


def _is_stranded(desk: Desk, device: str) -> bool:
    """Whether the desk lost the keys it was enrolled with before it sealed anything: then it may enrol anew.

    Once it has a chain, a new key has to take that over (reopen), or the platform would see two histories.
    """
    with desk.store.reading() as connection:
        if outbox.batch_list(connection):
            return False
    try:
        return desk.vault.device_keys().keyid != device
    except Environment as error:
        return error.code in _LOST


def _device_keys(desk: Desk) -> DeviceKeys:
    """The desk's keys; fresh ones where they were lost (a restore on another computer, a damaged file)."""
    try:
        return desk.vault.device_keys()
    except Environment as error:
        if error.code not in _LOST:
            raise
        return desk.vault.renew_device_keys()
