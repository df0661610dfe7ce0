"""Command `run_workers`: a worker cluster under supervision. This is what runs in production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from acme_importer.cluster.supervisor import Supervisor
from acme_importer.commands import ProductCommand


class Command(ProductCommand):
    help = "Runs the workers, and restarts them when they have died or hang. Stops on SIGTERM and SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        queue = settings.Q_CLUSTER["name"]
        parser.add_argument(
            "--queue",
            default=queue,
            choices=[queue, *settings.Q_CLUSTER.get("ALT_CLUSTERS", {})],
            help="The queue to work on (default: %(default)s).",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=180.0,
            metavar="SECONDS",
            help="How long messages may wait without any progress before the workers count as hung "
            "(default: %(default).0f).",
        )
        parser.add_argument(
            "--stop-within",
            type=float,
            default=25.0,
            metavar="SECONDS",
            help="How long running tasks may take to finish on a stop. Then they are killed, and run again at the next "
            "start (default: %(default).0f).",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        Supervisor(options["queue"], options["patience"], options["stop_within"]).run()
