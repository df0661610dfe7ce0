"""Keeps one worker cluster running: starts it, stops it, and restarts it when it has died or hangs.

Every few seconds it also says that it is alive, frees what dead workers held, and looks for stalled work.
"""

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
from django.db import Error, close_old_connections, transaction
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from acme_importer.cluster import identity, presence, recovery, reports
from acme_importer.cluster.models import Recovery
from acme_importer.cluster.queues import enqueue
from acme_importer.cluster.reports import Reports
from acme_importer.cluster.supervision import Sighting, Verdict, Watch, restart_delay

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
LOOK_SECONDS = 2.0
# A cluster that lived this long had started well.
HEALTHY_SECONDS = 60.0
# The first process of a cluster reports every second, whatever its workers do.
FROZEN_SECONDS = 20.0
# A cluster with no task at hand has nothing to finish when it is stopped.
IDLE_STOP_SECONDS = 5.0
# The oldest messages tell whether the queue moves; there can be very many behind them.
MESSAGES_WATCHED = 1000


def look(queue: str) -> Sighting:
    """What can be seen of `queue` now."""
    messages = OrmQ.objects.filter(key=queue).order_by("pk").values_list("pk", flat=True)[:MESSAGES_WATCHED]
    progress = tuple(import_string(sign)() for sign in settings.CLUSTER_PROGRESS.get(queue, []))
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
        self.cluster = identity.new_cluster()
        self.others = presence.Others()
        # Workers and clusters of this supervisor that are dead, and may still hold something: workers a message, too.
        self.dead: dict[str, int | None] = {}
        # What has been recovered, and is not yet counted.
        self.found: list[Recovery.Kind] = []
        self.next_look = 0.0

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
        self.cluster = identity.new_cluster()
        with reports.pipe() as (heard, descriptor):
            process = self.start(descriptor)
            try:
                died = self.guard(process, heard)
                if self.stopping:
                    self.stop(process, heard)
            finally:
                # Whatever is left of the group: workers outlive a main process that was killed.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if died:
            logger.error("The workers of queue %s ended with code %s; restarting.", self.queue, process.returncode)
            self.note(Recovery.Kind.CLUSTER_DIED)
        self.dead[self.cluster] = None
        self.look_after()
        return died

    def start(self, descriptor: int) -> subprocess.Popen[bytes]:
        """Start the cluster as the leader of a new process group; it reports to `descriptor`."""
        logger.info("Starting the workers of queue %s.", self.queue)
        options = {"--name": self.cluster, "--supervisor": os.getpid(), "--reports": descriptor}
        process = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, settings.BASE_DIR / "manage.py", "run_cluster"),
                *(f"{option}={value}" for option, value in options.items()),
            ],
            env={**os.environ, "Q_CLUSTER_NAME": self.queue},
            start_new_session=True,
            pass_fds=[descriptor],
        )
        os.close(descriptor)
        return process

    def guard(self, process: subprocess.Popen[bytes], heard: Reports) -> bool:
        """Return when the cluster has died (true), or when it must be ended: it hangs, or a stop was requested."""
        watch = Watch(self.patience)
        while not self.stopping:
            if process.poll() is not None:
                return True
            heard.read()
            if self.is_broken(heard):
                return False
            now = time.monotonic()
            if now >= self.next_look:
                self.next_look = now + min(LOOK_SECONDS, self.patience / 10)
                self.look_after(alive=True)
                if self.hangs(watch, now):
                    return False
            time.sleep(TICK_SECONDS)
        return False

    def is_broken(self, heard: Reports) -> bool:
        """Whether the cluster must be restarted because of what its processes reported, or no longer report."""
        for pid, message in heard.killed():
            if message is None:
                logger.error(
                    "Process %s of the workers of queue %s was killed, and the others may hang without it. "
                    "Killing all of them and restarting.",
                    pid,
                    self.queue,
                )
                self.note(Recovery.Kind.CLUSTER_BROKEN)
                return True
            logger.error("Worker %s of queue %s was killed in the middle of a task.", pid, self.queue)
            self.dead[identity.holder(pid, self.cluster)] = message
            self.note(Recovery.Kind.WORKER_KILLED)
            self.next_look = 0.0
        if heard.silence() > FROZEN_SECONDS:
            logger.error("The workers of queue %s are frozen. Killing all of them and restarting.", self.queue)
            self.note(Recovery.Kind.CLUSTER_HUNG)
            return True
        return False

    def look_after(self, *, alive: bool = False) -> None:
        """Say that this supervisor is `alive`, free what the dead held, and look for stalled work."""
        try:
            close_old_connections()
            if alive:
                presence.say_alive(self.cluster, self.queue)
            self.recover()
            recovery.count(self.found)
            self.found.clear()
            for function in settings.CLUSTER_CARE.get(self.queue, []) if alive else ():
                import_string(function)()
        except Error as error:
            logger.warning("Could not look after queue %s: %s", self.queue, error)

    def recover(self) -> None:
        """Free what dead workers of this supervisor, and dead clusters of others, held."""
        left = {}
        for held_by, message in self.dead.items():
            if not recovery.recover(held_by, message):
                left[held_by] = message
            elif len(held_by) == identity.CLUSTER_LENGTH:
                presence.say_ended(held_by)
        self.dead = left
        for cluster in self.others.dead(self.cluster, time.monotonic()):
            if cluster in self.dead:
                continue
            logger.error("Cluster %s has not been heard of for a while. Taking over its work.", cluster)
            recovery.end_sessions(cluster)
            if recovery.recover(cluster):
                presence.say_ended(cluster)
                self.note(Recovery.Kind.CLUSTER_TAKEN_OVER)

    def hangs(self, watch: Watch, now: float) -> bool:
        """Check once; whether the cluster must be killed."""
        try:
            verdict = watch.judge(look(self.queue), now)
            if verdict is Verdict.PROBE:
                self.send_probe(watch)
        except Error as error:
            logger.warning("Could not check queue %s: %s", self.queue, error)
            return False
        if verdict is Verdict.RESTART:
            logger.error(
                "The workers of queue %s hang: messages are waiting, and for %.0f seconds there has been no progress. "
                "Killing all of them and restarting.",
                self.queue,
                self.patience,
            )
            self.note(Recovery.Kind.CLUSTER_HUNG)
        return verdict is Verdict.RESTART

    def note(self, kind: Recovery.Kind) -> None:
        """Have what is found at the next look counted; the database may be what is wrong now."""
        self.found.append(kind)

    def send_probe(self, watch: Watch) -> None:
        """Put a probe on the queue."""
        # In one transaction: no worker can take the probe before it has been noted.
        with transaction.atomic():
            enqueue("acme_importer.cluster.supervisor.probe", queue=self.queue)
            watch.note_probe(look(self.queue))

    def stop(self, process: subprocess.Popen[bytes], heard: Reports) -> None:
        """Let the cluster finish its running tasks, as far as time allows."""
        logger.info("Stopping the workers of queue %s.", self.queue)
        # To the main process only: a SIGTERM kills Django-Q's other processes in the middle of their work.
        process.terminate()
        now = busy_at = time.monotonic()
        deadline = now + self.stop_within
        while process.poll() is None and now < deadline and now < busy_at + IDLE_STOP_SECONDS:
            time.sleep(TICK_SECONDS)
            heard.read()
            now = time.monotonic()
            if heard.busy:
                busy_at = now
        if heard.busy:
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
