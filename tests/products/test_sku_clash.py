"""Two spellings of one SKU cannot both be in the catalogue, and whoever tries is told at the field `sku`."""

import pytest
from django.core.exceptions import ValidationError

import products.api.serializers
import products.editing
import products.models
from products.models import SKU_TAKEN, Product
from tests.products.factories import make_product, make_user, manager

pytestmark = pytest.mark.django_db


@pytest.fixture
def blind_once(monkeypatch):
    """Let the first look for the SKU find nothing, as if another request took the SKU right after it."""
    look = products.models.sku_is_taken
    looks = []

    def look_too_early_once(*args, **kwargs):
        looks.append(args)
        return len(looks) > 1 and look(*args, **kwargs)

    monkeypatch.setattr(products.models, "sku_is_taken", look_too_early_once)
    monkeypatch.setattr(products.api.serializers, "sku_is_taken", look_too_early_once)
    monkeypatch.setattr(products.editing, "sku_is_taken", look_too_early_once)
    return looks


@pytest.mark.parametrize(("first", "second"), [("Ab-1", "aB-1"), ("Straße", "STRASSE"), ("ÄB", "äb"), ("A", " a ")])
def test_the_api_refuses_another_spelling(first, second):
    make_product(first)

    answer = manager().post("/api/products/", {"sku": second, "name": "Lamp"}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"sku": [SKU_TAKEN]}


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_api_refuses_to_change_a_sku_to_that_of_another(method):
    make_product("A")
    product = make_product("B")

    answer = getattr(manager(), method)(f"/api/products/{product.pk}", {"sku": "a", "name": "x"}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"sku": [SKU_TAKEN]}


def test_a_product_may_change_the_spelling_of_its_own_sku():
    product = make_product("ab-1")

    answer = manager().patch(f"/api/products/{product.pk}", {"sku": "AB-1"}, format="json")

    assert answer.status_code == 200
    assert Product.objects.get().sku == "AB-1"


def test_a_creation_that_loses_a_race_is_a_400(blind_once):
    make_product("A")

    answer = manager().post("/api/products/", {"sku": "a", "name": "Lamp"}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"sku": [SKU_TAKEN]}
    assert len(blind_once) == 2


def test_a_change_that_loses_a_race_is_a_400(blind_once):
    make_product("A")
    product = make_product("B")

    answer = manager().patch(f"/api/products/{product.pk}", {"sku": "a"}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"sku": [SKU_TAKEN]}
    assert len(blind_once) == 2
    product.refresh_from_db()
    assert product.sku == "B"


def test_validating_a_product_finds_the_clash_at_the_sku_once():
    make_product("A")

    with pytest.raises(ValidationError) as caught:
        Product(sku="a", name="Lamp").full_clean()

    assert caught.value.message_dict == {"sku": [SKU_TAKEN]}


def admin_client(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_the_admin_saves_a_product(client):
    answer = admin_client(client).post("/admin/products/product/add/", {"sku": "Ab-1", "name": "Lamp"})

    assert answer.status_code == 302
    assert Product.objects.get().sku_normalized == "ab-1"


def test_the_admin_shows_the_clash_at_the_sku(client):
    make_product("A")

    answer = admin_client(client).post("/admin/products/product/add/", {"sku": "a", "name": "Lamp"})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"sku": [SKU_TAKEN]}


def test_the_admin_shows_the_clash_after_a_race_as_well(client, blind_once):
    make_product("A")

    answer = admin_client(client).post("/admin/products/product/add/", {"sku": "a", "name": "Lamp"})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"sku": [SKU_TAKEN]}
    # By the form, after the database had refused, and by the form again.
    assert len(blind_once) == 3


def test_the_admin_refuses_a_nul_byte(client):
    answer = admin_client(client).post("/admin/products/product/add/", {"sku": "a\0", "name": "Lamp\0"})

    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {"sku", "name"}


def test_the_admin_lists_and_finds_products(client):
    make_product("AB-1", name="Lamp")
    make_product("CD-2", name="Chair")

    answer = admin_client(client).get("/admin/products/product/", {"sku_prefix": "ab-", "o": "-1", "is_active": "true"})

    assert answer.status_code == 200
    assert [product.sku for product in answer.context["cl"].result_list] == ["AB-1"]
