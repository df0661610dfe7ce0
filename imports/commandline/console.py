"""How far an import is, for somebody at a terminal: a bar, or lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from typing import Protocol, Self

from django.template.defaultfilters import filesizeformat
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from acme_importer.texts import duration
from imports import progress
from imports.models import ImportJob

# How often a line is written where there is no terminal.
LINE_SECONDS = 5.0


class Display(Protocol):
    """Shows how far an import is; to be used in a `with` statement. Its methods may be called often."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def storing(self, stored: int, size: int) -> None:
        """Show that `stored` bytes of the file have been stored. `size` is 0 where nobody knows it."""

    def importing(self, job: ImportJob) -> None:
        """Show how far `job`, which comes from `with_progress`, is."""


def open_display(queued: str = "Waiting for a worker") -> Display:
    """The display for standard error: a bar if that is a terminal. `queued` says what a queued import waits for."""
    console = Console(stderr=True)
    return Bar(console, queued) if sys.stderr.isatty() and not console.is_dumb_terminal else Lines(queued)


class Bar:
    """A bar in the last line of a terminal, which disappears in the end."""

    def __init__(self, console: Console, queued: str) -> None:
        self._queued = queued
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[numbers]}"),
            console=console,
            refresh_per_second=5,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, numbers="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def storing(self, stored: int, size: int) -> None:
        """See Display."""
        self._bar.update(
            self._task, description="Storing", completed=stored, total=size or None, numbers=file_size(stored)
        )

    def importing(self, job: ImportJob) -> None:
        """See Display."""
        if job.status == ImportJob.Status.QUEUED:
            self._bar.update(self._task, description=self._queued, completed=0, total=None, numbers="")
            return
        self._bar.update(
            self._task, description="Importing", completed=progress.progress(job), total=1, numbers=numbers(job)
        )


class Lines:
    """A line every few seconds, for log files and for programs."""

    def __init__(self, queued: str) -> None:
        self._queued = queued
        self._next_line_at = time.monotonic() + LINE_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def storing(self, stored: int, size: int) -> None:
        """See Display."""
        self._write(f"Storing: {file_size(stored)}" + (f" of {file_size(size)}" if size else ""))

    def importing(self, job: ImportJob) -> None:
        """See Display."""
        if job.status == ImportJob.Status.QUEUED:
            self._write(self._queued)
            return
        self._write(f"Importing: {progress.progress(job):.0%}, {numbers(job)}")

    def _write(self, line: str) -> None:
        if time.monotonic() >= self._next_line_at:
            print(line, file=sys.stderr, flush=True)
            self._next_line_at = time.monotonic() + LINE_SECONDS


def numbers(job: ImportJob) -> str:
    """Its rows so far, their rate and the time left, for one line."""
    rate, left = progress.rows_per_second(job), progress.eta_seconds(job)
    parts = [f"{job.processed_rows:,} rows"]
    if rate is not None:
        parts.append(f"{rate:,.0f} rows/s")
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)


def file_size(size: int) -> str:
    """`size`, in bytes, for people."""
    return filesizeformat(size).replace("\xa0", " ")
