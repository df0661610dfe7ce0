"""Command `generate_products`: a realistic product file of any size, to try the importer with."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from acme_importer.commands import ProductCommand
from imports.commandline.generator import Recipe
from imports.commandline.product_file import write_file


class Command(ProductCommand):
    help = "Writes a product file. The same options give the same file, on every machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=1000, help="Number of rows (default: %(default)s).")
        parser.add_argument("--seed", type=int, default=1, help="A different seed gives different products.")
        parser.add_argument(
            "--duplicates",
            type=share,
            default=0.0,
            metavar="SHARE",
            help="Share of rows, from 0 to 1, that repeat the SKU of an earlier row.",
        )
        parser.add_argument(
            "--bad", type=share, default=0.0, metavar="SHARE", help="Share of rows, from 0 to 1, with a fault."
        )
        parser.add_argument(
            "--changed",
            type=share,
            default=0.0,
            metavar="SHARE",
            help="With --of-seed: share of products, from 0 to 1, that have different values.",
        )
        parser.add_argument(
            "--of-seed",
            type=int,
            metavar="SEED",
            help="Write the products of the file with this seed, some of them changed (--changed).",
        )
        parser.add_argument(
            "--output", default="-", metavar="FILE", help="Compressed if it ends in .gz. Default: standard output."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["changed"] and options["of_seed"] is None:
            raise CommandError("--changed needs --of-seed: the seed of the file whose products change.")
        if options["duplicates"] + options["bad"] > 1:
            raise CommandError("--duplicates and --bad add up to more than 1.")
        fields = ("rows", "seed", "duplicates", "bad", "changed", "of_seed")
        write_file(Recipe(**{field: options[field] for field in fields}), options["output"])


def share(text: str) -> float:
    """The share that `text` gives, from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text} is not a share: it must be between 0 and 1.")
    return value
