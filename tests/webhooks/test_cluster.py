"""A real cluster: events are delivered in time, retried in time, and again after a worker was killed."""

import socket
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from django_q.models import OrmQ
from pytest_httpserver import HTTPServer

from tests.cluster import WorkerCluster, wait_until
from tests.webhooks.factories import PRODUCT, answering, emit_one, headers_of, make_endpoint, raw_server
from webhooks import replays
from webhooks.events import emit
from webhooks.models import Attempt, Delivery, Dispatching
from webhooks.receiver import verify

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cluster() -> Iterator[WorkerCluster]:
    """A running cluster of the queue `webhooks`. With a short time-out its slices and leases are short, too."""
    OrmQ.objects.all().delete()
    Dispatching.objects.all().delete()
    cluster = WorkerCluster("run_workers", "--queue", "webhooks", WEBHOOK_TIMEOUT_SECONDS="1")
    cluster.start()
    wait_until(Dispatching.objects.exists)
    yield cluster
    cluster.stop()
    print(cluster.log())


def test_events_are_delivered_and_failures_are_retried_in_time(cluster: WorkerCluster, httpserver: HTTPServer) -> None:
    answering(httpserver, 500, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    started = time.monotonic()
    delivery = emit_one()
    wait_until(lambda: httpserver.log, 3)
    wait_until(lambda: Delivery.objects.filter(status="delivered").exists(), 10)
    assert 5 <= time.monotonic() - started < 8
    assert list(delivery.attempts.values_list("status", flat=True)) == [500, 200]
    for request, _ in httpserver.log:
        verify(endpoint.secret, headers_of(request), request.get_data())


def test_one_slice_follows_another_and_never_two_chains(cluster: WorkerCluster, httpserver: HTTPServer) -> None:
    answering(httpserver, 200)
    make_endpoint(httpserver.url_for("/hook"))
    first = Dispatching.objects.get().until
    wait_until(lambda: Dispatching.objects.get().until > first, 10)
    emit("product.created", PRODUCT)
    wait_until(lambda: Delivery.objects.filter(status="delivered").exists(), 3)
    # What comes next; that of what runs is deleted.
    wait_until(lambda: OrmQ.objects.filter(key="webhooks").count() == 1, 3)


def test_a_worker_killed_between_sending_and_recording_sends_it_again_with_the_same_id(
    cluster: WorkerCluster,
) -> None:
    requests: list[bytes] = []
    killed = threading.Event()

    def answer(connection: socket.socket, request: bytes) -> None:
        requests.append(request)
        if len(requests) == 1:
            # Everything has arrived here, and nothing is on the record yet.
            assert killed.wait(20)
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with raw_server(answer) as url:
        make_endpoint(url)
        delivery = emit_one()
        wait_until(lambda: requests, 5)
        cluster.kill_worker(busy_worker(cluster))
        killed.set()
        assert not Attempt.objects.exists()
        # The lease is 17 seconds here, the longest wait for the next slice 6.
        wait_until(lambda: Delivery.objects.filter(status="delivered").exists(), 40)
    ids = [line for request in requests for line in request.split(b"\r\n") if line.startswith(b"webhook-id: ")]
    assert ids == [b"webhook-id: " + delivery.event_id.encode()] * 2
    assert Attempt.objects.get().succeeded


def busy_worker(cluster: WorkerCluster) -> int:
    """The worker that is dispatching: the one with threads."""
    return max(cluster.worker_pids(), key=lambda pid: psutil.Process(pid).num_threads())


def test_a_replay_is_done_by_the_workers_and_survives_their_death(
    cluster: WorkerCluster, httpserver: HTTPServer
) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"), enabled=False)
    for _ in range(150):
        emit("product.created", PRODUCT)
    missed = set(Delivery.objects.values_list("event_id", flat=True))
    endpoint.enable()
    assert replays.start(endpoint, None, only_held=True) == 150
    cluster.kill_worker(busy_worker(cluster))
    wait_until(lambda: Delivery.objects.filter(status="delivered").count() == 150, 60)
    assert {request.headers["webhook-id"] for request, _ in httpserver.log} == missed
