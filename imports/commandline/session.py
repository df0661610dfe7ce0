"""What `import_csv` does, from its options to its exit code: take the file, import it or watch, report.

What its exit codes and signals mean is in docs/how-imports-work.md.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import starmap
from pathlib import Path
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.core.management.base import OutputWrapper
from django.db import connection

from acme_importer.texts import printable
from imports import applying, guarded, jobs, rejected, suppliers, waking
from imports.commandline import foreground, source
from imports.commandline.arguments import UsageError, check_usage, read_options
from imports.commandline.console import file_size, open_display
from imports.commandline.receipt import receipt
from imports.commandline.stopping import StopSignals
from imports.models import ImportJob
from imports.reading.errors import FileRefusedError
from imports.reading.questions import HEADER_QUESTION, mapping_argument
from imports.representation import represent

FAILED_EXIT_CODE = 1
HELD_EXIT_CODE = 3
# How often an import that other processes do is looked at.
LOOK_SECONDS = 0.5


class Session:
    """One run of the command, with its options by name; writes to the command's two streams."""

    def __init__(self, options: dict[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> None:
        self._options = options
        self._stdout = stdout
        self._stderr = stderr

    def run(self) -> None:
        """Do what the options say. Raises UsageError, or leaves with an exit code, unless the import is completed."""
        check_usage(self._options)
        in_queue = self._options["queue"]
        waking_context: AbstractContextManager[None] = nullcontext() if in_queue else waking.no_messages()
        with StopSignals() as stop, waking_context:
            job = self._job(stop)
            if in_queue:
                self._watch(job, stop)
            else:
                self._run(job, stop)
        self._report(as_it_stands(job))

    def _run(self, job: ImportJob, stop: StopSignals) -> None:
        """Import here; where the file is under guard, once its check is done here, unless that holds it."""
        workers = self._options["workers"]
        if job.awaits_check and job.applies is not None:
            self._tell(f"The file is under guard: check {job.applies_id} goes first.")
            run_here(job.applies, stop, workers)
            job = as_it_stands(job)
        if not rests(job):
            run_here(job, stop, workers)

    def _job(self, stop: StopSignals) -> ImportJob:
        """The import to be done, new or resumed; from here on signals are held."""
        options = self._options
        try:
            if options["resume"] is not None:
                stop.held = True
                return self._resumed(options["resume"])
            if options["apply"] is not None:
                stop.held = True
                return self._applied(options["apply"])
            asked = read_options(options)
            supplier = suppliers.find(options["supplier"]) if options["supplier"] else None
            with open_display() as display:
                file = source.take(options["file"], display)
            stop.held = True
            job = jobs.create(file, asked, supplier=supplier)
        except (FileRefusedError, RequestDataTooBig, jobs.WrongStateError, suppliers.SupplierError) as error:
            raise UsageError(error) from None
        except KeyboardInterrupt:
            self._tell("Stopped before the file was read; nothing has been imported.")
            sys.exit(FAILED_EXIT_CODE)
        self._tell(f"Import {job.pk}: {job.filename}, {file_size(job.file_size)}")
        return job

    def _resumed(self, number: int) -> ImportJob:
        job = ImportJob.objects.filter(pk=number).first()
        if job is None:
            raise UsageError(f"There is no import {number}.")
        if job.status == ImportJob.Status.HELD:
            return job
        if not job.is_over:
            # Its process may have been killed. Should it live, claims see to it that the two share the work.
            self._tell(f"Import {job.pk} is {job.status}; joining in.")
            return job
        jobs.retry(job)
        self._tell(f"Import {job.pk} resumes: {job.filename}")
        return as_it_stands(job)

    def _applied(self, number: int) -> ImportJob:
        check = ImportJob.objects.filter(pk=number).first()
        if check is None:
            raise UsageError(f"There is no check {number}.")
        job = applying.apply(check)
        self._tell(f"Import {job.pk} of what check {check.pk} has shown: {job.filename}")
        return job

    def _watch(self, job: ImportJob, stop: StopSignals) -> None:
        """Show how far the workers are until the import is over."""
        self._tell("The workers import it (manage.py run_workers starts them). Ctrl-C only stops watching.")
        stop.held = False
        try:
            stop.check()
            with open_display() as display:
                while not rests(now := as_it_stands(job)):
                    display.importing(now)
                    time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            self._tell(
                f"Import {job.pk} continues in the background. "
                f"To cancel it: in the dashboard, or POST /api/jobs/{job.pk}/cancel"
            )
            sys.exit(FAILED_EXIT_CODE)

    def _report(self, job: ImportJob) -> None:
        """Print what became of the import, and leave with its exit code."""
        if self._options["json"]:
            self._stdout.write(json.dumps(represent(job), indent=2))
        else:
            self._stdout.write(receipt(job))
        self._stdout.flush()
        if job.status == ImportJob.Status.HELD:
            self._say_held(job)
        self._tell_of_rows(job)
        if job.status == ImportJob.Status.COMPLETED:
            self._say_what_follows(job)
            return
        if job.failure_reason:
            self._stderr.write(printable(job.failure_reason))
        if job.question.get("mapping"):
            answer = " ".join(starmap(mapping_argument, job.question["mapping"].items()))
            self._tell(f"To answer it as proposed, add: {answer}")
        elif job.question.get("sentence") == HEADER_QUESTION.sentence:
            self._tell("To answer it, add: --no-header, or --header-line with the number of the line")
        # A file that could not even be opened will not be the second time.
        if job.lane_count or job.status == ImportJob.Status.CANCELLED:
            self._tell(f"To resume it: python manage.py import_csv --resume {job.pk}")
        sys.exit(FAILED_EXIT_CODE)

    def _tell_of_rows(self, job: ImportJob) -> None:
        if self._options["rejected"]:
            self._write_rejected(job, Path(self._options["rejected"]))
        elif job.rejected_rows:
            where = f"the dashboard, /api/jobs/{job.pk}/rejected.csv, or --rejected FILE next time"
            self._tell(f"All rejected rows, as a file to fix: {where}")
        if job.processed_rows:
            self._tell(f"What became of every row: the dashboard, or /api/jobs/{job.pk}/results.csv")

    def _say_what_follows(self, job: ImportJob) -> None:
        if job.dry_run:
            self._tell(f"What it would change: the dashboard, or /api/jobs/{job.pk}/changes.csv")
            self._tell(f"To import that and nothing else: python manage.py import_csv --apply {job.pk}")
            for trip in guarded.trips(job):
                self._tell(f"It would be held for approval: {trip.sentence}")
        if job.held_rows:
            self._tell(f"The rows that were held, and why: the dashboard, or /api/jobs/{job.pk}/held")

    def _say_held(self, job: ImportJob) -> NoReturn:
        """Say why the import is held, and how it goes on; leave with the exit code of that."""
        self._tell("Nothing has been written. The import is held for approval:")
        for trip in job.trips:
            self._tell(f"  {trip['sentence']}")
        self._tell(f"What it would change: the dashboard, or /api/jobs/{job.applies_id}/changes.csv")
        self._tell(
            f"To approve or to reject it, with a reason: the dashboard, or POST /api/jobs/{job.pk}/approve, or /reject"
        )
        sys.exit(HELD_EXIT_CODE)

    def _write_rejected(self, job: ImportJob, path: Path) -> None:
        try:
            write_rejected(job, path)
        except FileRefusedError as error:
            self._tell(str(error))
            return
        rows = "1 rejected row is" if job.rejected_rows == 1 else f"{job.rejected_rows:,} rejected rows are"
        self._tell(f"{rows} in {path}")

    def _tell(self, text: str) -> None:
        """Write `text` to standard error, though it is no error."""
        self._stderr.write(printable(text), str)


def run_here(job: ImportJob, stop: StopSignals, workers: int) -> None:
    """Import without the queue, until the import is over or a signal cancels it."""
    try:
        with open_display("Opening the file") as display:

            def show() -> None:
                stop.check()
                display.importing(as_it_stands(job))

            show()
            foreground.run(job, show, workers=workers)
            while not as_it_stands(job).is_over:
                # Another process is opening the file, or has died with that: its claim has to run out.
                show()
                time.sleep(LOOK_SECONDS)
                foreground.run(job, show, workers=workers)
    except KeyboardInterrupt:
        # The second signal may have come in the middle of anything.
        connection.close()
        with suppress(jobs.WrongStateError):
            jobs.cancel(job)


def rests(job: ImportJob) -> bool:
    """Whether nothing happens to the job unless somebody does something: it is over, or held."""
    return job.is_over or job.status == ImportJob.Status.HELD


def as_it_stands(job: ImportJob) -> ImportJob:
    """The job as it is now, with what its lanes have counted."""
    return ImportJob.objects.with_progress().get(pk=job.pk)


def write_rejected(job: ImportJob, path: Path) -> None:
    """Write the rejected rows of `job` to the file `path`, as the API gives them: as a workbook if it ends so."""
    if path.suffix.lower() == ".xlsx":
        with rejected.workbook(job) as workbook, path.open("wb") as copy:
            shutil.copyfileobj(workbook, copy)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(rejected.csv_blocks(job))
