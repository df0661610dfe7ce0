"""Rows that workers die of, or that the importer fails with: found by halving the chunk and rejected; all others go in.

Such a death is a SystemExit here, as a time-out of Django-Q is: nobody handles it, and the lane stays claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.db import InternalError, connection
from django_q.models import OrmQ
from pytest_django import Settings

from imports import poison, tasks
from imports.models import ImportJob, ImportLane
from imports.pipeline import ChunkFailedError
from imports.reading.rows import CleanRow
from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.check import CheckWriter
from imports.writing.copy import CopyWriter
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, with_progress
from tests.imports.short_import import (
    WRITERS,
    die_at,
    expire_claims,
    small_chunks,  # noqa: F401 - a fixture
)

Status = ImportJob.Status
ROWS = 100
CHUNK_ROWS = 16


def content(rows: int = ROWS) -> str:
    return "sku,name\n" + "".join(f"S{number},Product {number}\n" for number in range(rows))


@pytest.fixture(params=WRITERS)
def chunks(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Chunks of sixteen rows in one lane, with each writer."""
    settings.IMPORT_CHUNK_ROWS, settings.IMPORT_LANES, settings.IMPORT_WRITER = CHUNK_ROWS, 1, request.param


class Poison:
    """Rows that something happens at when a writer is to write them; `sizes` are those of the chunks so far."""

    def __init__(self, skus: Sequence[str], happen: Callable[[], object]) -> None:
        self.skus = {sku.lower() for sku in skus}
        self.happen = happen
        self.sizes: list[int] = []

    def __call__(self, rows: Sequence[CleanRow]) -> None:
        self.sizes.append(len(rows))
        if self.skus & {row.sku_normalized.lower() for row in rows}:
            self.happen()


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Poison]:
    """Make rows poisonous by their SKUs."""

    def poison_rows(skus: Sequence[str], happen: Callable[[], object]) -> Poison:
        found = Poison(skus, happen)
        for writer in (BulkCreateWriter, CopyWriter, CheckWriter):
            write = writer.write

            def write_or_not(self: Any, rows: Sequence[CleanRow], *, write: Any = write, writer: Any = writer) -> Any:
                if type(self) is writer:
                    found(rows)
                return write(self, rows)

            monkeypatch.setattr(writer, "write", write_or_not)
        return found

    return poison_rows


def die() -> None:
    raise SystemExit(1)


def fail() -> None:
    raise ValueError("a secret of the server")


def import_whatever_dies(job: ImportJob, most: int = 200) -> int:
    """Let workers take the lanes further until the job is over, each a slice; returns how many have died or failed."""
    open_without_messages(job)
    deaths = 0
    for _ in range(most):
        lanes = ImportLane.objects.filter(job=job, finished=False, job__status=Status.RUNNING)
        for lane_id in lanes.values_list("pk", flat=True):
            try:
                tasks.advance_lane(lane_id)
            except (SystemExit, ChunkFailedError, InternalError):
                deaths += 1
            expire_claims()
        if ImportJob.objects.get(pk=job.pk).is_over:
            return deaths
    raise AssertionError("The import does not end.")


def assert_all_but(job: ImportJob, skus: Sequence[str], code: str) -> None:
    job = with_progress(job)
    assert job.status == Status.COMPLETED, job.failure_reason
    assert (job.total_rows, job.created_rows, job.rejected_rows) == (ROWS, ROWS - len(skus), len(skus))
    rejected = [(row.line, row.code, row.record[0]) for row in job.rejected.all()]
    assert rejected == [(int(sku[1:]) + 2, code, sku) for sku in skus]
    expected = {f"S{number}" for number in range(ROWS)} - set(skus)
    assert set(Product.objects.values_list("sku", flat=True)) == (set() if job.dry_run else expected)


PLACES = {
    "the first of the file": ["S0"],
    "in the middle of a chunk": ["S40"],
    "the last of a chunk": ["S31"],
    "the first of a chunk": ["S32"],
    "the last of the file": ["S99"],
    "two of a chunk": ["S17", "S30"],
    "neighbours": ["S47", "S48", "S49"],
}


@pytest.mark.parametrize("skus", PLACES.values(), ids=PLACES)
@pytest.mark.usefixtures("transactional_db", "chunks")
class TestPlaces:
    """Wherever the row is."""

    def test_a_row_that_workers_die_of_is_rejected_and_all_others_go_in(
        self, poisoned: Callable[..., Poison], skus: list[str]
    ) -> None:
        row = poisoned(skus, die)
        job = make_job(content())
        deaths = import_whatever_dies(job)
        assert_all_but(job, skus, "worker_died")
        # 16, 8, 4, 2, 1, 1, 1 rows at most.
        assert deaths <= 7 * len(skus)
        assert row.sizes.count(1) >= 3

    def test_so_is_one_that_the_importer_fails_with(self, poisoned: Callable[..., Poison], skus: list[str]) -> None:
        poisoned(skus, fail)
        job = make_job(content())
        import_whatever_dies(job)
        assert_all_but(job, skus, "importer_failed")
        for row in job.rejected.all():
            assert "ValueError" in row.faults[0]["reason"]
            assert "secret" not in row.faults[0]["reason"]

    def test_so_it_is_in_a_dry_run(self, poisoned: Callable[..., Poison], skus: list[str]) -> None:
        poisoned(skus, die)
        job = make_job(content(), dry_run=True)
        import_whatever_dies(job)
        assert_all_but(job, skus, "worker_died")

    def test_so_it_is_in_several_lanes(
        self, poisoned: Callable[..., Poison], skus: list[str], settings: Settings
    ) -> None:
        settings.IMPORT_LANES = 3
        poisoned(skus, die)
        job = make_job(content())
        import_whatever_dies(job)
        assert_all_but(job, skus, "worker_died")


@pytest.mark.usefixtures("transactional_db", "chunks")
class TestSearch:
    """How the row is searched for."""

    def test_the_next_chunk_is_as_large_as_ever(self, poisoned: Callable[..., Poison]) -> None:
        row = poisoned(["S20"], die)
        job = make_job(content())
        import_whatever_dies(job)
        # The second chunk has it: half of that, half of those that are left, and so on, to three times the row itself.
        assert row.sizes == [16, 16, 8, 4, 2, 1, 1, 1, 16, 16, 16, 16, 15]

    def test_a_worker_that_dies_for_another_reason_costs_no_row(self, poisoned: Callable[..., Poison]) -> None:
        deaths = iter([True, False, True, False, False, True])

        def die_sometimes() -> None:
            if next(deaths, False):
                die()

        poisoned([f"S{number}" for number in range(ROWS)], die_sometimes)
        job = make_job(content())
        assert import_whatever_dies(job) == 3
        assert_all_but(job, [], "")

    def test_two_deaths_at_a_row_are_not_enough(self, poisoned: Callable[..., Poison]) -> None:
        tries = iter(range(3 + 4))
        # Of 16, 8, 4 and 2 rows, and twice of one.
        row = poisoned(["S5"], lambda: die() if next(tries) < 3 + 2 else None)
        job = make_job(content())
        import_whatever_dies(job)
        assert row.sizes.count(1) >= 3
        assert_all_but(job, [], "")

    def test_a_database_in_trouble_is_no_reason_to_search(self, poisoned: Callable[..., Poison]) -> None:
        failures = iter([True, True])

        def get_into_trouble() -> None:
            if next(failures, False):
                raise InternalError("could not read block 7")

        row = poisoned(["S5"], get_into_trouble)
        job = make_job(content())
        assert import_whatever_dies(job) == 2
        assert row.sizes[:3] == [CHUNK_ROWS] * 3
        assert_all_but(job, [], "")

    def test_a_database_that_stays_in_trouble_rejects_nothing(self, poisoned: Callable[..., Poison]) -> None:
        tries = iter(range(1000))
        poisoned(["S5"], lambda: die() if next(tries) < 5 else be_in_trouble())
        job = make_job(content())
        import_whatever_dies(job)
        job = with_progress(job)
        assert (job.status, job.rejected_rows) == (Status.FAILED, 0)
        assert "could not read block 7" in job.failure_reason

    def test_a_failure_is_taken_up_again_at_once(self, poisoned: Callable[..., Poison]) -> None:
        poisoned(["S5"], fail)
        job = make_job(content())
        open_without_messages(job)
        with suppress(Exception):
            tasks.advance_lane(ImportLane.objects.get(job=job).pk)
        assert [message.task["func"] for message in OrmQ.objects.all()] == ["imports.tasks.advance_lane"]

    def test_a_worker_whose_lane_was_taken_over_notes_nothing(self) -> None:
        job = make_job(content())
        open_without_messages(job)
        lane = ImportLane.objects.get(job=job)
        for _ in range(2):
            die_at(lane)
        lane.narrowed_to = CHUNK_ROWS
        ImportLane.objects.update(offset=lane.offset + 10)
        assert not poison.note(lane, 8)
        assert ImportLane.objects.get(job=job).narrowed_to == 0

    def test_too_many_such_rows_fail_the_import_and_a_retry_goes_on_behind_them(
        self, poisoned: Callable[..., Poison], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(poison, "MANY", 3)
        skus = [f"S{number}" for number in (3, 4, 20, 50)]
        poisoned(skus, die)
        job = make_job(content())
        import_whatever_dies(job)
        stopped = with_progress(job)
        assert (stopped.status, stopped.rejected_rows, stopped.created_rows) == (Status.FAILED, 3, 18)
        assert "Workers died or failed at 3 rows" in stopped.failure_reason
        tasks.jobs.retry(stopped)
        import_whatever_dies(job)
        assert_all_but(job, skus, "worker_died")


def be_in_trouble() -> None:
    raise InternalError("could not read block 7")


@pytest.mark.usefixtures("transactional_db", "chunks")
class TestGivenUp:
    """Where no row can be found, the job fails with the range of lines."""

    def test_deaths_at_no_row_fail_the_job_with_the_lines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks.jobs, "finish_if_all_lanes_have", lambda *_, **__: die())
        job = make_job(content(10))
        import_whatever_dies(job)
        job = with_progress(job)
        assert job.status == Status.FAILED
        assert "The worker process died each time" in job.failure_reason
        assert "Stopped 3 times at line 12 " in job.failure_reason
        assert (job.created_rows, job.rejected_rows) == (10, 0)

    def test_the_lines_are_those_of_the_chunk_that_was_tried(self, poisoned: Callable[..., Poison]) -> None:
        poisoned(["S20"], be_in_trouble)
        job = make_job(content())
        import_whatever_dies(job)
        job = with_progress(job)
        assert job.failure_reason.startswith("Stopped 3 times at lines 18 to 33 without making progress. ")
        assert "could not read block 7" in job.failure_reason


DEFERRED = {
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.name IN ('Product 0', 'Product 31', 'Product 40') THEN "
        "RAISE EXCEPTION E'not in\\u0007 this shop\\nat all' USING ERRCODE = 'SHOP1'; "
        "END IF; RETURN NEW; END $$",
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON products_product DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
    "sqlite": [
        "CREATE TRIGGER refuse BEFORE INSERT ON products_product "
        "WHEN NEW.name IN ('Product 0', 'Product 31', 'Product 40') BEGIN "
        "SELECT RAISE(ROLLBACK, 'not in this shop'); END"
    ],
}
UNDO = {
    "postgresql": ["DROP TRIGGER refuse ON products_product", "DROP FUNCTION refuse()"],
    "sqlite": ["DROP TRIGGER refuse"],
}


@pytest.fixture
def refusing_late(transactional_db: None) -> Iterator[None]:
    """A trigger that refuses rows when the chunk is committed, or (SQLite) by rolling the chunk back."""
    with connection.cursor() as cursor:
        for statement in DEFERRED[connection.vendor]:
            cursor.execute(statement)
    yield
    with connection.cursor() as cursor:
        for statement in UNDO[connection.vendor]:
            cursor.execute(statement)


@pytest.mark.usefixtures("refusing_late", "chunks")
def test_rows_that_the_database_refuses_too_late_to_tell_which_are_found_too() -> None:
    job = make_job(content())
    import_whatever_dies(job)
    # SQLite has lost the transaction, and the importer fails without it.
    code = "refused" if connection.vendor == "postgresql" else "importer_failed"
    assert_all_but(job, ["S0", "S31", "S40"], code)
    if connection.vendor == "postgresql":
        for row in job.rejected.all():
            assert row.faults[0]["reason"] == "The database refused the row: not in\\x07 this shop"


@pytest.fixture
def sleeping_at_one_row(transactional_db: None) -> Iterator[None]:
    """A trigger that takes longer for one row than a statement may."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no time limit of statements.")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.name = 'Product 40' THEN PERFORM pg_sleep(30); END IF; RETURN NEW; END $$"
        )
        cursor.execute("CREATE TRIGGER refuse BEFORE INSERT ON products_product FOR EACH ROW EXECUTE FUNCTION refuse()")
        cursor.execute("SET statement_timeout = '500ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")
        for statement in UNDO["postgresql"]:
            cursor.execute(statement)


@pytest.mark.usefixtures("sleeping_at_one_row", "chunks")
def test_a_row_that_takes_longer_than_a_statement_may_is_found_too() -> None:
    job = make_job(content())
    import_whatever_dies(job)
    assert_all_but(job, ["S40"], "importer_failed")
