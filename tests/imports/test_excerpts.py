"""The beginning of a draft's file: kept where it had to be made, for as long as it is the right one."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from imports import drafts, excerpts, jobs, tasks, waking
from imports.files.storage import delete_stored
from imports.models import Draft
from imports.opening import places
from imports.opening import text as opening_text
from imports.options import Options
from imports.preview import preview
from tests.imports.factories import upload
from tests.imports.test_workbook_imports import xlsx

pytestmark = pytest.mark.django_db(transaction=True)

PRODUCTS: list[list[object]] = [["sku", "name"], ["00123", "Two\nlines"], ["B", "Lamp"]]
OFFERS: list[list[object]] = [["sku", "name", "price"], ["C", "Chair", 5]]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sheets that were read, one entry each time."""
    read: list[str] = []

    def reading(*arguments: object) -> Iterator[bytes]:
        read.append(str(arguments[1]))
        return sheet_as_csv(*arguments)  # type: ignore[arg-type]

    sheet_as_csv = opening_text.sheet_as_csv
    monkeypatch.setattr(opening_text, "sheet_as_csv", reading)
    return read


def draft_of(content: bytes, filename: str = "products.xlsx") -> Draft:
    return drafts.create(upload(content, filename), AnonymousUser())


def again(draft: Draft) -> Draft:
    """The draft as another request has it."""
    return Draft.objects.get(pk=draft.pk)


def stored(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_a_sheet_is_read_for_the_first_view_only(readings: list[str], upload_folder: Path) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS, Offers=OFFERS))
    first, second = preview(draft), preview(again(draft))

    assert readings == ["Products"]
    assert first == second
    assert (second.sheets, second.rows[0].values[:2]) == (["Products", "Offers"], ["00123", "Two\nlines"])
    assert stored(upload_folder) == 2


def test_another_sheet_is_read_when_it_is_chosen_and_replaces_the_one_before(
    readings: list[str], upload_folder: Path
) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS, Offers=OFFERS))
    preview(draft)
    drafts.change(draft, Options(sheet="Offers"))
    assert preview(again(draft)).rows[0].values[0] == preview(again(draft)).rows[0].values[0] == "C"
    # What does not change the text needs no other.
    drafts.change(draft, Options(sheet="Offers", mapping={"name": ""}))
    assert "name" not in preview(again(draft)).columns

    assert readings == ["Products", "Offers"]
    assert stored(upload_folder) == 2


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress("sku,name\nA,Größe\n".encode("cp1252")),
        "sku,name\nA,Größe\n".encode("utf-16"),
        gzip.compress("sku,name\nA,Größe\n".encode("utf-16-le")),
    ],
    ids=["compressed", "utf-16", "both"],
)
def test_so_it_is_with_any_file_that_has_to_be_rewritten(
    content: bytes, upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = draft_of(content, "products.csv.gz")
    first = preview(draft)
    monkeypatch.setattr(excerpts, "read_excerpt", None)
    assert preview(again(draft)) == first
    assert first.rows[0].values[:2] == ["A", "Größe"]


def test_that_the_file_continues_after_the_excerpt_is_kept_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "BEGINNING_BYTES", 2_000_000)
    rows = [["sku", "name"], *([f"S{number}", "x" * 5000] for number in range(500))]
    draft = draft_of(xlsx(Products=rows))
    assert not preview(draft).whole_file
    assert not preview(again(draft)).whole_file


@pytest.mark.parametrize("end", ["submit", "discard", "delete_old_files"])
def test_it_is_deleted_with_the_draft(end: str, upload_folder: Path) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS))
    before = again(draft)
    preview(draft)
    # Another request of the same sender does not know of it.
    if end == "submit":
        with waking.no_messages():
            drafts.submit(before)
    elif end == "discard":
        drafts.discard(before)
    else:
        Draft.objects.update(created_at=timezone.now() - tasks.KEEP_DRAFTS * 2)
        tasks.delete_old_files()
    assert stored(upload_folder) == (1 if end == "submit" else 0)


def test_a_draft_that_was_imported_in_the_meantime_gets_none(upload_folder: Path) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS))
    with waking.no_messages():
        drafts.submit(draft)
    assert preview(draft).rows
    assert stored(upload_folder) == 1
    with pytest.raises(jobs.WrongStateError):
        drafts.discard(draft)


def test_of_two_requests_one_keeps_it(upload_folder: Path) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS))
    other = again(draft)
    assert preview(draft) == preview(other)
    assert stored(upload_folder) == 2


def test_one_that_is_lost_is_read_again(readings: list[str]) -> None:
    draft = draft_of(xlsx(Products=PRODUCTS))
    preview(draft)
    delete_stored(again(draft).excerpt_stored_as)
    assert preview(again(draft)).rows
    assert readings == ["Products"] * 2
