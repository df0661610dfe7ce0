"""Emitting: who gets a delivery, what is in it, and that it shares the fate of the caller's transaction."""

import json

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from tests.webhooks.factories import PRODUCT, make_endpoint
from webhooks.events import emit
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hook"


def test_an_endpoint_gets_every_event_unless_it_chooses() -> None:
    all_events, some_events = make_endpoint(URL), make_endpoint(URL, events=["product.deleted"])
    emit("product.created", PRODUCT)
    emit("product.deleted", PRODUCT)
    assert [d.event_type for d in all_events.deliveries.order_by("id")] == ["product.created", "product.deleted"]
    assert [d.event_type for d in some_events.deliveries.all()] == ["product.deleted"]


def test_progress_is_told_only_to_those_who_ask_for_it() -> None:
    make_endpoint(URL)
    asking = make_endpoint(URL, events=["import.progress"])
    assert emit("import.progress", PRODUCT) == 1
    assert Delivery.objects.get().endpoint == asking


def test_what_a_disabled_endpoint_wants_is_held() -> None:
    endpoint = make_endpoint(URL, enabled=False)
    make_endpoint(URL, enabled=False, events=["product.deleted"])
    assert emit("product.created", PRODUCT) == 0
    held = Delivery.objects.get()
    assert (held.endpoint, held.status, held.due_at) == (endpoint, "held", None)


def test_emitting_to_nobody_is_one_query_and_builds_no_body(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert emit("product.created", lambda: pytest.fail("nobody wants it")) == 0


def test_emitting_to_many_is_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(20):
        make_endpoint(URL)
    with django_assert_num_queries(2):
        assert emit("product.created", lambda: PRODUCT) == 20


def test_the_body_has_type_timestamp_and_data() -> None:
    make_endpoint(URL)
    emit("product.created", PRODUCT)
    delivery = Delivery.objects.get()
    body = json.loads(delivery.body)
    assert list(body) == ["type", "timestamp", "data"]
    assert body["type"] == "product.created"
    assert body["timestamp"].endswith("Z")
    assert body["data"] == PRODUCT


def test_one_event_has_one_id_for_all_endpoints() -> None:
    make_endpoint(URL)
    make_endpoint(URL)
    emit("product.created", PRODUCT)
    emit("product.created", PRODUCT)
    assert Delivery.objects.count() == 4
    assert Delivery.objects.values("event_id").distinct().count() == 2


def test_an_event_of_a_transaction_that_is_rolled_back_has_not_happened() -> None:
    make_endpoint(URL)
    with transaction.atomic():
        emit("product.created", PRODUCT)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_an_event_that_is_not_in_the_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"product\.exploded"):
        emit("product.exploded", PRODUCT)
