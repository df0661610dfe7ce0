"""Secrets and signatures, as the Standard Webhooks specification has them. Knows no database."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """A new random secret: `whsec_` and 32 bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: str, moment: datetime, with_secrets: Iterable[str]) -> dict[str, str]:
    """The three headers of a message sent at `moment`, with one signature for each secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, moment, body) for secret in with_secrets),
    }
