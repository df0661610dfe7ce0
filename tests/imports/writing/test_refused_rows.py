"""Rows that the database refuses are rejected alone, and a file with too many rejected rows is stopped."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from imports import pipeline
from imports.commandline import foreground
from imports.models import ImportJob
from products.models import Product
from tests.imports.factories import retry_without_messages, run_import, with_progress
from tests.imports.short_import import small_chunks  # noqa: F401 - a fixture

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


def refuse(condition: str, *, by_trigger: bool = False) -> None:
    """Let the database refuse products of this `condition`, in SQL on NEW; undone with the test's transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON products_product "
                f"WHEN {condition} BEGIN SELECT RAISE(ABORT, 'not in this shop'); END"
            )
        elif by_trigger:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION 'not in this shop'; END IF; RETURN NEW; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON products_product FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            check = condition.replace("NEW.", "")
            cursor.execute(f"ALTER TABLE products_product ADD CONSTRAINT not_in_this_shop CHECK (NOT ({check}))")


@pytest.mark.parametrize("chunk_rows", [1, 3, 7, 100])
@pytest.mark.parametrize("by_trigger", [False, True], ids=["check", "trigger"])
def test_rows_that_the_database_refuses_are_rejected_and_the_others_go_in(
    db: None,
    settings: Settings,
    by_trigger: bool,
    chunk_rows: int,
) -> None:
    settings.IMPORT_CHUNK_ROWS = chunk_rows
    refuse("NEW.name = 'forbidden'", by_trigger=by_trigger)
    names = ["forbidden" if number in (0, 3, 4, 12, 29) else f"Product {number}" for number in range(30)]
    job = run_import("sku,name\n" + "".join(f"S{number},{name}\n" for number, name in enumerate(names)))
    assert job.status == Status.COMPLETED
    assert (job.created_rows, job.rejected_rows) == (25, 5)
    rejected = job.rejected.all()
    assert [(row.line, row.code) for row in rejected] == [(line, "refused") for line in (2, 5, 6, 14, 31)]
    assert [row.record for row in rejected][1] == ["S3", "forbidden"]
    for row in rejected:
        assert "not_in_this_shop" in row.faults[0]["reason"] or "not in this shop" in row.faults[0]["reason"]
    assert set(Product.objects.values_list("name", flat=True)) == set(names) - {"forbidden"}


def test_an_earlier_row_stands_where_the_database_refuses_a_later_one_of_its_sku(db: None) -> None:
    refuse("NEW.name = 'forbidden'")
    job = run_import("sku,name\nA,first\na,forbidden\nB,second\n")
    assert (job.created_rows, job.duplicate_rows, job.rejected_rows) == (2, 0, 1)
    assert list(Product.objects.order_by("sku").values_list("sku", "name")) == [("A", "first"), ("B", "second")]


def test_a_chunk_of_nothing_but_refused_rows_goes_on(db: None) -> None:
    refuse("NEW.sku <> 'last'")
    job = run_import("sku,name\n" + "".join(f"S{number},x\n" for number in range(20)) + "last,x\n")
    assert job.status == Status.COMPLETED
    assert (job.created_rows, job.rejected_rows) == (1, 20)


def test_an_import_with_too_many_rejected_rows_is_stopped_and_goes_on_when_retried(
    db: None, settings: Settings
) -> None:
    settings.IMPORT_MAX_REJECTED = 6
    bad = "sku,name\n" + "".join(f"S{number},{'x' * (number % 2)}\n" for number in range(100))
    job = run_import(bad)
    assert job.status == Status.FAILED
    assert "IMPORT_MAX_REJECTED" in job.failure_reason
    assert 6 < job.rejected_rows <= 6 + 2 * 5
    settings.IMPORT_MAX_REJECTED = 0
    retry_without_messages(job)
    foreground.run(job, lambda: None)
    job = with_progress(job)
    assert job.status == Status.COMPLETED
    assert (job.created_rows, job.rejected_rows) == (50, 50)


def test_as_many_rejected_rows_as_allowed_are_no_reason_to_stop(db: None, settings: Settings) -> None:
    settings.IMPORT_MAX_REJECTED = 50
    job = run_import("sku,name\n" + "".join(f"S{number},{'x' * (number % 2)}\n" for number in range(100)))
    assert job.status == Status.COMPLETED


def test_a_job_whose_counts_do_not_add_up_is_failed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_writer = pipeline.make_product_writer

    def losing_writer(*arguments: Any) -> Any:
        writer = make_writer(*arguments)
        write = writer.write

        class Losing:
            def write(self, rows: Any) -> Any:
                outcome = write(rows)
                outcome.created = max(0, outcome.created - 1)
                return outcome

        return Losing()

    monkeypatch.setattr(pipeline, "make_product_writer", losing_writer)
    job = run_import("sku,name\nA,x\nB,y\n")
    assert job.status == Status.FAILED
    assert "accounted for" in job.failure_reason
