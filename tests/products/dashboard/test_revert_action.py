"""The buttons of a product's history: they take back a change, and are there where that does something."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

SEE, CHANGE = "products.view_product", "products.change_product"


def client_with(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_user(*permissions, is_staff=True, is_superuser=not permissions))
    return client


def buttons(page: str) -> list[str]:
    return re.findall(r'action="(/admin/products/product/history/\d+/revert/)"', page)


def page_of(client: Client, product: Product) -> str:
    return client.get(f"/admin/products/product/{product.pk}/history/").content.decode()


@pytest.fixture
def product() -> Product:
    """A product whose name was edited, and whose price was edited twice."""
    run_import("sku,name,price\nA,Lamp,10\n")
    product = Product.objects.get()
    for values in ({"name": "Desk lamp"}, {"price": Decimal(11)}, {"price": Decimal(12)}):
        for name, value in values.items():
            setattr(product, name, value)
        editing.update(product, list(values), Editor())
    return product


def test_only_what_still_holds_has_a_button_and_can_be_taken_back(product: Product) -> None:
    client = client_with()
    newest, of_name = buttons(page_of(client, product))

    page = client.post(of_name, follow=True)

    assert "Undone: Name as before." in page.content.decode()
    assert page.redirect_chain[-1][0] == f"/admin/products/product/{product.pk}/history/"
    assert Product.objects.values_list("name", "price").get() == ("Lamp", Decimal(12))
    assert "The product is as it was before." in client.post(of_name, follow=True).content.decode()
    client.post(newest)
    assert Product.objects.get().price == Decimal(11)


def test_a_deletion_is_taken_back_on_the_page_of_the_sku(product: Product) -> None:
    editing.delete(product, Editor())
    client = client_with()
    (button,) = buttons(client.get("/admin/products/product/history/?sku=a").content.decode())

    page = client.post(button, follow=True).content.decode()

    assert "The product was created again as it was." in page
    # The newest is its creation, without which it would not be there.
    button = buttons(page)[0]
    assert "as if it had not been created" in client.post(button, follow=True).content.decode()
    assert not Product.objects.exists()


def test_who_may_not_do_it_by_hand_has_no_button(product: Product) -> None:
    assert len(buttons(page_of(client_with(SEE, CHANGE), product))) == 2
    assert buttons(page_of(client_with(SEE), product)) == []
    address = product.last_change
    for client in (client_with(SEE), client_with(SEE, "products.add_product", "products.delete_product")):
        assert client.post(f"/admin/products/product/history/{address}/revert/").status_code == 403
    assert client_with().get(f"/admin/products/product/history/{address}/revert/").status_code == 405
    assert Product.objects.get().price == Decimal(12)


def test_an_address_of_nothing_is_answered(product: Product) -> None:
    page = client_with().post(f"/admin/products/product/history/{10**30}/revert/", follow=True)

    assert "not on record" in page.content.decode()
