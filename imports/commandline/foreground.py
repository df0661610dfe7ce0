"""An import without the queue, for the command line: the same steps as the workers take, in this process or several."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing import get_context

import django
from django.db import DatabaseError

from imports import jobs, tasks, waking
from imports.models import ImportJob, ImportLane
from imports.pipeline import ChunkFailedError, LaneTakenError
from imports.reading.errors import FileRefusedError

logger = logging.getLogger(__name__)

CLAIMED_ELSEWHERE_SECONDS = 0.2
LOOK_SECONDS = 0.3


def run(job: ImportJob, on_progress: Callable[[], None], *, workers: int = 1) -> None:
    """Import the file of `job`, which was created or retried with `no_messages`, calling `on_progress` now and then.

    With several `workers`, that many processes take a lane each. One process gains nothing from more lanes, since each
    reads the whole file. Whether it went well is in the job afterwards. Should this process die, the workers of the
    queue take the job up. A KeyboardInterrupt out of `on_progress` cancels the job.
    """
    with waking.no_messages():
        tasks.open_job(job.pk, lanes=workers)
    if workers > 1:
        _run_in_processes(job, on_progress, workers)
    while unfinished := _unfinished_lanes(job.pk):
        on_progress()
        if not _work(unfinished, on_progress):
            # Another process holds the lanes, or has died with them: its claim has to run out.
            time.sleep(CLAIMED_ELSEWHERE_SECONDS)


def _run_in_processes(job: ImportJob, on_progress: Callable[[], None], workers: int) -> None:
    """Let processes take the lanes until each of them finds no lane that is free."""
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=django.setup) as pool:
        processes = [pool.submit(work, job.pk) for _ in range(workers)]
        try:
            while wait(processes, timeout=LOOK_SECONDS).not_done:
                on_progress()
        except KeyboardInterrupt:
            # The pool waits for its processes, and these stop at a chunk of a job that is over.
            with suppress(jobs.WrongStateError):
                jobs.cancel(job)
            raise
        for process in processes:
            process.result()


def work(job_id: int) -> None:
    """What a process of its own does: take lanes to their end as long as there are free ones."""
    # Ctrl-C goes to all processes of the terminal; the first one sees to it that the others stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while _work(_unfinished_lanes(job_id), lambda: None):
        pass


def _work(lanes: list[ImportLane], on_progress: Callable[[], None]) -> bool:
    """Take those of `lanes` to their end that are free; returns whether there were any."""
    return bool(sum(_finish(lane, on_progress) for lane in lanes))


def _unfinished_lanes(job_id: int) -> list[ImportLane]:
    lanes = ImportLane.objects.select_related("job").filter(job=job_id, finished=False)
    return list(lanes.filter(job__status=ImportJob.Status.RUNNING))


def _finish(lane: ImportLane, on_progress: Callable[[], None]) -> bool:
    """Take the lane to its end; returns whether it was free to be taken."""
    if not lane.claim():
        return False
    if not tasks.check_attempts(lane):
        return True
    try:
        tasks.run_slice(lane, math.inf, after_chunk=on_progress)
    except LaneTakenError:
        pass
    except (DatabaseError, ChunkFailedError, FileRefusedError) as error:
        # A deadlock, a lost connection, a row: as in a worker, it is tried again until the attempts are used up.
        logger.warning("Import %s: %s", lane.job_id, error.__cause__ or error)
        with waking.no_messages():
            tasks.let_go(lane, error)
    return True
