"""Errors of a spreadsheet among the values: `#N/A`, `#REF!`."""

from __future__ import annotations

from collections.abc import Iterator

from imports.reading.amounts import ERROR_VALUES
from imports.reading.suspicions.sample import Found, Sample, found_text

# Where they are rejected; a description is text, which may say anything.
_FIELDS = ("sku", "name", "price")


def error_values(sample: Sample) -> Iterator[str]:
    """A sentence if there are any."""
    found = sorted(
        {
            Found(line, value)
            for field in _FIELDS
            for line, value in zip(sample.lines, sample.values(field), strict=False)
            if value in ERROR_VALUES
        }
    )
    if found:
        yield (
            f"Values are errors of a spreadsheet: {found_text(found, sample.scope)}. These rows are rejected; "
            "fix the formulas, and export the file again."
        )
