"""What this desk holds of its platform: the pinned root, the trust document, the grant, and which history it is in."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from jmdesk.store.store import set_setting
from sync.client.faults import of_the_platform
from sync.protocol.enrolment import EnrolmentGrant
from sync.protocol.envelope import split_envelope
from sync.protocol.suites import KeyRole, OpeningKey, PublicKey, SigningKey
from sync.protocol.trust import Trust, open_stored_trust, open_trust

if TYPE_CHECKING:
    from jmdesk.store.store import Connection, Store
    from jmdesk.vault.device import DeviceKeys

_SETTING: Final = "sync.membership"


class Membership(msgspec.Struct, frozen=True):
    """One platform, as this desk was enrolled with it.

    ``root`` is the fingerprint that the enrolment code pinned (64 hex digits), ``trust`` the newest trust envelope,
    ``grant`` the envelope of the grant (base64 both), ``epoch`` the chain epoch in which this desk counts its batches,
    ``server_epoch`` the platform's history that versions refer to, ``ca`` the PEM certificate to trust ("" for the
    system's store), ``server_seen`` the last time the platform's clock was seen (UTC).
    """

    gateway: str
    ca: str
    unit: str
    device: str
    root: str
    trust: str
    grant: str
    epoch: int
    server_epoch: str
    server_seen: str

    @property
    def keyring(self) -> Trust:
        """Every key that the root certified, verified anew. ``Refused`` with a protocol code if it does not hold."""
        with of_the_platform():
            return open_stored_trust(base64.b64decode(self.trust), self.root)

    def recipients(self, clock: Clock) -> tuple[PublicKey, ...]:
        """To whom batches are sealed now. ``Refused("sync.trust_expired")`` when no such key is in date."""
        now = utc_text(clock.now())
        trust = self.keyring
        found = trust.recipients(now)
        if not found or trust.expired(now):
            raise Refused("sync.trust_expired")
        return found

    def renewed(self, envelope: bytes, clock: Clock) -> Membership:
        """With a newer trust document, if it is one: signed by the same root, in date, never older (I12).

        Of two documents of one version the one that was issued last holds: the other may lack a revocation.
        """
        now, known = utc_text(clock.now()), self.keyring.document
        with of_the_platform():
            trust = open_trust(envelope, self.root, now=now, version=known.version)
        found = trust.document
        if found.version == known.version and found.issued < known.issued:
            raise Refused("protocol.trust_rollback", version=found.version, current=known.version)
        return msgspec.structs.replace(self, trust=base64.b64encode(trust.envelope).decode())

    def at(self, server_epoch: str, server_seen: str) -> Membership:
        """In this history of the platform, whose clock was seen at this time; time never goes back (I12)."""
        return msgspec.structs.replace(self, server_epoch=server_epoch, server_seen=max(self.server_seen, server_seen))


def granted_at(membership: Membership) -> str:
    """When the grant was signed (UTC). It was verified before it was stored."""
    payload = split_envelope(base64.b64decode(membership.grant)).payload
    return msgspec.json.decode(payload, type=EnrolmentGrant).granted


def load_membership(store: Store) -> Membership:
    """The membership. ``Refused("sync.not_enrolled")`` when there is none."""
    text = store.setting(_SETTING)
    if text is None:
        raise Refused("sync.not_enrolled")
    return msgspec.json.decode(text, type=Membership)


def save_membership(store: Store, membership: Membership) -> None:
    """Keep the membership in the store."""
    store.put_setting(_SETTING, msgspec.json.encode(membership).decode())


def store_membership(connection: Connection, membership: Membership) -> None:
    """Keep the membership together with whatever else a transaction stores."""
    set_setting(connection, _SETTING, msgspec.json.encode(membership).decode())


def signing_key(keys: DeviceKeys) -> SigningKey:
    """The device's signing key as the protocol takes it."""
    return SigningKey(KeyRole.DEVICE, keys.signing.private_bytes_raw())


def opening_key(keys: DeviceKeys) -> OpeningKey:
    """The device's opening key as the protocol takes it."""
    return OpeningKey(KeyRole.DEVICE_KEM, keys.agreement.private_bytes_raw())
