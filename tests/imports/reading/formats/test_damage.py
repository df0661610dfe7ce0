"""One damaged row in an export: no other row may come out with values that are not its own, and none goes missing."""

from __future__ import annotations

import pytest

from tests.imports.reading.formats.reading import Record, outcome, rewritten, sample
from tests.imports.reading.formats.test_samples import NAMES


def damaged(record: Record, kind: str) -> Record:
    line, fields, _ = record
    if kind == "a field too many":
        return line, [*fields[:2], "surplus", *fields[2:]], ""
    if kind == "a field too few":
        return line, fields[:-1], ""
    return line, [",".join(fields)], "a quotation mark is not closed"


@pytest.mark.parametrize("kind", ["a field too many", "a field too few", "unreadable"])
@pytest.mark.parametrize("name", NAMES)
def test_no_accepted_row_differs_from_the_undamaged_one(name: str, kind: str) -> None:
    file = sample(name)
    takes_from_above = file.recognized.format.carry_down or file.recognized.format.inherit
    whole = outcome(file.rewritten(), file.recognized)
    products = {product[0]: product for product in whole.products}
    for index, record in enumerate(file.records):
        records = [*file.records[:index], damaged(record, kind), *file.records[index + 1 :]]
        found = outcome(rewritten(file.rewriter(), records), file.recognized)
        assert all(product == products[product[0]] for product in found.products)
        assert found.skipped == [skip for skip in whole.skipped if skip[0] != record[0]]
        assert record[0] in [*found.odd, *(line for line, _ in found.faulty)]
        lost = {line for line, _ in found.faulty} - {record[0]}
        assert not lost or takes_from_above
        count = sum(len(part) for part in found)
        assert count == len(file.records)
