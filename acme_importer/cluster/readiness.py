"""Whether the product can do its work: the checks of READINESS_CHECKS, bounded in time and in number.

Each check runs in a thread of its own, with a connection of its own: one that hangs is reported, and not started
again before it has ended. What was found holds for a moment, so a flood of probes costs nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.module_loading import import_string

from acme_importer.cluster import presence, workers
from acme_importer.cluster.queues import all_queues

logger = logging.getLogger(__name__)

# How long all checks together may take, and how long their findings hold.
PATIENCE_SECONDS = 3.0
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. The details are shown to strangers."""

    is_ok: bool
    details: dict[str, Any] = field(default_factory=dict)


class Check:
    """A check and the thread that it runs in."""

    def __init__(self, name: str, function: Callable[[], Finding]) -> None:
        self.name = name
        self._function = function
        self._thread: threading.Thread | None = None
        self._found: Finding | None = None

    def start(self) -> None:
        """Begin, unless it has not ended since the last time."""
        if self._thread is None or not self._thread.is_alive():
            self._found = None
            self._thread = threading.Thread(target=self._run, name=f"check {self.name}", daemon=True)
            self._thread.start()

    def finding(self, deadline: float) -> Finding:
        """What it finds until `deadline`."""
        if self._thread is not None:
            self._thread.join(max(deadline - time.monotonic(), 0))
        return self._found or Finding(is_ok=False, details={"problem": "no response"})

    def _run(self) -> None:
        try:
            self._found = self._function()
        except Exception:
            # Whatever it is, it is a problem, and its text may tell more than strangers should know.
            logger.exception("The check '%s' failed", self.name)
            self._found = Finding(is_ok=False, details={"problem": "failed, see the log"})
        finally:
            connections.close_all()


class Findings:
    """The findings of all checks, as of a moment ago at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checks: list[Check] | None = None
        self._found: dict[str, Finding] = {}
        self._moment = float("-inf")

    def __call__(self) -> dict[str, Finding]:
        with self._lock:
            if time.monotonic() - self._moment >= FRESH_SECONDS:
                self._found = self._look()
                self._moment = time.monotonic()
            return self._found

    def _look(self) -> dict[str, Finding]:
        if self._checks is None:
            self._checks = [Check(name, import_string(path)) for name, path in settings.READINESS_CHECKS.items()]
        deadline = time.monotonic() + PATIENCE_SECONDS
        for check in self._checks:
            check.start()
        return {check.name: check.finding(deadline) for check in self._checks}


findings = Findings()


def check_database() -> Finding:
    """Whether the database responds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(is_ok=True)


def check_migrations() -> Finding:
    """Whether the database has the tables that this version of the code needs."""
    applied = MigrationRecorder(connection).applied_migrations()
    return Finding(is_ok=True) if _newest_migrations() <= applied.keys() else Finding(False, {"problem": "not applied"})


def check_workers() -> Finding:
    """Whether the workers of each queue are running; how many messages are due, and since when the oldest is."""
    now = timezone.now()
    running = presence.running(all_queues())
    shown = {
        state.name: {
            "running": running[state.name],
            "waiting": state.waiting,
            "longest_wait_seconds": round(state.longest_wait(now).total_seconds()),
        }
        for state in workers.states_of_all()
    }
    return Finding(all(queue["running"] for queue in shown.values()), {"queues": shown})


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
