"""Faults that people and their programs make: storms of cancelling and retrying, edits and deletions meanwhile."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import Random
from threading import Thread

from django.db import connection

from imports import jobs
from imports.models import ImportJob
from products import editing
from products.models import Product
from tests.faults.loads import from_any_row_on
from tests.faults.processes import busy_worker
from tests.faults.world import World, are_over
from tests.imports import model

EDITOR = editing.Editor()
STORM_SECONDS = 4.0
EDITS = 40


def cancel_and_retry_storm(world: World) -> float:
    """Two clients cancel and retry as fast as they can; the last to act retries."""
    job = world.expected.imports[0].job
    end = time.monotonic() + STORM_SECONDS

    def storm() -> None:
        while time.monotonic() < end:
            for act in (jobs.cancel, jobs.retry):
                with suppress(jobs.WrongStateError):
                    act(ImportJob.objects.get(pk=job.pk))
        connection.close()

    clients = [Thread(target=storm) for _ in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    with suppress(jobs.WrongStateError):
        jobs.retry(ImportJob.objects.get(pk=job.pk))
    return time.monotonic()


def edits_and_deletions(world: World) -> float:
    """Products are edited and deleted, while a worker that imports is killed."""
    world.meanwhile(partial(_edit_and_delete, world, Random(world.random.random())))
    time.sleep(world.random.uniform(0.5, 2))
    return busy_worker(world)


def _edit_and_delete(world: World, random: Random) -> None:
    """Edit and delete products: those that the file has, before or after their row, and others."""
    expected = world.expected
    for number in range(EDITS):
        if are_over():
            return
        is_in_file = number % 2 == 0
        if is_in_file:
            found = Product.objects.filter(last_import__isnull=False).order_by("?").first()
        else:
            found = editing.create(Product(sku=f"BY-HAND-{number}", name="By hand"), EDITOR)
        if found is None:
            continue
        key = found.sku_normalized
        possible = expected.catalogue.setdefault(key, set())
        if number % 4 < 2:
            found.name = f"Edited {number}"
            editing.update(found, ["name"], EDITOR)
            edited = {replace(item, name=found.name) for item in possible if item}
            expected.catalogue[key] = possible | edited if is_in_file else {model.Item(found.sku, found.name)}
        else:
            editing.delete(found, EDITOR)
            expected.deletions += is_in_file
            expected.catalogue[key] = {*possible, *from_any_row_on(world.rows, key), None}
        time.sleep(random.uniform(0, 0.3))
