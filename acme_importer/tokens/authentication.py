"""Who is let in by a token: `Authorization: Bearer KEY`, or `Token KEY`."""

from __future__ import annotations

import re
from typing import Any

import knox.auth
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from acme_importer.tokens.models import Token

KEYWORDS = (b"token", b"bearer")
# What is anything else has never been a key. Databases would not even take all of it.
KEY = re.compile(rb"[A-Za-z0-9_]{16,128}")


class TokenAuthentication(knox.auth.TokenAuthentication):
    """Knox finds the token by its hash; here is said which headers have one, and which tokens are valid."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        keyword, _, key = get_authorization_header(request).strip().partition(b" ")
        return self.authenticate_credentials(key.strip()) if keyword.lower() in KEYWORDS else None

    def authenticate_credentials(self, key: bytes) -> tuple[Any, Token]:
        if not KEY.fullmatch(key):
            raise AuthenticationFailed("Invalid token.")
        user, token = super().authenticate_credentials(key)
        token.note_use()
        return user, token

    def validate_user(self, token: Token) -> tuple[Any, Token]:
        if reason := token.why_ended():
            raise AuthenticationFailed(reason)
        return token.user, token

    def _cleanup_token(self, token: Token) -> bool:  # noqa: ARG002
        # Knox would look through all tokens of the user at each request; a scheduled task does it.
        return False
