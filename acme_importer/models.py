"""What is stored of the dashboard itself: which notices of the front page a person has dismissed. Knows no app."""

from __future__ import annotations

from django.conf import settings
from django.db import models

KEY_MAX_LENGTH = 200


class Dismissal(models.Model):
    """A notice that somebody has dismissed. Its key names the occurrence: when it happens again, it is shown again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_MAX_LENGTH)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="dismissal_once"),)

    def __str__(self) -> str:
        return self.key
