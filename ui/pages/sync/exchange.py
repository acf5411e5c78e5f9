"""What the sync page has done beside the window. ``sync`` and its HTTP library are imported when first needed."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.core.errors import Environment
from jmdesk.desk import Desk
from jmdesk.place import Grant
from ui.core.i18n import language, tr
from ui.core.ports import Chip
from ui.core.runner import Cancelled, Report

if TYPE_CHECKING:
    from jmdesk.store.outbox import Batch
    from sync.client.http import HttpTransport
    from sync.client.report import SyncReport

MOST_CA = 1024 * 1024
"""Bytes of a certificate file; a larger one is something else."""


@dataclass(frozen=True, slots=True)
class Application:
    """What is asked at enrolment; ``ca`` is a certificate file to trust, empty for the system's."""

    address: str
    code: str
    ca: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """Files written for a stick, the records in them, and how many changes were held back."""

    files: tuple[Path, ...]
    records: int
    held: int


@dataclass(frozen=True, slots=True)
class FromStick:
    """What a stick brought, in words: what was taken over, and what was not and why."""

    text: str
    hint: str
    good: bool


def take_replies_here(desk: Desk, folder: Path, progress: Report, cancelled: Callable[[], bool]) -> FromStick:
    """Take over every reply in a folder."""
    from sync.client.diary import told
    from sync.client.steering import Steering, Stopped
    from sync.client.stick import take_replies

    def tell(stage: str, done: int, of: int) -> None:
        progress(done, of, stage_text(stage))

    try:
        brought = take_replies(desk, folder, Steering(progress=tell, cancelled=cancelled))
    except Stopped:
        raise Cancelled from None
    refused = [f"{name}：{error.message_for_user(language())}" for name, error in brought.refused.items()]
    return FromStick(" ".join(told(brought.report, language())), "\n".join(refused[:5]), not refused)


def stage_text(stage: str) -> str:
    """What an exchange is doing."""
    words = {
        "seal": tr("正在封装报送包"),
        "send": tr("正在交给平台"),
        "wait": tr("平台正在处理，等待回执"),
        "changes": tr("正在取回别处的修改"),
        "packages": tr("正在取回新的目录和规则"),
    }
    return words.get(stage, stage)


@contextmanager
def line(desk: Desk, address: str, ca: str) -> Iterator[HttpTransport]:
    """A line to the platform, closed behind whoever used it."""
    from sync.client.http import HttpTransport

    transport = HttpTransport(address, desk.ids, ca=ca)
    try:
        yield transport
    finally:
        transport.close()


def enrol_here(desk: Desk, wanted: Application) -> Grant:
    """Admit this desk to a platform. Errors as ``sync.client.enrolment.enrol``."""
    from sync.client.enrolment import enrol
    from sync.client.membership import load_membership

    ca = _certificate(wanted.ca)
    if not ca and desk.grant is not None and desk.grant.gateway == wanted.address:
        ca = load_membership(desk.store).ca  # enrolled there before: the certificate trusted then
    with line(desk, wanted.address, ca) as transport:
        return enrol(desk, transport, wanted.code, gateway=wanted.address, ca=ca)


def exchange(desk: Desk, progress: Report, cancelled: Callable[[], bool]) -> SyncReport:
    """Send what waits, take over receipts and what others changed. Errors as ``sync.client.engine.synchronise``."""
    from sync.client.engine import synchronise
    from sync.client.membership import load_membership
    from sync.client.steering import Steering

    membership = load_membership(desk.store)
    progress(0, 0, tr("正在连接平台"))
    steering = Steering(lambda stage, done, of: progress(done, of, stage_text(stage)), cancelled)
    with line(desk, membership.gateway, membership.ca) as transport:
        return synchronise(desk, transport, steering)


def export_batches(desk: Desk, folder: Path, progress: Report, cancelled: Callable[[], bool]) -> Exported:
    """Seal what waits and copy every batch that the platform does not hold yet into ``folder``.

    All of them, for the platform takes a desk's batches in order. Each copy is compared with its original before it
    counts. ``Environment("cli.cannot_write")`` when the stick is full or not writable.
    """
    from jmdesk.store import outbox
    from sync.client.membership import load_membership
    from sync.client.sealing import seal
    from sync.client.steering import Steering, Stopped

    steering = Steering(lambda stage, done, of: progress(done, of, stage_text(stage)), cancelled)
    try:
        sealed = seal(desk, load_membership(desk.store), steering)
    except Stopped:
        raise Cancelled from None
    with desk.store.reading() as connection:
        found = [batch for batch in outbox.batch_list(connection, open_only=True) if batch.state != "held"]
    files = []
    for number, batch in enumerate(found, 1):
        if cancelled():
            raise Cancelled
        progress(number, len(found), tr("正在写到优盘"))
        files.append(_copied(desk, batch, folder))
        _note_carried(desk, batch)
    return Exported(tuple(files), sum(batch.records for batch in found), sum(sealed.held.values()))


def _copied(desk: Desk, batch: Batch, folder: Path) -> Path:
    """A copy of a batch under a name that tells its place in the chain; half a copy never has that name."""
    target = folder / f"{tr('报送包')}-{batch.seq:04d}-{batch.batch_id[-6:]}.jmb"
    temporary = target.with_name(target.name + ".part")
    source = desk.vault.outgoing / batch.file
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        if filecmp.cmp(source, temporary, shallow=False):
            temporary.replace(target)
            return target
        raise Environment("cli.cannot_write", file=str(target))
    except OSError as error:
        raise Environment("cli.cannot_write", file=str(target)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _note_carried(desk: Desk, batch: Batch) -> None:
    from jmdesk.store import outbox
    from sync.protocol.states import DeskBatch, DeskEvent, next_desk_state

    state = next_desk_state(DeskBatch(batch.state), DeskEvent.EXPORT)
    with desk.store.transaction(desk.actor, "export") as transaction:
        outbox.advance(transaction.connection, batch.batch_id, state.value)


def _certificate(name: str) -> str:
    if not name:
        return ""
    try:
        with Path(name).open("rb") as file:
            return file.read(MOST_CA).decode("utf-8", "replace")
    except OSError as error:
        raise Environment("cli.unreadable_file", file=name) from error


def problem_of_code(text: str) -> tuple[str, str]:
    """An enrolment code as it is printed, or what is wrong with what was typed: one of the two is empty."""
    from jmdesk.core.messages import message
    from sync.protocol.codes import EnrolmentCode
    from sync.protocol.errors import LocalProtocolError

    try:
        return EnrolmentCode.parse(text).text, ""
    except LocalProtocolError as error:
        return "", str(message(error.code, error.params, language()))


def words_of(report: SyncReport) -> list[str]:
    """The lines of a report."""
    from sync.client.diary import told

    return told(report, language())


def outcome_chip(report: SyncReport) -> Chip:
    """How an exchange ended, in a word: done only when nothing is left for anybody to do."""
    if report.stopped:
        return Chip(tr("已停止"), "warn")
    if report.problem is not None:
        return Chip(tr("没有完成"), "bad")
    if report.unsettled:
        return Chip(tr("已交平台，等待回执"), "info")
    if report.set_aside:
        return Chip(tr("已完成，有 {n} 条要处理", n=f"{report.set_aside:,}"), "warn")
    return Chip(tr("已完成"), "ok")
