"""The work that a fault interrupts: a file with rows of every kind, and what a serial model makes of it."""

from __future__ import annotations

from functools import lru_cache

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.options import Options
from products.models import Product
from tests.imports import model
from tests.imports.factories import upload, with_progress

COLUMNS = ["sku", "name", "description", "price", "is_active"]


def make_rows(count: int, prefix: str) -> list[tuple[int, list[str]]]:
    """Rows with their lines; one in six is a duplicate in another letter case, and some are bad."""
    return [
        (
            number + 2,
            [
                f"{prefix}-{number * 7919 % (count * 5 // 6)}" if number % 3 else f"{prefix.lower()}-{number}",
                f"Product {number}",
                f"Number {number} of many products that each have a text of some length",
                "cheap" if number % 97 == 0 else "9999999999.99" if number % 5 else "",
                "no" if number % 11 == 0 else "",
            ],
        )
        for number in range(count)
    ]


@lru_cache
def expected_of(count: int, prefix: str) -> tuple[bytes, model.Result]:
    """A file of `count` rows, and what must come of it in an empty catalogue."""
    rows = make_rows(count, prefix)
    content = "\n".join([",".join(COLUMNS), *(",".join(fields) for _, fields in rows), ""]).encode()
    return content, model.read_serially(COLUMNS, rows, {})


def begin(count: int, prefix: str = "S") -> ImportJob:
    """Have the workers import such a file."""
    return jobs.create(upload(expected_of(count, prefix)[0]), Options())


def check(job: ImportJob, count: int, prefix: str = "S") -> None:
    """Fail unless the receipt, the rejected rows and the catalogue are those of the serial model."""
    expected = expected_of(count, prefix)[1]
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert tuple(getattr(job, name) for name in ImportLane.COUNTS) == expected.receipt
    assert list(job.rejected.values_list("line", "code")) == expected.rejected
    values = Product.objects.values_list("sku_normalized", *model.FIELDS)
    assert {sku: model.Item(*rest) for sku, *rest in values} == expected.catalogue
