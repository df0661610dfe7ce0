"""The results of an import: what became of every row. That they are those of any file: test_receipt_properties.py."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from imports import rejected, results
from imports.models import ChunkOutcome, ImportJob, ImportLane
from imports.pipeline import LaneTakenError, open_lane
from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, run_import, with_progress
from tests.imports.short_import import CONTENT, begin_with_the_old_catalogue

pytestmark = pytest.mark.django_db

CSV = "sku,name,price\nA,Lamp,1\nB,Chair,x\nC,Table,3\na,Lamp,2\nA,Lamp,2\nD,Desk,4\nsku,name,price\nd,Desk,4\n"


def rows_of(job: ImportJob, **options: bool) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(results.csv_of(job, **options)), newline="")))


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 100])
@pytest.mark.parametrize("dry_run", [False, True])
def test_every_row_has_its_outcome(chunk_rows: int, dry_run: bool, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = chunk_rows
    run_import("sku,name,price\nA,Fan,1\nC,Table,3\n")

    job = run_import(CSV, dry_run=dry_run)

    assert rows_of(job) == [
        ["line", "sku", "outcome", "reason"],
        ["2", "A", "updated", ""],
        ["3", "B", "rejected", "price: 'x' is not a price such as 1234.50."],
        ["4", "C", "unchanged", ""],
        ["5", "a", "duplicate", "duplicate of line 2"],
        ["6", "A", "duplicate", "duplicate of line 5"],
        ["7", "D", "created", ""],
        ["8", "", "skipped", "Repeated header: the names of the columns, once more."],
        ["9", "d", "duplicate", "duplicate of line 7"],
    ]


def test_rows_that_a_mode_skips_say_why() -> None:
    run_import("sku,name\nA,Lamp\n")

    assert rows_of(run_import("sku,name\nA,Fan\nB,Chair\nb,Chair\n", mode="create_only"))[1:] == [
        ["2", "A", "skipped", "The product exists already, and this import only creates new ones."],
        ["3", "B", "created", ""],
        ["4", "b", "duplicate", "duplicate of line 3"],
    ]
    assert [row[2] for row in rows_of(run_import("sku,name\nA,Fan\nX,Chair\n", mode="update_only"))[1:]] == [
        "updated",
        "skipped",
    ]


def test_a_duplicate_repeats_a_row_also_if_somebody_edits_the_product_between(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    job = make_job("sku,name\nA,Lamp\nB,Chair\na,Fan\n")
    open_without_messages(job)
    lane = ImportLane.objects.select_related("job").get(job=job)
    with open_lane(lane) as run:
        run.advance()
        for name in ("Edited", "Edited again"):
            product = Product.objects.get(sku="A")
            product.name = name
            editing.update(product, ["name"], Editor())
        while run.advance():
            pass

    assert rows_of(with_progress(job))[3] == ["4", "a", "duplicate", "duplicate of line 2"]


def test_a_chunk_that_is_tried_again_is_told_once(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 7
    begin_with_the_old_catalogue()
    job = make_job(CONTENT)
    open_without_messages(job, lanes=2)
    while lanes := list(ImportLane.objects.select_related("job").filter(job=job, finished=False)):
        for lane in lanes:
            with open_lane(ImportLane.objects.select_related("job").get(pk=lane.pk)) as run:
                run.advance()
            # Who comes too late for the chunk.
            with open_lane(lane) as late, pytest.raises(LaneTakenError):
                late.advance()

    counted = with_progress(job)
    found = Counter(row[2] for row in rows_of(counted)[1:])
    assert found == {
        kind: getattr(counted, f"{kind}_rows")
        for kind in ("created", "updated", "unchanged", "duplicate", "rejected")
        if getattr(counted, f"{kind}_rows")
    }


def test_nothing_is_kept_of_rows_that_are_on_record() -> None:
    job = run_import("sku,name\nA,Lamp\nB,Chair\n")

    assert not ChunkOutcome.objects.filter(job=job.pk).exists()
    assert [row[2] for row in rows_of(job)[1:]] == ["created", "created"]


def test_unchanged_rows_are_kept_in_a_few_bytes() -> None:
    content = "sku,name\n" + "".join(f"ACME-{n:06}-{n % 7},Lamp\n" for n in range(5000))
    run_import(content)

    job = run_import(content)

    assert sum(len(data) for data in ChunkOutcome.objects.filter(job=job.pk).values_list("data", flat=True)) < 8 * 5000
    assert {row[2] for row in rows_of(job)[1:]} == {"unchanged"}


def test_queries_are_as_many_as_chunks(settings: Settings) -> None:
    def queries_of(rows: int) -> int:
        content = "sku,name,price\n" + "".join(f"S{n % (rows // 2)},Lamp,{n}\n" for n in range(rows))
        job = run_import(content)
        with CaptureQueriesContext(connection) as queries:
            assert len(rows_of(job)) == rows + 1
        return len(queries)

    settings.IMPORT_CHUNK_ROWS = 100
    # In four chunks; of twice the rows in twice the chunks.
    few = queries_of(400)
    assert queries_of(800) <= 2 * few


def test_formulas_are_marked_for_spreadsheets_only() -> None:
    job = run_import("sku,name,price\n=1,Lamp,x\n-2,Lamp,\n")

    assert [row[1] for row in rows_of(job)] == ["sku", "=1", "-2"]
    marked = rows_of(job, for_spreadsheets=True)
    assert marked[0] == ["line", "sku", "outcome", "reason", "spreadsheet_safe"]
    assert [row[1] for row in marked[1:]] == ["'=1", "'-2"]


def test_they_go_with_the_rejected_rows(settings: Settings) -> None:
    job = run_import(CSV)
    assert not results.why_gone(job)
    ended = timezone.now() - timedelta(days=settings.REJECTED_KEEP_DAYS, seconds=1)
    ImportJob.objects.filter(pk=job.pk).update(finished_at=ended)

    # Some of them may be gone by now.
    assert "are gone" in results.why_gone(with_progress(job))
    rejected.delete_old(timezone.now() - timedelta(days=settings.REJECTED_KEEP_DAYS), 20)

    assert not ChunkOutcome.objects.exists()
    ImportJob.objects.filter(pk=job.pk).update(finished_at=timezone.now())
    assert "are gone" in results.why_gone(with_progress(job)), "A retry brings nothing back."


def test_they_go_with_the_history() -> None:
    job = run_import(CSV)

    ChangeSet.objects.filter(import_number=job.pk).delete()

    assert "no longer on record" in results.why_gone(job)


def test_a_rejected_row_has_its_sku_where_it_is_known() -> None:
    long = "x" * 100_001
    job = run_import(f"sku,description,name\nA,{long},Lamp\nB,Text\nC,Text,{'y' * 256}\n")

    assert [row[:3] for row in rows_of(job)[1:]] == [
        ["2", "A", "rejected"],
        ["3", "", "rejected"],
        ["4", "C", "rejected"],
    ]
    behind = run_import(f"description,sku,name\n{long},A,Lamp\n")
    assert rows_of(behind)[1][:3] == ["2", "", "rejected"]
