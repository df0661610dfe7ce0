"""What is packed into a block comes out of it again, record by record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.history.records import BLOCK_ROWS, KEPT, Block, Changes, mask, pack

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES = st.tuples(
    TEXT,
    TEXT,
    TEXT,
    st.none() | st.decimals(0, 10**9, places=2),
    st.booleans(),
    st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=2),
)
ROWS = st.tuples(st.none() | VALUES, st.none() | VALUES).filter(any)


@given(
    rows=st.lists(st.tuples(ROWS, st.integers(0, 2**62), st.integers(0, 10**9)), min_size=1, max_size=20),
    first=st.integers(0, 2**62),
    has_lines=st.booleans(),
)
def test_every_record_comes_out_as_it_was_put_in(rows: list[Any], first: int, has_lines: bool) -> None:
    before, after = [row[0][0] for row in rows], [row[0][1] for row in rows]
    previous, lines = [row[1] for row in rows], [row[2] for row in rows]

    packed = pack(Changes(KEPT, before, after, previous, lines if has_lines else []))
    block = Block(first, packed.data)

    assert len(block) == len(rows)
    skus, changed_fields = set(), set()
    for at, record in enumerate(block):
        old, new = before[at], after[at]
        assert record == block.at(first + at)
        assert (record.address, record.previous) == (first + at, previous[at])
        assert record.line == (lines[at] if has_lines else 0)
        whole = {"created": new, "deleted": old}.get(record.kind)
        assert record.kind == ("created" if old is None else "deleted" if new is None else "changed")
        if whole:
            assert (record.after or record.before) == dict(zip(KEPT, whole, strict=True))
        else:
            differing = {name for name, was, now in zip(KEPT, old, new, strict=True) if was != now}
            assert record.before == {name: was for name, was in zip(KEPT, old, strict=True) if name in differing}
            assert record.after == {name: now for name, now in zip(KEPT, new, strict=True) if name in differing}
            changed_fields |= differing
        assert record.sku == (new or old)[0]
        skus |= {values[0] for values in (old, new) if values}
    assert set(block.skus) == skus
    assert packed.fields == mask(changed_fields)
    assert (packed.created, packed.deleted) == (before.count(None), after.count(None))
    assert packed.created + packed.changed + packed.deleted == len(rows)


def test_a_created_product_has_what_the_file_does_not_say() -> None:
    constants: dict[str, Any] = {"price": None, "is_active": True, "extra": {}}

    block = Block(7, pack(Changes(("sku", "name"), [None], [("A-1", "Lamp")], [0], [2], constants)).data)

    assert block.at(7).after == {"sku": "A-1", "name": "Lamp", "price": None, "is_active": True, "extra": {}}


def test_there_is_no_record_at_another_address() -> None:
    block = Block(7, pack(Changes(("sku",), [None], [("A-1",)], [0])).data)
    for address in (6, 8):
        with pytest.raises(IndexError):
            block.at(address)


def test_a_changed_price_costs_few_bytes() -> None:
    """20 to 25 in the prototype; 30 are the limit."""
    rows = range(BLOCK_ROWS)
    before = [(f"SKU-{row * 7919 % 10**6:06}", Decimal(row * 31 % 10_000) / 100) for row in rows]
    after = [(sku, price + Decimal(row % 90 + 1) / 100) for row, (sku, price) in enumerate(before)]
    previous = [5 * 2**20 + row for row in rows]

    packed = pack(Changes(("sku", "price"), before, after, previous, list(range(2, BLOCK_ROWS + 2))))

    assert len(packed.data) / BLOCK_ROWS <= 30
