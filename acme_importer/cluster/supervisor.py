"""Keeps one worker cluster running: starts it, stops it, and restarts it when it has died or hangs."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from acme_importer.cluster.queues import enqueue
from acme_importer.cluster.supervision import Sighting, Verdict, Watch, restart_delay

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
LOOK_SECONDS = 5.0
# A cluster that lived this long had started well.
HEALTHY_SECONDS = 60.0
# The oldest messages tell whether the queue moves; there can be very many behind them.
MESSAGES_WATCHED = 1000


def look(queue: str) -> Sighting:
    """What can be seen of `queue` now."""
    messages = OrmQ.objects.filter(key=queue).order_by("pk").values_list("pk", flat=True)[:MESSAGES_WATCHED]
    progress = tuple(import_string(sign)() for sign in settings.CLUSTER_PROGRESS)
    return Sighting(frozenset(messages), progress)


def probe() -> None:
    """The task of a message that only shows that messages are still being taken."""


class Supervisor:
    """Runs the cluster that works on `queue`, in a process group of its own, until asked to stop."""

    def __init__(self, queue: str, patience: float, stop_within: float) -> None:
        self.queue = queue
        self.patience = patience
        self.stop_within = stop_within
        self.stopping = False

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT comes."""
        signal.signal(signal.SIGTERM, self.ask_to_stop)
        signal.signal(signal.SIGINT, self.ask_to_stop)
        failures = 0
        while not self.stopping:
            started = time.monotonic()
            died = self.run_once()
            early = time.monotonic() - started < HEALTHY_SECONDS
            failures = failures + 1 if died and early else 0
            self.pause(restart_delay(failures))

    def run_once(self) -> bool:
        """Run the cluster once, from its start to its end; whether it died on its own."""
        process = self.start()
        try:
            died = self.guard(process)
            if self.stopping:
                self.stop(process)
        finally:
            # Whatever is left of the group: workers outlive a main process that was killed.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if died:
            logger.error("The workers of queue %s ended with code %s; restarting.", self.queue, process.returncode)
        return died

    def start(self) -> subprocess.Popen[bytes]:
        """Start the cluster as the leader of a new process group."""
        logger.info("Starting the workers of queue %s.", self.queue)
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, settings.BASE_DIR / "manage.py", "run_cluster", "--supervisor", str(os.getpid())],
            env={**os.environ, "Q_CLUSTER_NAME": self.queue},
            start_new_session=True,
        )

    def guard(self, process: subprocess.Popen[bytes]) -> bool:
        """Return when the cluster has died (true), or when it must be ended: it hangs, or a stop was requested."""
        watch = Watch(self.patience)
        next_look = 0.0
        while not self.stopping:
            if process.poll() is not None:
                return True
            now = time.monotonic()
            if now >= next_look:
                next_look = now + min(LOOK_SECONDS, self.patience / 10)
                if self.hangs(watch, now):
                    return False
            time.sleep(TICK_SECONDS)
        return False

    def hangs(self, watch: Watch, now: float) -> bool:
        """Check once; whether the cluster must be killed."""
        try:
            close_old_connections()
            verdict = watch.judge(look(self.queue), now)
            if verdict is Verdict.PROBE:
                self.send_probe(watch)
        except DatabaseError as error:
            logger.warning("Could not check queue %s: %s", self.queue, error)
            return False
        if verdict is Verdict.RESTART:
            logger.error(
                "The workers of queue %s hang: messages are waiting, and for %.0f seconds there has been no progress. "
                "Killing all of them and restarting.",
                self.queue,
                self.patience,
            )
        return verdict is Verdict.RESTART

    def send_probe(self, watch: Watch) -> None:
        """Put a probe on the queue."""
        # In one transaction: no worker can take the probe before it has been noted.
        with transaction.atomic():
            enqueue("acme_importer.cluster.supervisor.probe", queue=self.queue)
            watch.note_probe(look(self.queue))

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Let the cluster finish its running tasks, as far as time allows."""
        logger.info("Stopping the workers of queue %s.", self.queue)
        # To the main process only: a SIGTERM kills Django-Q's other processes in the middle of their work.
        process.terminate()
        try:
            process.wait(self.stop_within)
        except subprocess.TimeoutExpired:
            # No warning: tasks may take longer than a stop, and they are done again.
            logger.info("Killing the tasks of queue %s that are still running; they will run again.", self.queue)

    def pause(self, seconds: float) -> None:
        """Wait, unless asked to stop."""
        end = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < end:
            time.sleep(TICK_SECONDS)

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.stopping = True
