"""What only the COPY writer does; that it gives what the others give, the tests of imports say, which run with each."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import Error, connection
from django.test.utils import CaptureQueriesContext

from acme_importer.lost_connections import is_lost
from imports.reading.rows import CleanRow
from imports.writing import copy
from imports.writing.copy import CopyWriter
from imports.writing.plan import Outcome
from products.history.stories import records_at
from products.models import Product

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="COPY is PostgreSQL's."),
]


@pytest.fixture(autouse=True)
def empty_staging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit empties this table, but within the transaction of a test there is none."""
    monkeypatch.setattr(copy, "CREATE_STAGING", f"{copy.CREATE_STAGING}; DELETE FROM imports_staging")


def rows(*skus: str, name: str = "Chair") -> list[CleanRow]:
    return [CleanRow(line, sku.casefold(), (sku, name), [sku, name]) for line, sku in enumerate(skus, 2)]


def looked_up(writer: CopyWriter, chunk: list[CleanRow]) -> tuple[bool, Outcome]:
    """Write `chunk`: whether its products were looked up first, and the outcome."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        outcome = writer.write(chunk)
    return any('FROM "products_product"' in str(query["sql"]) for query in queries), outcome


def test_behind_a_chunk_of_new_products_the_next_one_is_not_looked_up() -> None:
    writer = CopyWriter(1, ("sku", "name"))
    assert looked_up(writer, rows("A", "B")) == (True, Outcome(created=2))
    assert looked_up(writer, rows("C", "D")) == (False, Outcome(created=2))
    assert looked_up(writer, rows("E")) == (False, Outcome(created=1))
    assert Product.objects.count() == 5


@pytest.mark.parametrize(
    ("second", "outcome", "expected"),
    [
        pytest.param(rows("C", "old"), Outcome(created=1, unchanged=1), {"A", "B", "C", "old"}, id="unchanged"),
        pytest.param(rows("C", "OLD"), Outcome(created=1, updated=1), {"A", "B", "C", "OLD"}, id="updated"),
        pytest.param(rows("C", "a"), Outcome(created=1, duplicate=1), {"a", "B", "C", "old"}, id="of the chunk before"),
        pytest.param(rows("C", "c"), Outcome(created=1, duplicate=1), {"A", "B", "c", "old"}, id="twice in the chunk"),
    ],
)
def test_a_chunk_that_was_taken_for_new_products_and_is_not_is_written_all_the_same(
    second: list[CleanRow], outcome: Outcome, expected: set[str]
) -> None:
    Product.objects.create(sku="old", name="Chair")
    writer = CopyWriter(1, ("sku", "name"))
    writer.write(rows("A", "B"))

    assert looked_up(writer, second) == (True, outcome)

    assert set(Product.objects.values_list("sku", flat=True)) == expected
    # Once mistaken, it looks again.
    assert looked_up(writer, rows("D"))[0]


def test_of_new_products_that_are_not_looked_up_the_history_has_the_extra_that_they_have() -> None:
    """An empty cell is no text of the extra."""
    writer = CopyWriter(1, ("sku", "name", "extra"))
    for sku in ("a", "b"):
        writer.write([CleanRow(2, sku, (sku, "Lamp", {"Colour": "", "Size": "L"}), [])])

    for product in Product.objects.all():
        [record] = records_at([product.last_change])
        assert record.after["extra"] == product.extra == {"Size": "L"}


def test_what_copy_writes_specially_comes_out_as_it_was() -> None:
    odd = 'tab\t, line\n, return\r, \\N, \\., "quoted", é, 雪, {}'
    writer = CopyWriter(1, ("sku", "name", "description", "price", "is_active"))
    row = CleanRow(2, "a", ("A", "\\N", odd, None, False), [])
    for _ in range(2):
        writer.write([row])
        assert Product.objects.values_list("sku", "name", "description", "price", "is_active").get() == row.values
        # The second time by the temporary table.
        Product.objects.update(is_active=True)


def unplugged(session: psycopg.Connection[Any]) -> None:
    """The server says nothing any more."""
    with socket.socket(fileno=os.dup(session.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def terminated(session: psycopg.Connection[Any]) -> None:
    """The server says that it ends the session."""
    with closing(connection.copy()) as another, another.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session.info.backend_pid])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("products", [1, 20_000])
@pytest.mark.parametrize("lose", [unplugged, terminated])
def test_a_connection_that_is_lost_while_rows_are_copied_is_known_for_that(
    lose: Callable[[psycopg.Connection[Any]], None], products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the lane would wait for a minute. A few rows are still in the driver's memory then, and many are not."""
    write_row, losses = psycopg.Copy.write_row, iter([lose])

    def losing(copying: psycopg.Copy, row: Any) -> None:
        for do in losses:
            do(copying.connection)
        write_row(copying, row)

    monkeypatch.setattr(psycopg.Copy, "write_row", losing)
    with pytest.raises(Error) as raised:
        CopyWriter(1, ("sku", "name")).write(rows(*(f"SKU {number}" for number in range(products))))
    connection.close()

    assert is_lost(raised.value)
    assert not Product.objects.exists()
