"""The list of products comes in pages, each with the same few queries."""

import pytest

from products.models import Product
from tests.products.factories import client_of, make_product, make_user, manager

pytestmark = pytest.mark.django_db


def make_products(number):
    Product.objects.bulk_create([Product(sku=f"S{n}", sku_normalized=f"s{n}", name=f"N{n}") for n in range(number)])


def test_a_page_has_fifty_products_and_links_to_its_neighbours():
    make_products(120)

    first = manager().get("/api/products/").json()
    second = manager().get(first["next"]).json()

    assert (first["count"], len(first["results"]), first["previous"]) == (120, 50, None)
    assert [product["sku"] for product in second["results"]] == [f"S{n}" for n in range(50, 100)]
    assert "page=3" in second["next"]
    assert manager().get(second["previous"]).json() == first


@pytest.mark.parametrize(("asked", "given"), [("7", 7), ("1000", 1000), ("5000", 1000), ("0", 50), ("x", 50)])
def test_the_caller_sets_the_size_of_a_page_within_a_bound(asked, given):
    make_products(1001)

    assert len(manager().get("/api/products/", {"page_size": asked}).json()["results"]) == given


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 30])
def test_a_page_that_is_not_there_is_a_404(page):
    make_product()

    assert manager().get("/api/products/", {"page": page}).status_code == 404


@pytest.mark.parametrize("number", [1, 100])
def test_a_page_that_is_the_last_takes_one_query_however_many_products_it_has(number, django_assert_num_queries):
    make_products(number)
    client = client_of(make_user(is_superuser=True))

    # Its length tells how many there are.
    with django_assert_num_queries(1):
        answer = client.get("/api/products/", {"page_size": "100", "sku_prefix": "s", "ordering": "name"})

    assert len(answer.json()["results"]) == number
