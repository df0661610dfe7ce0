"""The one way to change endpoints by hand: each with its record, in one transaction. API and dashboard call this.

Whether somebody may, and whether the values are valid, is asked before. Records name fields, never secrets,
and of a URL only its host: many receivers know their senders by the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from django.db import transaction

from acme_importer.audit.trail import record
from webhooks.models import Endpoint


def name(endpoint: Endpoint) -> str:
    """What the audit trail calls the endpoint."""
    return endpoint.description or urlsplit(endpoint.url).hostname or "webhook"


@transaction.atomic
def create(endpoint: Endpoint) -> Endpoint:
    """Save a new endpoint."""
    endpoint.save(force_insert=True)
    record("webhook.created", endpoint, name=name(endpoint), enabled=endpoint.enabled, events=endpoint.events)
    return endpoint


@transaction.atomic
def update(endpoint: Endpoint, fields: Collection[str]) -> Endpoint:
    """Save those `fields` that were changed, and no others: a worker may have recorded an attempt in the meantime."""
    plain = [name for name in fields if name != "enabled"]
    if plain:
        endpoint.save(update_fields=[*plain, "updated_at"])
        record("webhook.updated", endpoint, name=name(endpoint), fields=plain)
    if "enabled" in fields:
        switch(endpoint, on=endpoint.enabled)
    return endpoint


@transaction.atomic
def switch(endpoint: Endpoint, *, on: bool) -> None:
    """Enable or disable the endpoint."""
    if on:
        endpoint.enable()
    else:
        endpoint.disable()
    record("webhook.enabled" if on else "webhook.disabled", endpoint, name=name(endpoint))


@transaction.atomic
def rotate_secret(endpoint: Endpoint) -> None:
    """Give the endpoint a new secret, which its field then has."""
    endpoint.rotate_secret()
    record("webhook.secret_rotated", endpoint, name=name(endpoint))


@transaction.atomic
def delete(endpoint: Endpoint) -> None:
    """Delete the endpoint, with its deliveries."""
    deleted, _ = Endpoint.objects.filter(pk=endpoint.pk).delete()
    if deleted:
        record("webhook.deleted", endpoint, name=name(endpoint))
