"""Exported products, imported again, are what they were."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from products import export as export_file
from products.export import BATCH_ROWS, csv_blocks
from products.fields import has_control_character, normalize_sku, strip_all
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import client_with, make_product

pytestmark = pytest.mark.django_db

COUNTS = ("created_rows", "updated_rows", "unchanged_rows", "duplicate_rows", "rejected_rows")

# What the product takes in: no NUL, no halves of characters; names and SKUs without what nobody sees around them, SKUs
# without control characters.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
stripped = texts.map(lambda text: strip_all((text,))[0]).filter(bool)
products = st.builds(
    lambda sku, **fields: Product(sku=sku, sku_normalized=normalize_sku(sku), **fields),
    sku=stripped.filter(lambda sku: not has_control_character(sku)),
    name=stripped,
    description=texts,
    price=st.none() | st.decimals(0, Decimal("9999999999.99"), places=2),
    is_active=st.booleans(),
)


def export():
    return "".join(csv_blocks(Product.objects.all()))


def read_export(client, filters=""):
    """The cursor that an export tells, and its text."""
    answer = client.get(f"/api/products/export.csv{filters}")
    return answer.headers["Changes-Cursor"], answer.getvalue().decode()


def table():
    return list(
        Product.objects.order_by("sku_normalized").values_list("sku", "name", "description", "price", "is_active")
    )


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(products, min_size=1, max_size=8, unique_by=lambda product: product.sku_normalized))
def test_importing_an_export_again_changes_nothing(made):
    Product.objects.all().delete()
    Product.objects.bulk_create(made)
    before = table()

    job = run_import(export())

    assert job.status == "completed", job.failure_reason
    assert table() == before
    assert [getattr(job, name) for name in COUNTS] == [0, 0, len(made), 0, 0]


def test_an_export_into_an_empty_catalogue_makes_the_same_products():
    make_product("CaSe-1", name='With "quotes", commas', description="and\nline\r\nbreaks", price=Decimal("0.50"))
    make_product("=1+1", name="-2", description="", price=None, is_active=False)
    before, file = table(), export()
    Product.objects.all().delete()

    run_import(file)

    assert table() == before


def test_the_columns_are_those_of_an_import_and_the_values_plain():
    make_product("A-1", name="Chair", description="Oak", price=Decimal("1234.50"), is_active=False)

    assert list(csv.reader(io.StringIO(export(), newline=""))) == [
        ["sku", "name", "description", "price", "is_active"],
        ["A-1", "Chair", "Oak", "1234.50", "false"],
    ]


def test_extra_is_a_column_of_json_only_if_a_product_of_the_selection_has_one():
    make_product("A-1", extra={"Size": 'S, "small"', "Brand": "Ä"})
    make_product("B-1", name="Chair", price=None)

    rows = list(csv.reader(io.StringIO(export(), newline="")))

    assert rows[0] == ["sku", "name", "description", "price", "is_active", "extra"]
    assert [row[5] for row in rows[1:]] == ['{"Brand": "Ä", "Size": "S, \\"small\\""}', ""]
    others = "".join(csv_blocks(Product.objects.filter(sku="B-1")))
    assert others == "sku,name,description,price,is_active\r\nB-1,Chair,,,true\r\n"


def test_it_is_written_block_by_block():
    Product.objects.bulk_create(
        Product(sku=f"S{n}", sku_normalized=f"s{n}", name="N") for n in range(2 * BATCH_ROWS + 1)
    )

    blocks = list(csv_blocks(Product.objects.all()))

    assert [block.count("\r\n") for block in blocks] == [BATCH_ROWS + 1, BATCH_ROWS, 1]


def test_the_api_exports_what_the_filters_select():
    make_product("A-1")
    make_product("B-1")

    for accept in ("text/csv", "application/json", "*/*"):
        answer = client_with("products.view_product").get(
            "/api/products/export.csv?sku_prefix=a", headers={"Accept": accept}
        )

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        lines = answer.getvalue().decode().splitlines()
        assert [line.partition(",")[0] for line in lines] == ["sku", "A-1"]


def test_an_export_says_where_in_the_change_feed_it_stands():
    run_import("sku,name\nA-1,Lamp\n")
    client = client_with("products.view_product")
    before, nothing_before = read_export(client), read_export(client, "?sku_prefix=b")
    run_import("sku,name\nA-1,Fan\n")
    after, nothing_after = read_export(client), read_export(client, "?sku_prefix=b")

    head = "sku,name,description,price,is_active\r\n"
    assert (before, nothing_before) == (("1.0", f"{head}A-1,Lamp,,,true\r\n"), ("1.0", head))
    assert (after, nothing_after) == (("2.0", f"{head}A-1,Fan,,,true\r\n"), ("2.0", head))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite does not list its cursors.")
def test_an_export_that_nobody_reads_leaves_no_cursor_open():
    def cursors():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs_%'")
            return cursor.fetchone()[0]

    make_product("A-1")
    blocks = csv_blocks(Product.objects.all())
    assert cursors() == 1
    blocks.close()
    assert cursors() == 0


def test_what_is_committed_while_an_export_begins_is_on_one_side_of_its_cursor(monkeypatch):
    run_import("sku,name\nA-1,Lamp\n")
    have_extra = export_file._have_extra
    comes_in_between = [lambda: run_import("sku,name,colour\nA-1,Fan,red\n", extra=True)]

    def asked(products):
        answer = have_extra(products)
        while comes_in_between:
            comes_in_between.pop()()
        return answer

    monkeypatch.setattr(export_file, "_have_extra", asked)
    snapshot = export_file.take_snapshot(Product.objects.all())

    assert snapshot.columns[-1] == "extra"
    assert list(snapshot.rows) == [("A-1", "Fan", "", None, True, {"colour": "red"}, 2)]
    assert snapshot.position == 2


def test_the_api_exports_nothing_without_permission_or_with_a_wrong_filter():
    assert client_with("products.add_product").get("/api/products/export.csv").status_code == 403
    assert client_with("products.view_product").get("/api/products/export.csv?price_min=x").status_code == 400
    for unknown in ("page", "ordering", "colour"):
        refused = client_with("products.view_product").get(f"/api/products/export.csv?{unknown}=1")
        assert (refused.status_code, list(refused.json())) == (400, [unknown])
