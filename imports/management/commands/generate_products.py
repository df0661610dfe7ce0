"""Command `generate_products`: a realistic product file of any size, to try the importer with."""

from __future__ import annotations

import gzip
import io
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.core.management.base import CommandError, CommandParser

from acme_importer.commands import ProductCommand
from imports.commandline.generator import Recipe, write_products


class Command(ProductCommand):
    help = "Writes a product file. The same options give the same file, on every machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=1000, help="How many rows (default: %(default)s).")
        parser.add_argument("--seed", type=int, default=1, help="Another seed gives other products.")
        parser.add_argument(
            "--duplicates",
            type=share,
            default=0.0,
            metavar="SHARE",
            help="Share of rows with the SKU of an earlier row.",
        )
        parser.add_argument("--bad", type=share, default=0.0, metavar="SHARE", help="Share of rows with a fault.")
        parser.add_argument("--changed", type=share, default=0.0, metavar="SHARE", help="Used with --of-seed.")
        parser.add_argument(
            "--of-seed",
            type=int,
            metavar="SEED",
            help="The products of the file with this seed, of which the share --changed has got other values.",
        )
        parser.add_argument(
            "--output", default="-", metavar="FILE", help="Compressed if it ends in .gz; standard output by default."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["changed"] and options["of_seed"] is None:
            raise CommandError("--changed needs --of-seed: the seed of the file whose products change.")
        if options["duplicates"] + options["bad"] > 1:
            raise CommandError("--duplicates and --bad are more than 1 together.")
        fields = ("rows", "seed", "duplicates", "bad", "changed", "of_seed")
        recipe = Recipe(**{field: options[field] for field in fields})
        try:
            with output(options["output"]) as stream:
                write_products(recipe, stream)
        except BrokenPipeError:
            # The reader has seen enough, as `head` does. Nothing may be flushed to it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from None


def share(text: str) -> float:
    """The share that `text` gives, from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text} is no share: it must be between 0 and 1.")
    return value


@contextmanager
def output(name: str) -> Iterator[TextIO]:
    """The stream to write the file `name` to; `-` is standard output."""
    if name == "-":
        with as_text(os.fdopen(os.dup(sys.stdout.fileno()), "wb")) as stream:
            yield stream
        return
    with Path(name).open("wb") as file:
        # Neither name nor time in the file: the same options give the same bytes.
        binary = gzip.GzipFile("", "wb", 6, file, mtime=0) if name.endswith(".gz") else file
        with as_text(binary) as stream:
            yield stream


def as_text(binary: BinaryIO | gzip.GzipFile) -> TextIO:
    """A text stream into `binary`, which it closes."""
    return io.TextIOWrapper(binary, encoding="utf-8", newline="")
