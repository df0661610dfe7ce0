"""What the OpenAPI schema says of every operation alike: bodies, errors, names, and OpenAPI 3.1's own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from acme_importer.rest.scopes import SCOPES
from imports.options import ESCAPES, MODES, NEW_PRODUCTS, QUOTES
from products.history.records import KEPT
from tests.products.factories import make_product, manager
from tests.webhooks.factories import make_endpoint
from webhooks.catalogue import CATALOGUE

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(file))
    return json.loads(file.read_text())


def operations(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every operation with its method and path."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def parts(value: Any) -> Iterator[Schema]:
    """Every object within a JSON value."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(item)


def test_it_is_valid_openapi(schema: Schema) -> None:
    openapi_spec_validator.validate(schema)


def test_requests_take_json_but_uploads(schema: Schema) -> None:
    bodies = {name: operation["requestBody"] for name, operation in operations(schema) if "requestBody" in operation}

    assert {"post /api/products/", "post /api/webhooks/", "post /api/uploads/"} <= bodies.keys()
    for name, body in bodies.items():
        if name != "post /api/uploads/":
            assert body["content"].keys() == {"application/json"}, name
    assert "application/json" not in bodies["post /api/uploads/"]["content"]


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_where_json_is_taken_is_refused(form: str, api: APIClient) -> None:
    product, endpoint = make_product(), make_endpoint("https://shop.example/hook")
    for method, path in (
        ("post", "/api/products/"),
        ("put", f"/api/products/{product.pk}"),
        ("patch", f"/api/products/{product.pk}"),
        ("post", "/api/products/bulk-delete"),
        ("post", "/api/webhooks/"),
        ("patch", f"/api/webhooks/{endpoint.pk}"),
        ("post", f"/api/webhooks/{endpoint.pk}/redeliver-failed"),
    ):
        response = getattr(api, method)(path, b"name=Lamp", content_type=form)
        assert response.status_code == 415, path


def test_every_operation_describes_its_errors(schema: Schema) -> None:
    for name, operation in operations(schema):
        expected = {"401", "403"}
        expected |= {"400", "415"} if "requestBody" in operation else set()
        expected |= {"404"} if "{" in name else set()
        assert expected <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            if status >= "400":
                [content] = response["content"].values()
                model = "Invalid" if status == "400" else "Error"
                assert content["schema"] == {"$ref": f"#/components/schemas/{model}"}, name


@pytest.mark.django_db
def test_a_response_has_the_fields_that_the_schema_requires(schema: Schema) -> None:
    make_product(price=None)
    page = manager().get("/api/products/").json()
    models = schema["components"]["schemas"]

    assert set(page) == set(models["PaginatedProductList"]["required"])
    assert set(page["results"][0]) == set(models["Product"]["required"])
    assert models["ProductRequest"]["required"] == ["name", "sku"]


def test_what_may_be_null_is_said_in_the_words_of_openapi_3_1(schema: Schema) -> None:
    models = schema["components"]["schemas"]

    assert schema["openapi"].startswith("3.1")
    assert not [part for part in parts(schema) if part.get("nullable") is True]
    for model, field in (("Product", "price"), ("Job", "follows"), ("PaginatedJobList", "next")):
        assert "null" in models[model]["properties"][field]["type"], field


def test_every_list_of_choices_has_a_name_of_its_own(schema: Schema) -> None:
    named = {name for name, model in schema["components"]["schemas"].items() if "enum" in model}

    statuses_and_events = {"JobStatus", "DeliveryStatus", "EventType", "SubscribableEvent"}
    assert named == {
        *statuses_and_events,
        "HistoryKind",
        "FeedKind",
        "ProductField",
        "AuditAct",
        "AuditWay",
        "Quote",
        "Escape",
        "ImportMode",
        "NewProducts",
        "ChangeKind",
        "MissingProducts",
        "Guard",
        "Decision",
    }


def test_parameters_say_what_they_mean_and_name_their_choices(schema: Schema) -> None:
    found = {
        (path, parameter["name"]): parameter
        for path, operations in schema["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    assert [place for place, parameter in found.items() if not parameter.get("description")] == []
    choices = {
        ("/api/uploads/", "mode"): MODES,
        ("/api/uploads/", "new_products"): NEW_PRODUCTS,
        ("/api/uploads/", "quote"): QUOTES,
        ("/api/uploads/", "escape"): ESCAPES,
        ("/api/webhooks/{endpoint_id}/deliveries/", "event_type"): CATALOGUE,
        ("/api/products/", "changed_field"): KEPT,
    }
    for place, named in choices.items():
        assert sorted(found[place]["schema"]["enum"]) == sorted(named), place


def test_every_operation_says_which_scope_a_token_needs(schema: Schema) -> None:
    scheme = schema["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert all(f"`{scope}`" in scheme["description"] for scope in SCOPES)

    needed = {name: operation["security"][0]["token"] for name, operation in operations(schema)}

    assert all(len(scopes) == 1 and scopes[0] in SCOPES for scopes in needed.values())
    assert {scope for name, [scope] in needed.items() if name.startswith("get ")} == {"read"}
    assert needed["post /api/uploads/"] == ["import"]
    assert needed["post /api/products/bulk-delete/"] == ["write"]
    assert needed["post /api/webhooks/{id}/test/"] == ["webhooks"]


def test_every_operation_is_named_as_a_function_can_be(schema: Schema) -> None:
    for name, operation in operations(schema):
        assert operation["operationId"].isidentifier(), name


def test_the_export_takes_the_filters_of_the_list(schema: Schema) -> None:
    filters = {
        path: {parameter["name"] for parameter in schema["paths"][path]["get"]["parameters"]}
        for path in ("/api/products/", "/api/products/export.csv/")
    }

    # The file is always in the order of creation.
    assert filters["/api/products/export.csv/"] == filters["/api/products/"] - {"page", "page_size", "ordering"} | {
        "for"
    }
