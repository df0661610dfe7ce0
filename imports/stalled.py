"""Finding work that nobody does any more, and waking it: its worker died, or its message was lost.

Several supervisors look at once, and a frozen host may keep rows locked. So each piece of work is locked before it is
woken, and what is locked already is left to the next look.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from acme_importer.cluster import identity, queues, recovery
from acme_importer.cluster.models import Recovery
from imports import waking
from imports.models import UNCLAIMED, ImportJob, ImportLane, Work

logger = logging.getLogger(__name__)

# A cluster takes a message when a worker will soon be free for it: after one or two slices of others. Where the
# connection was lost just then, nobody has it.
LONGEST_IN_HAND = timedelta(seconds=45)


def wake() -> None:
    """Wake the jobs and lanes that are stalled. The supervisors call it every few seconds."""
    for work in (_openings(), _lanes()):
        messages = _messages(work)
        lost = queues.lost(messages) | queues.taken(messages, longer_than=LONGEST_IN_HAND)
        _wake(work, work.model.abandoned() | work.model.unclaimed() & Q(message__in=lost))


def recover(held_by: str) -> bool:
    """Free and wake what a dead worker, or a whole dead cluster, held. Whether nothing is left."""
    is_cluster = len(held_by) == identity.CLUSTER_LENGTH
    done = True
    for work in (_openings(), _lanes()):
        held = Q(claimed_by__startswith=held_by)
        if is_cluster:
            # Its messages may be in the hands of the dead.
            held |= work.model.unclaimed() & Q(message__in=queues.taken(_messages(work)))
        done = _wake(work, held) and done
    return done


def _openings() -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(status=ImportJob.Status.QUEUED).order_by("pk")


def _lanes() -> QuerySet[ImportLane]:
    return ImportLane.objects.filter(finished=False, job__status=ImportJob.Status.RUNNING).order_by("pk")


def _messages(work: QuerySet[ImportJob] | QuerySet[ImportLane]) -> list[int]:
    """The messages for work that nobody has claimed."""
    found = work.filter(work.model.unclaimed()).values_list("message", flat=True)
    return [number for number in found if number is not None]


def _wake(work: QuerySet[ImportJob] | QuerySet[ImportLane], stalled: Q) -> bool:
    """Wake what is `stalled` of `work`; whether that was all of it."""
    found = list(work.filter(stalled).values_list("pk", flat=True))
    woken = [_wake_one(work, stalled, pk) for pk in found]
    return all(woken)


@transaction.atomic
def _wake_one(work: QuerySet[ImportJob] | QuerySet[ImportLane], stalled: Q, pk: int) -> bool:
    one: Work | None = work.filter(stalled, pk=pk).select_for_update(skip_locked=True, of=("self",)).first()
    if one is None:
        # Locked, or somebody else has just woken it.
        return not work.filter(stalled, pk=pk).exists()
    if one.message is not None:
        queues.withdraw(one.message)
    recovery.count([Recovery.Kind.IMPORT_STALLED])
    type(one)._default_manager.filter(pk=pk).update(**UNCLAIMED)
    if isinstance(one, ImportLane):
        about = {"job": one.job_id, "lane": one.number}
        logger.warning(
            "Import %s is stalled: nobody is working on lane %s. Waking it.", one.job_id, one.number, extra=about
        )
        waking.wake_lane(one.pk, one.job_id)
    else:
        logger.warning("Import %s is stalled: nobody is opening its file. Waking it.", one.pk, extra={"job": one.pk})
        waking.wake_opening(one.pk)
    return True
