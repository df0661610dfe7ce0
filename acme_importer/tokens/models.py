"""A token of the API. Its key is shown once: of it there are a hash, and the first characters to know it by.

A token ends when it expires, when its user's password changes, and while the user is inactive. That is compared at each
use, not done when it happens: whatever changes a password, nothing can be missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import cast

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.models import AbstractAuthToken, get_digest_token
from knox.settings import CONSTANTS

from acme_importer.audit.trail import record

NAME_MAX_LENGTH = 100
DEFAULT_DAYS = 90
MAX_DAYS = 366
# The last use is there for people to see: a write for each request would cost more than the request.
USE_INTERVAL = timedelta(minutes=1)


def password_stamp(user: AbstractBaseUser) -> str:
    """What is different after each change of the user's password.

    Of the stored hash, which has a salt: from the stamp nobody learns more than from the hash. Not Django's own
    for sessions, which depends on SECRET_KEY as well.
    """
    return hashlib.sha256(user.password.encode()).hexdigest()


class Token(AbstractAuthToken):
    """A key of the API that belongs to a user."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=CONSTANTS.DIGEST_LENGTH, unique=True, editable=False)
    expiry = models.DateTimeField("expires")
    name = models.CharField(max_length=NAME_MAX_LENGTH, help_text="What uses it: you will know by it what to revoke.")
    scopes = models.JSONField()
    password_stamp = models.CharField(max_length=64, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    objects: models.Manager[Token] = models.Manager()

    # The key itself, in no table: only of a token that has just been issued.
    key = ""

    class Meta:
        verbose_name = "API token"
        # They are issued to oneself, or by a command; nothing of one can be changed.
        default_permissions = ("view", "delete")

    def __str__(self) -> str:
        return self.name

    def why_ended(self) -> str:
        """Why it lets nobody in any longer, as a sentence; empty while it does."""
        user = cast("User", self.user)
        if not user.is_active:
            return "The user of this token is inactive."
        if self.expiry <= timezone.now():
            return "This token has expired."
        if not constant_time_compare(self.password_stamp, password_stamp(user)):
            return "This token ended when the password of its user was changed."
        return ""

    def note_use(self) -> None:
        """Record that it is being used, unless that was recorded a moment ago."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at >= USE_INTERVAL:
            # Of requests at the same time one writes.
            Token.objects.filter(pk=self.pk, last_used_at=self.last_used_at).update(last_used_at=now)


def issue(user: User, name: str, scopes: Iterable[str], days: int = DEFAULT_DAYS) -> Token:
    """Create a token of `user`. Only what this returns has the `key`."""
    digest, key = get_digest_token()
    with transaction.atomic():
        token = Token.objects.create(
            user=user,
            name=name,
            scopes=list(scopes),
            expiry=timezone.now() + timedelta(days=days),
            digest=digest,
            token_key=key[: CONSTANTS.TOKEN_KEY_LENGTH],
            password_stamp=password_stamp(user),
        )
        record("token.created", token, of_user=user.get_username(), scopes=token.scopes, days=days)
    token.key = key
    return token
