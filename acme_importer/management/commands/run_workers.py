"""Command `run_workers`: a worker cluster under supervision. This is what is run in production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from acme_importer.cluster.supervisor import Supervisor


class Command(BaseCommand):
    help = "Runs the workers, and starts them anew when they have died or hang. Stops on SIGTERM and SIGINT."

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
            help="How long messages may wait while nothing moves, before the workers are taken to hang "
            "(default: %(default).0f).",
        )
        parser.add_argument(
            "--stop-within",
            type=float,
            default=25.0,
            metavar="SECONDS",
            help="How long tasks may take to finish on a stop; then they are killed, and done again at the next start "
            "(default: %(default).0f).",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        Supervisor(options["queue"], options["patience"], options["stop_within"]).run()
