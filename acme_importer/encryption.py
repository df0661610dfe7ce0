"""Values that are stored encrypted, with a key derived from SECRET_KEY. Knows no app.

With SECRET_KEY_FALLBACKS, values of earlier keys can still be read; `manage.py encrypt_again` writes them with the
newest one.
"""

from __future__ import annotations

import base64
import logging
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

logger = logging.getLogger(__name__)

# Keeps these keys apart from all else that SECRET_KEY is good for.
PURPOSE = b"acme_importer.encryption"


@cache
def _cipher(secret_keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(Fernet(_derived_key(secret_key)) for secret_key in secret_keys)


def _derived_key(secret_key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret_key.encode()))


def cipher() -> MultiFernet:
    """What encrypts with SECRET_KEY, and decrypts with it or one of SECRET_KEY_FALLBACKS."""
    return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


class UnreadableText(str):
    """An empty text in place of one that was encrypted with a key nobody has told; stored again, it is what it was."""

    __slots__ = ("stored",)
    stored: str


class EncryptedField(models.TextField):
    """A text that the database has encrypted only. It can be read and written, and not be searched or sorted by."""

    def get_prep_value(self, value: Any) -> Any:
        """The value as it is stored. Empty stays empty, so that one sees that there is none."""
        if isinstance(value, UnreadableText):
            return value.stored
        text = super().get_prep_value(value)
        return cipher().encrypt(text.encode()).decode() if text else text

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """The value as it is used; an UnreadableText if SECRET_KEY has changed."""
        if not value:
            return value
        try:
            return cipher().decrypt(value).decode()
        except InvalidToken:
            logger.error(  # noqa: TRY400 - its traceback says nothing
                "%s.%s was encrypted with another SECRET_KEY; list that one in SECRET_KEY_FALLBACKS.",
                self.model._meta.label,
                self.name,
            )
            unreadable = UnreadableText()
            unreadable.stored = value
            return unreadable

    def get_lookup(self, lookup_name: str) -> Any:
        """Nothing but whether there is a value: no two encryptions of it are alike."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted, and cannot be searched.")
