"""Runs one fault of a kind at a moment that a seed decides, and measures how long it takes until the work continues."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from django.db import connection
from django.db.models import Model
from django.utils import timezone
from django_q.models import OrmQ
from pytest_httpserver import HTTPServer

from acme_importer.cluster.models import RunningCluster
from imports.models import ImportJob
from products.models import Product
from tests.faults import work
from tests.faults.kinds import KINDS, Kind
from tests.faults.world import World, eventually, is_over, offsets, patience_of, wait_for
from tests.webhooks.factories import PRODUCT, headers_of
from webhooks.events import emit
from webhooks.models import Delivery, Dispatching, Endpoint
from webhooks.receiver import verify

# So many that an import takes ten seconds or longer, in chunks as small as `World` has them.
ROWS = 80_000
# After this, work that does not continue is given up.
LONGEST_SECONDS = 420.0
# For how long events are emitted after the fault: longer than a slice of the dispatcher.
EMIT_SECONDS = 10.0


@dataclass(frozen=True)
class Result:
    """What came of one fault: the seconds until the work continued."""

    kind: str
    seed: int
    seconds: float


def forget_everything() -> None:
    """Empty the database but for what a migration leaves."""
    models: tuple[type[Model], ...] = (OrmQ, RunningCluster, ImportJob, Product, Delivery, Endpoint, Dispatching)
    for model in models:
        model._default_manager.all().delete()


def run(name: str, seed: int, rows: int = ROWS) -> Result:
    """Do the fault `name` once; fails if what comes out of a file of `rows` is not what the serial model says."""
    kind = KINDS[name]
    random = Random(f"{name} {seed}")
    forget_everything()
    lanes = 2 if connection.vendor == "postgresql" else 1
    world = World(random, IMPORT_LANES=str(lanes * kind.clusters), WEBHOOK_TIMEOUT_SECONDS="2")
    with patience_of(world):
        what = _webhooks if kind.work.startswith("webhooks") else _import
        seconds = what(world, kind, rows)
    return Result(name, seed, seconds)


def _import(world: World, kind: Kind, rows: int) -> float:
    """The longest time for which any lane made no progress, from the fault to the end of the import."""
    for _ in range(kind.clusters):
        world.start()
    if kind.work == "idle":
        time.sleep(world.random.uniform(0, 2))
        fault = kind.do(world)
        job = work.begin(rows)
    else:
        job = work.begin(rows)
        wait_for(lambda: offsets(job), 60, "import under way")
        time.sleep(world.random.uniform(0, 3 * rows / ROWS))
        assert offsets(job), "The import was over before the fault."
        fault = kind.do(world)
    longest = longest_pause(job, fault)
    work.check(job, rows)
    return longest


def longest_pause(job: ImportJob, fault: float) -> float:
    """Watch an import until it is over; returns for how long any of its lanes, or the job itself, did not move."""
    moved: dict[int, float] = {}
    where: dict[int, int] = {}
    longest = 0.0
    while not is_over(job):
        now, seen = time.monotonic(), offsets(job)
        # Until there are lanes, the job waits to be opened.
        for lane, offset in seen.items() or ((0, 0),):
            if where.get(lane) != offset:
                longest = max(longest, now - moved.get(lane, fault))
                where[lane], moved[lane] = offset, now
            elif now - moved[lane] > LONGEST_SECONDS:
                raise AssertionError(f"No progress for {LONGEST_SECONDS:.0f} seconds.")
        time.sleep(0.05)
    return max([longest, *(time.monotonic() - moved[lane] for lane in where if lane in seen)])


def _webhooks(world: World, kind: Kind, rows: int) -> float:
    """Events go out all the time; the longest that one of them took, from the fault on, until it was delivered."""
    world.start("--queue", "webhooks")
    with HTTPServer() as receiver:
        receiver.expect_request("/hook").respond_with_data("", status=200)
        endpoint = Endpoint.objects.create(url=receiver.url_for("/hook"), events=["product.created"])
        job = None
        if kind.work == "webhooks and imports":
            world.start()
            job = work.begin(rows)
        wait_for(Dispatching.objects.exists, 30, "dispatcher at work")
        _emit_for(world.random.uniform(1, 5))
        for _ in range(50):
            emit("product.created", PRODUCT)
        ago = time.monotonic() - kind.do(world)
        fault = timezone.now() - timedelta(seconds=ago)
        _emit_for(EMIT_SECONDS)
        pending = Delivery.objects.exclude(status="delivered")
        wait_for(lambda: not eventually(pending.exists), LONGEST_SECONDS, "every event delivered")
        arrived = {request.headers["webhook-id"] for request, _ in receiver.log}
        assert arrived == set(Delivery.objects.values_list("event_id", flat=True))
        for request, _ in receiver.log:
            verify(endpoint.secret, headers_of(request), request.get_data())
        if job:
            wait_for(lambda: is_over(job), LONGEST_SECONDS, "import over")
            work.check(job, rows)
    times = Delivery.objects.values_list("created_at", "finished_at")
    return max((end - max(begun, fault)).total_seconds() for begun, end in times if end)


def _emit_for(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        emit("product.created", PRODUCT)
        time.sleep(0.1)
