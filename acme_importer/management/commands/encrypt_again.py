"""Command `encrypt_again`: the last step of changing SECRET_KEY."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import transaction

from acme_importer.audit.trail import record
from acme_importer.commands import ProductCommand
from acme_importer.encryption import EncryptedField, UnreadableText


class Command(ProductCommand):
    help = "Encrypts what is stored encrypted with SECRET_KEY, so that SECRET_KEY_FALLBACKS can be emptied afterwards."

    def handle(self, *_: Any, **__: Any) -> None:
        written = unreadable = 0
        for model in apps.get_models():
            names = [field.name for field in model._meta.local_fields if isinstance(field, EncryptedField)]
            if not names:
                continue
            with transaction.atomic():
                for row in model._default_manager.select_for_update().only("pk", *names):
                    row.save(update_fields=names)
                    written += 1
                    unreadable += any(isinstance(getattr(row, name), UnreadableText) for name in names)
        with transaction.atomic():
            record("secrets.encrypted_again", count=written, unreadable=unreadable)
        if unreadable:
            raise CommandError(
                f"Rows that cannot be decrypted: {unreadable:,} of {written:,}. "
                "List the SECRET_KEY that encrypted them in SECRET_KEY_FALLBACKS, and run this again."
            )
        self.stdout.write(f"Rows encrypted with SECRET_KEY: {written:,}.")
