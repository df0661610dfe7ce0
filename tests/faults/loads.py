"""The imports that a fault interrupts: one file, three of the same SKUs, twenty files, one that is rewritten first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from imports import jobs
from imports.models import ImportJob
from imports.options import Options
from tests.faults.world import World
from tests.imports import model
from tests.imports.factories import upload
from tests.imports.many_rows import COLUMNS, make_rows

# The name of the poison rows: workers with `tests.deadly_settings` are killed by it.
DEADLY = "DEADLY"
POISON_ROWS = 3


@lru_cache
def expected_of(count: int, prefix: str, edition: str = "") -> tuple[bytes, model.Result]:
    """A file of `count` rows, and what must come of it in an empty catalogue."""
    rows = make_rows(count, prefix, edition)
    return _file(rows), model.read_serially(COLUMNS, rows, {})


def _file(rows: list[tuple[int, list[str]]]) -> bytes:
    return "\n".join([",".join(COLUMNS), *(",".join(fields) for _, fields in rows), ""]).encode()


def from_any_row_on(count: int, sku: str) -> set[model.Item | None]:
    """What such a file makes of a product that is deleted before any one of its rows."""
    rows = [(line, fields) for line, fields in make_rows(count, "S", "") if model.same(fields[0]) == sku]
    return {model.read_serially(COLUMNS, rows[first:], {}).catalogue.get(sku) for first in range(len(rows))}


def content_of(count: int, prefix: str) -> bytes:
    """Such a file."""
    return expected_of(count, prefix)[0]


def begin_one(world: World, count: int, prefix: str = "S", edition: str = "", packed: bytes = b"") -> ImportJob:
    """Have the workers import such a file, as it is or `packed`."""
    content, alone = expected_of(count, prefix, edition)
    job = jobs.create(upload(packed or content, "products.csv"), Options())
    world.expected.add(job, alone)
    return job


def one(world: World, rows: int) -> None:
    begin_one(world, rows)


def three_of_the_same(world: World, rows: int) -> None:
    """Each file has other names for the same SKUs."""
    world.expected.shared = True
    for edition in ("", " of the second edition", " of the third edition"):
        begin_one(world, rows // 2, edition=edition)


def twenty(world: World, rows: int) -> None:
    for number in range(20):
        begin_one(world, rows // 15, f"F{number}")


def rewritten(world: World, rows: int) -> None:
    """A file that is rewritten as UTF-8 before anything is imported."""
    content = content_of(rows, "S")
    begin_one(world, rows, packed="\ufeff".encode("utf-16-le") + content.decode().encode("utf-16-le"))


def poisoned(world: World, rows: int) -> None:
    """A file with some poison rows, each the only one of its product."""
    all_rows = make_rows(rows, "S", "")
    times = Counter(model.same(fields[0]) for _, fields in all_rows)
    bad = {line for line, _ in expected_of(rows, "S")[1].rejected}
    single = [line for line, fields in all_rows if times[model.same(fields[0])] == 1 and line not in bad]
    lines = set(world.random.sample(single, POISON_ROWS))
    for line, fields in all_rows:
        if line in lines:
            fields[COLUMNS.index("name")] = DEADLY
    alone = model.read_serially(COLUMNS, [row for row in all_rows if row[0] not in lines], {})
    alone.rejected = sorted([*alone.rejected, *((line, world.poison_code) for line in lines)])
    world.expected.add(jobs.create(upload(_file(all_rows), "products.csv"), Options()), alone)


def nothing_more(_world: World, _rows: int) -> None:
    """The fault has begun an import of its own."""


LOADS: dict[str, Callable[[World, int], None]] = {
    "import": one,
    "three imports of the same SKUs": three_of_the_same,
    "twenty files": twenty,
    "opening": rewritten,
    "poison rows": poisoned,
    "nothing more": nothing_more,
}
