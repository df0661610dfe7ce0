"""Whatever has happened since an import, undoing it gives the table and the receipt of the independent model.

The stories are the same in each run; to look further, set UNDO_STORIES to as many as there is time for.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import Settings

from imports import waking
from imports.commandline import foreground
from imports.jobs import WrongStateError
from imports.models import ImportJob, ImportLane
from imports.undo import undoing
from imports.undo.reporting import report
from imports.undo.selection import Selection
from products import editing, models, selection
from products.editing import Editor
from products.history.models import ChangeSet
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import WRITERS
from tests.imports.undo.model import FIELDS, Catalogue, Product, same

pytestmark = pytest.mark.django_db(transaction=True)

STORIES = int(os.environ.get("UNDO_STORIES", "24"))
# No more products than a report has examples of each class, so that it tells the class of each product.
SKUS = ["A", "a", "B", "b", "C", "D", "ß", "SS"]
VALUES: dict[str, list[Any]] = {
    "name": ["Lamp", "Fan"],
    "description": ["", "x"],
    "price": [None, Decimal("1.00"), Decimal("2.50")],
    "is_active": [True, False],
    "extra": [{"Colour": "red"}, {"Colour": "blue"}],
}


class Story:
    """A random story of a catalogue, told to the product and to the model at once."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.chunk_rows = 50
        self.model = Catalogue()
        self.said: list[str] = []

    def tell(self, rounds: int) -> None:
        """Let things happen, and compare after each: some import, some changes since, an undo of something."""
        acts = [self.edit] * 4 + [self.rename, self.delete, self.create, self.act_in_bulk] + [self.run_import] * 3
        self.do(self.run_import)
        for _ in range(rounds):
            self.do(self.run_import)
            for _ in range(self.random.randint(1, 5)):
                self.do(self.random.choice(acts))
            for _ in range(self.random.randint(1, 2)):
                self.do(self.undo)

    def do(self, act: Callable[[], object]) -> None:
        self.chunk_rows = self.random.choice([1, 2, 3, 50])
        with override_settings(IMPORT_CHUNK_ROWS=self.chunk_rows, IMPORT_LANES=self.random.choice([1, 1, 2])):
            act()
        assert table() == self.model.products, self.said

    def any_product(self) -> models.Product | None:
        keys = sorted(self.model.products)
        return models.Product.objects.get(sku_normalized=self.random.choice(keys)) if keys else None

    def run_import(self) -> None:
        """Import a file with some of the columns, and duplicates."""
        columns = ["name", *self.random.sample(["description", "price", "is_active", "extra"], 2)]
        rows = [
            {"sku": self.random.choice(SKUS)} | {name: self.random.choice(VALUES[name]) for name in columns}
            for _ in range(self.random.randint(3, 10))
        ]
        lines = [[row["sku"], *(written(row[name]) for name in columns)] for row in rows]
        header = ["sku", *("Colour" if name == "extra" else name for name in columns)]
        content = "\n".join(map(",".join, [header, *lines])) + "\n"
        job = run_import(content, extra="extra" in columns)
        assert job.status == "completed"
        self.said.append(f"import {job.pk}: {content!r}, chunks of {self.chunk_rows}")
        self.model.run_import(job.pk, rows)

    def edit(self) -> None:
        if product := self.any_product():
            name = self.random.choice(sorted(VALUES))
            setattr(product, name, self.random.choice(VALUES[name]))
            self.said.append(f"edit {product.sku}: {name} {getattr(product, name)}")
            editing.update(product, [name], Editor())
            self.model.put(self.model.products[same(product.sku)] | {name: getattr(product, name)}, None)

    def rename(self) -> None:
        if product := self.any_product():
            sku, old = self.random.choice(SKUS), same(product.sku)
            if same(sku) != old and same(sku) in self.model.products:
                return
            self.said.append(f"rename {product.sku} to {sku}")
            product.sku = sku
            editing.update(product, ["sku", "sku_normalized"], Editor())
            renamed = self.model.products[old] | {"sku": sku}
            if same(sku) != old:
                self.model.remove(old, renamed=True)
            self.model.put(renamed, None)

    def delete(self) -> None:
        if product := self.any_product():
            self.said.append(f"delete {product.sku}")
            editing.delete(product, Editor())
            self.model.remove(same(product.sku))

    def create(self) -> None:
        sku = self.random.choice(SKUS)
        if same(sku) in self.model.products:
            return
        values = {"sku": sku} | {name: self.random.choice(choice) for name, choice in VALUES.items()}
        self.said.append(f"create {values}")
        editing.create(models.Product(**values), Editor())
        self.model.put(values, None)

    def act_in_bulk(self) -> None:
        active = self.random.choice([True, False])
        self.said.append(f"all active: {active}")
        editing.set_active(selection.Selection.all(), Editor(), active=active)
        for product in list(self.model.products.values()):
            self.model.put(product | {"is_active": active}, None)

    def undo(self) -> None:
        """Undo some job, or some of it, after a preview that has to say the same."""
        undone = ImportJob.objects.get(pk=self.random.choice(sorted(self.model.effects)[-3:]))
        skus = set(self.random.sample(["a", "b", "c"], 2)) if self.random.random() < 0.2 else set()
        fields = set(self.random.sample(sorted(FIELDS), 2)) if self.random.random() < 0.3 else set()
        selection = Selection(tuple(sorted(skus)), tuple(sorted(fields)))
        self.said.append(f"undo {undone.pk} {selection}, chunks of {self.chunk_rows}")
        if not self.model.effects[undone.pk]:
            with pytest.raises(WrongStateError, match="has changed no product"):
                undoing.undo(undone)
            return
        foreseen = self.model.undo(0, undone.pk, skus, fields, preview=True)
        told = []
        for preview in (True, False):
            with waking.no_messages():
                job = undoing.undo(undone, selection=selection, preview=preview)
                foreground.run(job, lambda: None)
            told.append(self.receipt(job))
            self.assert_foreseen(told[-1]["classes"], foreseen)
        assert told[0] == told[1], self.said
        assert self.model.undo(job.pk, undone.pk, skus, fields, preview=False) == foreseen

    def receipt(self, job: ImportJob) -> dict[str, Any]:
        """What the job tells, which must add up."""
        job = with_progress(job)
        assert job.status == "completed", (job.failure_reason, self.said)
        found = report(job)
        counts = {name: getattr(job, name) for name in ImportLane.COUNTS}
        assert sum(counts.values()) == job.total_rows == sum(set_sizes(job.undoes_id)), self.said
        assert sum(found.products.values()) + found.not_selected + found.earlier == job.total_rows, self.said
        classes = {same(example["sku"]): of for of, examples in found.examples.items() for example in examples}
        assert Counter(classes.values()) == Counter(found.products), self.said
        assert len(classes) == sum(found.products.values()), "Each product is in one class."
        return {"counts": counts, "classes": classes, "fields": found.fields, "in_part": found.in_part}

    def assert_foreseen(self, classes: dict[str, str], foreseen: dict[str, set[str]]) -> None:
        for key in classes.keys() | foreseen.keys():
            assert classes.get(key, "not_selected") in foreseen.get(key, {"not_selected"}), (key, foreseen, self.said)


def set_sizes(import_number: int | None) -> list[int]:
    sets = ChangeSet.objects.filter(import_number=import_number)
    return [change_set.created + change_set.changed + change_set.deleted for change_set in sets]


def written(value: Any) -> str:
    """A value as a file has it."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, dict):
        return str(value["Colour"])
    return "" if value is None else str(value)


def table() -> dict[str, Product]:
    return {same(product["sku"]): product for product in models.Product.objects.values(*FIELDS)}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "seeds", [range(8), pytest.param(range(8, STORIES), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_undo_gives_what_the_model_gives(writer: str, seeds: range, settings: Settings) -> None:
    settings.IMPORT_WRITER = writer
    for seed in seeds:
        models.Product.objects.all().delete()
        story = Story(seed)
        story.said.append(f"seed {seed}")
        story.tell(3)
