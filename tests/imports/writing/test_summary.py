"""What changes come to, and what several summaries come to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from imports.writing.summary import MOVES_KEPT, Summary, summary_of

FIELDS = ("sku", "price", "is_active")


def summed(*changes: tuple[str | None, str | None]) -> Summary:
    """The summary of these prices before and after, from line 2 on."""
    prices = [tuple(None if price is None else Decimal(price) for price in change) for change in changes]
    before = [(f"S{n}", old, True) for n, (old, _) in enumerate(prices)]
    after = [(f"S{n}", new, True) for n, (_, new) in enumerate(prices)]
    return summary_of(FIELDS, before, after, range(2, 2 + len(changes)))


def test_a_price_that_was_halved_moved_as_far_as_one_that_was_doubled() -> None:
    moves = summed(("10", "15"), ("10", "4"), ("10", "21"), ("10", "0"), ("10", "10")).moves

    assert [(move.line, move.sku, move.percent) for move in moves] == [
        (5, "S3", -100),
        (3, "S1", -60),
        (4, "S2", 110),
        (2, "S0", 50),
    ]


@pytest.mark.parametrize("change", [(None, "5"), ("5", None), ("0", "5")])
def test_what_has_no_percentage_is_counted_but_no_move(change: tuple[str | None, str | None]) -> None:
    summary = summed(change)

    assert summary.fields == {"price": 1}
    assert summary.moves == []


def test_only_the_largest_moves_of_all_chunks_are_kept() -> None:
    first, second = summed(*(("100", str(101 + n)) for n in range(20))), summed(("100", "1"), ("100", "111"))

    total = first + second

    assert (total.sets, total.fields) == (2, {"price": 22})
    assert len(total.moves) == MOVES_KEPT
    assert [move.after for move in total.moves] == [1, *range(120, 111, -1)]
    assert Summary.from_json(total.as_json()) == total


def test_states_are_counted_by_what_they_became() -> None:
    before = [("A", None, True), ("B", None, False), ("C", None, False), ("D", None, True)]
    after = [("A", None, False), ("B", None, True), ("C", None, True), ("D", None, True)]

    summary = summary_of(FIELDS, before, after, [2, 3, 4, 5])

    assert (summary.activated, summary.deactivated) == (2, 1)
    assert summary.fields == {"is_active": 3}


def test_nothing_stored_is_a_summary_of_nothing() -> None:
    assert Summary.from_json({}) == Summary()
