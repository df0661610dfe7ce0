"""When a delivery is tried again: the whole schedule, with the clock moved; Retry-After; and what a success ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from django.utils import timezone
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import answering, dispatch, due_at, emit_one, last_attempt, make_endpoint
from webhooks.delivery import parse_retry_after
from webhooks.events import emit
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2025-06-01T09:30:00+00:00")
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The clock stops, until it is moved."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.mark.slow
def test_the_whole_schedule_is_gone_through_before_a_delivery_is_given_up(
    httpserver: HTTPServer, clock: time_machine.Traveller
) -> None:
    answering(httpserver, 503)
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    for number, pause in enumerate(SCHEDULE, start=1):
        delivery.refresh_from_db()
        assert delivery.status == "pending"
        assert delivery.attempts.count() == number
        waiting = due_at(delivery) - timezone.now()
        assert pause <= waiting <= pause * 1.1
        clock.shift(waiting - timedelta(seconds=1))
        dispatch()
        assert delivery.attempts.count() == number, "tried too early"
        clock.shift(1)
        dispatch()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.due_at) == ("failed", None)
    assert delivery.finished_at == timezone.now()
    assert delivery.attempts.count() == len(SCHEDULE) + 1
    clock.shift(timedelta(days=2))
    dispatch()
    assert len(httpserver.log) == len(SCHEDULE) + 1


def test_every_attempt_has_the_same_id_and_body_and_its_own_timestamp(
    httpserver: HTTPServer, clock: time_machine.Traveller
) -> None:
    answering(httpserver, 500, 500, 200)
    make_endpoint(httpserver.url_for("/hook"))
    emit_one()
    for _ in range(3):
        dispatch()
        clock.shift(timedelta(minutes=6))
    requests = [request for request, _ in httpserver.log]
    assert len(requests) == 3
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    assert len({request.get_data() for request in requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in requests}) == 3


def test_a_success_ends_the_trying(httpserver: HTTPServer, clock: time_machine.Traveller) -> None:
    answering(httpserver, 500, 200)
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    clock.shift(10)
    dispatch()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.due_at) == ("delivered", None)
    clock.shift(timedelta(days=3))
    dispatch()
    assert len(httpserver.log) == 2


def test_what_failed_together_does_not_come_back_together(httpserver: HTTPServer) -> None:
    answering(httpserver, 500)
    for _ in range(20):
        make_endpoint(httpserver.url_for("/hook"))
    emit("product.created", {})
    dispatch()
    assert len(set(Delivery.objects.values_list("due_at", flat=True))) > 15


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(httpserver: HTTPServer, clock: time_machine.Traveller, status: int, form: str) -> None:
    value = "90" if form == "seconds" else format_datetime(START + timedelta(seconds=90), usegmt=True)
    answering(httpserver, status, headers={"Retry-After": value})
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    delivery.refresh_from_db()
    assert delivery.due_at == START + timedelta(seconds=90)
    clock.shift(89)
    dispatch()
    assert len(httpserver.log) == 1
    clock.shift(2)
    dispatch()
    assert len(httpserver.log) == 2


def test_retry_after_holds_for_the_other_deliveries_to_the_endpoint_too(
    httpserver: HTTPServer, clock: time_machine.Traveller
) -> None:
    answering(httpserver, 429, 200, headers={"Retry-After": "60"})
    make_endpoint(httpserver.url_for("/hook"))
    emit_one()
    dispatch()
    emit_one()
    clock.shift(30)
    dispatch()
    assert len(httpserver.log) == 1
    clock.shift(31)
    dispatch()
    dispatch()
    assert len(httpserver.log) == 3
    assert last_attempt().succeeded


def test_a_shorter_retry_after_does_not_hasten_the_schedule(httpserver: HTTPServer) -> None:
    answering(httpserver, 503, headers={"Retry-After": "1"})
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    dispatch()
    assert due_at(delivery) >= START + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("999999999999999999999999", 24 * 3600),
        ("Sun, 01 Jun 2025 09:31:00 GMT", 60),
        ("Sunday, 01-Jun-25 09:31:00 GMT", 60),
        ("Sun, 01 Jun 2025 09:00:00 GMT", 0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 24 * 3600),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Sun, 99 Jun 2025 09:31:00 GMT", None),
    ],
)
def test_both_forms_of_retry_after_are_read_and_bounded(value: str, seconds: int | None) -> None:
    assert parse_retry_after(value, START) == (None if seconds is None else timedelta(seconds=seconds))
