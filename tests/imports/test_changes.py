"""What an import has changed, read from the history: by pages, filtered, as a file, and summed up."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from imports import changes
from imports.changes import Filters
from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from products.history.records import BLOCK_ROWS, KEPT
from products.models import Product
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db

FIRST = "sku,name,price,is_active\nA,Lamp,10,yes\nB,Chair,20,no\nC,Table,,yes\n"
SECOND = "sku,name,price,is_active\nb,Chair,20,yes\nD,Desk,5,no\nA,Lamp,12.50,yes\nC,Big table,7,no\n"


@pytest.fixture
def job() -> ImportJob:
    """An import that has created D, and changed A, B (spelled b) and C."""
    run_import(FIRST)
    return run_import(SECOND)


def all_of(job: ImportJob, limit: int = 50, **filters: str) -> list[tuple[int, str, str, dict[str, Any]]]:
    """Every change, page by page."""
    found: list[Any] = []
    cursor = 0
    while True:
        page = changes.page(job, Filters(**filters), cursor=cursor, limit=limit)
        assert len(page.changes) <= limit
        found += map(tuple, page.changes)
        if not page.next_cursor:
            return found
        assert len(page.changes) == limit
        cursor = page.next_cursor


def csv_rows(job: ImportJob, **options: bool) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(changes.csv_of(job, **options)), newline="")))


def test_each_change_has_its_line_and_its_fields_old_and_new(job: ImportJob) -> None:
    by_sku = {sku: (line, kind, fields) for line, sku, kind, fields in all_of(job)}

    assert by_sku.keys() == {"A", "b", "C", "D"}
    assert by_sku["A"] == (4, "updated", {"price": {"old": "10.00", "new": "12.50"}})
    assert by_sku["b"] == (
        2,
        "updated",
        {"sku": {"old": "B", "new": "b"}, "is_active": {"old": False, "new": True}},
    )
    line, kind, fields = by_sku["D"]
    assert (line, kind) == (3, "created")
    assert tuple(fields) == KEPT
    assert fields["name"] == {"old": None, "new": "Desk"}


def test_changes_are_filtered_by_field_and_by_kind(job: ImportJob) -> None:
    assert {sku for _, sku, *_ in all_of(job, field="price")} == {"A", "C"}
    assert {sku for _, sku, *_ in all_of(job, field="is_active")} == {"b", "C"}
    assert {sku for _, sku, *_ in all_of(job, kind="created")} == {"D"}
    assert {sku for _, sku, *_ in all_of(job, kind="updated")} == {"A", "b", "C"}
    assert all_of(job, kind="updated", field="description") == []
    assert all_of(job, kind="created", field="price") == [], "Nothing changed in what is new."


def test_those_of_one_product_are_found_by_its_sku(job: ImportJob) -> None:
    assert [(line, sku) for line, sku, *_ in all_of(job, sku="B")] == [(2, "b")]
    assert all_of(job, sku="B", field="price") == []
    assert all_of(job, sku="nobody") == []
    # Whatever has become of it since.
    product = Product.objects.get(sku_normalized="b")
    product.sku = "other"
    editing.update(product, ["sku"], Editor())
    editing.delete(Product.objects.get(sku_normalized="c"), Editor())
    run_import("sku,name\nC,Table again\n")
    assert [line for line, *_ in all_of(job, sku="b")] == [2]
    assert [line for line, *_ in all_of(job, sku="c")] == [5]


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
@pytest.mark.parametrize("filters", [{}, {"field": "price"}, {"kind": "created"}, {"kind": "updated"}])
def test_pages_have_every_change_once(limit: int, filters: dict[str, str], settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 9
    run_import("sku,name,price\n" + "".join(f"S{n},Lamp,{n}\n" for n in range(40)))
    job = run_import("sku,name,price\n" + "".join(f"S{n},Lamp,{n - n % 3}\n" for n in range(60)))
    expected = {
        n + 2
        for n in range(60)
        if (n >= 40 and filters.get("kind") != "updated" and "field" not in filters)
        or (n < 40 and n % 3 and filters.get("kind") != "created")
    }

    found = [line for line, *_ in all_of(job, limit, **filters)]

    assert len(found) == len(set(found))
    assert set(found) == expected


def test_a_page_takes_as_many_queries_in_a_large_import(settings: Settings) -> None:
    def queries_of(rows: int) -> int:
        run_import("sku,name,price\n" + "".join(f"S{n},Lamp,1\n" for n in range(rows)))
        # The price changes in few of them.
        job = run_import("sku,name,price\n" + "".join(f"S{n},Chair,{2 if n % 40 == 0 else 1}\n" for n in range(rows)))
        with CaptureQueriesContext(connection) as queries:
            page = changes.page(job, Filters(field="price"), cursor=0, limit=10)
        assert len(page.changes) == 10
        return len(queries)

    settings.IMPORT_CHUNK_ROWS = 400
    assert queries_of(400) <= queries_of(4000) <= 5


def test_the_file_is_in_the_order_of_the_lines(job: ImportJob) -> None:
    assert csv_rows(job) == [
        ["line", "sku", "kind", "field", "old", "new"],
        ["2", "b", "updated", "sku", "B", "b"],
        ["2", "b", "updated", "is_active", "false", "true"],
        ["3", "D", "created", "sku", "", "D"],
        ["3", "D", "created", "name", "", "Desk"],
        ["3", "D", "created", "price", "", "5.00"],
        ["3", "D", "created", "is_active", "", "false"],
        ["4", "A", "updated", "price", "10.00", "12.50"],
        ["5", "C", "updated", "name", "Table", "Big table"],
        ["5", "C", "updated", "price", "", "7.00"],
        ["5", "C", "updated", "is_active", "true", "false"],
    ]


def test_the_file_says_what_the_pages_say(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2 * BLOCK_ROWS
    run_import("sku,name,colour\n" + "".join(f"S{n},Lamp {n},red\n" for n in range(1500)), extra=True)
    rows = "".join(f"S{n},Lamp {n + n % 2},{'red' if n % 5 else 'blue'}\n" for n in range(2200))
    job = run_import("sku,name,colour\n" + rows, extra=True)

    told = [
        [str(line), sku, kind, name]
        for line, sku, kind, fields in all_of(job, 500)
        for name, values in fields.items()
        if kind == "updated" or values["new"] not in ("", None, {})
    ]

    found = [row[:4] for row in csv_rows(job)[1:]]
    assert sorted(found) == sorted(told)
    assert [int(row[0]) for row in found] == sorted(int(row[0]) for row in told)


def test_formulas_are_marked_for_spreadsheets_only() -> None:
    job = run_import("sku,name\n=1+1,+Chair\n")

    assert csv_rows(job)[1][1] == "=1+1"
    assert csv_rows(job, for_spreadsheets=True)[:2] == [
        ["line", "sku", "kind", "field", "old", "new", "spreadsheet_safe"],
        ["2", "'=1+1", "created", "sku", "", "'=1+1", ""],
    ]


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_the_summary_counts_whatever_the_chunks(chunk_rows: int, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = chunk_rows
    run_import("sku,name,price,is_active\n" + "".join(f"S{n},Lamp,100,{n % 2}\n" for n in range(30)))
    job = run_import(
        "sku,name,price,is_active\n" + "".join(f"S{n},Lamp,{100 + n},{'1' if n < 10 else '0'}\n" for n in range(35))
    )

    summary = changes.summary(job)

    assert summary.fields == {"price": 29, "is_active": 15}
    assert (summary.activated, summary.deactivated) == (5, 10)
    assert [(move.sku, move.after) for move in summary.moves] == [(f"S{n}", 100 + n) for n in range(29, 19, -1)]


def test_what_was_pruned_is_said(job: ImportJob) -> None:
    assert not changes.why_gone(job)

    ChangeSet.objects.filter(import_number=job.pk).delete()

    assert "no longer on record" in changes.why_gone(job)
