"""The papers of a batch as an office files them, from the attendance sheet to the register of certificates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jmdesk.attachments.content import Content
from jmdesk.attachments.linking import attach
from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.media import PDF
from jmdesk.papers.service import Issued
from jmdesk.papers.template import Picture
from jmdesk.reviews import documents, queries
from jmdesk.reviews.certificates import TEMPLATE
from jmdesk.reviews.office import Office
from jmdesk.reviews.panel import Panel
from jmdesk.store import outbox

if TYPE_CHECKING:
    from jmdesk.papers.queries import Paper
    from jmdesk.reviews.panel import Sheet
    from jmdesk.reviews.queries import Batch, Line

POSTING: Final = "POSTING"
"""The item of the assessment record that keeps the proof of a posted notice."""
_DECIDED: Final = ("50", "60")
_REGISTER: Final = (
    "序号", "证号", "户主", "户编号", "组别", "等级", "得分", "认定文号", "发证日期", "有效期止", "状态", "作废理由",
)  # fmt: skip


class Filing:
    """Gives out the papers of one batch, each with a number of its own; the same paper may be given out again."""

    def __init__(self, desk: Office, panel: Panel) -> None:
        self._desk, self._panel = desk, panel

    def kinds(self) -> dict[str, str]:
        """What ``issue`` can give out, with labels."""
        names = (*self._of_sheet(), "review-decision", "review-register", "review-handover")
        return {name: self._desk.papers.template(name).label for name in names}

    def issue(self, batch: str, name: str) -> Issued:
        """One paper about the whole batch. ``Refused`` "reviews.nothing_to_print", "reviews.no_batch"."""
        found, lines = self._panel.batch(batch), self._lines(batch)
        if name == "review-decision":
            values = self._decision(found, lines)
        elif name == "review-register":
            values = self._register(found, lines)
        elif name == "review-handover":
            values = self._handover(found, lines)
        else:
            sheet = self._panel.sheet(batch, [line.household for line in lines])
            if not lines or (not sheet.seats and name != "review-tally"):
                raise Refused("reviews.nothing_to_print")
            values = self._of_sheet()[name](sheet, lines)
        return self._write(found, name, values)

    def application(self, rating: str) -> Issued:
        """The application of one household, to be signed."""
        with self._desk.store.reading() as connection:
            lines = queries.lines(connection, [rating])
        if not lines:
            raise Refused("reviews.not_in_batch")
        values = documents.of_household(self._desk, lines[0])
        return self._desk.papers.issue("review-application", "R16", rating, values)

    def prove_posting(self, batch: str, photo: Content, place: str, posted_on: date) -> Issued:
        """File the photo of the notice on the wall and give out the proof.

        The photo becomes evidence of a record that says when and where. ``Refused`` "reviews.no_proof" without a
        notice in force, and as ``attachments.linking.attach``.
        """
        found, lines = self._panel.batch(batch), self._lines(batch)
        on_notice = [line for line in lines if line.publicity and line.status in ("30", "35", "40")]
        if not found.notice or not on_notice:
            raise Refused("reviews.no_proof")
        since, until = min(line.publicity[0] for line in on_notice), max(line.publicity[1] for line in on_notice)
        values = {
            "notice": found.notice,
            "place": place.strip(),
            "posted_on": documents.day_text(posted_on.isoformat()),
            "since": documents.day_text(since),
            "until": documents.day_text(until),
            "digest": photo.sha256,
            "photo": "（见附件）" if photo.media == PDF else Picture(photo.data, 120),
            **documents.of_batch(self._desk, found),
        }
        record: Record = {
            "subject_id": f"R16:{on_notice[0].rating}",
            "rating_year": found.year,
            "item": POSTING,
            "facts": {"notice": found.notice, "place": place.strip(), "posted_on": posted_on.isoformat()},
            "basis": f"公示 {found.notice} 张贴照片",
            "assessed_on": posted_on.isoformat(),
            "assessor_id": self._desk.actor,
        }
        with self._desk.records.writing("review", reason=batch) as writer:
            kept = writer.create("assessment", record, region=found.region)
            writer.transaction.flush()
            attach(writer, "assessment", kept, photo, caption=f"公示 {found.notice}")
            name = "review-posting"
            issued = self._desk.papers.write(writer, name, "batch", batch, values, region=found.region)
            queries.mark(writer.transaction.connection, batch, proof=issued.paper.number)
        return issued

    def of_batch(self, batch: str) -> list[Paper]:
        """Every paper of a batch and of its cases, oldest first."""
        found = self._desk.papers.of("batch", batch)
        for line in self._lines(batch):
            found += self._desk.papers.of("R16", line.rating)
        return sorted(found, key=lambda paper: (paper.issued_at, paper.number))

    def write_register(self, target: Path) -> int:
        """Write the register of certificates as ``.xlsx``, voided ones too; gives how many. Scores are numbers.

        ``Environment`` "cli.unreadable_file" when the file cannot be written.
        """
        import xlsxwriter

        papers = self._desk.papers.register(TEMPLATE)
        with self._desk.store.reading() as connection:
            lines = {line.rating: line for line in queries.lines(connection, [paper.rid for paper in papers])}
        rows = [self._row(place, paper, lines.get(paper.rid)) for place, paper in enumerate(papers, 1)]
        try:
            book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
            _fill(book, rows)
            book.close()
        except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
            raise Environment("cli.unreadable_file", file=target.name) from error
        return len(rows)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _of_sheet(self) -> Mapping[str, Callable[[Sheet, list[Line]], dict[str, object]]]:
        desk, rules = self._desk, self._panel.rules
        return {
            "review-attendance": lambda sheet, _lines: documents.attendance(desk, sheet),
            "review-ballots": lambda sheet, lines: documents.ballots(desk, sheet, lines, rules),
            "review-tally": lambda sheet, lines: documents.tally(desk, sheet, lines, rules),
            "review-minutes": lambda sheet, lines: documents.minutes(desk, sheet, lines, rules),
        }

    def _decision(self, batch: Batch, lines: list[Line]) -> dict[str, object]:
        standings = self._desk.workflows.standings("W2", "R16", [line.rating for line in lines])
        decided = [line for line in lines if standings[line.rating].state in ("decided", "certified", "reviewing")]
        if not decided:
            raise Refused("reviews.nothing_to_print")
        values = self._desk.records.get("R16", decided[0].rating).record.values
        org, number = str(values.get("award_org", "")), str(values.get("award_doc_no", ""))
        return documents.decision(self._desk, batch, decided, org, number)

    def _register(self, batch: Batch, lines: list[Line]) -> dict[str, object]:
        of_batch = {line.rating: line for line in lines}
        given = [
            (paper, of_batch[paper.rid]) for paper in self._desk.papers.register(TEMPLATE) if paper.rid in of_batch
        ]
        if not given:
            raise Refused("reviews.nothing_to_print")
        return documents.register(self._desk, batch, given)

    def _handover(self, batch: Batch, lines: list[Line]) -> dict[str, object]:
        standings = self._desk.workflows.standings("W2", "R16", [line.rating for line in lines])
        with self._desk.store.reading() as connection:
            unsent = outbox.counts(connection).get("draft", 0)
        return documents.handover(self._desk, batch, standings, unsent, len(self.of_batch(batch.number)))

    def _write(self, batch: Batch, name: str, values: Mapping[str, object]) -> Issued:
        with self._desk.records.writing("paper", reason=batch.number) as writer:
            return self._desk.papers.write(writer, name, "batch", batch.number, values, region=batch.region)

    def _lines(self, batch: str) -> list[Line]:
        with self._desk.store.reading() as connection:
            return queries.lines(connection, queries.ratings_of(connection, batch))

    def _row(self, place: int, paper: Paper, line: Line | None) -> list[object]:
        if line is None:
            return [place, paper.number, "", "", "", "", "", "", paper.issued_at[:10], "", "已作废", paper.void_reason]
        values = self._desk.records.get("R16", line.rating).record.values
        score = line.score and Decimal(line.score)
        state = "已作废" if paper.voided_at else "有效"
        own = [line.head, line.number, line.group, line.grade, score, str(values.get("award_doc_no", ""))]
        days = [date.fromisoformat(paper.issued_at[:10]), line.valid_to and date.fromisoformat(line.valid_to)]
        return [place, paper.number, *own, *days, state, paper.void_reason]


def _fill(book: Any, rows: list[list[object]]) -> None:
    sheet = book.add_worksheet("信用户证登记簿")
    plain = book.add_format({"num_format": "@"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    one = book.add_format({"num_format": "0.0"})
    bold = book.add_format({"bold": True, "border": 1})
    for column, heading in enumerate(_REGISTER):
        sheet.write_string(0, column, heading, bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif isinstance(value, Decimal):
                sheet.write_number(number, column, value, one)
            elif isinstance(value, int):
                sheet.write_number(number, column, value)
            elif value:
                sheet.write_string(number, column, str(value), plain)
    sheet.set_column(1, 3, 24)
    sheet.set_column(7, 11, 16)
    sheet.freeze_panes(1, 0)
