"""Command `run_cluster`: one Django-Q cluster, which ends with its supervisor. `run_workers` calls it, not people."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from acme_importer.cluster import running
from acme_importer.commands import ProductCommand


class Command(ProductCommand):
    help = "Runs one worker cluster for as long as its supervisor is running. Use run_workers instead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--supervisor", type=int, required=True, metavar="PID", help="The process that started this one."
        )

        parser.add_argument("--name", required=True, help="What the claims of its workers are known by.")
        parser.add_argument(
            "--reports", type=int, required=True, metavar="DESCRIPTOR", help="Where its processes report to."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        running.run(options["name"], options["supervisor"], options["reports"])
