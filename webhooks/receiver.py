"""A small receiver of webhooks: verifies and prints what arrives.

It shows what a receiver has to do, and so follows the Standard Webhooks specification with the standard library alone;
it shares no code with what signs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 5 * 60
BODY_MAX_BYTES = 20 * 1024 * 1024


class NotVerifiedError(Exception):
    """The message is not from the sender that shares the secret, or is too old."""


def verify(secret: str, headers: Mapping[str, str] | Message, body: bytes) -> None:
    """Raise `NotVerifiedError` unless `body` and `headers` (whose `get` ignores case) were signed with `secret`."""
    message_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
    signatures = headers.get("webhook-signature")
    if not (message_id and timestamp and signatures):
        raise NotVerifiedError("A header is missing: webhook-id, webhook-timestamp or webhook-signature.")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotVerifiedError("The timestamp is more than five minutes off.")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures.split(" ")):
        raise NotVerifiedError("No signature is right for this secret.")


class Receiver(ThreadingHTTPServer):
    """An HTTP server that shows every message, and responds to verified ones with `status`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], secret: str, show: Callable[[str], None], status: int) -> None:
        super().__init__(address, Handler)
        self.secret = secret
        self.show = show
        self.status = status


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Receive one message."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_MAX_BYTES:
            self.respond(413)
            return
        body = self.rfile.read(int(length))
        try:
            verify(self.server.secret, self.headers, body)
        except NotVerifiedError as error:
            self.server.show(f"REFUSED {error}")
            self.respond(401)
            return
        message = json.loads(body)
        self.server.show(
            f"VERIFIED {message['type']} {self.headers['webhook-id']}\n"
            f"{json.dumps(message, indent=2, ensure_ascii=False)}"
        )
        self.respond(self.server.status)

    def respond(self, status: int) -> None:
        """Respond with `status` and no body."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the overridden method has it
        """Log nothing: every message is printed anyway."""
