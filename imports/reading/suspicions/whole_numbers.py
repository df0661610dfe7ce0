"""SKUs that were numbers for a while: with `.0` at the end, or without the zeros that they began with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from imports.reading.suspicions.sample import Found, Sample, found_text

_WITH_ZERO = re.compile(r"([0-9]+)[.,]0").fullmatch
_WITH_DECIMALS = re.compile(r"[0-9]+[.,][0-9]+").fullmatch
# A file of a few SKUs that all end in a zero may be as it should.
_LEAST_ALONE = 3
# How many SKUs are looked up with zeros in front, and how long SKUs of digits are.
MOST_LOOKED_UP = 200
LONGEST_PADDED = 14


def with_zero(sample: Sample) -> list[Found]:
    """SKUs such as `1234.0`, if no other has decimals: `1.0` among `1.1` and `1.2` is a number of its own kind."""
    skus = sample.values("sku")
    found = [Found(line, sku) for line, sku in zip(sample.lines, skus, strict=True) if _WITH_ZERO(sku)]
    decimals = sum(_WITH_DECIMALS(sku) is not None for sku in skus)
    return found if decimals == len(found) else []


def whole(sku: str) -> str:
    """`sku` without the decimal that it has been given."""
    match = _WITH_ZERO(sku)
    return match[1] if match else sku


def with_zero_warnings(sample: Sample, found: Sequence[Found], catalogue: Collection[str]) -> Iterator[str]:
    """A sentence if the column, or the `catalogue`, has such SKUs without the decimal."""
    others = [sku for sku in sample.values("sku") if sku.isdecimal()]
    known = any(whole(value) in catalogue for _, value in found)
    if found and (others or known or len(found) >= _LEAST_ALONE):
        yield (
            f"SKUs end in a decimal that they probably never had: {found_text(found, sample.scope)}. A spreadsheet or "
            f"a program seems to have taken them for numbers; they are not the same as {whole(found[0].value)}."
        )


def maybe_shortened(sample: Sample) -> list[Found]:
    """Some SKUs of digits that may have begun with zeros; none where others do."""
    found = []
    for line, sku in zip(sample.lines, sample.values("sku"), strict=True):
        if sku.isdecimal() and sku.isascii():
            if sku[0] == "0" and len(sku) > 1:
                return []
            found.append(Found(line, sku))
    step = -(-len(found) // MOST_LOOKED_UP) or 1
    return found[::step]


def padded(sku: str) -> list[str]:
    """What `sku` may have been."""
    return [sku.zfill(length) for length in range(len(sku) + 1, LONGEST_PADDED + 1)]


def lost_zeros_warnings(sample: Sample, found: Iterable[Found], catalogue: Collection[str]) -> Iterator[str]:
    """A sentence if the `catalogue` has some of the SKUs with zeros in front, but not without."""
    lost = [
        (one, full) for one in found if one.value not in catalogue for full in padded(one.value) if full in catalogue
    ]
    if not lost:
        return
    there = list(dict.fromkeys(full for _, full in lost))[:3]
    yield (
        f"SKUs seem to have lost the zeros in front: {found_text([one for one, _ in lost], sample.scope)}; "
        f"the catalogue has {', '.join(there)}. Imported like this, they become other products. Export the file "
        "again with the SKU column as text."
    )
