"""The catalogue is what documentation and OpenAPI say."""

from pathlib import Path

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from imports.api.serializers import JobSerializer
from products.api.serializers import ProductSerializer
from webhooks.catalogue import CATALOGUE, SUBSCRIBABLE, as_markdown, example_body


def test_the_documentation_lists_the_catalogue() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text()
    assert as_markdown() in page, "Put what `python manage.py webhook_events` prints into docs/webhooks.md."


@pytest.mark.django_db
def test_openapi_describes_each_event(api: APIClient) -> None:
    webhooks = api.get("/api/schema/?format=json").json()["webhooks"]
    assert list(webhooks) == list(CATALOGUE)
    for name, event in CATALOGUE.items():
        content = webhooks[name]["post"]["requestBody"]["content"]["application/json"]
        assert content["schema"]["properties"]["type"]["enum"] == [name]
        assert content["examples"]["Example"]["value"] == example_body(event)


def test_every_event_can_be_asked_for_but_the_test() -> None:
    assert set(CATALOGUE) - set(SUBSCRIBABLE) == {"webhook.test"}


def test_the_examples_show_jobs_and_products_as_the_api_does() -> None:
    for name, event in CATALOGUE.items():
        if name.startswith("import."):
            assert list(event.example["job"]) == list(JobSerializer().fields), name
        elif name.startswith("product.") and "bulk" not in name:
            assert list(event.example["product"]) == list(ProductSerializer().fields), name
