"""The API of webhooks: endpoints, tests, secrets, deliveries, and who may do what."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from tests.webhooks.factories import PRODUCT, answering, dispatch, emit_one, headers_of, make_endpoint
from webhooks.dispatch import claim
from webhooks.events import emit
from webhooks.models import Delivery, Endpoint
from webhooks.receiver import verify

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hook"


def test_a_new_endpoint_wants_all_events_and_shows_its_secret(api: APIClient) -> None:
    answer = api.post("/api/webhooks/", {"url": URL, "description": "Shop"}, format="json")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    endpoint = Endpoint.objects.get()
    assert answer.json()["secret"] == endpoint.secret
    assert endpoint.secret.startswith("whsec_")
    assert (answer.json()["events"], answer.json()["enabled"]) == ([], True)


def test_the_secret_is_never_shown_again(api: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    created = api.post("/api/webhooks/", {"url": URL}, format="json").json()
    path = f"/api/webhooks/{created['id']}"
    answers = [
        api.get("/api/webhooks"),
        api.get(path),
        api.patch(path, {"description": "x"}, format="json"),
        api.post(f"{path}/test"),
    ]
    answers.append(api.get(f"{path}/deliveries"))
    for answer in answers:
        assert answer.status_code == 200
        assert created["secret"] not in answer.content.decode()
    statements = (record for record in caplog.records if record.name != "django.db.backends")
    assert not any(created["secret"] in record.getMessage() for record in statements)


def test_a_secret_cannot_be_chosen(api: APIClient) -> None:
    answer = api.post("/api/webhooks/", {"url": URL, "secret": "whsec_mine"}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["secret"])
    assert not Endpoint.objects.exists()


def test_rotating_shows_the_new_secret_and_keeps_the_old_one_for_a_day(api: APIClient) -> None:
    endpoint = make_endpoint(URL)
    answer = api.post(f"/api/webhooks/{endpoint.pk}/rotate-secret")
    assert answer["Cache-Control"] == "no-store"
    new = answer.json()["secret"]
    assert new != endpoint.secret
    assert Endpoint.objects.get().signing_secrets() == [new, endpoint.secret]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": URL, "events": ["product.exploded"]}, "events"),
        ({"url": URL, "events": ["webhook.test"]}, "events"),
        ({"url": URL, "events": "product.created"}, "events"),
        ({"url": URL, "enabled": "perhaps"}, "enabled"),
        ({"url": URL, "event": ["product.created"]}, "event"),
    ],
)
def test_faults_are_named_by_field(api: APIClient, fault: dict[str, Any], field: str) -> None:
    answer = api.post("/api/webhooks/", fault, format="json")
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_plain_http_is_refused_in_production(api: APIClient, settings: Settings) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    answer = api.post("/api/webhooks/", {"url": "http://shop.example/hook"}, format="json")
    assert "must begin with https://" in answer.json()["url"][0]


def test_an_endpoint_is_changed_and_deleted(api: APIClient) -> None:
    endpoint = make_endpoint(URL)
    emit_one()
    answer = api.patch(f"/api/webhooks/{endpoint.pk}/", {"events": ["import.failed"]}, format="json")
    assert answer.json()["events"] == ["import.failed"]
    assert api.delete(f"/api/webhooks/{endpoint.pk}").status_code == 204
    assert not Delivery.objects.exists()


def test_disabling_and_enabling_over_the_api_start_afresh(api: APIClient) -> None:
    endpoint = make_endpoint(URL, failures_in_a_row=7, failing_since=timezone.now())
    waiting = emit_one()
    api.patch(f"/api/webhooks/{endpoint.pk}/", {"enabled": False}, format="json")
    waiting.refresh_from_db()
    assert waiting.status == "held"
    answer = api.patch(f"/api/webhooks/{endpoint.pk}/", {"enabled": True}, format="json")
    assert (answer.json()["failures_in_a_row"], answer.json()["failing_since"]) == (0, None)


def test_the_figures_of_the_last_answer_and_the_last_day(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200, 200, 200, 503)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    for _ in range(4):
        emit_one()
        dispatch()
    endpoint.attempts.filter(pk=endpoint.attempts.earliest("id").pk).update(
        started_at=timezone.now() - timedelta(days=2)
    )
    shown = api.get(f"/api/webhooks/{endpoint.pk}").json()
    assert (shown["last_status"], shown["failures_in_a_row"]) == (503, 1)
    assert shown["last_latency_ms"] >= 0
    assert (shown["last_day"]["attempts"], shown["last_day"]["succeeded"]) == (3, 2)
    assert shown["last_day"]["success_rate"] == pytest.approx(2 / 3)
    assert api.get("/api/webhooks").json()["results"] == [shown]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_test_is_sent_at_once_and_answers_what_came_of_it(
    api: APIClient, httpserver: HTTPServer, enabled: bool
) -> None:
    httpserver.expect_request("/hook").respond_with_data("hello", status=201)
    endpoint = make_endpoint(httpserver.url_for("/hook"), enabled=enabled, events=["import.failed"])
    answer = api.post(f"/api/webhooks/{endpoint.pk}/test")
    result = answer.json()
    assert (answer.status_code, result["succeeded"], result["status"], result["excerpt"]) == (200, True, 201, "hello")
    assert result["latency_ms"] >= 0
    request = httpserver.log[0][0]
    assert request.json["type"] == "webhook.test"
    verify(endpoint.secret, headers_of(request), request.get_data())
    [delivery] = api.get(f"/api/webhooks/{endpoint.pk}/deliveries/").json()["results"]
    assert (delivery["id"], delivery["event_type"]) == (result["delivery_id"], "webhook.test")


def test_a_test_that_fails_is_not_tried_again(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 500)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    assert api.post(f"/api/webhooks/{endpoint.pk}/test/").json()["succeeded"] is False
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.due_at) == ("failed", None)


def test_a_test_of_a_blocked_address_tells_nothing_of_an_answer(api: APIClient, settings: Settings) -> None:
    endpoint = make_endpoint("http://127.0.0.1:9/")
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    result = api.post(f"/api/webhooks/{endpoint.pk}/test").json()
    assert (result["status"], result["excerpt"]) == (None, "")
    assert "not sent to" in result["error"]


def test_deliveries_have_body_and_attempts_and_are_filtered(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 503, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    failing = emit_one("product.created")
    dispatch()
    good = emit_one("product.deleted")
    dispatch()
    path = f"/api/webhooks/{endpoint.pk}/deliveries"
    listed = api.get(path).json()["results"]
    assert [delivery["id"] for delivery in listed] == [good.pk, failing.pk]
    assert listed[0]["body"]["data"] == PRODUCT
    assert listed[1]["attempts"][0]["status"] == 503
    assert listed[1]["attempts"][0]["request_headers"]["webhook-id"] == failing.event_id
    assert api.get(f"{path}/{good.pk}/").json() == listed[0]
    for query, expected in {
        "status=pending": [failing.pk],
        "event_type=product.deleted": [good.pk],
        f"event_id={good.event_id}": [good.pk],
        "response_status=503": [failing.pk],
        "created_after=2020-01-01T00:00:00Z": [good.pk, failing.pk],
        "created_before=2020-01-01T00:00:00Z": [],
    }.items():
        assert [delivery["id"] for delivery in api.get(f"{path}?{query}").json()["results"]] == expected, query
    for query in (
        "status=perhaps",
        "created_after=999999-01-01T00:00:00Z",
        "created_before=9999-12-31T23:59:59-12:00",
        "created_before=yesterday",
        "response_status=4.5",
        "ordering=id",
        "colour=red",
    ):
        answer = api.get(f"{path}?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]]), query


@pytest.mark.parametrize("query", ["enabled=perhaps", "ordering=secret", "colour=red"])
def test_a_wrong_filter_of_endpoints_is_a_400_that_names_it(api: APIClient, query: str) -> None:
    make_endpoint(URL)
    answer = api.get(f"/api/webhooks/?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])


def test_endpoints_are_filtered_by_whether_they_are_enabled(api: APIClient) -> None:
    on, off = make_endpoint(URL), make_endpoint(URL, enabled=False)
    for value, expected in {"true": on, "false": off, "True": on, "0": off}.items():
        assert [shown["id"] for shown in api.get(f"/api/webhooks/?enabled={value}").json()["results"]] == [expected.pk]


def test_deliveries_of_another_endpoint_are_not_found(api: APIClient) -> None:
    endpoint = make_endpoint(URL)
    delivery = emit_one()
    other = make_endpoint(URL)
    assert api.get(f"/api/webhooks/{endpoint.pk}/deliveries/{delivery.pk}").status_code == 200
    for path in (f"{other.pk}/deliveries/{delivery.pk}", "999/deliveries", "x/deliveries"):
        assert api.get(f"/api/webhooks/{path}").status_code == 404


def test_a_delivery_is_sent_again_with_the_same_id(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    answer = api.post(f"/api/webhooks/{endpoint.pk}/deliveries/{delivery.pk}/redeliver")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    dispatch()
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert delivery.attempts.count() == 2
    assert [request.headers["webhook-id"] for request, _ in httpserver.log] == [delivery.event_id] * 2


def test_what_is_being_sent_is_not_sent_again(api: APIClient) -> None:
    endpoint = make_endpoint(URL)
    delivery = emit_one()
    claim([delivery.pk])
    answer = api.post(f"/api/webhooks/{endpoint.pk}/deliveries/{delivery.pk}/redeliver")
    assert answer.status_code == 409


def test_nothing_is_sent_again_to_a_disabled_endpoint(api: APIClient) -> None:
    endpoint = make_endpoint(URL)
    delivery = emit_one()
    endpoint.disable()
    for path in (f"deliveries/{delivery.pk}/redeliver", "redeliver-failed"):
        answer = api.post(f"/api/webhooks/{endpoint.pk}/{path}", {"since": "2020-01-01T00:00:00Z"}, format="json")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "The endpoint is disabled. Enable it first."


def test_all_that_failed_since_a_time_is_sent_again(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    before, *after = (emit_one() for _ in range(4))
    after[-1].endpoint.deliveries.exclude(pk=after[-1].pk).update(status="failed", due_at=None, tries=10)
    Delivery.objects.filter(pk=before.pk).update(created_at=timezone.now() - timedelta(hours=2))
    answer = api.post(
        f"/api/webhooks/{endpoint.pk}/redeliver-failed", {"since": timezone.now() - timedelta(hours=1)}, format="json"
    )
    assert (answer.status_code, answer.json()) == (202, {"redelivered": 2})
    for _ in range(3):
        dispatch()
    assert set(Delivery.objects.filter(status="delivered")) == set(after)
    assert api.post(f"/api/webhooks/{endpoint.pk}/redeliver-failed", {}, format="json").status_code == 400


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        ("view_endpoint", "get", ""),
        ("view_endpoint", "get", "{endpoint}/"),
        ("add_endpoint", "post", ""),
        ("change_endpoint", "patch", "{endpoint}/"),
        ("delete_endpoint", "delete", "{endpoint}/"),
        ("change_endpoint", "post", "{endpoint}/test/"),
        ("change_endpoint", "post", "{endpoint}/rotate-secret/"),
        ("view_delivery", "get", "{endpoint}/deliveries/"),
        ("view_delivery", "get", "{endpoint}/deliveries/{delivery}/"),
        ("change_delivery", "post", "{endpoint}/deliveries/{delivery}/redeliver/"),
        ("change_delivery", "post", "{endpoint}/redeliver-failed/"),
        ("change_endpoint", "post", "{endpoint}/replay/"),
    ],
)
def test_each_call_needs_its_permission(permission: str, method: str, path: str) -> None:
    endpoint = make_endpoint(URL)
    emit("product.created", PRODUCT)
    path = "/api/webhooks/" + path.format(endpoint=endpoint.pk, delivery=Delivery.objects.get().pk)
    client = APIClient()
    assert getattr(client, method)(path).status_code == 401
    user = User.objects.create_user("someone")
    client.force_authenticate(user)
    others = Permission.objects.filter(content_type__app_label="webhooks").exclude(codename=permission)
    user.user_permissions.set(others)
    assert getattr(client, method)(path).status_code == 403
    user = User.objects.get(pk=user.pk)
    user.user_permissions.set(Permission.objects.filter(codename=permission))
    client.force_authenticate(user)
    assert getattr(client, method)(path).status_code not in (401, 403)


def test_listing_deliveries_takes_few_queries_however_many(api: APIClient, django_assert_max_num_queries: Any) -> None:
    endpoint = make_endpoint(URL)
    for _ in range(30):
        emit_one()
    with django_assert_max_num_queries(8):
        assert api.get(f"/api/webhooks/{endpoint.pk}/deliveries").json()["count"] == 30
