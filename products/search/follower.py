"""What brings the index up to date: tasks that follow the catalogue, a batch of changed products at a time.

One batch is one transaction, and one follower works at a time: what it has read of a product cannot be written after
what another has read later. Killed at any point, it has done a batch, or not; the schedule starts the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.db import connection, transaction

from products.models import Product
from products.search import index
from products.search.changes import SearchChange, call_follower
from products.search.finding import words_by_id

# Some 100 ms of work. On SQLite all other writers wait for it.
BATCH = 2_000
# How long one task follows before it queues up again.
SLICE_SECONDS = 3
# Any number that nothing else locks.
LOCK = 7_061_996


def follow() -> None:
    """Take changed products into the index for some seconds; called again, unless it is up to date then."""
    if follow_for(SLICE_SECONDS):
        call_follower()


def follow_for(seconds: float) -> bool:
    """Take changed products into the index for so long; returns whether there are more."""
    deadline = time.monotonic() + seconds
    while follow_batch():
        if time.monotonic() > deadline:
            return True
    return False


def follow_batch() -> bool:
    """Take the next changed products into the index; returns whether there were any, and nobody else does it."""
    with transaction.atomic():
        if not _is_alone():
            return False
        if named := _next_named():
            _follow_named(named)
            return True
        waiting = SearchChange.objects.first()
        if waiting is None:
            return False
        _follow_range(waiting)
        return True


def sweep() -> None:
    """Take out of the index what was deleted past the product, and so left no note."""
    while True:
        with transaction.atomic():
            if index.forget_deleted(limit=BATCH) < BATCH:
                return


def _is_alone() -> bool:
    """Whether no other transaction follows. On SQLite there is no other that writes."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _next_named() -> list[SearchChange]:
    """The oldest notes that name products, up to a batch of these or some more."""
    chosen, products = [], 0
    notes = SearchChange.objects.filter(first_id__isnull=True)
    for pk, number in notes.values_list("pk", "number")[:BATCH]:
        chosen.append(pk)
        products += number
        if products >= BATCH:
            break
    return list(notes.filter(pk__in=chosen)) if chosen else []


def _follow_named(notes: Iterable[SearchChange]) -> None:
    skus: set[str] = set()
    deleted: list[int] = []
    done: list[int] = []
    for note in notes:
        if note.deleted:
            deleted += note.deleted_ids
            done.append(note.pk)
            continue
        listed = note.listed
        taken = listed[: BATCH - len(skus)]
        skus.update(taken)
        if len(taken) == len(listed):
            done.append(note.pk)
        else:
            rest = listed[len(taken) :]
            SearchChange.objects.filter(pk=note.pk).update(skus="\n".join(rest), number=len(rest))
    SearchChange.objects.filter(pk__in=done).delete()
    index.write(words_by_id(Product.objects.filter(sku_normalized__any_of=skus)))
    if deleted:
        index.forget(deleted)


def _follow_range(note: SearchChange) -> None:
    those = Product.objects.filter(pk__range=(note.first_id, note.last_id)).order_by("pk")
    ids = list(those.values_list("pk", flat=True)[:BATCH])
    is_done = len(ids) < BATCH
    last_id = note.last_id if is_done else ids[-1]
    index.write(words_by_id(Product.objects.filter(pk__range=(note.first_id, last_id))))
    index.forget_deleted(note.first_id or 0, last_id)
    if is_done:
        SearchChange.objects.filter(pk=note.pk).delete()
    else:
        SearchChange.objects.filter(pk=note.pk).update(first_id=ids[-1] + 1, number=(note.last_id or 0) - ids[-1])
