"""The check of a password, such that a token outlives a login at which Django hashes the same password again.

It does so where its hashers have become slower since, as they do with each version.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.http import HttpRequest

from acme_importer.tokens.models import Token, password_stamp


class PasswordBackend(ModelBackend):
    """Django's own, which tells the tokens about a new hash."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        before = User.objects.filter(username=username).first()
        user = super().authenticate(request, username, password, **kwargs)
        # If somebody has changed the password at this moment, it does not fit the hash from before.
        if before and user and user.password != before.password and check_password(password, before.password):
            valid = Token.objects.filter(user=before, password_stamp=password_stamp(before))
            valid.update(password_stamp=password_stamp(user))
        return user
