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


def wake_opening(job_id: int) -> None:
    """Put a message on the queue that opens the job's file."""
    message = _send("imports.tasks.open_job", job_id, f"open import {job_id}")
    ImportJob.objects.filter(pk=job_id).update(woken_at=timezone.now(), message=message)


def wake_lane(lane_id: int, job_id: int) -> None:
    """Put a message on the queue that takes the lane further."""
    message = _send("imports.tasks.advance_lane", lane_id, f"advance import {job_id}")
    ImportLane.objects.filter(pk=lane_id).update(woken_at=timezone.now(), message=message)


def _send(function: str, number: int, name: str) -> int | None:
    return queues.enqueue(function, number, name=name) if _sends_messages.get() else None


def messages_waiting() -> bool:
    """Whether messages wait for a free worker."""
    return queues.has_waiting(longer_than=WAITING)
