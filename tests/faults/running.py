"""Runs one fault of a kind at a moment that a seed decides, and measures how long it takes until the work continues."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from django_q.models import OrmQ

from acme_importer.cluster.models import RunningCluster
from imports.models import ImportJob
from products.models import Product
from tests.faults import outcome
from tests.faults.kind import Kind
from tests.faults.kinds import KINDS
from tests.faults.loads import LOADS
from tests.faults.progress import Progress
from tests.faults.receiver import Receiver
from tests.faults.world import World, are_over, eventually, offsets, patience_of, wait_for
from tests.webhooks.factories import PRODUCT
from webhooks.catalogue import CATALOGUE
from webhooks.events import emit
from webhooks.models import Delivery, Dispatching, Endpoint

# So many that an import takes ten seconds or longer, in chunks as small as `World` has them.
ROWS = 80_000
# After this, work that does not continue is given up.
LONGEST_SECONDS = 420.0
# For how long events are emitted after the fault: longer than a slice of the dispatcher.
EMIT_SECONDS = 10.0
# How many files the workers have in their hands at a time; the other lanes and files wait for them.
BUSY_LOADS = ("three imports of the same SKUs", "twenty files")


@dataclass(frozen=True)
class Result:
    """What came of one fault: the seconds until the work continued."""

    kind: str
    seed: int
    seconds: float


def forget_everything() -> None:
    """Empty the database but for what a migration leaves, and the folder of uploads."""
    models: tuple[type[Model], ...] = (OrmQ, RunningCluster, ImportJob, Product, Delivery, Endpoint, Dispatching)
    for model in models:
        model._default_manager.all().delete()
    for path in Path(settings.UPLOAD_FOLDER).rglob("*"):
        if path.is_file():
            path.unlink()


def run(name: str, seed: int, rows: int = ROWS) -> Result:
    """Do the fault `name` once; fails if what comes out of files of `rows` is not what the serial model says.

    Raises CannotBeDoneError where this machine does not allow it.
    """
    kind = KINDS[name]
    forget_everything()
    lanes = 2 if connection.vendor == "postgresql" else 1
    receiver = Receiver([event for event in CATALOGUE if event != "webhook.test"])
    world = World(
        Random(f"{name} {seed}"),
        rows * kind.size,
        receiver,
        IMPORT_LANES=str(lanes * kind.clusters),
        IMPORT_WRITER="copy" if connection.vendor == "postgresql" and seed % 2 else "bulk_create",
        WEBHOOK_TIMEOUT_SECONDS="2",
    )
    with ExitStack() as stack:
        stack.callback(receiver.stop)
        if kind.place:
            stack.enter_context(kind.place(world))
        stack.enter_context(patience_of(world))
        what = _webhooks if kind.work.startswith("webhooks") else _import
        seconds = what(world, kind)
        world.join()
        outcome.check(world)
    return Result(name, seed, seconds)


def _import(world: World, kind: Kind) -> float:
    """The longest time for which any lane made no progress, from the fault to the end of the imports."""
    for _ in range(kind.clusters):
        world.start()
    progress = Progress(any_lane=kind.work in BUSY_LOADS)
    with progress.watched():
        fault = _fault(world, kind)
        wait_for(are_over, LONGEST_SECONDS, "imports over")
    return progress.longest_pause(fault)


def _fault(world: World, kind: Kind) -> float:
    """Do the fault at a random moment of its work; returns the moment from which the way back is counted."""
    begin = LOADS[kind.work]
    if kind.before:
        time.sleep(world.random.uniform(0, 2))
        fault = kind.do(world)
        begin(world, world.rows)
        return fault
    begin(world, world.rows)
    if kind.work == "opening":
        wait_for(lambda: ImportJob.objects.exclude(claimed_until=None).exists(), 60, "file being opened")
        time.sleep(world.random.uniform(0, 0.5))
        return kind.do(world)
    wait_for(offsets, 60, "import under way")
    time.sleep(world.random.uniform(0, 3 * world.rows / ROWS))
    return kind.do(world)


def _webhooks(world: World, kind: Kind) -> float:
    """Events go out all the time; the longest that one of them took, from the fault on, until it was delivered."""
    world.start("--queue", "webhooks")
    if kind.work == "webhooks and imports":
        world.start()
        LOADS["import"](world, world.rows)
    wait_for(Dispatching.objects.exists, 30, "dispatcher at work")
    _emit_for(world.random.uniform(1, 5))
    for _ in range(50):
        emit("product.created", PRODUCT)
    ago = time.monotonic() - kind.do(world)
    fault = timezone.now() - timedelta(seconds=ago)
    _emit_for(EMIT_SECONDS)
    wait_for(are_over, LONGEST_SECONDS, "import over")
    pending = Delivery.objects.exclude(status="delivered")
    wait_for(lambda: not eventually(pending.exists), LONGEST_SECONDS, "every event delivered")
    times = Delivery.objects.filter(endpoint=world.receiver.endpoint).values_list("created_at", "finished_at")
    return max((end - max(begun, fault)).total_seconds() for begun, end in times if end)


def _emit_for(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        emit("product.created", PRODUCT)
        time.sleep(0.1)
