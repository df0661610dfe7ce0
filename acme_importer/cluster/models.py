"""Which worker clusters there are: the supervisor of each says every few seconds that it is alive."""

from __future__ import annotations

from django.db import models

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
