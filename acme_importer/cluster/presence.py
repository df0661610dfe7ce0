"""Which clusters are alive, as their supervisors say every few seconds; and which of them have gone silent.

A supervisor of this machine is dead when its process is gone. One of another machine is dead when it has been silent
for a while; it may be only cut off or frozen, so nothing may depend on its being dead.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import DateTimeField, ExpressionWrapper, Max, Value
from django.db.models.functions import Now

from acme_importer.cluster.models import RunningCluster
from acme_importer.cluster.reports import exists

# Long compared with the interval between two signs of life, short compared with people's patience.
SILENT_SECONDS = 15.0
# A queue whose supervisors have all been silent for this long has no workers.
NOT_RUNNING_AFTER = timedelta(seconds=20)
KEEP = timedelta(days=1)


def host() -> str:
    """This machine, or this container: where process numbers are ours."""
    name = socket.gethostname()
    with suppress(OSError):
        # Containers can share their machine's name.
        name += f" {Path('/proc/self/ns/pid').readlink()}"
    return name[:255]


def ago(span: timedelta) -> ExpressionWrapper:
    """The moment `span` ago, by the database's clock."""
    return ExpressionWrapper(Now() - Value(span), output_field=DateTimeField())


def say_alive(cluster: str, queue: str) -> None:
    """Say that the supervisor of `cluster`, this process, is alive."""
    row = RunningCluster.objects.filter(pk=cluster)
    if not row.update(seen_at=Now(), ended=False):
        RunningCluster.objects.create(
            name=cluster, queue=queue, host=host(), supervisor=os.getpid(), seen_at=Now(), ended=False
        )


def say_ended(cluster: str) -> None:
    """Say that there is no process of `cluster` any more, and forget those that ended long ago."""
    RunningCluster.objects.filter(pk=cluster).update(ended=True)
    RunningCluster.objects.filter(ended=True, seen_at__lt=ago(KEEP)).delete()


def is_running(queue: str) -> bool:
    """Whether `queue` has workers with a supervisor that is alive."""
    return running([queue])[queue]


def running(queues: list[str]) -> dict[str, bool]:
    """Of each of the `queues`, whether it has workers with a supervisor that is alive."""
    alive = RunningCluster.objects.filter(ended=False, seen_at__gt=ago(NOT_RUNNING_AFTER))
    found = set(alive.values_list("queue", flat=True))
    return {queue: queue in found for queue in queues}


def last_seen(queue: str) -> datetime | None:
    """When a supervisor of `queue` was last seen alive; None if there has been none for a day."""
    return RunningCluster.objects.filter(queue=queue).aggregate(at=Max("seen_at"))["at"]


class Others:
    """The clusters of other supervisors, watched by one that is alive itself."""

    def __init__(self) -> None:
        # When each was last seen to say something, by this process's clock.
        self._heard: dict[str, tuple[datetime, float]] = {}

    def dead(self, own: str, now: float) -> list[str]:
        """The clusters that are dead, or have been silent for long; called every few seconds with a steady clock."""
        rows = list(RunningCluster.objects.filter(ended=False).exclude(pk=own))
        heard = self._heard
        self._heard = {row.pk: heard.get(row.pk, (row.seen_at, now)) for row in rows}
        found = []
        for row in rows:
            if self._heard[row.pk][0] != row.seen_at:
                self._heard[row.pk] = (row.seen_at, now)
            if self._is_gone(row) or now - self._heard[row.pk][1] > SILENT_SECONDS:
                found.append(row.pk)
        return found

    @staticmethod
    def _is_gone(row: RunningCluster) -> bool:
        # A container that is restarted has the same name, and the same number for its first process.
        return row.host == host() and (row.supervisor == os.getpid() or not exists(row.supervisor))
