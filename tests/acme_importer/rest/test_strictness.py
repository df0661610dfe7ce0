"""Nothing that the API is sent is ignored: a query parameter or a field that nobody reads is a 400 that names it."""

import json

import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from acme_importer.rest.filters import StrictFilterBackend
from acme_importer.rest.serializers import StrictSerializer
from acme_importer.urls import router
from tests.imports.factories import run_import
from tests.products.factories import make_product
from webhooks.models import Endpoint

LISTS = ("/api/products/", "/api/jobs/", "/api/webhooks/", "/api/webhooks/{endpoint}/deliveries/")
OTHERS = (
    "/api/products/{product}/",
    "/api/products/export.csv",
    "/api/jobs/{job}/",
    "/api/jobs/{job}/rejected/",
    "/api/jobs/{job}/rejected.csv",
    "/api/jobs/{job}/rejected.xlsx",
    "/api/webhooks/{endpoint}/",
)


class Example(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField()


@pytest.fixture
def ids(db):
    job = run_import("sku,name\nA,Lamp\nB,\n")
    return {"product": make_product().pk, "job": job.pk, "endpoint": Endpoint.objects.create(url="http://a.example").pk}


@pytest.mark.parametrize("path", [*LISTS, *OTHERS])
def test_an_unknown_query_parameter_is_a_400_that_names_it(api, ids, path):
    address = path.format(**ids)

    assert api.get(address).status_code == 200
    answer = api.get(address, {"colour": "red", "size": "2"})
    assert (answer.status_code, list(answer.json())) == (400, ["colour", "size"])
    assert "The parameters are: " in answer.json()["colour"][0]


@pytest.mark.parametrize("path", LISTS)
def test_what_every_list_takes_is_accepted(api, ids, path):
    assert api.get(path.format(**ids), {"page": 1, "page_size": 5, "format": "json"}).status_code == 200


def test_every_list_of_the_api_is_strict():
    assert api_settings.DEFAULT_FILTER_BACKENDS[0] is StrictFilterBackend
    # The feed is no list of objects, and checks its own parameters.
    for prefix, view_set, _ in (entry for entry in router.registry if entry[0] != "changes"):
        assert StrictFilterBackend in getattr(view_set, "filter_backends", ()), prefix


def test_an_unknown_field_is_named_and_what_can_only_be_read_may_be_sent_back():
    assert Example(data={"id": 5, "name": "Lamp", "csrfmiddlewaretoken": "x"}).is_valid()
    with pytest.raises(ValidationError) as refused:
        Example(data={"name": "Lamp", "colour": "red", "nam": "x"}).is_valid(raise_exception=True)
    assert refused.value.detail == {
        name: ["There is no such field. The fields are: name."] for name in ("colour", "nam")
    }


@pytest.mark.parametrize("data", [[], "text", None, 5])
def test_what_is_no_object_is_refused_as_ever(data):
    assert not Example(data=data).is_valid()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/products/", {"sku": "X", "name": "Lamp"}),
        ("/api/products/bulk-delete/", {"ids": [1]}),
        ("/api/webhooks/", {"url": "http://b.example"}),
        ("/api/webhooks/{endpoint}/redeliver-failed/", {"since": "2020-01-01T00:00:00Z"}),
    ],
)
def test_every_body_of_json_is_strict(api, ids, path, body):
    body = json.dumps({**body, "colour": "red"})

    answer = api.post(path.format(**ids), body, content_type="application/json")

    assert (answer.status_code, list(answer.json())) == (400, ["colour"])
