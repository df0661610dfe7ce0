"""What a fault happens to: supervised worker clusters, the database, a receiver of webhooks; and watching them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import psutil
from django.db import DatabaseError, InterfaceError, connection

from imports.models import ImportJob, ImportLane
from tests.cluster import WorkerCluster, is_running
from tests.faults.expected import Expected
from tests.faults.receiver import Receiver

Value = TypeVar("Value")

# As long as a process manager takes to start a process again that has ended.
MANAGER_SECONDS = 1.0
# A worker that computes this much within the moment that it is watched is busy.
MOMENT = 0.25
BUSY_SECONDS = 0.02


@dataclass(frozen=True)
class Host:
    """Another machine: what a command begins with to run there, its cable, and the environment there."""

    prefix: list[str]
    cable: str
    variables: dict[str, str]


class World:
    """Supervised clusters on the database of this process. `random` decides what a fault hits, and when.

    Files have `rows`, or a part of that each where there are several.
    """

    def __init__(self, random: Random, rows: int, receiver: Receiver, **variables: str) -> None:
        self.random = random
        self.rows = rows
        self.receiver = receiver
        self.expected = Expected()
        self.variables = {"IMPORT_CHUNK_ROWS": "100", "WORKERS": "2", **variables}
        self.clusters: list[WorkerCluster] = []
        # The machines that the clusters are started on, in this order; without any, all are on this one.
        self.hosts: list[Host] = []
        # What the poison rows of a file are rejected with.
        self.poison_code = ""
        # What is to be done at the end.
        self.ending = ExitStack()
        self._others = ThreadPoolExecutor(thread_name_prefix="meanwhile")
        self._others_ends: list[Future[None]] = []

    def start(self, *arguments: str, **variables: str) -> WorkerCluster:
        """Start one more supervisor with its cluster, on the next machine if there are several."""
        cluster = WorkerCluster("run_workers", *arguments, **{**self.variables, **variables})
        if self.hosts:
            host = self.hosts[len(self.clusters)]
            cluster.prefix = host.prefix
            cluster.variables |= host.variables
        self.clusters.append(cluster)
        cluster.start()
        return cluster

    def meanwhile(self, do: Callable[[], None]) -> None:
        """Have something done while the work is watched; it ends by itself."""

        def do_and_disconnect() -> None:
            try:
                do()
            finally:
                connection.close()

        self._others_ends.append(self._others.submit(do_and_disconnect))

    def join(self) -> None:
        """Wait for what is done meanwhile; fails if it has failed."""
        for end in self._others_ends:
            end.result()

    def stop(self) -> None:
        """End every process."""
        self._others.shutdown()
        self.ending.close()
        for cluster in self.clusters:
            for process in cluster.family():
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)
            cluster.stop()

    def restart(self, cluster: WorkerCluster, **variables: str) -> None:
        """Do what a process manager does when the supervisor has ended."""
        cluster.running.wait()
        time.sleep(MANAGER_SECONDS)
        cluster.variables.update(variables)
        cluster.start()


def supervisor_of(cluster: WorkerCluster) -> psutil.Process:
    """The process that a process manager runs."""
    return psutil.Process(cluster.running.pid)


def main_of(cluster: WorkerCluster) -> psutil.Process:
    """The first process of the cluster itself."""
    return supervisor_of(cluster).children()[0]


def sentinel_of(cluster: WorkerCluster) -> psutil.Process:
    """The process that starts the cluster's workers."""
    return main_of(cluster).children()[0]


def monitor_of(cluster: WorkerCluster) -> psutil.Process:
    """The process that acknowledges messages."""
    pid = int(cluster.log().rpartition(" monitoring at ")[2].split()[0])
    return psutil.Process(pid)


def workers_of(cluster: WorkerCluster, *, busy: bool) -> list[int]:
    """The workers that compute now, or those that do not."""
    pids = cluster.worker_pids()
    before = {pid: sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids}
    time.sleep(MOMENT)
    found = []
    for pid in filter(is_running, pids):
        used = sum(psutil.Process(pid).cpu_times()[:2]) - before[pid]
        if (used > BUSY_SECONDS) == busy:
            found.append(pid)
    return found


def kill(*pids: int) -> None:
    """Kill processes as the kernel does when memory runs out."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def eventually(read: Callable[[], Value]) -> Value:
    """What `read` returns as soon as the database responds."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return read()
        except (DatabaseError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def offsets() -> dict[int, int]:
    """Where the lanes are that still have work to do, of all jobs."""
    lanes = ImportLane.objects.filter(finished=False)
    return eventually(lambda: dict(lanes.values_list("pk", "offset")))


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until `condition` holds; returns the moment."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"After {seconds:.0f} seconds still not: {what}."
        time.sleep(0.05)
    return time.monotonic()


def are_over() -> bool:
    """Whether nothing more happens to any job."""
    unfinished = [ImportJob.Status.QUEUED, ImportJob.Status.RUNNING]
    return not eventually(ImportJob.objects.filter(status__in=unfinished).exists)


@contextmanager
def patience_of(world: World) -> Iterator[World]:
    """The world, and its end; what its clusters wrote is printed if something failed."""
    try:
        yield world
    except BaseException:
        for cluster in world.clusters:
            lines = [line for line in cluster.log().splitlines() if " DEBUG " not in line]
            print("\n".join(lines[-60:]))
        raise
    finally:
        world.stop()
