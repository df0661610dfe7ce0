"""A real `qcluster` on the test database, as other processes, for tests that need one."""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.db import connection

from tests.settings import FOLDER

# Of the clusters of this test process, several of which may be at work at a time.
NUMBERS = itertools.count(1)


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Return as soon as `condition` holds; fail when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"This did not come true within {seconds} seconds."
        time.sleep(0.05)


def product_environment(**variables: str) -> dict[str, str]:
    """The environment in which a process of the product works on the test database of this test process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "acme_importer.settings", "DATABASE_URL": url, **variables}


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process as an operator would, and after ten seconds with force."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class WorkerCluster:
    """One `qcluster` with its processes. Start and stop it as often as needed."""

    def __init__(self, *command: str, **variables: str) -> None:
        self.command = command or ("qcluster",)
        self.variables = variables
        # What the command begins with, to run it elsewhere.
        self.prefix: list[str] = []
        self.log_file = FOLDER / f"cluster-{next(NUMBERS)}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until all its processes are there."""
        starts = self.log().count("] running.")
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "manage.py", *self.command],
                cwd=settings.BASE_DIR,
                # Django-Q tells the numbers of its processes at DEBUG only.
                env=product_environment(LOG_LEVEL="DEBUG", **self.variables),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: self.log().count("] running.") > starts and len(self.worker_pids()) >= settings.WORKERS)

    def stop(self) -> None:
        """Stop it as an operator would, and after ten seconds with force."""
        if self.process is None:
            return
        family = self.family()
        end(self.process)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process = None

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """Its first process."""
        assert self.process, "It has not been started."
        return self.process

    def family(self) -> list[psutil.Process]:
        """Every process below the one started here."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True) if self.process else []
        except psutil.NoSuchProcess:
            return []

    def worker_pids(self) -> list[int]:
        """The processes that run tasks, oldest first."""
        pids = [int(pid) for pid in re.findall(r"ready for work at (\d+)", self.log())]
        return [pid for pid in pids if is_running(pid)]

    def busy_worker_pid(self) -> int:
        """The worker that took the last task."""
        wait_until(lambda: " processing " in self.log())
        name = re.findall(r"(\S+) processing ", self.log())[-1]
        return int(re.findall(rf"{name} ready for work at (\d+)", self.log())[-1])

    def kill_worker(self, pid: int) -> None:
        """Kill one worker process, as the kernel does when memory runs out."""
        os.kill(pid, signal.SIGKILL)

    def log(self) -> str:
        """All that its processes have written so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""


def is_running(pid: int) -> bool:
    """Whether there is a live process of this number; a zombie is none."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
