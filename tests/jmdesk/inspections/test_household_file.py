"""One household, one file: what is in it, in which order, what a mask hides, and who may hand it out."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from jmdesk.attachments.content import Content
from jmdesk.attachments.intake import read_document
from jmdesk.audit.queries import Wanted
from jmdesk.core.errors import Refused
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import shipped
from jmdesk.store import change_log
from tests.documents import pdf
from tests.jmdesk.reviews.conftest import village as village  # noqa: PLC0414 -- the fixture
from ui.core.household_file import bound
from ui.pages.households.paper_file import MAIN, hand_out

if TYPE_CHECKING:
    from jmdesk.inspections.service import HouseholdFile
    from tests.jmdesk.reviews.conftest import Village

FORM = ["告知与授权", "农户基本信息", "家庭成员", "年度收支"]


class Careful(Guard):
    """Somebody whom a city lets hand files out without showing them telephone numbers."""

    def hidden(self, type_id: str) -> frozenset[str]:
        return super().hidden(type_id) | (frozenset({"phone"}) if type_id == "R05" else frozenset())


def scan(folder: Path) -> Content:
    file = folder / "授权书.pdf"
    file.write_bytes(pdf())
    return read_document(file)


def words_of(file: HouseholdFile) -> str:
    return "\n".join(word for part in file.parts if part.document for word in part.document.words())


def test_the_file_lies_in_the_order_of_the_paper_one_with_every_paper_given_out(village: Village) -> None:
    village.to_certified()
    file = village.desk.inspections.file(village.households[0], "县级检查")
    titles = [part.title for part in file.parts]
    assert titles[:4] == FORM
    reviewed = titles[titles.index("逐项得分说明书") :]
    assert reviewed[1] == "评定办理过程"
    assert any(title.startswith("《信用户证书》XY") or "证" in title for title in reviewed[2:])
    assert titles[-3:] == ["异议与权利请求", "变更记录", "附件目录"]


def test_numbers_places_and_incomes_are_masked_and_names_of_fields_stay(village: Village) -> None:
    desk, household = village.desk, village.households[0]
    record = desk.records.get("R05", household).record.values
    told = words_of(desk.inspections.file(household, "县级检查"))
    assert str(record["phone"]) not in told
    assert str(record["address"]) not in told
    assert "90,000.00" not in told
    assert "种植" in told


def test_the_pdf_has_a_contents_whose_pages_are_right_and_is_logged_before_it_is_there(
    village: Village, tmp_path: Path, qapp: object
) -> None:
    desk, household = village.desk, village.households[0]
    assert qapp is not None
    consent = next(one for one in desk.records.find("R04") if household in str(one.values["subject_id"]))
    desk.attachments.add("R04", consent.rid, scan(tmp_path))
    folder = tmp_path / "检查"
    folder.mkdir()
    pages = hand_out(desk, household, "县级检查", folder)
    assert {file.name for file in folder.iterdir()} == {MAIN, "附件01.pdf"}
    data = (folder / MAIN).read_bytes()
    reader = PdfReader(io.BytesIO(data))
    assert len(reader.pages) == pages
    marks = [(str(one.title), reader.get_destination_page_number(one)) for one in reader.outline]  # type: ignore[union-attr, arg-type]
    assert [title for title, _ in marks][:3] == ["目录", *FORM[:2]]
    assert [page for _, page in marks] == sorted(page for _, page in marks if page is not None)
    [entry] = desk.audit.page(desk.guard, Wanted(verbs=("export",)))
    assert entry.reason == "县级检查"
    assert entry.rid == household
    with desk.store.reading() as connection:
        change = change_log.history(connection, household)[-1]
    assert (change.after or {})["sha256"] == hashlib.sha256(data).hexdigest()
    with pytest.raises(Refused, match=r"rights\.folder"):
        hand_out(desk, household, "县级检查", folder)


def test_a_role_without_leave_hands_nothing_out_and_no_purpose_is_no_leave(village: Village) -> None:
    desk, household = village.desk, village.households[0]
    with pytest.raises(Refused, match="purpose_needed"):
        desk.inspections.file(household, " ")
    for role in ("R1", "R6", "R12"):
        desk.records.guard = Guard(shipped(), frozenset({role}))
        with pytest.raises(Refused, match="permissions"):
            desk.inspections.file(household, "县级检查")


def test_scans_go_along_only_for_who_may_see_everything_of_their_record(
    village: Village, tmp_path: Path, qapp: object
) -> None:
    desk, household = village.desk, village.households[0]
    assert qapp is not None
    desk.attachments.add("R05", household, scan(tmp_path))
    desk.records.guard = Careful(shipped(), frozenset({"R2"}))
    file = desk.inspections.file(household, "县级检查")
    assert (len(file.enclosures), file.withheld) == (0, 1)
    assert "不提供" in words_of(file)
    assert bound(file).pages > len(file.parts)
