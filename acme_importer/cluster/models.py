"""Which worker clusters there are, as their supervisors say every few seconds, and what had to be recovered."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from acme_importer.cluster.identity import CLUSTER_LENGTH


class RunningCluster(models.Model):
    """A cluster and its supervisor. The row outlives it by a day, marked as ended, to say when it was last seen."""

    name = models.CharField(max_length=CLUSTER_LENGTH, primary_key=True)
    queue = models.CharField(max_length=100)
    # The machine, or the container, in which the number of the supervisor's process means something.
    host = models.CharField(max_length=255)
    supervisor = models.PositiveIntegerField()
    # By the database's clock: those of several machines may differ.
    seen_at = models.DateTimeField()
    ended = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Cluster {self.name} of queue {self.queue}"


class Recovery(models.Model):
    """Something was found dead or stalled, and was replaced or taken up again.

    A row each, and no counter: supervisors that add to one would wait for each other, and for a frozen one for ever.
    """

    class Kind(models.TextChoices):
        WORKER_KILLED = "worker_killed"
        CLUSTER_DIED = "cluster_died"
        CLUSTER_BROKEN = "cluster_broken"
        CLUSTER_HUNG = "cluster_hung"
        CLUSTER_TAKEN_OVER = "cluster_taken_over"
        IMPORT_STALLED = "import_stalled"
        WEBHOOKS_STALLED = "webhooks_stalled"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "recoveries"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at}"
