"""A chunk of an undo takes as many queries as any other, and as much memory, whatever has happened to its products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from pytest_django import Settings

from imports import waking
from imports.commandline import foreground
from imports.models import ImportJob, ImportLane
from imports.undo import source, undoing
from imports.undo.run import open_lane
from products import editing
from products.editing import Editor
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import WRITERS
from tests.imports.undo.undone import edit, undo
from tests.memory import peak_of_memory

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "sku,name,price\n"
FEW, MANY = 20, 400


@pytest.fixture(autouse=True, params=WRITERS)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    """With each writer."""
    settings.IMPORT_WRITER = request.param


def rows(count: int, name: str = "Product", price: int = 10) -> str:
    return "".join(f"S{number},{name} {number},{price}\n" for number in range(count))


def changed(count: int) -> ImportJob:
    run_import(HEADER + rows(count))
    return run_import(HEADER + rows(count, "Changed"))


def created(count: int) -> ImportJob:
    return run_import(HEADER + rows(count))


def repeated(count: int) -> ImportJob:
    """Changed by several chunks of one import."""
    run_import(HEADER + rows(count))
    return in_small_chunks(HEADER + "".join(rows(count, name) for name in ("One", "Two", "Three")), count)


def in_small_chunks(content: str, size: int) -> ImportJob:
    with override_settings(IMPORT_CHUNK_ROWS=size):
        return run_import(content)


def changed_by_later_imports(count: int) -> ImportJob:
    job = changed(count)
    for price in (11, 12, 13):
        run_import(HEADER + rows(count, "Changed", price))
    run_import(HEADER + rows(count, "Later"))
    return job


def edited_one_by_one(count: int) -> ImportJob:
    """Each product has a set and a block of its own since."""
    job = changed(count)
    for number in range(count):
        edit(f"S{number}", name=f"Edited {number}")
    return job


def deleted_and_made_anew(count: int) -> ImportJob:
    job = changed(count)
    editing.delete_many(Selection.all(), Editor())
    run_import(HEADER + rows(count, "Anew"))
    return job


def deleted(count: int) -> ImportJob:
    job = changed(count)
    editing.delete_many(Selection.all(), Editor())
    return job


def undone(count: int) -> ImportJob:
    """An undo that has deleted products."""
    return undo(created(count))


def statements_of_one_chunk(job: ImportJob, *, preview: bool) -> list[str]:
    """Undo `job` in one chunk, and return what it sends to the database, but for the products that are inserted.

    Of these SQLite takes a hundred or so with one statement.
    """
    with waking.no_messages():
        created = undoing.undo(job, preview=preview)
        [lane] = undoing.start(created)
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        if not str(sql).startswith('INSERT INTO "products_product"'):
            statements.append(str(sql))
        return execute(sql, *rest)

    lane = ImportLane.objects.select_related("job").get(pk=lane.pk)
    with open_lane(lane) as run, connection.execute_wrapper(note):
        assert not run.advance()
    done = with_progress(created)
    assert (done.status, done.processed_rows) == ("completed", done.total_rows)
    return statements


@pytest.mark.parametrize("preview", [False, True], ids=["undo", "preview"])
@pytest.mark.parametrize(
    "make",
    [changed, created, repeated, changed_by_later_imports, edited_one_by_one, deleted_and_made_anew, deleted, undone],
)
def test_a_chunk_takes_as_many_queries_however_many_rows_it_has(
    make: Callable[[int], ImportJob], preview: bool
) -> None:
    taken = []
    for count in (FEW, MANY):
        Product.objects.all().delete()
        taken.append(statements_of_one_chunk(make(count), preview=preview))
    few, many = taken
    assert len(many) == len(few) < 40


def test_later_imports_cost_no_query_each() -> None:
    """The newest change tells who has changed a product: what was before that is not read."""
    taken = []
    for later in (1, 30):
        Product.objects.all().delete()
        job = changed(FEW)
        for number in range(later):
            run_import(HEADER + rows(FEW, f"Later {number}"))
        taken.append(len(statements_of_one_chunk(job, preview=False)))
    assert taken[0] == taken[1]


def test_where_a_product_may_have_several_records_each_later_import_costs_one_query() -> None:
    taken = []
    for later in (1, 11):
        Product.objects.all().delete()
        job = repeated(FEW)
        for number in range(later):
            run_import(HEADER + rows(FEW, f"Later {number}"))
        taken.append(len(statements_of_one_chunk(job, preview=False)))
    assert taken[1] - taken[0] == 10


def test_long_values_make_the_chunks_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_CHARACTERS", 10_000)
    run_import(HEADER + rows(1200))
    job = run_import(HEADER + rows(1200, "A much longer name than before"))
    with waking.no_messages():
        created = undoing.undo(job)
        undoing.start(created)
    sizes = []
    lane = ImportLane.objects.select_related("job").get(job=created)
    with open_lane(lane) as run:
        is_more = True
        while is_more:
            before = run.lane.offset
            is_more = run.advance()
            sizes.append(run.lane.offset - before)
    assert sizes == [200, 500, 500, 0]
    assert with_progress(created).updated_rows == 1200


@pytest.mark.slow
def test_memory_does_not_depend_on_the_size_of_the_import(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1000
    peaks = []
    for count in (4000, 24_000):
        Product.objects.all().delete()
        text = "x" * 1000
        for word in ("One", "Two"):
            lines = "".join(f"S{number},{word},{word} {number} {text}\n" for number in range(count))
            job = run_import(f"sku,name,description\n{lines}")
        with waking.no_messages():
            created = undoing.undo(job)
        with peak_of_memory() as peak:
            foreground.run(created, lambda: None)
        assert with_progress(created).updated_rows == count
        peaks.append(peak.megabytes)
    assert peaks[1] < peaks[0] + 10
