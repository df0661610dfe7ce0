"""The kinds of fault, each a function that does it to a world in mid-import. `KINDS` lists them with their goals."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import DEVNULL

import psutil
import psycopg
from django.conf import settings
from django.db import connection
from django_q.models import OrmQ

from tests.faults.world import (
    World,
    eventually,
    kill,
    main_of,
    monitor_of,
    sentinel_of,
    supervisor_of,
    workers_of,
)


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `do` returns the moment from which the way back to work is counted."""

    do: Callable[[World], float]
    # In how many seconds the work must continue.
    goal: float
    # What is at work: an import, webhooks, both; or nothing until the fault has happened.
    work: str = "import"
    clusters: int = 1
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    # Whether it concerns a whole database server, and so needs one of its own.
    alone: bool = False


def busy_worker(world: World) -> float:
    cluster = world.clusters[0]
    kill(world.random.choice(workers_of(cluster, busy=True) or cluster.worker_pids()))
    return time.monotonic()


def all_workers(world: World) -> float:
    kill(*world.clusters[0].worker_pids())
    return time.monotonic()


def idle_worker(world: World) -> float:
    cluster = world.clusters[0]
    kill(world.random.choice(workers_of(cluster, busy=False) or cluster.worker_pids()))
    return time.monotonic()


def monitor(world: World) -> float:
    monitor_of(world.clusters[0]).kill()
    return time.monotonic()


def sentinel(world: World) -> float:
    sentinel_of(world.clusters[0]).kill()
    return time.monotonic()


def cluster(world: World) -> float:
    main_of(world.clusters[0]).kill()
    return time.monotonic()


def supervisor(world: World) -> float:
    supervisor_of(world.clusters[0]).kill()
    killed = time.monotonic()
    world.restart(world.clusters[0])
    return killed


def whole_group(world: World) -> float:
    """Everything at once, as when a container is removed; it is started again."""
    victim = world.clusters[0]
    family = victim.family()
    supervisor_of(victim).kill()
    for process in family:
        process.kill()
    killed = time.monotonic()
    world.restart(victim)
    return killed


def messages_deleted(world: World) -> float:
    OrmQ.objects.all().delete()
    deleted = time.monotonic()
    # The workers still have what they were given: without them, only the tables know what there is to do.
    kill(*workers_of(world.clusters[0], busy=True))
    return deleted


def secret_key_changed(world: World) -> float:
    """Killed, and started with another key, which cannot read the messages on the queue."""
    victim = world.clusters[0]
    supervisor_of(victim).kill()
    killed = time.monotonic()
    world.restart(victim, SECRET_KEY=f"another-key-for-the-tests-{world.random.random()}")
    return killed


def connections_terminated(world: World) -> float:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [connection.settings_dict["NAME"]],
        )
    return time.monotonic()


def postgres_stopped(world: World) -> float:
    """The server is stopped immediately, and started five seconds later."""
    with psycopg.connect(settings.DATABASE_URL) as server:
        postmaster = psutil.Process(server.info.backend_pid).parent()
    assert postmaster
    command, folder, environment = postmaster.cmdline(), postmaster.cwd(), postmaster.environ()
    user, group = postmaster.uids().real, postmaster.gids().real
    postmaster.send_signal(signal.SIGQUIT)
    psutil.wait_procs([postmaster], timeout=10)
    time.sleep(5)
    psutil.Popen(
        command,
        cwd=folder,
        env=environment,
        user=user,
        group=group,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    connection.close()
    eventually(OrmQ.objects.exists)
    return time.monotonic()


def frozen_host(world: World) -> float:
    """One of two hosts freezes, supervisor and all, while its workers are inside their transactions."""
    victim = world.clusters[0]
    for process in [*victim.family(), supervisor_of(victim)]:
        process.suspend()
    return time.monotonic()


def frozen_cluster(world: World) -> float:
    """The cluster of one of two hosts freezes; its supervisor does not."""
    victim = world.clusters[0]
    for process in victim.family():
        process.suspend()
    return time.monotonic()


KINDS: dict[str, Kind] = {
    "busy worker killed": Kind(busy_worker, 10),
    "all workers killed": Kind(all_workers, 10),
    "sentinel killed": Kind(sentinel, 10),
    "cluster killed": Kind(cluster, 10),
    "supervisor killed": Kind(supervisor, 10),
    "whole group killed": Kind(whole_group, 10),
    "monitor killed": Kind(monitor, 20, work="idle"),
    "idle worker killed": Kind(idle_worker, 20, work="idle"),
    "connections terminated": Kind(connections_terminated, 10, databases=("postgresql",)),
    "PostgreSQL stopped for 5 s": Kind(postgres_stopped, 10, databases=("postgresql",), alone=True),
    "messages deleted": Kind(messages_deleted, 20),
    "SECRET_KEY changed": Kind(secret_key_changed, 20),
    "webhook workers killed": Kind(all_workers, 20, work="webhooks"),
    "webhook workers killed during imports": Kind(all_workers, 20, work="webhooks and imports"),
    "idle webhook worker killed during imports": Kind(idle_worker, 20, work="webhooks and imports"),
    "host frozen inside a transaction": Kind(frozen_host, 60, clusters=2, databases=("postgresql",)),
    "cluster frozen inside a transaction": Kind(frozen_cluster, 60, clusters=2, databases=("postgresql",)),
}
