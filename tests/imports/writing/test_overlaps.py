"""Of two files with the same SKU the one uploaded later wins: which rows are superseded, and what is noted for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from imports import applying, jobs
from imports.commandline import foreground
from imports.commandline.receipt import receipt
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from imports.representation import represent
from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from products.models import Product
from tests.imports import model
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import, with_progress
from tests.imports.short_import import COLUMNS, WRITERS, catalogue

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "sku,name,price\n"


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    """With each writer, in chunks of two rows."""
    settings.IMPORT_WRITER = request.param
    settings.IMPORT_CHUNK_ROWS = 2


def run(job: ImportJob) -> ImportJob:
    """Import the file of a job that waits."""
    foreground.run(job, lambda: None)
    return with_progress(job)


def counts(job: ImportJob) -> dict[str, int]:
    """What became of the rows, which adds up."""
    job = with_progress(job)
    assert job.status == "completed"
    found = {name.removesuffix("_rows"): getattr(job, name) for name in ImportLane.COUNTS}
    assert sum(found.values()) == job.total_rows
    return {kind: count for kind, count in found.items() if count}


def products(*fields: str) -> list[tuple[Any, ...]]:
    return list(Product.objects.order_by("sku").values_list("sku", *fields))


def test_what_a_later_import_has_written_is_superseded() -> None:
    earlier = make_job(f"{HEADER}A,Old,1\nB,Old,1\na,Older,0\nC,Old,1\n")
    later = run_import(f"{HEADER}a,New,2\nC,New,2\n")
    assert counts(later) == {"created": 2}
    assert counts(run(earlier)) == {"created": 1, "superseded": 3}
    assert products("name", "last_import") == [
        ("B", "Old", earlier.pk),
        ("C", "New", later.pk),
        ("a", "New", later.pk),
    ]


def test_the_receipt_is_that_of_the_model() -> None:
    rows = [(2, ["A", "1", ""]), (3, ["B", "1", ""]), (4, ["b", "2", ""]), (5, ["C", "1", "x"]), (6, ["a", "", ""])]
    earlier = make_job(HEADER + "".join(",".join(texts) + "\n" for _, texts in rows[:3]) + "C,1,cheap\na,,\n")
    rows[3][1][2] = "cheap"
    run_import(f"{HEADER}a,New,\n")
    expected = model.read_serially(COLUMNS, rows, catalogue(), settled=frozenset({"a"}))
    assert expected.superseded == 2
    job = run(earlier)
    assert tuple(getattr(job, name) for name in ImportLane.COUNTS) == expected.receipt
    assert catalogue() == expected.catalogue


def test_what_a_later_import_found_as_it_should_be_is_superseded_too() -> None:
    run_import(f"{HEADER}A,Right,1\nB,Right,1\nC,Right,1\n")
    before = products("name", "updated_at", "last_import", "last_change")
    earlier = make_job(f"{HEADER}A,Wrong,1\nB,Wrong,1\nC,Right,1\n")
    assert counts(run_import(f"{HEADER}A,Right,1\nC,Right,1\n")) == {"unchanged": 2}
    assert products("name", "updated_at", "last_import", "last_change") == before
    assert counts(run(earlier)) == {"updated": 1, "superseded": 2}
    assert products("name") == [("A", "Right"), ("B", "Wrong"), ("C", "Right")]


@pytest.mark.parametrize("content", ["sku,name,price\nA,,1\n", "sku,price\nA,1\n", "sku,name,price\nA,Right,1\nA,,1\n"])
def test_found_as_it_should_be_is_what_a_row_leaves_as_it_is(content: str) -> None:
    run_import(f"{HEADER}A,Right,1\n")
    earlier = make_job(f"{HEADER}A,Wrong,2\n")
    assert "updated" not in counts(run_import(content))
    assert counts(run(earlier)) == {"superseded": 1}


@pytest.mark.parametrize(
    ("content", "options"),
    [
        pytest.param("sku,name,price\nA,Right,1\n", {"mode": "create_only"}, id="skipped"),
        pytest.param("sku,name,price\nA,Right,cheap\n", {}, id="rejected"),
        pytest.param("sku,name,price\nA,Right,1\n", {"dry_run": True}, id="dry run"),
    ],
)
def test_a_row_that_says_nothing_of_its_product_supersedes_nothing(content: str, options: dict[str, Any]) -> None:
    run_import(f"{HEADER}A,Right,1\n")
    earlier = make_job(f"{HEADER}A,Wrong,2\n")
    run_import(content, **options)
    assert counts(run(earlier)) == {"updated": 1}


def test_nothing_is_noted_where_no_import_from_before_may_write() -> None:
    run_import(f"{HEADER}A,Right,1\n")
    make_job(f"{HEADER}A,Wrong,1\n", dry_run=True)
    thrown_away = make_job(f"{HEADER}A,Wrong,1\n")
    jobs.cancel(thrown_away)
    thrown_away.refresh_from_db()
    jobs.delete_files(thrown_away)
    job = make_job(f"{HEADER}A,Right,1\n")
    make_job(f"{HEADER}A,Later,1\n")
    assert counts(run(job)) == {"unchanged": 1}
    assert products("checked_import") == [("A", None)]


def test_it_is_noted_once_for_all_imports_that_follow() -> None:
    run_import(f"{HEADER}A,Right,1\n")
    cancelled = make_job(f"{HEADER}A,Wrong,1\n")
    jobs.cancel(cancelled)
    first = run_import(f"{HEADER}A,Right,1\n")
    with CaptureQueriesContext(connection) as queries:
        run_import(f"{HEADER}A,Right,1\n")
    assert not [query for query in queries if 'UPDATE "products_product"' in str(query["sql"])]
    assert products("checked_import") == [("A", first.pk)]


@pytest.mark.parametrize("stop", [jobs.cancel, lambda job: jobs.end(job.pk, ImportJob.Status.FAILED)])
def test_an_old_import_that_is_retried_writes_what_no_later_one_has(stop: Callable[[ImportJob], object]) -> None:
    run_import(f"{HEADER}C,Right,1\n")
    old = make_job(f"{HEADER}A,Old,1\nB,Old,1\nC,Wrong,1\nD,Old,1\n")
    open_without_messages(old)
    with open_lane(ImportLane.objects.select_related("job").get(job=old)) as lane:
        lane.advance()
    stop(old)
    assert counts(run_import(f"{HEADER}A,New,2\nC,Right,1\n")) == {"updated": 1, "unchanged": 1}
    retry_without_messages(old)
    assert counts(run(old)) == {"created": 3, "superseded": 1}
    assert products("name") == [("A", "New"), ("B", "Old"), ("C", "Right"), ("D", "Old")]


def test_an_edit_by_hand_supersedes_nothing() -> None:
    run_import(f"{HEADER}A,Chair,1\nB,Chair,1\n")
    job = make_job(f"{HEADER}A,Sofa,2\nB,Sofa,2\nC,Sofa,2\n")
    product = Product.objects.get(sku="A")
    product.name = "Table"
    editing.update(product, ["name"], Editor())
    editing.delete(Product.objects.get(sku="B"), Editor())
    editing.create(Product(sku="C", name="Table"), Editor())
    assert counts(run(job)) == {"updated": 2, "created": 1}
    assert {name for _, name in products("name")} == {"Sofa"}


def test_a_product_that_was_deleted_since_a_later_import_wrote_it_is_made_anew() -> None:
    job = make_job(f"{HEADER}A,Old,1\n")
    run_import(f"{HEADER}A,New,1\n")
    editing.delete(Product.objects.get(sku="A"), Editor())
    assert counts(run(job)) == {"created": 1}


@pytest.mark.parametrize("mode", ["create_only", "update_only"])
def test_superseded_is_superseded_in_each_mode(mode: str) -> None:
    job = make_job(f"{HEADER}A,Old,1\n", mode=mode)
    run_import(f"{HEADER}A,New,1\n")
    assert counts(run(job)) == {"superseded": 1}


def test_extra_of_a_later_import_is_not_overwritten_or_judged() -> None:
    job = make_job(f"sku,name,Color\nA,Old,{'x' * 60_000}\nB,Old,red\n", extra=True)
    run_import(f"sku,name,Size\nA,New,{'y' * 60_000}\n", extra=True)
    assert counts(run(job)) == {"created": 1, "superseded": 1}
    assert products("name", "extra__Color") == [("A", "New", None), ("B", "Old", "red")]


def test_what_a_check_shows_is_imported_last_and_never_superseded() -> None:
    check, earlier = (make_job(f"{HEADER}A,Old,1\nB,Old,1\nA,Old,2\n", dry_run=dry) for dry in (True, False))
    run_import(f"{HEADER}A,New,1\n")
    assert counts(run(earlier)) == {"created": 1, "superseded": 2}
    assert counts(run(check)) == {"unchanged": 1, "updated": 1, "duplicate": 1}
    assert counts(run(applying.apply(check))) == {"unchanged": 1, "updated": 1, "duplicate": 1}


def test_a_superseded_row_is_on_no_record() -> None:
    job = make_job(f"{HEADER}A,Old,1\n")
    run_import(f"{HEADER}A,New,1\n")
    run(job)
    assert not ChangeSet.objects.filter(import_number=job.pk).exists()


def test_the_receipt_of_the_command_and_the_api_tell_of_it() -> None:
    job = make_job(f"{HEADER}A,Old,1\nB,Old,1\n")
    assert "superseded" not in receipt(run_import(f"{HEADER}A,New,1\n"))
    job = run(job)
    assert "\n    superseded            1\n" in receipt(job)
    assert represent(job)["superseded_rows"] == 1
