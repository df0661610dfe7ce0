"""Tokens of the API for tests."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from acme_importer.rest.scopes import SCOPES
from acme_importer.tokens.models import issue


def make_key(user: User, *scopes: str) -> str:
    """The key of a new token with `scopes`, or with all; one in use, whose last use has just been recorded."""
    token = issue(user, "test", scopes or SCOPES)
    token.last_used_at = timezone.now()
    token.save(update_fields=["last_used_at"])
    return token.key
