"""A search by the beginning of a SKU uses the index on each database, however large the catalogue."""

import pytest
from django.db import connection

from products.fields import normalize_sku
from products.models import Product
from products.selection import Selection

INDEX = "product_sku_normalized_unique"


def make_catalogue(size):
    skus = [f"{'ÄB%_'[number % 4]}C-{number:06}" for number in range(size)]
    Product.objects.bulk_create([Product(sku=sku, sku_normalized=normalize_sku(sku), name=sku) for sku in skus])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE products_product")


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["äc-00001", "bc-00001", "%c-00001", "_c-00001"])
def test_the_index_is_used(prefix):
    make_catalogue(5000)

    page = Selection.matching({"sku_prefix": prefix}).products.order_by("id")[:50]

    assert page.exists()
    plan = page.explain()
    assert INDEX in plan
    if connection.vendor == "sqlite":
        assert "sku_normalized>? AND sku_normalized<?" in plan
    else:
        assert "Index Cond" in plan
    assert INDEX in Selection.matching({"sku_prefix": prefix}).products.explain()
