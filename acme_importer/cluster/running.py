"""The process of one Django-Q cluster: what it enqueues at its start, and that it ends with its supervisor."""

from __future__ import annotations

import os
import signal
import time

from django.conf import settings
from django.db import connections
from django_q.cluster import Cluster
from django_q.conf import Conf

from acme_importer.cluster.queues import enqueue


def run(supervisor: int) -> None:
    """Run the workers of the queue that Q_CLUSTER_NAME names, for as long as the process `supervisor` lives."""
    enqueue_first_tasks(Conf.CLUSTER_NAME)
    # The processes of the cluster are forked from this one, and must not share its connection.
    connections.close_all()
    cluster = Cluster()
    cluster.start()
    while cluster.sentinel.is_alive():
        if os.getppid() != supervisor:
            # The supervisor was killed, or it would have ended this process first. Running chunks are rolled back.
            os.killpg(0, signal.SIGKILL)
        time.sleep(1)


def enqueue_first_tasks(queue: str) -> None:
    """Enqueue what CLUSTER_FIRST_TASKS lists for `queue`, so that it runs as soon as there are workers."""
    for function in settings.CLUSTER_FIRST_TASKS.get(queue, []):
        enqueue(function, queue=queue)
