"""Replaying: what a disabled endpoint missed, and what a receiver has lost, arrives with the same ids, oldest first."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_httpserver import HTTPServer
from rest_framework.test import APIClient

from acme_importer.audit.models import Record
from tests.threads import in_threads
from tests.webhooks.factories import PRODUCT, answering, dispatch, emit_one, make_endpoint
from webhooks import replays, tasks
from webhooks.events import emit
from webhooks.models import Delivery, Endpoint, Replay

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hook"


def happen(times: int, event_type: str = "product.created") -> list[Delivery]:
    """Let so many events happen; their deliveries, oldest first."""
    for _ in range(times):
        emit(event_type, PRODUCT)
    return list(Delivery.objects.order_by("id"))[-times:]


def replay(client: APIClient, endpoint: Endpoint, **asked: Any) -> Any:
    return client.post(f"/api/webhooks/{endpoint.pk}/replay", asked, format="json")


def hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def work() -> None:
    """Do what the tasks of replays on the queue say, and those that they enqueue."""
    while messages := list(OrmQ.objects.filter(key="webhooks")):
        for message in messages:
            task = SignedPackage.loads(message.payload)
            message.delete()
            if task["func"] == "webhooks.tasks.replay":
                tasks.replay(*task["args"])


def arrived(server: HTTPServer) -> list[str]:
    return [request.headers["webhook-id"] for request, _ in server.log]


def deliver_all(server: HTTPServer) -> list[str]:
    """Dispatch until nothing is due; the ids that arrived."""
    while Delivery.objects.filter(due_at__lte=timezone.now(), endpoint__enabled=True).exists():
        dispatch()
    return arrived(server)


def test_what_happens_while_disabled_arrives_after_a_replay(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    before = hour_ago()
    api.patch(f"/api/webhooks/{endpoint.pk}", {"enabled": False}, format="json")
    missed = happen(5)
    assert deliver_all(httpserver) == []
    api.patch(f"/api/webhooks/{endpoint.pk}", {"enabled": True}, format="json")
    assert deliver_all(httpserver) == []

    answer = replay(api, endpoint, since=before)

    assert (answer.status_code, answer.json()) == (202, {"replayed": 5})
    work()
    assert sorted(deliver_all(httpserver)) == sorted(delivery.event_id for delivery in missed)
    bodies = [request.get_data(as_text=True) for request, _ in httpserver.log]
    assert sorted(bodies) == sorted(delivery.body for delivery in missed)
    assert not Delivery.objects.exclude(status="delivered").exists()


def test_what_was_waiting_when_it_was_disabled_is_sent_with_it(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    waiting = happen(2)
    endpoint.disable()
    missed = happen(2)
    endpoint.enable()

    assert replay(api, endpoint, only_held=True).json() == {"replayed": 4}

    work()
    assert sorted(deliver_all(httpserver)) == sorted(delivery.event_id for delivery in waiting + missed)


def test_what_a_receiver_has_lost_is_sent_again_with_the_same_ids(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    old, *since = happen(4)
    first = deliver_all(httpserver)
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=2))
    httpserver.clear_log()

    assert replay(api, endpoint, since=hour_ago()).json() == {"replayed": 3}

    work()
    again = deliver_all(httpserver)
    assert sorted(again) == sorted(delivery.event_id for delivery in since)
    assert set(again) < set(first)


def test_only_held_leaves_out_what_was_delivered_or_failed(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    happen(2)
    deliver_all(httpserver)
    happen(1)
    Delivery.objects.filter(status="pending").update(status="failed", due_at=None)
    endpoint.disable()
    [missed] = happen(1)
    endpoint.enable()
    httpserver.clear_log()

    assert replay(api, endpoint, since=hour_ago(), only_held=True).json() == {"replayed": 1}

    work()
    assert deliver_all(httpserver) == [missed.event_id]


def test_the_oldest_events_are_sent_first_and_before_new_ones(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"), enabled=False)
    missed = happen(5)
    endpoint.enable()
    new = happen(2)
    replay(api, endpoint, since=hour_ago())
    work()
    # One at a time, as an endpoint gets them that has yet to respond.
    for _ in range(7):
        Endpoint.objects.update(last_attempt_at=None)
        dispatch()
    assert arrived(httpserver) == [delivery.event_id for delivery in missed + new]


def test_tests_and_other_endpoints_are_not_replayed(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint, other = (make_endpoint(httpserver.url_for("/hook")) for _ in range(2))
    happen(1)
    api.post(f"/api/webhooks/{endpoint.pk}/test")
    deliver_all(httpserver)
    httpserver.clear_log()

    assert replay(api, endpoint, since=hour_ago()).json() == {"replayed": 1}

    work()
    assert len(deliver_all(httpserver)) == 1
    assert not other.deliveries.exclude(status="delivered").exists()


def test_what_waits_to_be_sent_is_not_counted_and_not_sent_twice(api: APIClient, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    happen(2)
    assert replay(api, endpoint, since=hour_ago()).json() == {"replayed": 0}
    work()
    assert len(deliver_all(httpserver)) == 2
    assert not Replay.objects.exists()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Required without only_held."),
        ({"since": "yesterday"}, "Datetime has wrong format"),
        ({"since": "9999-12-31T23:59:59-12:00"}, "Datetime value out of range"),
        ({"since": "0001-01-01T00:00:00+12:00"}, "Datetime value out of range"),
        ({"since": "2020-01-01T00:00:00Z"}, "Deliveries are kept for 30 days: "),
    ],
)
def test_a_wrong_time_is_a_400_that_says_why(api: APIClient, asked: dict[str, Any], sentence: str) -> None:
    answer = replay(api, make_endpoint(URL), **asked)
    assert answer.status_code == 400
    assert answer.json()["since"][0].startswith(sentence)


def test_of_a_time_to_come_nothing_is_replayed(api: APIClient) -> None:
    endpoint = make_endpoint(URL, enabled=False)
    happen(1)
    endpoint.enable()
    assert replay(api, endpoint, since="9998-01-01T00:00:00Z").json() == {"replayed": 0}


def test_the_earliest_time_that_is_named_is_taken(api: APIClient, settings: Settings) -> None:
    settings.WEBHOOK_KEEP_DAYS = 7
    endpoint = make_endpoint(URL, enabled=False)
    happen(1)
    endpoint.enable()
    said = replay(api, endpoint, since="2020-01-01T00:00:00Z").json()["since"][0]
    named = datetime.fromisoformat(said.split()[6])
    assert timezone.now() - named < timedelta(days=7, seconds=5)
    assert replay(api, endpoint, since=named + timedelta(seconds=5)).json() == {"replayed": 1}


def test_nothing_is_replayed_to_a_disabled_endpoint(api: APIClient) -> None:
    answer = replay(api, make_endpoint(URL, enabled=False), since=hour_ago())
    assert (answer.status_code, answer.json()["detail"]) == (409, "The endpoint is disabled. Enable it first.")


def test_there_is_one_replay_at_a_time(api: APIClient) -> None:
    endpoint = make_endpoint(URL, enabled=False)
    happen(3)
    endpoint.enable()
    assert replay(api, endpoint, since=hour_ago()).status_code == 202
    answer = replay(api, endpoint, since=hour_ago())
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "A replay is under way: 0 of 3. Wait until it is done.",
    )
    assert Record.objects.filter(act="webhook.replayed").count() == 1
    work()
    assert replay(api, endpoint, since=hour_ago()).json() == {"replayed": 0}


def test_it_is_on_the_record_with_its_number(api: APIClient, admin_user: Any) -> None:
    endpoint = make_endpoint(URL, enabled=False)
    happen(3)
    endpoint.enable()
    replay(api, endpoint, only_held=True)
    kept = Record.objects.get(act="webhook.replayed")
    assert (kept.count, kept.object_id, kept.details["only_held"]) == (3, str(endpoint.pk), True)


def held(endpoint: Endpoint, number: int) -> None:
    """Store so many held deliveries, several of them in the same moment."""
    start = hour_ago()
    Delivery.objects.bulk_create(
        [
            Delivery(
                endpoint=endpoint,
                event_id=f"msg_{n}",
                event_type="product.created",
                body="{}",
                status="held",
                created_at=start + timedelta(milliseconds=n // 7),
            )
            for n in range(number)
        ],
        batch_size=500,
    )


def test_a_chunk_takes_effect_once_however_often_and_by_whomever_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replays, "CHUNK", 10)
    endpoint = make_endpoint(URL)
    held(endpoint, 35)
    assert replays.start(endpoint, None, only_held=True) == 35
    replay = Replay.objects.get()
    assert replays.advance(replay.pk)
    assert not replays._move(replay, replay.after_moment, 99)  # by another worker that had read it before
    for _ in range(5):
        tasks.replay(replay.pk)
    replay.refresh_from_db()
    assert (replay.done, replay.total) == (35, 35)
    assert replay.finished_at
    assert Delivery.objects.filter(status="pending", tries=0).count() == 35


def test_what_was_delivered_in_the_meantime_is_not_sent_a_second_time(
    monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    monkeypatch.setattr(replays, "CHUNK", 10)
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    held(endpoint, 30)
    replays.start(endpoint, None)
    waiting = emit_one()
    replay = Replay.objects.get()
    replays.advance(replay.pk)
    deliver_all(httpserver)
    tasks.replay(replay.pk)
    ids = deliver_all(httpserver)
    assert len(ids) == len(set(ids)) == 31
    assert waiting.event_id in ids


def test_a_replay_ends_when_its_endpoint_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "CHUNK", 10)
    endpoint = make_endpoint(URL)
    held(endpoint, 30)
    replays.start(endpoint, None)
    replay = Replay.objects.get()
    replays.advance(replay.pk)
    endpoint.disable()
    tasks.replay(replay.pk)
    assert Delivery.objects.filter(status="held").count() == 30
    assert Replay.objects.get().finished_at
    endpoint.enable()
    assert replays.start(endpoint, None) == 30


def test_a_replay_whose_task_was_lost_is_resumed() -> None:
    endpoint = make_endpoint(URL)
    held(endpoint, 3)
    replays.start(endpoint, None)
    Replay.objects.update(moved_at=hour_ago())
    replays.resume_stalled()
    assert OrmQ.objects.count() == 1  # that of the start, which waits for a worker
    OrmQ.objects.all().delete()
    replays.resume_stalled()
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    replays.resume_stalled()
    assert not OrmQ.objects.exists()  # since it was resumed a moment ago
    Replay.objects.update(moved_at=hour_ago())
    replays.resume_stalled()
    work()
    assert Delivery.objects.filter(status="pending").count() == 3


def test_a_long_replay_is_done_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "CHUNK", 10)
    monkeypatch.setattr(tasks, "REPLAY_SECONDS", 0)
    endpoint = make_endpoint(URL)
    held(endpoint, 35)
    replays.start(endpoint, None)
    OrmQ.objects.all().delete()
    replay = Replay.objects.get()
    tasks.replay(replay.pk)
    assert Replay.objects.get().done == 10
    assert OrmQ.objects.count() == 1
    work()
    assert Replay.objects.get().done == 35


@pytest.mark.parametrize("number", [100, 5000])
def test_a_request_and_a_chunk_take_as_many_queries_however_much_is_sent(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    endpoint = make_endpoint(URL)
    held(endpoint, number)
    # The count, a savepoint around two inserts and the message, or what begins a transaction.
    with django_assert_num_queries(6):
        replays.start(endpoint, None)
    replay = Replay.objects.get()
    # The replay, its checkpoint, the keys, the lock, the deliveries, the number done, and around them a savepoint.
    with django_assert_num_queries(8):
        replays.advance(replay.pk)
    assert Delivery.objects.filter(status="pending").count() == min(number, replays.CHUNK)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite does not see that a parameter fits a partial index")
def test_what_is_held_and_what_can_be_replayed_is_found_by_an_index() -> None:
    endpoint = make_endpoint(URL)
    with connection.cursor() as cursor:
        # As with many rows.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert "delivery_held" in endpoint.deliveries.held().order_by("created_at", "pk").explain()
    assert "delivery_replayable" in endpoint.deliveries.replayable().order_by("created_at", "pk").explain()


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_start_one_replay() -> None:
    endpoint = make_endpoint(URL)
    held(endpoint, 50)
    results: list[str] = []

    def request() -> None:
        try:
            results.append(str(replays.start(endpoint, None)))
        except replays.RefusedError as refusal:
            results.append(str(refusal)[:23])

    assert not in_threads(*[request] * 4)
    assert sorted(results) == ["50", *["A replay is under way: "] * 3]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_delivery_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "CHUNK", 20)
    endpoint = make_endpoint(URL)
    held(endpoint, 500)
    replays.start(endpoint, None)
    replay = Replay.objects.get()

    assert not in_threads(*[partial(tasks.replay, replay.pk)] * 4)

    replay.refresh_from_db()
    assert (replay.done, bool(replay.finished_at)) == (500, True)
    assert Delivery.objects.filter(status="pending").count() == 500


def test_what_is_held_is_pruned_in_time_and_what_waits_is_kept_for_longer(settings: Settings) -> None:
    settings.WEBHOOK_KEEP_DAYS = 30
    endpoint = make_endpoint(URL)
    held(endpoint, 3)
    replays.start(endpoint, None)
    old = timezone.now() - timedelta(days=31)
    Delivery.objects.filter(event_id="msg_0").update(created_at=old)
    Delivery.objects.filter(event_id="msg_1").update(created_at=old, status="pending", due_at=timezone.now())
    Delivery.objects.filter(event_id="msg_2").update(created_at=old - timedelta(days=6), status="pending")
    Replay.objects.update(finished_at=old)
    assert tasks.prune() == 2
    assert Delivery.objects.get().event_id == "msg_1"
    assert not Replay.objects.exists()


def press(client: Client, endpoint: Endpoint, action: str) -> str:
    return client.post(f"/admin/webhooks/endpoint/{endpoint.pk}/action/", {"action": action}, follow=True).text


def test_the_page_of_an_endpoint_says_what_is_held_and_sends_it(admin_client: Client, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    page = press(admin_client, endpoint, "disable")
    assert "because this endpoint" not in page
    happen(37)
    page = admin_client.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/").text
    assert "37 events were not sent because this endpoint was disabled." in page
    assert "Send them" not in page
    page = press(admin_client, endpoint, "enable")
    assert "Send them" in page
    page = press(admin_client, endpoint, "send_held")
    assert "37 events will be sent." in page
    assert "Events are being sent again: 0 of 37 so far." in page
    assert "A replay is under way: 0 of 37." in press(admin_client, endpoint, "send_held")
    work()
    page = admin_client.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/").text
    assert "so far" not in page
    assert "Send them" not in page
    assert len(deliver_all(httpserver)) == 37


def test_a_great_number_of_held_events_is_not_counted_for_a_page(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.dashboard.endpoint_page.MOST_COUNTED", 20)
    endpoint = make_endpoint(URL, enabled=False)
    held(endpoint, 21)
    assert "More than 20 events" in admin_client.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/").text
