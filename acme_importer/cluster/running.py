"""The process of one Django-Q cluster: what it enqueues at its start, and that it ends with its supervisor."""

from __future__ import annotations

import os
import signal
import time

from django.conf import settings
from django.db import connections
from django_q.cluster import Cluster
from django_q.conf import Conf

from acme_importer.cluster import begun, failures, identity, niceness
from acme_importer.cluster.queues import enqueue
from acme_importer.cluster.recovery import name_sessions
from acme_importer.cluster.reports import TICK, Reporter


def run(name: str, supervisor: int, reports: int) -> None:
    """Run the cluster `name` on the queue that Q_CLUSTER_NAME names, for as long as the process `supervisor` lives.

    Its processes report to the descriptor `reports`.
    """
    identity.join(name)
    name_sessions(name)
    reporter = Reporter(reports)
    reporter.connect()
    failures.connect()
    begun.connect()
    niceness.connect()
    enqueue_first_tasks(Conf.CLUSTER_NAME)
    # The processes of the cluster are forked from this one, and must not share its connection.
    connections.close_all()
    cluster = Cluster()
    cluster.start()
    while cluster.sentinel.is_alive():
        if os.getppid() != supervisor:
            # The supervisor was killed, or it would have ended this process first. Running chunks are rolled back.
            os.killpg(0, signal.SIGKILL)
        reporter.tell(TICK)
        time.sleep(1)


def enqueue_first_tasks(queue: str) -> None:
    """Enqueue what CLUSTER_FIRST_TASKS lists for `queue`, so that it runs as soon as there are workers."""
    for function in settings.CLUSTER_FIRST_TASKS.get(queue, []):
        enqueue(function, queue=queue)
