"""The one receipt of a file and of what was corrected of it: which rows are open, and who has fixed the others."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from imports import applying, chain, drafts, jobs, rejected
from imports.commandline import foreground
from imports.commandline.receipt import receipt as receipt_text
from imports.models import ImportJob, RejectedRow
from imports.representation import represent
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import, upload, with_progress
from tests.imports.short_import import WRITERS

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "sku,name,price\nA,Lamp,1\nB,Vase,cheap\nC,,2\nD,Desk,dear\nE,Chair,soon\n"


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.IMPORT_WRITER = request.param


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


def corrected(job: ImportJob, fixes: dict[str, str], only: Sequence[int] = ()) -> str:
    """The file of the rejected rows of `job`, with these texts in place of others; of these lines only."""
    text = "".join(rejected.csv_blocks(job))
    header, *rows = csv.reader(io.StringIO(text))
    out = io.StringIO()
    csv.writer(out).writerow(header)
    line = header.index("import_line")
    for row in rows:
        if not only or int(row[line]) in only:
            kept = [fixes.get(field, field) for field in row[:line]]
            csv.writer(out).writerow([*kept, *row[line:]])
    return out.getvalue()


def check(content: str, follows: ImportJob, user: User) -> ImportJob:
    return finish(drafts.submit(drafts.create(upload(content), user, follows=follows)))


def follow(content: str, follows: ImportJob, user: User) -> ImportJob:
    return finish(applying.apply(check(content, follows, user)))


def finish(job: ImportJob) -> ImportJob:
    foreground.run(job, lambda: None)
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    return job


def told(job: ImportJob) -> tuple[int, int, dict[int, int]]:
    found = chain.receipt(job)
    return found.open_rows, found.rows, found.fixed_by


def test_a_file_of_which_nothing_was_corrected_has_all_of_its_rows_open() -> None:
    job = run_import(CSV)

    assert told(job) == (4, 4, {})
    assert represent(job)["open_rows"] == 4
    assert "still open              4" in receipt_text(job)


def test_what_each_import_has_fixed_is_told_of_the_first(anna: User) -> None:
    first = run_import(CSV)
    second = follow(corrected(first, {"cheap": "3"}), first, anna)
    third = follow(corrected(first, {"dear": "9"}, only=[5]), first, anna)

    assert second.created_rows == 1
    assert told(first) == told(second) == told(third) == (2, 4, {second.pk: 1, third.pk: 1})
    assert chain.receipt(third).first == first
    assert represent(with_progress(first))["open_rows"] == 2
    assert represent(second)["open_rows"] == 3


def test_a_check_fixes_nothing(anna: User) -> None:
    first = run_import(CSV)
    check(corrected(first, {"cheap": "3"}), first, anna)

    assert told(first) == (4, 4, {})


def test_a_row_that_is_corrected_twice_is_fixed_once(anna: User) -> None:
    first = run_import(CSV)
    second = follow(corrected(first, {"cheap": "3"}), first, anna)
    again = follow(corrected(first, {"cheap": "3"}), first, anna)

    assert again.unchanged_rows == 1
    assert told(first) == (3, 4, {second.pk: 1})


def test_a_row_that_is_corrected_in_two_steps_is_fixed_in_both(anna: User) -> None:
    first = run_import(CSV)
    second = follow(corrected(first, {"cheap": "3", "dear": "nine"}), first, anna)
    third = follow(corrected(second, {"nine": "9"}), second, anna)
    fourth = follow(corrected(third, {"soon": "5"}), third, anna)

    assert told(fourth) == (1, 4, {second.pk: 1, third.pk: 1, fourth.pk: 1})
    assert [with_progress(job).fixed_rows for job in (first, second, third)] == [3, 2, 1]
    assert list(RejectedRow.objects.filter(job=first, fixed_by=None).values_list("line", flat=True)) == [4]


def test_rows_of_a_file_that_does_not_say_their_lines_leave_all_open(anna: User) -> None:
    first = run_import(CSV)
    second = follow("sku,name,price\nB,Vase,3\nC,Cup,2\nD,Desk,9\nE,Chair,5\n", first, anna)

    assert second.created_rows == 4
    assert told(first) == (4, 4, {})


@pytest.mark.parametrize("line", ["", "x", "-3", "²", "9" * 40, "2", "1000"])
def test_a_line_that_was_not_rejected_is_nobodys(line: str, anna: User) -> None:
    first = run_import(CSV)
    content = corrected(first, {"cheap": "3"}, only=[3]).replace(",3,price,", f",{line},price,")
    second = follow(content, first, anna)

    assert second.created_rows == 1
    assert told(first) == (4, 4, {})


def test_rows_that_the_mode_skips_or_that_others_supersede_stay_open(anna: User) -> None:
    run_import("sku,name,price\nB,Vase,1\n")
    first = run_import(CSV, mode="create_only")
    second = follow(corrected(first, {"cheap": "3"}), first, anna)
    assert second.skipped_rows == 1

    late = applying.apply(check(corrected(first, {"dear": "9"}), first, anna))
    run_import("sku,name,price\nD,Desk,4\n")
    assert finish(late).superseded_rows == 1

    assert told(first) == (4, 4, {})


def test_held_rows_are_open_until_they_are_imported(anna: User) -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = run_import("sku,name,price\nA,Lamp,12\nB,Vase,cheap\n", dry_run=True)
    change("A", price=11)
    first = finish(applying.apply(checked))
    assert told(first) == (2, 2, {})

    rest = finish(applying.import_held(first))

    assert told(first) == told(rest) == (1, 2, {rest.pk: 1})


def test_a_corrected_row_that_was_held_is_fixed_by_who_imports_it_after_all(anna: User) -> None:
    first = run_import(CSV)
    content = corrected(first, {"cheap": "3"}, only=[3])
    editing.create(Product(sku="B", name="Mine"), Editor())
    second = finish(applying.apply(check(content + "F,Sofa,7,,,,\n", first, anna)))
    assert (second.held_rows, told(first)) == (1, (4, 4, {}))

    third = finish(applying.import_held(second))

    assert told(third) == (3, 4, {third.pk: 1})
    assert chain.open_rows(with_progress(second)) == 0


def test_a_held_row_that_is_rejected_when_it_is_imported_is_fixed_by_its_correction(anna: User) -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = run_import("sku,name,price\nA,,12\nD,Desk,1\n", dry_run=True)
    editing.delete(Product.objects.get(sku="A"), Editor())
    first = finish(applying.apply(checked))
    second = finish(applying.import_held(first))
    assert (first.held_rows, second.rejected_rows, told(second)) == (1, 1, (1, 1, {}))

    third = follow(corrected(second, {"": "Lamp"}), second, anna)
    assert (third.held_rows, told(third)) == (1, (1, 1, {})), "Somebody has deleted the product."
    fourth = finish(applying.import_held(third))

    assert fourth.created_rows == 1
    assert told(fourth) == (0, 1, {fourth.pk: 1})
    assert [chain.open_rows(with_progress(job)) for job in (first, second, third)] == [0, 0, 0]


def test_what_was_fixed_before_the_check_was_imported_is_not_open_after_it(anna: User) -> None:
    checked = run_import(CSV, dry_run=True)
    second = follow(corrected(checked, {"cheap": "3"}), checked, anna)
    first = finish(applying.apply(checked))
    third = follow(corrected(checked, {"dear": "9"}), checked, anna)

    assert told(first) == (2, 4, {second.pk: 1, third.pk: 1})
    assert chain.open_rows(with_progress(checked)) == 2


def test_an_import_that_is_cancelled_has_fixed_what_it_has_written(anna: User, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    first = run_import(CSV)
    job = applying.apply(check(corrected(first, {"cheap": "3", "dear": "9", "soon": "5"}), first, anna))

    def stop() -> None:
        if Product.objects.filter(sku="B").exists():
            jobs.cancel(ImportJob.objects.get(pk=job.pk))

    foreground.run(job, stop)

    written = Product.objects.filter(sku__in=["B", "D", "E"]).count()
    assert 0 < written < 3
    assert told(first) == (4 - written, 4, {job.pk: written})


def test_when_the_rejected_rows_are_deleted_the_count_of_open_ones_stays(anna: User) -> None:
    first = run_import(CSV)
    late = applying.apply(check(corrected(first, {"dear": "9"}), first, anna))
    follow(corrected(first, {"cheap": "3"}), first, anna)
    RejectedRow.objects.filter(job=first).delete()

    finish(late)

    assert told(first) == (3, 4, {})


def test_a_chunk_of_corrected_rows_takes_as_many_queries_as_any_other(settings: Settings, anna: User) -> None:
    settings.IMPORT_CHUNK_ROWS = 10_000
    counts = []
    for number in (10, 400):
        Product.objects.all().delete()
        rows = "".join(f"S{number}-{n},Lamp,cheap\n" for n in range(number))
        first = run_import(f"sku,name,price\n{rows}")
        second = follow(corrected(first, {"cheap": "dear"}), first, anna)
        change_history()
        for row in range(number):
            if row % 2:
                editing.create(Product(sku=f"S{number}-{row}", name="Mine"), Editor())
        job = applying.apply(check(corrected(second, {"dear": "3"}), second, anna))
        with CaptureQueriesContext(connection) as queries:
            job = finish(job)
        assert (job.created_rows, job.held_rows) == (number // 2, number // 2)
        assert told(first)[0] == number // 2
        # Inserts of many rows become several on SQLite.
        counts.append(sum(not query["sql"].startswith("INSERT") for query in queries))
    assert counts[0] == counts[1]


def change_history() -> None:
    """Something that others have changed, so that the history is not quiet."""
    editing.create(Product(sku=f"other-{Product.objects.count()}", name="Other"), Editor())


def change(sku: str, /, **values: object) -> None:
    product = Product.objects.get(sku=sku)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())
