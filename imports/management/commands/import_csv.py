"""Command `import_csv`: a CSV file into the catalogue, watched from a terminal or run by a script."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from acme_importer.commands import ProductCommand
from imports.commandline.arguments import add_options
from imports.commandline.session import Session


class Command(ProductCommand):
    help = (
        "Imports a CSV file and prints what became of its rows. Ctrl-C cancels, --resume resumes. "
        "Exit code: 0 completed, 1 failed or cancelled, 2 nothing to import, 3 held for approval."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="The file, or - for standard input.")
        parser.add_argument(
            "--resume", type=int, metavar="JOB", help="Resume import number JOB, which was stopped or has failed."
        )
        parser.add_argument(
            "--check",
            "--dry-run",
            action="store_true",
            dest="dry_run",
            help="Only find out what the file would do, and write no products.",
        )
        parser.add_argument(
            "--apply", type=int, metavar="JOB", help="Import what check number JOB has shown, and nothing else."
        )
        add_options(parser)
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            metavar="N",
            help="Use N processes (default: %(default)s). Faster on PostgreSQL, for files of many megabytes.",
        )
        parser.add_argument("--queue", action="store_true", help="Let the workers import it, and watch.")
        parser.add_argument(
            "--rejected", metavar="FILE", help="Write the rejected rows, with the reasons, to this .csv or .xlsx file."
        )
        parser.add_argument("--json", action="store_true", help="Print the finished job as the API shows it.")

    def handle(self, *_: Any, **options: Any) -> None:
        Session(options, self.stdout, self.stderr).run()
