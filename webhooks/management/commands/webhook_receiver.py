"""Command `webhook_receiver`: receives webhooks on this machine, verifies them and prints them."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError, CommandParser

from acme_importer.commands import ProductCommand
from webhooks.receiver import Receiver


class Command(ProductCommand):
    help = "Receives webhooks, verifies their signatures and prints them. For trying webhooks out; Ctrl-C stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--secret", required=True, help="The endpoint's secret: whsec_…")
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen on (default: %(default)s).")
        parser.add_argument(
            "--port", type=int, default=8800, help="The port; 0 for any free one (default: %(default)s)."
        )
        parser.add_argument(
            "--status",
            type=int,
            default=204,
            help="The HTTP status of the response to verified messages (default: %(default)s).",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            base64.b64decode(options["secret"].removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise CommandError("--secret is not a webhook secret: whsec_ and base64.") from None
        with Receiver((options["host"], options["port"]), options["secret"], self.show, options["status"]) as receiver:
            host, port = receiver.server_address[:2]
            self.show(f"Receiving webhooks at http://{host!s}:{port}/")
            with suppress(KeyboardInterrupt):
                receiver.serve_forever()

    def show(self, text: str) -> None:
        """Print `text` at once."""
        self.stdout.write(text)
        self.stdout.flush()
