"""The way into the API: logins, permissions, slashes, pages for people, the schema, the liveness check."""

import json

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from products.models import Product
from tests.products.factories import client_with, make_product, make_user, manager
from tests.tokens import make_key

pytestmark = pytest.mark.django_db

NEW = {"sku": "A", "name": "Lamp"}


def test_nobody_gets_in_without_a_login():
    client = APIClient()

    for path in ("/api/", "/api/products/", "/api/products/1", "/api/schema"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Token"
    assert client.post("/api/products/bulk-delete", {"all": True}, format="json").status_code == 401
    assert client.options("/api/products/").status_code == 401


def test_a_token_lets_its_user_in():
    user = make_user("products.view_product")
    token = make_key(user)

    assert APIClient(headers={"Authorization": f"Token {token}"}).get("/api/products/").status_code == 200
    assert APIClient(headers={"Authorization": "Token wrong"}).get("/api/products/").status_code == 401


def test_a_session_needs_a_csrf_token_to_write():
    user = make_user("products.add_product")
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.post("/api/products/", NEW, format="json").status_code == 403

    login_page = client.get("/api-auth/login/")
    headers = {"X-CSRFToken": str(login_page.context["csrf_token"])}
    assert client.post("/api/products/", NEW, format="json", headers=headers).status_code == 201


def test_a_user_who_may_only_view_cannot_write():
    product = make_product()
    client = client_with("products.view_product")

    assert client.get("/api/products/").status_code == 200
    assert client.get(f"/api/products/{product.pk}").status_code == 200
    assert client.head("/api/products/").status_code == 200
    assert client.post("/api/products/", NEW, format="json").status_code == 403
    assert client.put(f"/api/products/{product.pk}", NEW, format="json").status_code == 403
    assert client.patch(f"/api/products/{product.pk}", NEW, format="json").status_code == 403
    assert client.delete(f"/api/products/{product.pk}").status_code == 403
    assert Product.objects.get().sku == product.sku


@pytest.mark.parametrize(
    ("permission", "method", "path", "status"),
    [
        ("add", "post", "/api/products/", 201),
        ("change", "put", "/api/products/{id}", 200),
        ("change", "patch", "/api/products/{id}", 200),
        ("delete", "delete", "/api/products/{id}", 204),
    ],
)
def test_each_permission_opens_its_own_door(permission, method, path, status):
    product = make_product()
    client = client_with(f"products.{permission}_product")

    assert getattr(client, method)(path.format(id=product.pk), NEW, format="json").status_code == status
    assert client.get("/api/products/").status_code == 403


def test_every_path_answers_with_and_without_its_trailing_slash():
    product = make_product()
    client = manager()

    for path in ("/api", "/api/products", f"/api/products/{product.pk}", "/api/schema", "/healthz"):
        assert client.get(path).status_code == 200
        assert client.get(f"{path}/").status_code == 200
    for slash in ("", "/"):
        asked = client.post(f"/api/products/bulk-delete{slash}", {"ids": [product.pk]}, format="json")
        assert asked.status_code == 200
        created = client.post(f"/api/products{slash}", {"sku": f"N{slash}", "name": "x"}, format="json")
        assert created.status_code == 201


def test_the_root_of_the_api_lists_its_resources():
    assert manager().get("/api/").json()["products"] == "http://testserver/api/products"


@pytest.mark.parametrize("path", ["/api/", "/api/products/", "/api/products/{id}", "/api/products/bulk-delete"])
def test_the_api_can_be_browsed(path, client):
    product = make_product("LAMP-1")
    client.force_login(make_user(is_superuser=True))

    answer = client.get(path.format(id=product.pk), headers={"Accept": "text/html"})

    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.status_code == (405 if path.endswith("bulk-delete") else 200)


def test_a_form_of_the_browsable_api_changes_a_product(client):
    product = make_product("LAMP-1")
    client.force_login(make_user(is_superuser=True))

    answer = client.put(
        f"/api/products/{product.pk}",
        json.dumps({"sku": "LAMP-2", "name": "Lamp"}),
        content_type="application/json",
        headers={"Accept": "text/html"},
    )

    assert answer.status_code == 200
    assert b"LAMP-2" in answer.content


def test_the_schema_is_complete_and_without_warnings(tmp_path):
    schema = tmp_path / "schema.json"

    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(schema))

    paths = json.loads(schema.read_text())["paths"]
    bulk_delete = paths["/api/products/bulk-delete/"]["post"]
    assert bulk_delete["requestBody"]["content"].keys() == {"application/json"}
    assert bulk_delete["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BulkDeleted"
    }
    parameters = {parameter["name"] for parameter in paths["/api/products/"]["get"]["parameters"]}
    assert {"sku", "sku_prefix", "price_min", "search", "ordering", "page", "page_size"} <= parameters


def test_the_documentation_asks_for_a_login(client):
    answer = client.get("/api/docs")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/api-auth/login/?next=/api/docs"


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_the_documentation_has_its_assets_from_here_and_no_inline_script(path, client):
    client.force_login(make_user())

    page = client.get(path)

    assert page.status_code == 200
    html = page.content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in html
    assert "//cdn" not in html
    assert "<script>" not in html
    script = client.get(path, {"script": ""})
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "/api/schema" in script.content.decode()


def test_the_front_page_is_the_dashboard(client):
    assert client.get("/").headers["Location"] == "/admin/"


def test_the_liveness_check_takes_no_post(client):
    assert client.post("/healthz").status_code == 405
