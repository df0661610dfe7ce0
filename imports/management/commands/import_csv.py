"""Command `import_csv`: a CSV file into the catalogue, watched from a terminal or run by a script."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from acme_importer.commands import ProductCommand
from imports.commandline.session import Session


class Command(ProductCommand):
    help = (
        "Imports a CSV file and prints what became of its rows. Ctrl-C cancels, --resume resumes. "
        "Exit code: 0 completed, 1 failed or cancelled, 2 nothing to import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="The file, or - for standard input.")
        parser.add_argument(
            "--resume", type=int, metavar="JOB", help="Resume import number JOB, which was stopped or has failed."
        )
        parser.add_argument("--dry-run", action="store_true", help="Do everything except write products.")
        parser.add_argument(
            "--mapping",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help='Which column is which field; repeat it, or give JSON: \'{"name": "Title"}\'.',
        )
        parser.add_argument(
            "--delimiter", default="", metavar="CHARACTER", help="Or comma, semicolon, tab, pipe. Default: detect it."
        )
        parser.add_argument("--encoding", default="", help="Such as utf-8 or cp1252. Default: detect it.")
        parser.add_argument("--sheet", default="", metavar="NAME", help="Of a workbook. Default: the first sheet.")
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
