"""Command `import_csv`: a CSV file into the catalogue, watched from a terminal or run by a script.

What its exit codes and signals mean is told in docs/how-imports-work.md.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.management.base import CommandError, CommandParser
from django.db import connection
from rest_framework.utils.encoders import JSONEncoder

from acme_importer.commands import ProductCommand
from imports import jobs, rejected
from imports.api.serializers import JobSerializer
from imports.commandline import foreground
from imports.commandline.console import Display, file_size, open_display
from imports.commandline.receipt import receipt
from imports.commandline.stopping import StopSignals
from imports.files import storage
from imports.models import ImportJob
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITERS_BY_NAME
from imports.reading.texts import printable

FAILED, USAGE = 1, 2
BLOCK_BYTES = 256 * 1024
# How often an import that other processes do is looked at.
LOOK_SECONDS = 0.5


class UsageError(CommandError):
    """There is nothing that could be imported; the text says why."""

    def __init__(self, message: object) -> None:
        super().__init__(message, returncode=USAGE)


class Command(ProductCommand):
    help = (
        "Imports a CSV file and prints what became of its rows. Ctrl-C cancels, --resume goes on. "
        "Exit code: 0 complete, 1 failed or cancelled, 2 nothing to import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="The file, or - for standard input.")
        parser.add_argument(
            "--resume", type=int, metavar="JOB", help="Go on with import number JOB, which was stopped or has failed."
        )
        parser.add_argument("--dry-run", action="store_true", help="Do everything but write products.")
        parser.add_argument(
            "--mapping",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help='Which column is which field; repeat it, or give JSON: \'{"name": "Title"}\'.',
        )
        parser.add_argument(
            "--delimiter", default="", metavar="CHARACTER", help="Or comma, semicolon, tab, pipe. Found out by default."
        )
        parser.add_argument("--encoding", default="", help="Such as utf-8 or cp1252. Found out by default.")
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            metavar="N",
            help="Use N processes (default: %(default)s). A gain on PostgreSQL, for files of many megabytes.",
        )
        parser.add_argument("--queue", action="store_true", help="Let the workers do it, and watch.")
        parser.add_argument(
            "--rejected", metavar="CSV", help="Write the rejected rows, with the reasons, to this file."
        )
        parser.add_argument("--json", action="store_true", help="Print the finished job as the API shows it.")

    def handle(self, *_: Any, **options: Any) -> None:
        check_usage(options)
        with StopSignals() as stop:
            job = self._job(options, stop)
            if options["queue"]:
                self._watch(job, stop)
            else:
                run(job, stop, options["workers"])
        self._report(as_it_stands(job), options)

    def _job(self, options: dict[str, Any], stop: StopSignals) -> ImportJob:
        """The import to be done, new or resumed; from here on signals are held."""
        try:
            if options["resume"] is not None:
                stop.held = True
                return self._resumed(options["resume"], queue=options["queue"])
            asked = jobs.Options(
                mapping=read_mapping(options["mapping"]),
                delimiter=DELIMITERS_BY_NAME.get(options["delimiter"], options["delimiter"]),
                encoding=options["encoding"],
                dry_run=options["dry_run"],
            )
            with open_display() as display:
                file = receive(options["file"], display)
            stop.held = True
            job = jobs.create(file, asked, queue=options["queue"])
        except (FileRefusedError, RequestDataTooBig, jobs.WrongStateError) as error:
            raise UsageError(error) from None
        except KeyboardInterrupt:
            self._tell("Stopped before the file was read; nothing has been imported.")
            sys.exit(FAILED)
        self._tell(f"Import {job.pk}: {job.filename}, {file_size(job.file_size)}")
        return job

    def _resumed(self, number: int, *, queue: bool) -> ImportJob:
        job = ImportJob.objects.filter(pk=number).first()
        if job is None:
            raise UsageError(f"There is no import {number}.")
        if job.status in (ImportJob.Status.QUEUED, ImportJob.Status.RUNNING):
            # Its process may have been killed. Should it live, claims see to it that the two share the work.
            self._tell(f"Import {job.pk} is {job.status}; joining in.")
            return job
        jobs.retry(job, queue=queue)
        self._tell(f"Import {job.pk} goes on: {job.filename}")
        return job

    def _watch(self, job: ImportJob, stop: StopSignals) -> None:
        """Show how far the workers are until the import is over."""
        self._tell("The workers do it (manage.py run_workers starts them). Ctrl-C only stops the watching.")
        stop.held = False
        try:
            stop.check()
            with open_display() as display:
                while not (now := as_it_stands(job)).is_over:
                    display.importing(now)
                    time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            self._tell(
                f"Import {job.pk} goes on without being watched. "
                f"To cancel it: in the dashboard, or POST /api/jobs/{job.pk}/cancel"
            )
            sys.exit(FAILED)

    def _report(self, job: ImportJob, options: dict[str, Any]) -> None:
        """Print what became of the import, and leave with its exit code."""
        if options["json"]:
            self.stdout.write(json.dumps(JobSerializer(job).data, indent=2, cls=JSONEncoder))
        else:
            self.stdout.write(receipt(job))
        self.stdout.flush()
        if options["rejected"]:
            write_rejected(job, Path(options["rejected"]))
            self._tell(f"{job.rejected_rows:,} rejected rows are in {options['rejected']}")
        elif job.rejected_rows:
            where = f"the dashboard, /api/jobs/{job.pk}/rejected.csv, or --rejected FILE the next time"
            self._tell(f"All rejected rows, as a CSV file to mend: {where}")
        if job.status == ImportJob.Status.COMPLETED:
            return
        if job.failure_reason:
            self.stderr.write(printable(job.failure_reason))
        # A file that could not even be opened will not be the second time.
        if job.header or job.status == ImportJob.Status.CANCELLED:
            self._tell(f"To go on where it stopped: python manage.py import_csv --resume {job.pk}")
        sys.exit(FAILED)

    def _tell(self, text: str) -> None:
        """Write `text` to standard error, though it is no error."""
        self.stderr.write(printable(text), str)


def check_usage(options: dict[str, Any]) -> None:
    """Raise UsageError where options contradict each other, or name a file that cannot be written."""
    if (options["file"] is None) == (options["resume"] is None):
        raise UsageError("Name a file, or - for standard input, or --resume with the number of an import.")
    if options["workers"] < 1:
        raise UsageError("--workers: must be 1 or more.")
    if options["workers"] > 1 and options["queue"]:
        raise UsageError(
            "--workers is for an import without --queue; the workers of the queue are as many as WORKERS says."
        )
    if options["resume"] is not None and any(options[name] for name in ("mapping", "delimiter", "encoding", "dry_run")):
        raise UsageError("--resume goes on with the options that the import was begun with; it takes no others.")
    if options["rejected"]:
        target = Path(options["rejected"])
        try:
            if options["file"] and target.exists() and target.samefile(options["file"]):
                raise UsageError("--rejected names the very file that is to be imported.")
            # Said now, not after an hour's import.
            target.open("ab").close()
        except OSError as error:
            raise UsageError(f"{error.filename}: {error.strerror}") from None


def read_mapping(texts: list[str]) -> dict[str, str]:
    """The mapping that the arguments of --mapping give together; raises UsageError where one is neither form."""
    mapping: dict[str, str] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            try:
                mapping |= json.loads(text)
            except ValueError as error:
                raise UsageError(f"--mapping: this is not JSON: {error}.") from None
        else:
            field, equals, column = text.partition("=")
            if not equals:
                raise UsageError(f"--mapping: '{text}' is not FIELD=COLUMN, such as name='Product title'.")
            mapping[field.strip()] = column.strip()
    return mapping


def receive(name: str, display: Display) -> UploadedFile:
    """The file `name`, or standard input for `-`, taken into the upload folder as an upload is."""
    try:
        if name == "-":
            return storage.receive(blocks(sys.stdin.buffer, 0, display), "standard-input.csv")
        with Path(name).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > settings.UPLOAD_MAX_BYTES:
                raise storage.too_large()
            return storage.receive(blocks(stream, size, display), name)
    except OSError as error:
        raise UsageError(f"{error.filename or name}: {error.strerror}") from None


def blocks(stream: BinaryIO, size: int, display: Display) -> Iterator[bytes]:
    """The bytes of `stream`, shown as they pass; `size` is how many there will be, 0 if that is unknown."""
    stored = 0
    while block := stream.read(BLOCK_BYTES):
        stored += len(block)
        display.storing(stored, size)
        yield block


def run(job: ImportJob, stop: StopSignals, workers: int) -> None:
    """Do the import without the queue, until it is over or a signal cancels it."""
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


def as_it_stands(job: ImportJob) -> ImportJob:
    """The job as it is now, with what its lanes have counted."""
    return ImportJob.objects.with_progress().get(pk=job.pk)


def write_rejected(job: ImportJob, path: Path) -> None:
    """Write the rejected rows of `job` to the file `path`, as the API gives them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(rejected.csv_blocks(job))
