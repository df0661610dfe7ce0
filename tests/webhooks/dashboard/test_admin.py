"""Webhooks in the dashboard: endpoints with their actions, the button, and the record of deliveries."""

from typing import Any

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer

from tests.products.factories import make_user
from tests.webhooks.factories import answering, dispatch, emit_one, make_endpoint
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hook"
ENDPOINTS = "/admin/webhooks/endpoint/"
DELIVERIES = "/admin/webhooks/delivery/"


def act(client: Client, action: str, *objects: Endpoint | Delivery) -> str:
    """Choose `objects` in their list, and an action: the page that follows."""
    path = ENDPOINTS if isinstance(objects[0], Endpoint) else DELIVERIES
    chosen = {"action": action, "_selected_action": [each.pk for each in objects]}
    return client.post(path, chosen, follow=True).content.decode()


def test_an_endpoint_added_here_shows_its_secret_once(admin_client: Client) -> None:
    answer = admin_client.post(f"{ENDPOINTS}add/", {"url": URL, "events": ["import.failed"], "enabled": "on"})
    endpoint = Endpoint.objects.get()
    assert endpoint.events == ["import.failed"]
    assert endpoint.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    for path in (ENDPOINTS, f"{ENDPOINTS}{endpoint.pk}/change/", f"{ENDPOINTS}{endpoint.pk}/history/"):
        assert endpoint.secret not in admin_client.get(path).content.decode()


def test_a_forbidden_url_is_a_fault_of_the_form(admin_client: Client) -> None:
    answer = admin_client.post(f"{ENDPOINTS}add/", {"url": "https://169.254.169.254/", "enabled": "on"})
    assert "private, local or reserved" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_the_list_shows_how_it_goes(admin_client: Client, httpserver: HTTPServer) -> None:
    answering(httpserver, 503)
    endpoint = make_endpoint(httpserver.url_for("/hook"), description="Shop")
    emit_one()
    dispatch()
    page = admin_client.get(ENDPOINTS).content.decode()
    assert "503" in page
    assert "0 % of 1" in page
    endpoint.disable("It answered 410.")
    assert "It answered 410." in admin_client.get(ENDPOINTS).content.decode()
    page = admin_client.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert "<dt>succeeded in 24 h</dt><dd>0 %</dd>" in page
    assert "<dt>attempts in 24 h</dt><dd>1</dd>" in page
    assert "<dt>last response</dt><dd>503</dd>" in page
    assert "It answered 410." in page


def test_saving_does_not_undo_what_a_worker_has_counted(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = make_endpoint(URL)
    save = Endpoint.save

    def counted_at_the_same_time(self: Endpoint, **options: Any) -> None:
        Endpoint.objects.update(failures_in_a_row=3)
        save(self, **options)

    monkeypatch.setattr(Endpoint, "save", counted_at_the_same_time)
    admin_client.post(f"{ENDPOINTS}{endpoint.pk}/change/", {"url": URL, "description": "new", "enabled": "on"})
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.failures_in_a_row) == ("new", 3)


def test_disabling_in_the_form_holds_what_is_waiting(admin_client: Client) -> None:
    endpoint = make_endpoint(URL)
    delivery = emit_one()
    admin_client.post(f"{ENDPOINTS}{endpoint.pk}/change/", {"url": URL})
    delivery.refresh_from_db()
    assert delivery.status == "held"


def press(client: Client, endpoint: Endpoint, action: str) -> str:
    """Press a button of the endpoint's page: the page that follows."""
    return client.post(f"{ENDPOINTS}{endpoint.pk}/action/", {"action": action}, follow=True).content.decode()


def test_the_button_sends_a_test(admin_client: Client, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("welcome")
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    assert 'value="test"' in admin_client.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert "200 welcome" in press(admin_client, endpoint, "test")


def test_buttons_of_the_page_enable_disable_and_rotate(admin_client: Client) -> None:
    endpoint = make_endpoint(URL)
    assert "Enable</button>" in press(admin_client, endpoint, "disable")
    assert "Disable</button>" in press(admin_client, endpoint, "enable")
    page = press(admin_client, endpoint, "rotate_secret")
    assert Endpoint.objects.get().secret in page
    assert endpoint.secret not in page


def test_the_buttons_are_for_those_who_may_change_endpoints(client: Client) -> None:
    endpoint = make_endpoint(URL)
    client.force_login(make_user("webhooks.view_endpoint", "webhooks.view_delivery", is_staff=True))
    path = f"{ENDPOINTS}{endpoint.pk}"
    assert "Rotate secret" not in client.get(f"{path}/change/").content.decode()
    assert client.post(f"{path}/action/", {"action": "disable"}).status_code == 403
    assert client.get(f"{path}/action/").status_code == 405
    emit_one()
    delivery = Delivery.objects.get()
    assert "Send again" not in client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert client.post(f"{DELIVERIES}{delivery.pk}/redeliver/").status_code == 403
    assert Endpoint.objects.get().enabled


def test_an_action_that_there_is_not_is_refused(admin_client: Client) -> None:
    endpoint = make_endpoint(URL)
    assert admin_client.post(f"{ENDPOINTS}{endpoint.pk}/action/", {"action": "delete"}).status_code == 400
    assert admin_client.post(f"{ENDPOINTS}99/action/", {"action": "test"}).status_code == 404


def test_the_page_of_an_endpoint_shows_its_deliveries_by_status(admin_client: Client, httpserver: HTTPServer) -> None:
    answering(httpserver, 204)
    endpoint = make_endpoint(httpserver.url_for("/hook"), description="Shop")
    emit_one("product.created")
    dispatch()
    emit_one("product.updated")
    path = f"{ENDPOINTS}{endpoint.pk}/change/"

    def events(query: str) -> list[str]:
        page = admin_client.get(path + query).content.decode().split("Recent deliveries")[1]
        return [event for event in ("product.created", "product.updated") if f'/change/">{event}</a>' in page]

    assert events("") == ["product.created", "product.updated"]
    assert events("?deliveries=delivered") == ["product.created"]
    assert events("?deliveries=pending") == ["product.updated"]
    assert events("?deliveries=failed") == []


def test_the_page_of_an_endpoint_says_why_it_fails(admin_client: Client) -> None:
    endpoint = make_endpoint(URL, failures_in_a_row=3, last_error="The connection failed: \x1b[2J refused.")
    page = admin_client.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert "The last 3 attempts have failed. The connection failed: \\x1b[2J refused." in page
    assert "\x1b" not in page


def test_the_action_tests_several_at_once(admin_client: Client, httpserver: HTTPServer) -> None:
    answering(httpserver, 500)
    page = act(admin_client, "test", *(make_endpoint(httpserver.url_for("/hook"), description=d) for d in "AB"))
    assert "A: 500" in page
    assert "B: 500" in page


def test_enabling_and_disabling(admin_client: Client) -> None:
    endpoint = make_endpoint(URL, failures_in_a_row=9)
    act(admin_client, "disable", endpoint)
    assert not Endpoint.objects.get().enabled
    act(admin_client, "enable", endpoint)
    endpoint = Endpoint.objects.get()
    assert (endpoint.enabled, endpoint.failures_in_a_row) == (True, 0)


def test_new_secrets_are_shown_once(admin_client: Client) -> None:
    endpoint = make_endpoint(URL)
    page = act(admin_client, "rotate_secret", endpoint)
    assert Endpoint.objects.get().secret in page
    assert endpoint.secret not in page


def test_the_record_is_shown_and_cannot_be_changed(admin_client: Client, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("thanks", status=202)
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    assert delivery.event_id in admin_client.get(DELIVERIES).content.decode()
    page = admin_client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    for piece in ("LAMP-001", "202", "thanks", "webhook-signature"):
        assert piece in page
    assert "_save" not in page
    assert admin_client.get(f"{DELIVERIES}add/").status_code == 403


def test_deliveries_are_sent_again(admin_client: Client, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    assert "Deliveries that will be sent again: 1." in act(admin_client, "redeliver", delivery)
    dispatch()
    assert len(httpserver.log) == 2
    page = admin_client.post(f"{DELIVERIES}{delivery.pk}/redeliver/", follow=True).content.decode()
    assert "Deliveries that will be sent again: 1." in page
    dispatch()
    assert len(httpserver.log) == 3
