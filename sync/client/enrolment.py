"""Enrolment: a one-time code makes this desk a device of its unit."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.store.store import set_setting
from sync.client.asking import CLIENT, REPLACED, load_asked, load_halt
from sync.client.faults import of_the_platform
from sync.client.grants import begin_anew, grant_of
from sync.client.membership import Membership, opening_key, signing_key, store_membership
from sync.client.patience import Patience
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import Purpose, SignedRequest, open_grant, open_request, request_enrolment
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
    mistyped code or an answer that does not hold, ``sync.code_invalid``, ``sync.code_unit``, ``sync.already_enrolled``
    unless the desk `is_stranded`: then it goes on as another device, and what is unsettled is compared and sent by it;
    ``demonstration.no_platform``, ``sync.enrolment_waits`` until an administrator has approved the key,
    ``sync.blocks_full`` until there is a desk block for it (call again with the same code); ``Unreachable`` as the
    transport says.
    """
    if desk.demonstration:
        raise Refused("demonstration.no_platform")
    if desk.grant is not None and not is_stranded(desk):
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
    return _keep(desk, trust, request, answer, gateway=gateway, ca=ca)


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
    grant, again = grant_of(granted, gateway), desk.grant is not None
    with desk.store.transaction(desk.actor, "enrol") as transaction:
        connection = transaction.connection
        store_membership(connection, membership)
        desk.accept_grant(grant, connection)
        set_setting(connection, _ENROLLING, "")
        if again:
            begin_anew(connection)
    return grant


def is_stranded(desk: Desk) -> bool:
    """Whether the platform does not take this desk for the device of its grant any more, so that it has to enrol anew.

    So it is where its keys were lost (a backup holds none), where the store is older than its keys or the keys are
    older than the platform's: a backup from before a change of keys.
    """
    grant, asked = desk.grant, load_asked(desk.store)
    if grant is None or (asked is not None and asked.purpose is Purpose.ROTATE):
        return False
    halted = load_halt(desk.store)
    return (halted is not None and halted.code == REPLACED) or _keyid(desk) != grant.device


def _keyid(desk: Desk) -> str:
    """The device that the keys here are; empty where they were lost."""
    try:
        return desk.vault.device_keys().keyid
    except Environment as error:
        if error.code not in _LOST:
            raise
        return ""


def _device_keys(desk: Desk) -> DeviceKeys:
    """The desk's keys; fresh ones where they were lost or have been another device's."""
    stored = desk.store.setting(_ENROLLING)
    if stored:
        with of_the_platform():
            asked = open_request(base64.b64decode(stored)).device.keyid
    else:
        asked = ""
    known = _keyid(desk)
    if known and (desk.grant is None or known == asked):
        return desk.vault.device_keys()
    return desk.vault.renew_device_keys()
