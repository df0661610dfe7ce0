"""Replaying: sending an endpoint again what happened in some time, oldest first, with the same ids and bodies.

A request only counts and leaves a row; workers make the deliveries due again, chunk by chunk. A chunk is one
transaction that moves the replay's checkpoint first, by compare-and-set, so it takes effect once, whatever is killed
or delivered twice. Of two workers with the same replay, one stops.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone

from acme_importer.audit.trail import record
from acme_importer.cluster.queues import enqueue, has_waiting
from webhooks.by_hand import RefusedError, check_enabled
from webhooks.endpoints import name
from webhooks.models import Delivery, Endpoint, Replay
from webhooks.queue import QUEUE

CHUNK = 1000
# A replay that has not moved for this long has lost its task.
STALLED = timedelta(seconds=10)


class NotKeptError(Exception):
    """The time asked for is before all that is kept; the sentence says since when deliveries are."""


def kept_since() -> datetime:
    """The moment from which on every delivery is kept."""
    return timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS)


def start(endpoint: Endpoint, since: datetime | None, *, only_held: bool = False) -> int:
    """Send `endpoint` again what happened `since` then, or what was held of it; returns how many deliveries that is.

    Without `since`, all that is kept. What is waiting to be sent is not counted: it will be sent anyway.
    """
    check_enabled(endpoint)
    if since is not None and since < (earliest := kept_since()):
        shown = earliest.isoformat(timespec="seconds").replace("+00:00", "Z")
        raise NotKeptError(f"Deliveries are kept for {settings.WEBHOOK_KEEP_DAYS} days: {shown} is the earliest time.")
    now = timezone.now()
    chosen = _chosen(endpoint.pk, only_held=only_held).filter(created_at__lte=now)
    if since is not None:
        chosen = chosen.filter(created_at__gte=since)
    found = chosen.aggregate(total=Count("pk"), first=Min("created_at"))
    if not found["total"]:
        return 0
    try:
        with transaction.atomic():
            replay = Replay.objects.create(
                endpoint=endpoint,
                only_held=only_held,
                started_at=now,
                total=found["total"],
                after_moment=found["first"],
                moved_at=now,
            )
            record(
                "webhook.replayed",
                endpoint,
                name=name(endpoint),
                count=replay.total,
                since=found["first"].isoformat(),
                only_held=only_held,
            )
            enqueue_next(replay.pk)
    except IntegrityError:
        under_way = under_way_of(endpoint)
        raise RefusedError(f"A replay is under way: {under_way or 'almost done'}. Wait until it is done.") from None
    return replay.total


def under_way_of(endpoint: Endpoint) -> Replay | None:
    """The replay to `endpoint` that is under way."""
    return endpoint.replays.filter(finished_at=None).first()


def enqueue_next(replay_id: int) -> None:
    """Have a worker do the next slice."""
    enqueue("webhooks.tasks.replay", replay_id, queue=QUEUE)


def advance(replay_id: int) -> bool:
    """Do the next chunk: one transaction, and queries that read no more than its rows. Whether there is more to do."""
    replay = Replay.objects.select_related("endpoint").filter(pk=replay_id, finished_at=None).first()
    if replay is None:
        return False
    with transaction.atomic():
        keys = list(_next(replay).values_list("created_at", "pk")[:CHUNK])
        if not keys or not replay.endpoint.enabled:
            _finish(replay)
            return False
        if not _move(replay, *keys[-1]):
            return False
        done = _send([pk for _, pk in keys])
        Replay.objects.filter(pk=replay.pk).update(done=F("done") + done)
    return True


def resume_stalled() -> None:
    """Enqueue the next slice of each replay that no worker goes on with. The supervisors call this."""
    if has_waiting(QUEUE):
        return
    now = timezone.now()
    stalled = Replay.objects.filter(finished_at=None, moved_at__lt=now - STALLED)
    for replay_id in list(stalled.values_list("pk", flat=True)):
        with transaction.atomic():
            if stalled.filter(pk=replay_id).update(moved_at=now):
                enqueue_next(replay_id)


def _chosen(endpoint_id: int, *, only_held: bool) -> QuerySet[Delivery]:
    deliveries = Delivery.objects.filter(endpoint=endpoint_id).replayable()
    return deliveries.held() if only_held else deliveries


def _next(replay: Replay) -> QuerySet[Delivery]:
    """What is to be sent after the checkpoint, oldest first: nothing that was sent or has happened since the start."""
    moment = replay.after_moment
    after = Q(created_at__gt=moment) | Q(created_at=moment, pk__gt=replay.after_id)
    before = Q(finished_at=None) | Q(finished_at__lte=replay.started_at)
    # `after` alone would not find its place in the index.
    within = Q(created_at__gte=moment, created_at__lte=replay.started_at)
    chosen = _chosen(replay.endpoint_id, only_held=replay.only_held)
    return chosen.filter(within, after, before).order_by("created_at", "pk")


def _move(replay: Replay, moment: datetime, pk: int) -> bool:
    """Move the checkpoint. It fails if another worker has."""
    here = Replay.objects.filter(
        pk=replay.pk, finished_at=None, after_moment=replay.after_moment, after_id=replay.after_id
    )
    return bool(here.update(after_moment=moment, after_id=pk, moved_at=timezone.now()))


def _send(chunk: list[int]) -> int:
    """Make these due, by the time of their events: before what happens now. Returns how many were not so already."""
    # Locked in the order in which outcomes are recorded.
    locked = Delivery.objects.filter(pk__in=chunk).replayable().select_for_update().order_by("pk")
    return Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(
        status=Delivery.Status.PENDING, due_at=F("created_at"), claimed_by=None, tries=0, finished_at=None
    )


def _finish(replay: Replay) -> None:
    Replay.objects.filter(pk=replay.pk, finished_at=None).update(finished_at=timezone.now())
