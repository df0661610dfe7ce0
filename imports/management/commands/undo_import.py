"""Command `undo_import`: takes back what an import wrote, or says what that would be."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from acme_importer.commands import ProductCommand
from acme_importer.texts import printable
from imports import jobs, waking
from imports.commandline.arguments import UsageError
from imports.commandline.session import FAILED_EXIT_CODE, as_it_stands, run_here
from imports.commandline.stopping import StopSignals
from imports.commandline.undo_receipt import receipt
from imports.models import ImportJob
from imports.undo import undoing
from imports.undo.selection import BadSelectionError, Selection
from products.history.records import KEPT


class Command(ProductCommand):
    help = (
        "Undoes an import: each field that still holds what the import wrote gets the value from before, and products "
        "that it created are deleted, if nobody has changed them since. Ctrl-C cancels; what is undone stays so, and "
        "the command can be given again. Exit code: 0 completed, 1 failed or cancelled, 2 it cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, metavar="N", help="The number of the import.")
        parser.add_argument("--preview", action="store_true", help="Only say what an undo would do.")
        parser.add_argument(
            "--field", action="append", default=[], choices=KEPT, help="Only this field; may be given several times."
        )
        parser.add_argument(
            "--sku", action="append", default=[], help="Only the product with this SKU; may be given several times."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        job = ImportJob.objects.filter(pk=options["number"]).first()
        if job is None:
            raise UsageError(f"There is no import {options['number']}.")
        with StopSignals() as stop, waking.no_messages():
            stop.held = True
            try:
                selection = Selection(tuple(options["sku"]), tuple(options["field"]))
                created = undoing.undo(job, selection=selection, preview=options["preview"])
            except (jobs.WrongStateError, BadSelectionError) as error:
                raise UsageError(error) from None
            run_here(created, stop, workers=1)
        done = as_it_stands(created)
        self.stdout.write(receipt(done))
        if done.status != ImportJob.Status.COMPLETED:
            if done.failure_reason:
                self.stderr.write(printable(done.failure_reason))
            sys.exit(FAILED_EXIT_CODE)
