"""Whatever is corrected of a file, in whichever order, and edited meanwhile: what is open and what is written are those
of the independent model, and no edit is overwritten unasked.

The stories are the same in each run; to look further, set CHAIN_STORIES to as many as there is time for.
"""

from __future__ import annotations

import csv
import io
import os
import random
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from imports import applying, chain, drafts
from imports.commandline import foreground
from imports.models import ImportJob
from imports.reading.corrections import ADDED_COLUMNS
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import, upload, with_progress
from tests.imports.short_import import WRITERS

pytestmark = pytest.mark.django_db(transaction=True)

STORIES = int(os.environ.get("CHAIN_STORIES", "12"))
SKUS = "ABCDEFGH"
BAD = "cheap"


@dataclass
class Import:
    """What the model knows of an import: its rejected and its held rows, by line: the SKU, the line in the first file,
    and, where it is held, the price.
    """

    job: ImportJob
    rejected: dict[int, tuple[str, int]] = field(default_factory=dict)
    held: dict[int, tuple[str, int, str]] = field(default_factory=dict)


class Story:
    """A random story, told to the product and to the model at once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.user = User.objects.create_user(f"user{seed}")
        self.prices = dict.fromkeys(self.random.sample(SKUS, 4), "1")
        run_import("sku,name,price\n" + "".join(f"{sku},Lamp,{price}\n" for sku, price in self.prices.items()))
        job = run_import("sku,name,price\n" + "".join(f"{sku},Lamp,{BAD}\n" for sku in SKUS))
        lines = {line: (sku, line) for line, sku in enumerate(SKUS, start=2)}
        self.imports = [Import(job, rejected=lines)]
        # The products that others have changed since, and which the chain has not written after that.
        self.others: set[str] = set()
        self.open = {line for _, line in lines.values()}

    def tell(self) -> None:
        """Let things happen, and compare after each."""
        for _ in range(8):
            self.random.choice([self.correct, self.correct, self.edit, self.import_held])()
            self.compare()

    def edit(self) -> None:
        sku, price = self.random.choice(SKUS), str(self.random.randint(1, 4))
        if self.prices.get(sku) == price:
            return
        if sku in self.prices:
            product = Product.objects.get(sku=sku)
            product.price = price
            editing.update(product, ["price"], Editor())
        else:
            editing.create(Product(sku=sku, name="Lamp", price=price), Editor())
        self.prices[sku] = price
        self.others.add(sku)

    def correct(self) -> None:
        of = self.random.choice([each for each in self.imports if each.rejected])
        chosen = self.random.sample(sorted(of.rejected), self.random.randint(1, min(4, len(of.rejected))))
        told = {line: self.random.choice([BAD, "2", "3"]) for line in chosen}
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["sku", "name", "price", *ADDED_COLUMNS])
        for line, price in told.items():
            writer.writerow([of.rejected[line][0], "Lamp", price, line, "price", BAD, ""])
        check = self.finish(drafts.submit(drafts.create(upload(file.getvalue()), self.user, follows=of.job)))
        shown = {line: self.change(of.rejected[line][0], price) for line, price in told.items()}
        before = dict(self.prices)
        if self.random.random() < 0.5:
            self.edit()
        new = Import(self.finish(applying.apply(check)))
        for line, (origin, price) in enumerate(told.items(), start=2):
            sku, first_line = of.rejected[origin]
            now = self.change(sku, price, is_written=True)
            if price == BAD:
                new.rejected[line] = sku, first_line
            elif (self.prices.get(sku) != before.get(sku) and now != shown[origin]) or (sku in self.others and now):
                new.held[line] = sku, first_line, price
            else:
                self.write(sku, first_line, price)
        self.imports.append(new)

    def change(self, sku: str, price: str, *, is_written: bool = False) -> tuple[str | None, str] | None:
        """What a row does to its product, as a check shows it; or, `is_written`, as its import does."""
        now = self.prices.get(sku)
        if price in (BAD, now) or (sku in self.others and not is_written):
            return None
        return now, price

    def import_held(self) -> None:
        holding = [each for each in self.imports if each.held]
        if not holding:
            return
        of = self.random.choice(holding)
        new = Import(self.finish(applying.import_held(of.job)))
        for sku, first_line, price in of.held.values():
            self.write(sku, first_line, price)
        of.held = {}
        self.imports.append(new)

    def write(self, sku: str, first_line: int, price: str) -> None:
        if self.prices.get(sku) != price:
            self.prices[sku] = price
            self.others.discard(sku)
        self.open.discard(first_line)

    def finish(self, job: ImportJob) -> ImportJob:
        foreground.run(job, lambda: None)
        job = with_progress(job)
        assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
        return job

    def compare(self) -> None:
        found = Product.objects.values_list("sku", "price")
        assert {sku: f"{price:.0f}" for sku, price in found} == self.prices
        newest = self.imports[-1]
        assert (newest.job.rejected_rows, newest.job.held_rows) == (len(newest.rejected), len(newest.held))
        receipt = chain.receipt(newest.job)
        assert receipt.first == self.imports[0].job
        assert (receipt.open_rows, receipt.rows) == (len(self.open), len(SKUS))
        assert sum(receipt.fixed_by.values()) == len(SKUS) - len(self.open)
        rejected = self.imports[0].job.rejected.filter(fixed_by=None)
        assert set(rejected.values_list("line", flat=True)) == self.open


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(STORIES))
def test_what_is_open_and_what_is_written_are_those_of_the_model(seed: int, writer: str) -> None:
    chunk_rows, lanes = random.Random(seed).choice([(1, 1), (2, 1), (100, 1), (1, 3)])
    with override_settings(IMPORT_WRITER=writer, IMPORT_CHUNK_ROWS=chunk_rows, IMPORT_LANES=lanes):
        Story(seed).tell()
