"""A chunk takes as many queries as any other, however many rows it has.

Django gives SQLite 999 parameters a statement at most, so there an INSERT of many rows becomes several: one for each
`999 // columns` rows. All other statements are as many as for a few rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from imports.models import ImportLane
from imports.pipeline import open_lane
from products.history.models import Counter
from products.models import Product
from products.search import changes
from tests.imports.factories import make_job, open_without_messages, run_import, with_progress
from tests.imports.short_import import WRITERS

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "sku,name,price\n"
# What an INSERT of one row has as parameters: the columns that the import sets and those that it must set besides.
PRODUCTS, DRY_RUN = "products_product", "imports_dryrunsku"
PARAMETERS = {PRODUCTS: 8, "imports_rejectedrow": 7}


@pytest.fixture(autouse=True, params=WRITERS)
def large_chunks(request: pytest.FixtureRequest, settings: Settings) -> None:
    """A chunk holds all the rows of these tests and more; so it is also the last of its file."""
    settings.IMPORT_CHUNK_ROWS = 10_000
    settings.IMPORT_WRITER = request.param


def new_rows(count: int) -> str:
    return "".join(f"S{number},Product {number},{number}.50\n" for number in range(count))


def changed_rows(count: int) -> str:
    return new_rows(count).replace("Product", "Better product")


def kept_rows(count: int) -> str:
    return "".join(f"S{number},,{number}.75\n" for number in range(count))


def bad_rows(count: int) -> str:
    return new_rows(count).replace(".50", ".505")


def duplicate_rows(count: int) -> str:
    return "".join(f"S{number % 7},Product {number},\n" for number in range(count))


def mixed_rows(count: int) -> str:
    kinds = new_rows(count), changed_rows(count), bad_rows(count), duplicate_rows(count)
    by_kind = [rows.splitlines(keepends=True) for rows in kinds]
    return "".join(by_kind[number % 4][number] for number in range(count))


@dataclass(frozen=True)
class Chunk:
    """What one chunk has sent to the database, and how many rows it has written there, by table."""

    statements: list[str]
    written: dict[str, int]

    def inserts(self, table: str) -> int:
        return sum(bool(re.match(f'INSERT (OR IGNORE )?INTO "{table}"', statement)) for statement in self.statements)


def import_in_one_chunk(content: str, *, dry_run: bool = False) -> Chunk:
    """Import `content`; returns what was done from the first statement of its transaction to the last.

    COPY is not among them, which is one more.
    """
    job = make_job(content, dry_run=dry_run)
    open_without_messages(job, lanes=1)
    lane = ImportLane.objects.select_related("job").get(job=job)
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        statements.append(str(sql))
        return execute(sql, *rest)

    with open_lane(lane) as run, connection.execute_wrapper(note):
        assert not run.advance()
    job = with_progress(job)
    products = job.created_rows + job.updated_rows
    written = {"imports_rejectedrow": job.rejected_rows, PRODUCTS: products, DRY_RUN: 0}
    if dry_run:
        written |= {PRODUCTS: 0, DRY_RUN: products}
    return Chunk(statements, written)


@pytest.mark.parametrize(
    ("rows", "before"),
    [
        pytest.param(new_rows, "", id="new"),
        pytest.param(changed_rows, new_rows(1000), id="changed"),
        pytest.param(kept_rows, new_rows(1000), id="kept names"),
        pytest.param(kept_rows, "", id="new without names"),
        pytest.param(new_rows, new_rows(1000), id="unchanged"),
        pytest.param(bad_rows, "", id="rejected"),
        pytest.param(duplicate_rows, "", id="duplicate"),
        pytest.param(mixed_rows, new_rows(100), id="mixed"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True], ids=["", "dry run"])
def test_1000_rows_take_as_many_queries_as_10(
    rows: Callable[[int], str], before: str, dry_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A large chunk also asks whether the follower of the search index was called, however large it is.
    monkeypatch.setattr(changes, "FEW", 1000)
    # Who records the first changes of all makes the counter.
    Counter.objects.create()
    chunks = []
    for count in (10, 1000):
        Product.objects.all().delete()
        run_import(HEADER + before)
        chunks.append(import_in_one_chunk(HEADER + rows(count), dry_run=dry_run))
    few, many = chunks
    assert 5 < len(few.statements) < 36
    surplus = 0
    for table, written in many.written.items():
        if connection.vendor == "sqlite":
            # What a check lists is one statement, however many SKUs there are.
            inserts = math.ceil(written / (999 // PARAMETERS[table])) if table != DRY_RUN else bool(written)
            assert many.inserts(table) == inserts
            surplus += max(0, inserts - 1)
    assert len(many.statements) == len(few.statements) + surplus


def test_an_unchanged_file_is_not_written() -> None:
    run_import(HEADER + new_rows(1000))
    chunk = import_in_one_chunk(HEADER + new_rows(1000))
    assert chunk.inserts(PRODUCTS) == 0
    assert sum(PRODUCTS in statement for statement in chunk.statements) == 1


def test_progress_is_two_queries(django_assert_num_queries: Callable[[int], AbstractContextManager[object]]) -> None:
    job = make_job(HEADER + new_rows(10))
    open_without_messages(job, lanes=3)
    # The job, and its lanes.
    with django_assert_num_queries(2):
        assert with_progress(job).processed_rows == 0
