"""Freeing what dead workers held, so that it is taken up at once. What that is, each app knows (CLUSTER_RECOVERY)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from acme_importer.cluster import queues
from acme_importer.cluster.models import Recovery, RunningCluster


def session_name(cluster: str) -> str:
    """What the database sessions of a cluster are called."""
    return f"acme-importer-{cluster}"


def name_sessions(cluster: str) -> None:
    """Have the database sessions that this process and its children will open be known as those of `cluster`."""
    if connection.vendor == "postgresql":
        connection.settings_dict["OPTIONS"]["application_name"] = session_name(cluster)


def end_sessions(cluster: str) -> None:
    """End the database sessions of a dead cluster, with their transactions.

    A host that is frozen or cut off would keep the rows locked that it was writing, and others would wait for them.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                [session_name(cluster)],
            )


def count(kinds: Iterable[Recovery.Kind]) -> None:
    """Count what has been recovered, for /metrics."""
    Recovery.objects.bulk_create(Recovery(kind=kind) for kind in kinds)


def recover(held_by: str, message: int | None = None) -> bool:
    """Free what `held_by`, a worker or a whole cluster, held; whether that was all. What is locked is skipped.

    The `message` that a worker was busy with is delivered again, and so are those of a cluster. Nobody knows which
    those were, so all of its queue that are taken are: what another cluster has in hand is delivered twice, which tasks
    can stand.
    """
    functions: list[Callable[[str], bool]] = [import_string(name) for name in settings.CLUSTER_RECOVERY]
    freed = [function(held_by) for function in functions]
    if not all(freed):
        return False
    if message is not None:
        queues.give_back(message)
    for queue in RunningCluster.objects.filter(pk=held_by).values_list("queue", flat=True):
        queues.give_back_all(queue)
    return True
