"""When an endpoint is disabled, what that means, and that enabling starts afresh."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import answering, dispatch, emit_one, make_endpoint
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2025-06-01T09:30:00+00:00")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def endpoint(httpserver: HTTPServer) -> Endpoint:
    return make_endpoint(httpserver.url_for("/hook"), description="Shop")


def fail_for(days: float, clock: time_machine.Traveller) -> None:
    """Let events happen and fail for so many days."""
    end = datetime.now(START.tzinfo) + timedelta(days=days)
    while datetime.now(START.tzinfo) <= end:
        emit_one()
        dispatch()
        clock.shift(timedelta(hours=12))


def test_410_disables_at_once(httpserver: HTTPServer, endpoint: Endpoint) -> None:
    answering(httpserver, 410)
    delivery = emit_one()
    dispatch()
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert not endpoint.enabled
    assert endpoint.disabled_reason == "The receiver responded 410 Gone: it wants no more webhooks."
    assert (delivery.status, delivery.due_at) == ("held", None)


def test_five_days_of_failures_disable_with_the_reason_kept(
    httpserver: HTTPServer, endpoint: Endpoint, clock: time_machine.Traveller
) -> None:
    answering(httpserver, 503)
    fail_for(4.9, clock)
    endpoint.refresh_from_db()
    assert endpoint.enabled
    emit_one()
    dispatch()
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    assert endpoint.disabled_reason.startswith("Every attempt since 1 Jun 2025, 09:30 UTC has failed, 1")
    assert endpoint.disabled_reason.endswith("The last one: It responded 503.")
    assert not Delivery.objects.filter(status="pending").exists()


def test_one_success_within_the_five_days_starts_the_count_again(
    httpserver: HTTPServer, endpoint: Endpoint, clock: time_machine.Traveller
) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=503)
    fail_for(4, clock)
    httpserver.clear_all_handlers()
    answering(httpserver, 200)
    emit_one()
    dispatch()
    endpoint.refresh_from_db()
    assert (endpoint.failures_in_a_row, endpoint.failing_since) == (0, None)
    httpserver.clear_all_handlers()
    answering(httpserver, 503)
    fail_for(4, clock)
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_two_single_failures_a_week_apart_do_not_disable(
    httpserver: HTTPServer, endpoint: Endpoint, clock: time_machine.Traveller
) -> None:
    answering(httpserver, 503)
    emit_one()
    dispatch()
    Delivery.objects.update(status="failed", due_at=None)
    clock.shift(timedelta(days=7))
    emit_one()
    dispatch()
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_the_admins_are_told_by_mail(httpserver: HTTPServer, endpoint: Endpoint, settings: Settings) -> None:
    settings.ADMINS = [("Ops", "ops@example.com")]
    answering(httpserver, 410)
    emit_one()
    dispatch()
    task = SignedPackage.loads(OrmQ.objects.get(key="acme").payload)
    assert task["func"] == "django.core.mail.mail_admins"
    mail.mail_admins(*task["args"])
    assert "Webhook disabled: Shop" in mail.outbox[0].subject
    assert "410 Gone" in mail.outbox[0].body


def test_enabling_starts_afresh(httpserver: HTTPServer, endpoint: Endpoint, clock: time_machine.Traveller) -> None:
    answering(httpserver, 503)
    fail_for(4.9, clock)
    emit_one()
    dispatch()
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    endpoint.enable()
    emit_one()
    dispatch()
    endpoint.refresh_from_db()
    assert endpoint.enabled
    assert (endpoint.failures_in_a_row, endpoint.disabled_reason) == (1, "")


def test_disabling_holds_what_is_waiting(httpserver: HTTPServer, endpoint: Endpoint) -> None:
    answering(httpserver, 200)
    delivery = emit_one()
    endpoint.disable()
    dispatch()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.due_at) == ("held", None)
    assert not httpserver.log
