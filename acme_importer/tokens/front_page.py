"""What the front page of the dashboard says about tokens: those in use that are about to expire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from acme_importer.dashboard.notices import Kind, Notice
from acme_importer.texts import printable
from acme_importer.tokens.models import Token

AHEAD = timedelta(days=14)


def notices(user: Any) -> Iterator[Notice]:
    """Name the user's own tokens whose programs will soon be refused."""
    now = timezone.now()
    tokens = Token.objects.filter(user=user.pk, last_used_at__isnull=False, expiry__range=(now, now + AHEAD))
    url = reverse("admin:tokens_token_changelist")
    many = Kind("{number} API tokens that are in use expire soon.", url, "View tokens")
    for token in tokens.select_related("user"):
        if not token.why_ended():
            text = f"The API token {printable(token.name)}, which is in use, expires on {token.expiry:%-d %b %Y}."
            page = reverse("admin:tokens_token_add")
            yield Notice(
                "warn", text, f"tokens.expiring:{token.pk}", token.expiry - AHEAD, page, "Create another", many
            )
