"""Waking the workers: a message on the queue for each job to be opened and each lane to be taken further.

The command line does an import itself, by the same steps; there `no_messages` is in force, and nobody is woken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from django.utils import timezone

from acme_importer.cluster import queues
from imports.models import ImportJob, ImportLane

# A message that has waited for this long waits for a free worker.
WAITING = timedelta(seconds=5)

# Each thread has its own value, so no other is affected.
_sends_messages = ContextVar("imports_send_messages", default=True)


@contextmanager
def no_messages() -> Iterator[None]:
    """In this context no message is put on the queue: whoever is in it does the work."""
    token = _sends_messages.set(False)
    try:
        yield
    finally:
        _sends_messages.reset(token)


def sends_messages() -> bool:
    """Whether the workers are told of work here: not where it is done by hand."""
    return _sends_messages.get()


def wake_opening(job_id: int) -> None:
    """Put a message on the queue that opens the job's file."""
    if sends_messages():
        call(job_id)
    else:
        ImportJob.objects.filter(pk=job_id).update(woken_at=timezone.now(), message=None)


def call(job_id: int) -> None:
    """As `wake_opening`, but also by whoever does another import by hand: this one is the workers'."""
    message = queues.enqueue("imports.tasks.open_job", job_id, name=f"open import {job_id}")
    ImportJob.objects.filter(pk=job_id).update(woken_at=timezone.now(), message=message)


def forget_opening(job_id: int) -> None:
    """Remove the message for a file that is open now, in that transaction, and not when the task has ended.

    That may be much later: a small file is imported in it. Were the worker killed then, the message would stay.
    """
    for message in ImportJob.objects.filter(pk=job_id).values_list("message", flat=True):
        if message is not None:
            queues.withdraw(message)


def wake_lane(lane_id: int, job_id: int) -> None:
    """Put a message on the queue that takes the lane further."""
    message = None
    if sends_messages():
        message = queues.enqueue("imports.tasks.advance_lane", lane_id, name=f"advance import {job_id}")
    ImportLane.objects.filter(pk=lane_id).update(woken_at=timezone.now(), message=message)


def messages_waiting() -> bool:
    """Whether messages wait for a free worker."""
    return queues.has_waiting(longer_than=WAITING)
