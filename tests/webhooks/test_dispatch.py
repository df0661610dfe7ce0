"""Dispatching: endpoints that hang or fail hold up nobody else, and each delivery is claimed by one worker."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import PRODUCT, answering, dispatch, due_at, emit_one, make_endpoint, raw_server
from webhooks import tasks
from webhooks.attempt import Outcome
from webhooks.dispatch import THREADS_EACH, Dispatcher, claim, due_queues
from webhooks.events import emit
from webhooks.models import Attempt, Delivery, Dispatching, Endpoint
from webhooks.record import Sent, record

pytestmark = pytest.mark.django_db


@contextmanager
def hanging() -> Iterator[str]:
    """The URL of a receiver that never answers, until the test is over."""
    over = threading.Event()
    with raw_server(lambda *_: over.wait(30)) as url:
        yield url
        over.set()


@pytest.mark.slow
def test_of_100_endpoints_20_hang_and_the_others_do_not_wait(settings: Settings, httpserver: HTTPServer) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 3
    answering(httpserver, 200)
    with hanging() as url:
        for number in range(100):
            make_endpoint(url if number < 20 else httpserver.url_for("/hook"))
        for _ in range(2):
            emitted = timezone.now()
            emit("product.created", PRODUCT)
            dispatch()
            good = Attempt.objects.filter(started_at__gte=emitted, succeeded=True)
            assert good.count() == 80
            assert good.latest("started_at").started_at - emitted < timedelta(seconds=2)


def test_an_endpoint_that_hangs_gets_one_delivery_at_a_time(settings: Settings) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    with hanging() as url:
        make_endpoint(url)
        for _ in range(10):
            emit("product.created", PRODUCT)
        Dispatcher().run(timezone.now() + timedelta(seconds=1.5))
    assert Attempt.objects.count() == 2


def test_an_endpoint_that_answered_and_then_hangs_holds_few_threads(settings: Settings) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    with hanging() as url:
        make_endpoint(url, last_attempt_at=timezone.now())
        for _ in range(100):
            emit("product.created", PRODUCT)
        dispatch()
    assert Attempt.objects.count() == THREADS_EACH
    given_back = Delivery.objects.filter(claimed_by=None, due_at__lte=timezone.now(), tries=0)
    assert given_back.count() == 100 - THREADS_EACH


def test_failing_endpoints_leave_threads_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.dispatch.THREADS", 10)
    monkeypatch.setattr("webhooks.dispatch.THREADS_FOR_FAILING", 5)
    for number in range(40):
        make_endpoint("http://127.0.0.1:9/", failures_in_a_row=int(number < 35), last_attempt_at=timezone.now())
    emit("product.created", PRODUCT)
    bundles = Dispatcher().next_bundles()
    failing = [bundle for bundle in bundles if bundle[0].endpoint.failures_in_a_row]
    assert (len(failing), len(bundles)) == (5, 10)


def test_a_long_queue_of_one_endpoint_does_not_hold_up_another(httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    busy = make_endpoint(httpserver.url_for("/hook"))
    for _ in range(500):
        emit("product.created", PRODUCT)
    quiet = make_endpoint(httpserver.url_for("/hook"))
    emit("product.created", PRODUCT)
    dispatch()
    assert quiet.deliveries.get().status == "delivered"
    assert busy.deliveries.filter(status="delivered").count() >= 1


@pytest.mark.slow
def test_a_long_queue_is_worked_off(httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    make_endpoint(httpserver.url_for("/hook"))
    for _ in range(200):
        emit("product.created", PRODUCT)
    for _ in range(6):
        dispatch()
    assert Delivery.objects.filter(status="delivered").count() == 200
    assert len({request.headers["webhook-id"] for request, _ in httpserver.log}) == len(httpserver.log) == 200


def test_a_delivery_is_claimed_by_one_worker() -> None:
    make_endpoint("http://127.0.0.1:9/")
    delivery = emit_one()
    assert list(claim([delivery.pk])) == [delivery.pk]
    assert claim([delivery.pk]) == {}


def test_a_claim_that_is_not_kept_ends_within_two_minutes(httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    make_endpoint(httpserver.url_for("/hook"))
    delivery = emit_one()
    claim([delivery.pk])
    assert due_at(delivery) < timezone.now() + timedelta(seconds=46)
    assert tasks.slice_length() < timedelta(seconds=21)
    Delivery.objects.update(due_at=timezone.now())
    dispatch()
    delivery.refresh_from_db()
    assert delivery.status == "delivered"


def sent(delivery: Delivery, *, succeeded: bool) -> Sent:
    outcome = Outcome(timezone.now(), 1, {}, status=200 if succeeded else 500)
    return Sent(delivery.pk, delivery.endpoint_id, delivery.claimed_by, outcome)


def test_who_has_lost_the_claim_does_not_put_the_delivery_off() -> None:
    make_endpoint("http://127.0.0.1:9/")
    delivery = emit_one()
    first = claim([delivery.pk])[delivery.pk]
    Delivery.objects.update(due_at=timezone.now())
    second = claim([delivery.pk])[delivery.pk]
    record([sent(first, succeeded=False)])
    delivery.refresh_from_db()
    assert (delivery.claimed_by, delivery.tries) == (second.claimed_by, 0)
    assert delivery.attempts.count() == 1


def test_a_success_stands_whoever_reports_it() -> None:
    make_endpoint("http://127.0.0.1:9/")
    delivery = emit_one()
    first = claim([delivery.pk])[delivery.pk]
    Delivery.objects.update(due_at=timezone.now())
    claim([delivery.pk])
    record([sent(first, succeeded=True)])
    delivery.refresh_from_db()
    assert (delivery.status, delivery.due_at) == ("delivered", None)


def test_an_endpoint_deleted_while_something_is_under_way_is_no_trouble() -> None:
    endpoint = make_endpoint("http://127.0.0.1:9/")
    delivery = emit_one()
    claimed = claim([delivery.pk])[delivery.pk]
    endpoint.delete()
    record([sent(claimed, succeeded=True)])
    assert not Attempt.objects.exists()


def test_looking_for_what_is_due_is_one_query_however_much_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(30):
        make_endpoint("http://127.0.0.1:9/")
    for _ in range(5):
        emit("product.created", PRODUCT)
    with django_assert_num_queries(1):
        assert len(due_queues(timezone.now())) == 30


def test_no_connection_to_the_database_is_used_while_receivers_hang(settings: Settings) -> None:
    """What waits for receivers are threads, and a thread that had asked the database would have a connection."""
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    in_transaction: list[bool] = []
    alias_connections: list[int] = []

    class Watching(Dispatcher):
        def send(self, bundle: list[Delivery]) -> None:
            super().send(bundle)
            alias_connections.append(int(connection.connection is not None))

        def collect(self) -> None:
            in_transaction.append(len(connection.savepoint_ids) > outer)
            super().collect()

    outer = len(connection.savepoint_ids)
    with hanging() as url:
        make_endpoint(url)
        emit_one()
        Watching().run(timezone.now())
    assert alias_connections == [0]
    assert not any(in_transaction)


class NoDispatcher:
    """Stands in for the dispatcher where only the chain of slices is looked at."""

    def run(self, end: object) -> None:
        pass


def test_a_slice_queues_the_next_one_for_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.dispatch.Dispatcher", NoDispatcher)
    OrmQ.objects.all().delete()
    tasks.dispatch()
    assert OrmQ.objects.get(key="webhooks").lock == Dispatching.objects.get().until > timezone.now()


def test_while_somebody_dispatches_another_message_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.dispatch.Dispatcher", NoDispatcher)
    OrmQ.objects.all().delete()
    tasks.dispatch()
    started = time.monotonic()
    tasks.dispatch()
    assert time.monotonic() - started < 1
    assert OrmQ.objects.count() == 1


def test_the_schedules_are_there_after_a_migration() -> None:
    assert set(Schedule.objects.filter(name__startswith="webhooks:").values_list("func", "cluster")) == {
        ("webhooks.tasks.dispatch", "webhooks"),
        ("webhooks.tasks.prune", None),
    }
    tasks.keep_schedules()
    assert Schedule.objects.filter(name__startswith="webhooks:").count() == 2


def test_old_deliveries_and_secrets_are_pruned(settings: Settings) -> None:
    settings.WEBHOOK_KEEP_DAYS = 30
    endpoint = make_endpoint("http://127.0.0.1:9/")
    endpoint.rotate_secret()
    Endpoint.objects.update(previous_secret_until=timezone.now() - timedelta(hours=1))
    old, young = emit_one(), emit_one()
    claim([old.pk, young.pk])
    for delivery in Delivery.objects.all():
        record([sent(delivery, succeeded=True)])
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert tasks.prune() == 1
    assert [attempt.delivery for attempt in Attempt.objects.all()] == [young]
    endpoint.refresh_from_db()
    assert (endpoint.previous_secret, endpoint.previous_secret_until) == ("", None)
