"""Faults of what the processes share: the database, and the queue of messages in it."""

from __future__ import annotations

import signal
import time
from functools import partial
from random import Random
from subprocess import DEVNULL

import psutil
import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from tests.faults.world import World, eventually, kill, workers_of

# Longer than SQLite's connections wait for a lock, which is a minute.
LONGEST_LOCK_SECONDS = 65
REPEAT_SECONDS = 8.0


def messages_deleted(world: World) -> float:
    OrmQ.objects.all().delete()
    deleted = time.monotonic()
    # The workers still have what they were given: without them, only the tables know what there is to do.
    kill(*workers_of(world.clusters[0], busy=True))
    return deleted


def messages_repeated(world: World) -> float:
    """For a while, each message is delivered twice or thrice."""
    began = time.monotonic()
    world.meanwhile(partial(_repeat, world.random, began + REPEAT_SECONDS))
    return began


def _repeat(random: Random, end: float) -> None:
    seen = set[int]()
    while time.monotonic() < end:
        for message in OrmQ.objects.exclude(pk__in=seen):
            seen.add(message.pk)
            for _ in range(random.choice((1, 2))):
                copy = OrmQ.objects.create(key=message.key, payload=message.payload, lock=timezone.now())
                seen.add(copy.pk)
        time.sleep(0.02)


def connections_terminated(_: World) -> float:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [connection.settings_dict["NAME"]],
        )
    return time.monotonic()


def postgres_stopped(_: World) -> float:
    """The server is stopped immediately, and started five seconds later."""
    server = Server()
    server.stop(signal.SIGQUIT)
    time.sleep(5)
    server.start()
    return time.monotonic()


def sqlite_locked(world: World) -> float:
    """Another program holds SQLite's lock, shorter or longer than a connection waits for it."""
    seconds = world.random.choice((world.random.uniform(2, 20), LONGEST_LOCK_SECONDS))
    with transaction.atomic():
        time.sleep(seconds)
    return time.monotonic()


class Server:
    """The PostgreSQL server of DATABASE_URL, as a process of this machine that can be stopped and started."""

    def __init__(self) -> None:
        with psycopg.connect(settings.DATABASE_URL) as server:
            postmaster = psutil.Process(server.info.backend_pid).parent()
        assert postmaster
        self.process = postmaster
        self.command, self.folder, self.environment = postmaster.cmdline(), postmaster.cwd(), postmaster.environ()
        self.user, self.group = postmaster.uids().real, postmaster.gids().real

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGQUIT immediately, SIGINT with its transactions rolled back."""
        connection.close()
        self.process.send_signal(how)
        psutil.wait_procs([self.process], timeout=30)

    def start(self, *more: str) -> None:
        """Start it as it was started, and with `more` arguments; returns when it responds."""
        self.process = psutil.Popen(
            [*self.command, *more],
            cwd=self.folder,
            env=self.environment,
            user=self.user,
            group=self.group,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
        )
        connection.close()
        eventually(OrmQ.objects.exists)
