"""What is kept of each act: one record, however many things it changed. Never changed itself."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from acme_importer.audit.acts import CHOICES, Way

NAME_MAX_LENGTH = 200
SHORT_MAX_LENGTH = 100


class Record(models.Model):
    """Somebody has done something."""

    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    # The name stays when the user is deleted, or renamed.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    user_name = models.CharField("who", max_length=NAME_MAX_LENGTH, blank=True)
    token = models.CharField(max_length=SHORT_MAX_LENGTH, blank=True)
    address = models.CharField("from", max_length=SHORT_MAX_LENGTH, blank=True)
    way = models.CharField(max_length=10, choices=Way.choices)
    act = models.CharField(max_length=40, choices=CHOICES, db_index=True)
    kind = models.CharField(max_length=SHORT_MAX_LENGTH, blank=True)
    object_id = models.CharField("object ID", max_length=SHORT_MAX_LENGTH, blank=True)
    object_name = models.CharField("object", max_length=NAME_MAX_LENGTH, blank=True)
    count = models.PositiveBigIntegerField(default=1)
    # Names of fields, numbers and such: never values that may be secret.
    details = models.JSONField(default=dict, blank=True)
    request_id = models.CharField("request ID", max_length=SHORT_MAX_LENGTH, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = "record"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.object_name}" if self.object_name else self.get_act_display()
