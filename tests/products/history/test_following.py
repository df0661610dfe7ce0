"""A client follows the feed while four others write at the same time: what it has in the end is the catalogue."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import OperationalError, transaction
from pytest_django import Settings

from imports import tasks, waking
from imports.models import ImportJob, ImportLane
from products import editing
from products.editing import Editor, SkuTakenError
from products.history.models import ChangeSet
from products.models import Product
from products.selection import Selection
from tests.imports.factories import make_job, open_without_messages
from tests.imports.short_import import WRITERS
from tests.products.history.replica import Replica, catalogue
from tests.threads import in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WRITING_SECONDS, MOST_SECONDS = 4, 60
IMPORTS, ROWS = 6, 200
SKUS = [f"S-{number:02}" for number in range(60)]


def file(chance: random.Random) -> str:
    rows = [f"{chance.choice(SKUS)},Lamp {chance.randint(1, 9)},{chance.randint(1, 9)}\n" for _ in range(ROWS)]
    return "sku,name,price\n" + "".join(rows)


def take_to_the_end(lanes: list[int]) -> Callable[[], None]:
    """What a worker does with these lanes, but for the queue; a deadlock is found by the database, and tried again."""

    def work() -> None:
        for lane in lanes:
            while not ImportLane.objects.get(pk=lane).finished:
                with suppress(OperationalError), waking.no_messages():
                    tasks.advance_lane(lane)

    return work


def at_random(seed: int, over: Callable[[], bool], *acts: Callable[[random.Random], object]) -> Callable[[], None]:
    """One act after another until it is over. An act may come too late, and then does nothing."""

    def write() -> None:
        chance = random.Random(seed)
        while not over():
            with suppress(SkuTakenError, OperationalError):
                chance.choice(acts)(chance)
            time.sleep(chance.random() / 100)

    return write


def some_product(chance: random.Random) -> Product | None:
    """One that is there, and held as the API holds it."""
    return Product.objects.select_for_update().filter(sku__gte=chance.choice(SKUS)).order_by("sku").first()


def create(chance: random.Random) -> None:
    editing.create(Product(sku=chance.choice(SKUS), name="Made", price=chance.randint(1, 9)), Editor())


@transaction.atomic
def edit(chance: random.Random) -> None:
    if product := some_product(chance):
        product.price = chance.randint(10, 19)
        editing.update(product, ["price"], Editor())


@transaction.atomic
def rename(chance: random.Random) -> None:
    if product := some_product(chance):
        product.sku = chance.choice(SKUS)
        editing.update(product, ["sku"], Editor())


@transaction.atomic
def delete(chance: random.Random) -> None:
    if product := some_product(chance):
        editing.delete(product, Editor())


def selection(chance: random.Random) -> Selection:
    return Selection(Product.objects.filter(sku__gte=chance.choice(SKUS[30:])), {"filter": {}})


def switch(chance: random.Random) -> None:
    editing.set_active(selection(chance), Editor(), active=chance.random() < 0.5)


def delete_some(chance: random.Random) -> None:
    editing.delete_many(selection(chance), Editor())


@pytest.mark.parametrize("writer", WRITERS)
def test_who_follows_four_writers_has_the_catalogue(writer: str, settings: Settings) -> None:
    settings.IMPORT_WRITER, settings.IMPORT_CHUNK_ROWS = writer, 10
    chance = random.Random(writer)
    jobs = [make_job(file(chance)) for _ in range(IMPORTS)]
    for job in jobs:
        open_without_messages(job, lanes=2)
    lanes = [list(ImportLane.objects.filter(number=number).values_list("pk", flat=True)) for number in range(2)]
    replica = Replica()
    pages = 0
    start = time.monotonic()

    def over() -> bool:
        """Whether enough was read while others wrote; a busy machine takes its time over that."""
        seconds = time.monotonic() - start
        return seconds > MOST_SECONDS or (seconds > WRITING_SECONDS and pages > 50 and len(replica.changes) > 100)

    def follow() -> None:
        nonlocal pages
        while not over():
            replica.follow(chance.randint(1, 40))
            pages += 1

    raised = in_threads(
        follow,
        *map(take_to_the_end, lanes),
        at_random(1, over, create, edit, rename, delete),
        at_random(2, over, switch, switch, delete_some),
    )

    assert raised == []
    assert set(ImportJob.objects.values_list("status", flat=True)) == {ImportJob.Status.COMPLETED}
    read_while_writing = len(replica.changes)
    assert replica.catch_up() == catalogue()
    assert Replica().catch_up() == catalogue()
    assert pages > 50
    assert read_while_writing > 100
    assert list(ChangeSet.objects.exclude(number=None).order_by("number").values_list("number", flat=True)) == list(
        range(1, replica.after.number + 1)
    )
    addresses = [change.record.address for change in replica.changes]
    assert len(set(addresses)) == len(addresses)
