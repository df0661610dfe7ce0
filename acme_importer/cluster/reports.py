"""What the processes of a cluster tell their supervisor through a pipe: born, ended, busy, idle. Knows no database.

So the supervisor knows at once which of them was killed, and whether that one was in the middle of a task. Killing any
other can hang the whole cluster: an idle worker dies with the lock on the queue that all of them read, the monitor with
that on the results. Nothing inside the cluster notices.
"""

from __future__ import annotations

import multiprocessing.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django_q.signals import post_execute_in_worker, pre_execute

BORN, ENDED, BUSY, IDLE, TICK = "born", "ended", "busy", "idle", "tick"
READ_BYTES = 65536


class Reporter:
    """The end of the pipe in the cluster's processes. A pipe that is full or broken never stops them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_blocking(descriptor, False)

    def tell(self, word: str, message: int = 0) -> None:
        """Write one line. Short lines do not mix with those of other processes."""
        with suppress(OSError):
            os.write(self.descriptor, f"{word} {os.getpid()} {message}\n".encode())

    def connect(self) -> None:
        """Report this process's ticks by hand, and by itself all processes that are forked from it from now on."""
        multiprocessing.util.register_after_fork(self, Reporter.begin)
        pre_execute.connect(self.begin_task, dispatch_uid=__name__, weak=False)
        post_execute_in_worker.connect(self.end_task, dispatch_uid=__name__, weak=False)

    def begin(self) -> None:
        """Report that this process has begun, and that it will have ended by itself. A killed one cannot say so."""
        self.tell(BORN)
        multiprocessing.util.Finalize(None, self.tell, args=(ENDED,), exitpriority=0)

    def begin_task(self, task: dict[str, Any], **_: Any) -> None:
        """Handle Django-Q's signal."""
        self.tell(BUSY, task["ack_id"])

    def end_task(self, **_: Any) -> None:
        """Handle Django-Q's signal."""
        self.tell(IDLE)


class Reports:
    """The supervisor's end of the pipe: which processes there are, and which are busy, each with which message."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.alive: set[int] = set()
        self.busy: dict[int, int] = {}
        # When anything was heard last; None before the first time, since a start may take long.
        self.heard_at: float | None = None
        self._rest = b""
        os.set_blocking(descriptor, False)

    def read(self) -> None:
        """Take in what has been reported since the last time."""
        with suppress(BlockingIOError):
            while text := os.read(self.descriptor, READ_BYTES):
                self.heard_at = time.monotonic()
                *lines, self._rest = (self._rest + text).split(b"\n")
                for line in lines:
                    word, *numbers = line.decode().split()
                    self._note(word, *map(int, numbers))

    def _note(self, word: str, pid: int, message: int = 0) -> None:
        if word in (BORN, BUSY):
            self.alive.add(pid)
        if word == BUSY:
            self.busy[pid] = message
        elif word in (IDLE, ENDED):
            self.busy.pop(pid, None)
        if word == ENDED:
            self.alive.discard(pid)

    def silence(self) -> float:
        """For how many seconds nothing has been heard of a cluster that was heard before."""
        return 0.0 if self.heard_at is None else time.monotonic() - self.heard_at

    def killed(self) -> Iterator[tuple[int, int | None]]:
        """The processes that have gone without a word since the last time, and the message each was busy with."""
        gone = [pid for pid in self.alive if not exists(pid)]
        # What they said last may still be in the pipe.
        self.read()
        for pid in gone:
            if pid in self.alive:
                yield pid, self.busy.get(pid)
                self._note(ENDED, pid)


def exists(pid: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def pipe() -> Iterator[tuple[Reports, int]]:
    """The reports of a cluster that is about to start, and the descriptor that it inherits, to be closed here then."""
    receiving, sending = os.pipe()
    try:
        yield Reports(receiving), sending
    finally:
        os.close(receiving)
