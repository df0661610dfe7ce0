"""Any file, catalogue, choices of the sender and way to import: the table and the receipt are those of the model."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports import applying, results, tasks
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from imports.reading import texts
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports import model
from tests.imports.factories import make_job, open_without_messages, with_progress
from tests.imports.short_import import WRITERS

SPELLINGS = {
    "sku": ["sku", "SKU", "Product SKU", "item_no"],
    "name": ["name", "Title", "product-name"],
    "description": ["description", "Body (HTML)"],
    "price": ["price", "Regular price"],
    "is_active": ["is_active", "Published"],
    "stock": ["stock", "Colour", ""],
}
SKUS = ["A", "a", " a ", "B", "b", "C-1", "c-1", "ß", "SS", "sS", "İ", "i̇", "ΟΔΟΣ", "οδος", "οδοσ", "d\ne", "D\nE"]
BAD_SKUS = ["", " ", "x" * 101, "n\0", "A\udcff"]
NAMES = ["Chair", " Chair", "chair", "Table", "two\nlines", "two\r\nlines\rand more", '5" pan', '"all"', "a,b;c|d\te"]
BAD_NAMES = ["", "\t", "x" * 256, "M\udcfcller", "\0"]
DESCRIPTIONS = ["", " ", "Text", " Text ", "a\r\n\r\n\nb"]
BAD_DESCRIPTIONS = ["\0", "\udc80", "x" * 100_001]
STOCK = ["", "7", "\0", "\udcff", '"']

# A row in five or so has a fault.
TEXTS = {
    "sku": st.sampled_from(SKUS * 3 + BAD_SKUS),
    "name": st.sampled_from(NAMES * 9 + BAD_NAMES),
    "description": st.sampled_from(DESCRIPTIONS * 20 + BAD_DESCRIPTIONS),
    "is_active": st.sampled_from(list(model.BOOLEANS)),
    "stock": st.sampled_from(STOCK),
}


@dataclass(frozen=True)
class File:
    """A file's bytes, and what the model is to read: its columns, and its rows with their line numbers."""

    content: bytes
    delimiter: str
    columns: list[str]
    rows: list[tuple[int, list[str]]]


@st.composite
def files(draw: st.DrawFn) -> File:
    others = draw(st.sets(st.sampled_from(["description", "price", "is_active", "stock"])))
    # Most files have names, and can create products.
    name = draw(st.sampled_from([["name"], ["name"], ["name"], []]))
    columns = draw(st.permutations(["sku", *name, *sorted(others)]))
    header = [draw(st.sampled_from(SPELLINGS[column])) for column in columns]
    # A header of one column does not tell.
    delimiter = draw(st.sampled_from(",;\t|")) if len(columns) > 1 else ","
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    prices = model.SEMICOLON_PRICES if delimiter == ";" else model.PRICES
    texts = {**TEXTS, "price": st.sampled_from(list(prices))}
    quote_all = draw(st.booleans())

    def written(fields: list[str]) -> str:
        return delimiter.join(quoted(field) if quote_all or must_be_quoted(field) else field for field in fields)

    def must_be_quoted(field: str) -> bool:
        return bool(re.search(r'^"|[\r\n]', field)) or delimiter in field

    lines, rows = [written(header)], []
    next_line = 2
    for _ in range(draw(st.integers(0, 25))):
        fields = [draw(texts[column]) for column in columns]
        if draw(st.integers(0, 19)) == 0:
            fields = draw(st.sampled_from([fields[:-1] or [""], [*fields, "surplus"], [""], [*fields, "", "surplus"]]))
        lines.append(written(fields))
        rows.append((next_line, fields))
        next_line += 1 + sum(len(re.findall(r"\r\n|\r|\n", field)) for field in fields)
    # NUL at the end of a file is padding.
    last = line_end if lines[-1].endswith("\0") else draw(st.sampled_from(["", line_end]))
    content = line_end.join(lines) + last
    return File(content.encode("utf-8", "surrogateescape"), delimiter, columns, rows)


def quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


CATALOGUES = st.lists(
    st.builds(
        model.Item,
        sku=st.sampled_from([sku.strip() for sku in SKUS]),
        name=st.sampled_from([name.strip() for name in NAMES]),
        description=st.sampled_from(DESCRIPTIONS),
        price=st.sampled_from([price for price in model.PRICES.values() if not isinstance(price, str)]),
        is_active=st.booleans(),
    ),
    max_size=8,
).map(lambda items: {model.same(item.sku): item for item in items})

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_catalogue(catalogue: dict[str, model.Item]) -> None:
    """Make these products the only ones, and forget earlier imports."""
    ImportJob.objects.all().delete()
    Product.objects.all().delete()
    Product.objects.bulk_create(
        Product(
            sku=item.sku,
            sku_normalized=sku,
            name=item.name,
            description=item.description,
            price=item.price,
            is_active=item.is_active,
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )
        for sku, item in catalogue.items()
    )


@dataclass(frozen=True)
class Way:
    """How an import is carried out, which must make no difference."""

    chunk_rows: int
    lanes: int
    order: int
    keep_open: bool
    writer: str

    def run(self, file: File, **options: Any) -> ImportJob:
        """Import `file`, its lanes in a random order, chunk by chunk."""
        # A few rows may look like another dialect, which is not what is asked here.
        return self.finish(make_job(file.content, encoding="utf-8", quote='"', **options))

    def finish(self, job: ImportJob) -> ImportJob:
        """Open `job` and do all of it."""
        with override_settings(IMPORT_CHUNK_ROWS=self.chunk_rows, IMPORT_WRITER=self.writer):
            open_without_messages(job, lanes=self.lanes)
            if self.keep_open:
                self._advance_open_lanes(job)
            else:
                self._advance_lanes(job)
        return with_progress(job)

    def _advance_lanes(self, job: ImportJob) -> None:
        """Each chunk as if by another worker, which opens the file again."""
        choose = random.Random(self.order).choice
        while lanes := list(ImportLane.objects.select_related("job").filter(job=job, finished=False)):
            lane = choose(lanes)
            assert lane.claim()
            tasks.run_slice(lane, -1)
            lane.release()

    def _advance_open_lanes(self, job: ImportJob) -> None:
        """Each lane by one worker, all at the same time."""
        choose = random.Random(self.order).choice
        with ExitStack() as files:
            lanes = ImportLane.objects.select_related("job").filter(job=job)
            runs = [files.enter_context(open_lane(lane)) for lane in lanes]
            while runs:
                run = choose(runs)
                if not run.advance():
                    runs.remove(run)


CHOICES = st.builds(
    model.Choices,
    mode=st.sampled_from(["create_and_update", "create_and_update", "update_only", "create_only"]),
    empty_cells=st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["keep", "reject"]),
            "description": st.sampled_from(["keep", "clear", "reject"]),
            "price": st.sampled_from(["keep", "clear", "reject"]),
            "is_active": st.sampled_from(["keep", "reject"]),
        },
    ),
    new_products=st.sampled_from(["active", "inactive"]),
)

WAYS = st.builds(
    Way,
    chunk_rows=st.sampled_from([1, 2, 3, 5, 8, 50]),
    lanes=st.integers(1, 5),
    order=st.integers(0, 1000),
    keep_open=st.booleans(),
    writer=st.sampled_from(WRITERS),
)


def receipt(job: ImportJob) -> tuple[int, ...]:
    return tuple(getattr(job, count) for count in ImportLane.COUNTS)


def skipped_by_code(job: ImportJob) -> Counter[str]:
    return sum(map(Counter, job.lanes.values_list("skipped_by_reason", flat=True)), Counter())


def table() -> dict[str, tuple[Any, ...]]:
    """The whole table by SKU, with its times and who wrote it last."""
    columns = (*model.FIELDS, "created_at", "updated_at", "last_import")
    return {sku: tuple(values) for sku, *values in Product.objects.values_list("sku_normalized", *columns)}


def assert_it_is_as_the_model_says(
    job: ImportJob, file: File, before: dict[str, tuple[Any, ...]], choices: model.Choices
) -> None:
    catalogue = {sku: model.Item(*values[:5]) for sku, values in before.items()}
    expected = model.read_serially(file.columns, file.rows, catalogue, file.delimiter, choices)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert receipt(job) == expected.receipt
    assert sum(receipt(job)) == job.total_rows == sum(any(fields) for _, fields in file.rows)
    assert list(job.rejected.values_list("line", "code")) == expected.rejected
    assert skipped_by_code(job) == Counter(expected.skipped)
    assert_the_results_are_as_the_model_says(job, expected)
    if job.dry_run:
        assert table() == before
        return
    after = table()
    assert {sku: model.Item(*values[:5]) for sku, values in after.items()} == expected.catalogue
    assert {sku for sku, values in after.items() if values[-1] == job.pk} == expected.written
    for sku, values in before.items():
        assert after[sku][5] == values[5], "The time of creation stays."
        if sku not in expected.written:
            assert after[sku] == values, "What is unchanged is not touched."
    for kind in ("created", "updated", "unchanged", "duplicate", "skipped"):
        if getattr(expected, kind):
            event(f"some rows are {kind}")


def assert_the_results_are_as_the_model_says(job: ImportJob, expected: model.Result) -> None:
    """A row for each of the file, in its order. A dry run does not know values that it has not written: of a duplicate
    it tells some earlier row with its SKU.
    """
    assert not results.why_gone(job)
    found = list(csv.reader(io.StringIO("".join(results.csv_of(job)), newline="")))[1:]
    assert [(int(line), sku, outcome) for line, sku, outcome, _ in found] == [
        (line, texts.storable(sku), outcome) for line, sku, outcome, _ in expected.results
    ]
    skus = {line: model.same(sku) for line, sku, *_ in expected.results}
    for (_, sku, outcome, reason), (*_, repeated) in zip(found, expected.results, strict=True):
        assert bool(reason) == (outcome in ("rejected", "skipped", "duplicate"))
        if outcome == "duplicate":
            told = int(reason.removeprefix("duplicate of line "))
            assert skus[told] == model.same(sku) if job.dry_run else told == repeated


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@hypothesis_settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(files(), CATALOGUES, CHOICES, st.tuples(WAYS, WAYS, WAYS))
def test_any_import_gives_what_the_model_gives(
    file: File, catalogue: dict[str, model.Item], choices: model.Choices, ways: tuple[Way, Way, Way]
) -> None:
    make_catalogue(catalogue)
    before, options = table(), asdict(choices)
    of_check, of_first_run, of_second_run = ways
    check = of_check.run(file, dry_run=True, **options)
    assert_it_is_as_the_model_says(check, file, before, choices)
    # In an untouched catalogue, what the check has shown is what an import does.
    assert_it_is_as_the_model_says(of_first_run.finish(applying.apply(check)), file, before, choices)
    after = table()
    assert_it_is_as_the_model_says(of_second_run.run(file, **options), file, after, choices)


def change_the_catalogue(catalogue: dict[str, model.Item]) -> None:
    """Make it this one, as people do: product by product."""
    for product in Product.objects.all():
        if (item := catalogue.get(product.sku_normalized)) is None:
            editing.delete(product, Editor())
            continue
        changed = [name for name in model.FIELDS if getattr(product, name) != getattr(item, name)]
        for name in changed:
            setattr(product, name, getattr(item, name))
        if changed:
            editing.update(product, changed, Editor())
    for sku in catalogue.keys() - set(Product.objects.values_list("sku_normalized", flat=True)):
        editing.create(Product(**asdict(catalogue[sku])), Editor())


def one_row_of_each(file: File, choices: model.Choices) -> File:
    """The first row of each SKU, and the rows that have none."""
    rows, skus = [], set()
    for line, fields in file.rows:
        values = model.values_of(file.columns, fields, file.delimiter, choices)
        sku = None if isinstance(values, str) else model.same(values["sku"])
        if sku is None or sku not in skus:
            skus.add(sku)
            rows.append((line, fields))
    return replace(file, rows=rows)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@hypothesis_settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(files(), CATALOGUES, CATALOGUES, CHOICES, st.tuples(WAYS, WAYS))
def test_rows_whose_products_were_changed_after_the_check_are_held_as_the_model_says(
    file: File,
    shown: dict[str, model.Item],
    now: dict[str, model.Item],
    choices: model.Choices,
    ways: tuple[Way, Way],
) -> None:
    file = one_row_of_each(file, choices)
    content = io.StringIO(newline="")
    csv.writer(content, delimiter=file.delimiter).writerows([file.columns, *(fields for _, fields in file.rows)])
    file = replace(file, content=content.getvalue().encode("utf-8", "surrogateescape"))
    make_catalogue(shown)
    check = ways[0].run(file, dry_run=True, **asdict(choices))
    assert check.status == ImportJob.Status.COMPLETED, check.failure_reason
    change_the_catalogue(now)

    job = ways[1].finish(applying.apply(check))

    expected = model.apply_serially(file.columns, file.rows, shown, now, delimiter=file.delimiter, choices=choices)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert receipt(job) == expected.receipt
    assert {sku: model.Item(*values[:5]) for sku, values in table().items()} == expected.catalogue
    for kind in ("created", "updated", "unchanged", "held"):
        if getattr(expected, kind):
            event(f"some rows are {kind}")
