"""Faults of processes: killed, frozen, frozen for a while, stopped for a deploy."""

from __future__ import annotations

import time

import psutil

from acme_importer.cluster import presence
from acme_importer.cluster.queues import default_queue
from tests.cluster import WorkerCluster
from tests.faults.world import (
    World,
    kill,
    main_of,
    monitor_of,
    sentinel_of,
    supervisor_of,
    wait_for,
    workers_of,
)

# In which it has to be seen that workers do not run.
NOT_RUNNING_SECONDS = 30.0


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


def _kill_group(victim: WorkerCluster) -> float:
    family = victim.family()
    supervisor_of(victim).kill()
    for process in family:
        process.kill()
    return time.monotonic()


def whole_group(world: World) -> float:
    """Everything at once, as when a container is removed; it is started again."""
    killed = _kill_group(world.clusters[0])
    world.restart(world.clusters[0])
    return killed


def not_running(world: World) -> float:
    """Everything at once, and nobody starts it again until it is seen that it does not run."""
    _kill_group(world.clusters[0])
    wait_for(lambda: not presence.is_running(default_queue()), NOT_RUNNING_SECONDS, "seen not to run")
    world.restart(world.clusters[0])
    return time.monotonic()


def secret_key_changed(world: World) -> float:
    """Killed, and started with another key, which cannot read the messages on the queue."""
    victim = world.clusters[0]
    supervisor_of(victim).kill()
    killed = time.monotonic()
    world.restart(victim, SECRET_KEY=f"another-key-for-the-tests-{world.random.random()}")
    return killed


def deploys(world: World) -> float:
    """Two deploys one after the other: SIGTERM, the end, and the start of the new version."""
    victim = world.clusters[0]
    began = time.monotonic()
    for _ in range(2):
        supervisor_of(victim).terminate()
        world.restart(victim)
        time.sleep(world.random.uniform(0, 1))
    return began


def everything_of(cluster: WorkerCluster) -> list[psutil.Process]:
    """The processes of a cluster and its supervisor."""
    return [supervisor_of(cluster), *cluster.family()]


def frozen_host(world: World) -> float:
    """One of two hosts freezes, supervisor and all, while its workers are inside their transactions."""
    for process in everything_of(world.clusters[0]):
        process.suspend()
    return time.monotonic()


def frozen_cluster(world: World) -> float:
    """The cluster of one of two hosts freezes; its supervisor does not."""
    for process in world.clusters[0].family():
        process.suspend()
    return time.monotonic()


def paused(world: World) -> float:
    """SIGSTOP to everything, and SIGCONT after a while, as when a virtual machine is moved."""
    processes = everything_of(world.clusters[0])
    for process in processes:
        process.suspend()
    time.sleep(world.random.uniform(1, 10))
    for process in processes:
        process.resume()
    return time.monotonic()


def back_from_the_dead(world: World) -> float:
    """One of two hosts freezes for so long that the other takes over its work, and then wakes in mid-chunk."""
    processes = everything_of(world.clusters[0])
    for process in processes:
        process.suspend()
    frozen = time.monotonic()
    time.sleep(world.random.uniform(17, 25))
    for process in processes:
        process.resume()
    return frozen
