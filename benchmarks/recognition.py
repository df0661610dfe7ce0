"""How long it takes to recognize how a file is to be read: `python -m benchmarks.recognition`.

Encoding, delimiter, header, known format and number style, from the first 8 MB of files of 500,000 rows, and then the
whole preview; and the opening of a workbook of 500,000 rows and five columns, in a process of its own, with its memory.
Times are processor times, which depend least on what else the machine does. No database is needed.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import django

FOLDER = os.environ.get("UPLOAD_FOLDER") or tempfile.mkdtemp(prefix="acme-benchmark-")
os.environ.update(
    DJANGO_SETTINGS_MODULE="acme_importer.settings",
    ENV_FILE=os.devnull,
    SECRET_KEY="only-for-measuring",
    DATABASE_URL=f"sqlite:///{FOLDER}/catalogue.sqlite3",
    UPLOAD_FOLDER=FOLDER,
)
django.setup()

import xlsxwriter  # noqa: E402 - after the set-up
from django.core.management import call_command  # noqa: E402

from benchmarks.contenders import high_water_mb  # noqa: E402
from benchmarks.texts import LANGUAGES  # noqa: E402
from imports.models import ImportJob  # noqa: E402
from imports.opening import table  # noqa: E402
from imports.opening.beginning import open_beginning, read_excerpt  # noqa: E402
from imports.opening.decisions import decide  # noqa: E402
from imports.opening.whole import open_file  # noqa: E402
from imports.preview import preview  # noqa: E402
from imports.reading.columns import choose  # noqa: E402

ROWS = 500_000
ROUNDS = 3
HEADER = ["sku", "name", "description", "price", "is_active"]
SHOPIFY = ["Handle", "Title", "Body (HTML)", "Vendor", "Published", "Option1 Name", "Option1 Value", "Variant SKU"]
SHOPIFY += ["Variant Price", "Image Src", "Status"]


def products(rows: int) -> Iterator[list[str]]:
    """Rows of the five fields, no two alike."""
    for number in range(rows):
        price = f"{number % 900}.{number % 100:02d}"
        text = f"The product that is number {number} of this file, with a description of some length."
        yield [f"SKU-{number:08d}", f"Product {number}", text, price, "true"]


def german(rows: int) -> Iterator[list[str]]:
    """Rows as a German spreadsheet program writes them."""
    names = LANGUAGES[0].lines(1000, 1)
    for number in range(rows):
        price = f"{number % 9000:,}".replace(",", ".") + f",{number % 100:02d} €"
        yield [f"{number:08d}", f"{names[number % 1000]} {number}", names[-number % 1000], price, "ja"]


def shopify(rows: int) -> Iterator[list[str]]:
    """Rows of an export: products of three variants each, and an image more."""
    for number in range(rows):
        variant, sku = number % 4, f"SKU-{number:08d}" if number % 4 < 3 else ""
        title = [f"Shirt {number}", f'<p>Washed, "soft"\nshirt {number}</p>', "Acme", "TRUE", "Size"]
        own = title if not variant else [""] * 5
        yield [f"shirt-{number // 4}", *own, "SML"[variant] if sku else "", sku, "19.90" if sku else "", "a.jpg", ""]


def write_csv(name: str, header: list[str], rows: Iterator[list[str]], delimiter: str, encoding: str) -> None:
    """Write a file to where uploads are."""
    with (Path(FOLDER) / name).open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def write_workbook(name: str, rows: int, *, shared: bool) -> None:
    """Write a workbook whose texts are in the cells, or all in one table besides, as spreadsheet programs write it."""
    with xlsxwriter.Workbook(str(Path(FOLDER) / name), {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet()
        for number, fields in enumerate([HEADER, *products(rows)]):
            for position, field in enumerate(fields):
                write = sheet.write_number if position == 3 and number else sheet.write_string
                write(number, position, float(field) if position == 3 and number else field)


def recognize(file: ImportJob) -> None:
    """All that is recognized; the rewriting of a known format, which follows from it, is left out."""
    with mock.patch.object(table, "needs_rewriting", return_value=False):
        opened = open_beginning(file, read_excerpt(file)).opened
        decide(opened, file, choose(opened.header, {}))


def timed(rounds: int, work: Callable[[], object]) -> tuple[float, float]:
    """The best and the median of the processor time that `work` takes, in seconds."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds), statistics.median(seconds)


def open_here(name: str) -> None:
    """Open the whole file in this process; print the processor seconds, and its memory before and at most, in MB."""
    before = high_water_mb(os.getpid())
    started = time.process_time()
    job = ImportJob(stored_as=name, asked={})
    opened = open_file(job, still_alive=lambda: None)
    seconds = time.process_time() - started
    peak = high_water_mb(os.getpid())
    (Path(FOLDER) / opened.content_stored_as).unlink()
    print(seconds, before, peak)


def main() -> None:
    """Measure, or open a file if this is a process that was started for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="the size of the files (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    parser.add_argument("--open", metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.open:
        open_here(options.open)
        return
    # The catalogue, which is empty here, is asked about some of the SKUs.
    call_command("migrate", verbosity=0)
    try:
        measure(options.rows, options.rounds)
    finally:
        shutil.rmtree(FOLDER)


def measure(rows: int, rounds: int) -> None:
    """Write the files, measure, and print the tables."""
    write_csv("plain.csv", HEADER, products(rows), ",", "utf-8")
    write_csv(
        "german.csv", ["Artikelnummer", "Bezeichnung", "Beschreibung", "Preis", "Aktiv"], german(rows), ";", "cp1252"
    )
    write_csv("shopify.csv", SHOPIFY, shopify(rows), ",", "utf-8")
    print("| file | recognition, best | median | whole preview, best | median |\n|---|--:|--:|--:|--:|")
    for name in ("plain.csv", "german.csv", "shopify.csv"):
        file = ImportJob(stored_as=name, asked={})
        found = preview(file)
        assert not found.refusal, found.refusal
        results = [*timed(rounds, lambda: recognize(file)), *timed(rounds, lambda: preview(file))]  # noqa: B023
        kind = found.format or f"{found.delimiter} {found.encoding} {found.numbers.example}"
        print(f"| {name}: {kind} | {' | '.join(f'{seconds * 1000:.0f} ms' for seconds in results)} |", flush=True)
    print("| workbook | size | opened, best | median | memory before | at most |\n|---|--:|--:|--:|--:|--:|")
    for name, shared in (("inline.xlsx", False), ("shared.xlsx", True)):
        write_workbook(name, rows, shared=shared)
        measured = []
        for _ in range(rounds):
            command = [sys.executable, "-m", "benchmarks.recognition", "--open", name]
            result = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
            measured.append(tuple(map(float, result.stdout.split())))
        seconds = [measurement[0] for measurement in measured]
        size = (Path(FOLDER) / name).stat().st_size / 1024**2
        peak = max(measurement[2] for measurement in measured)
        print(
            f"| {name} | {size:.0f} MB | {min(seconds):.1f} s | {statistics.median(seconds):.1f} s "
            f"| {measured[0][1]:.0f} MB | {peak:.0f} MB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
