"""Command `run_cluster`: one Django-Q cluster, which ends with its supervisor. `run_workers` calls it, not people."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django_q.cluster import Cluster


class Command(BaseCommand):
    help = "Runs one worker cluster, for as long as its supervisor lives. Use run_workers instead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--supervisor", type=int, required=True, metavar="PID", help="The process that started it.")

    def handle(self, *_: Any, **options: Any) -> None:
        cluster = Cluster()
        cluster.start()
        while cluster.sentinel.is_alive():
            if os.getppid() != options["supervisor"]:
                # Killed, or else it would have ended this one first. Chunks in work are rolled back.
                os.killpg(0, signal.SIGKILL)
            time.sleep(1)
