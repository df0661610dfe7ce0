"""The rules of guards: when each trips, what it says, and what their limits may be."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from imports.guards import (
    DEFAULTS,
    GUARDS,
    GuardsError,
    LastFile,
    Limit,
    Measured,
    judge,
    limits_from_json,
    limits_from_text,
)
from imports.writing.findings import Findings


def found(existing: int = 1000, **values: Any) -> Measured:
    return Measured(existing=existing, findings=Findings(**values))


MOVED = found(permilles=Counter({-600: 400, 510: 12, 500: 80}))
CASES: dict[str, tuple[Measured, LastFile | None, str]] = {
    "prices_moved": (
        MOVED,
        None,
        "412 of 1,000 prices (41.2%) would move by more than 50%; the limit is 10%.",
    ),
    "prices_zero": (
        found(to_zero=9, emptied=Counter(price=2)),
        None,
        "11 of 1,000 prices (1.1%) would become zero or be emptied; the limit is 1%.",
    ),
    "deactivated": (
        Measured(existing=9_000, deactivated=1_001),
        None,
        "1,001 of 9,000 products (11.1%) would become inactive; the limits are 10% and 1,000.",
    ),
    "emptied": (
        found(emptied=Counter(description=101, name=3)),
        None,
        "101 of 1,000 products (10.1%) would lose their description; the limit is 10%.",
    ),
    "new": (
        Measured(rows=4, created=3, existing=1),
        LastFile(rows=4, skus=4, missing=0),
        "3 of 4 products (75%) would be new; the limit is 50%.",
    ),
    "rejected": (
        Measured(rows=30, rejected=4, existing=26),
        None,
        "4 of 30 rows (13.3%) would be rejected; the limit is 10%.",
    ),
    "rows": (
        Measured(rows=400),
        LastFile(rows=1000, skus=1000, missing=0),
        "The file has 400 rows, 600 fewer (60%) than the last one; the limit is 30%.",
    ),
    "overlap": (
        Measured(rows=1000),
        LastFile(rows=1000, skus=990, missing=300),
        "300 of the 990 SKUs of the last file (30.3%) are not in this one; the limit is 20%.",
    ),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_each_guard_trips_with_its_sentence_and_is_silent_where_it_is_off(guard: str) -> None:
    measured, last, sentence = CASES[guard]

    (trip,) = judge(measured, DEFAULTS, last)

    assert (trip.guard, trip.sentence) == (guard, sentence)
    assert trip.share == round(trip.number * 100 / trip.of, 3)
    assert not judge(measured, limits_from_json({guard: None}), last)


@pytest.mark.parametrize("guard", GUARDS)
def test_no_guard_trips_over_a_file_that_changes_nothing(guard: str) -> None:
    unchanged = Measured(rows=50, existing=50)

    assert not judge(unchanged, DEFAULTS, LastFile(rows=50, skus=50, missing=0))
    assert not judge(Measured(), {guard: Limit(share=0, number=0, percent=0)}, LastFile(0, 0, 0))


@pytest.mark.parametrize("guard", ["new", "rows", "overlap"])
def test_what_compares_with_the_last_file_is_not_judged_without_one(guard: str) -> None:
    measured, _, _ = CASES[guard]

    assert not judge(measured, {guard: Limit(share=0, number=0)})


@pytest.mark.parametrize(
    ("rows", "rejected", "limit", "trips"),
    [
        # At the limit is not beyond it.
        (100, 10, Limit(share=10), False),
        (100, 11, Limit(share=10), True),
        (100, 10, Limit(number=10), False),
        (100, 11, Limit(number=10), True),
        # One row of a tiny file is a large share, and nothing unusual; a number is meant as it is.
        (1, 1, Limit(share=10), False),
        (2, 2, Limit(share=10), True),
        (1, 1, Limit(number=0), True),
        # Each half by itself.
        (1000, 60, Limit(share=10, number=50), True),
        (100, 40, Limit(share=10, number=50), True),
        (100, 9, Limit(share=10, number=50), False),
        (100, 100, Limit(), False),
        (100, 2, Limit(share=0), True),
        (100, 100, Limit(share=100), False),
    ],
)
def test_a_guard_trips_beyond_its_share_or_its_number(rows: int, rejected: int, limit: Limit, trips: bool) -> None:
    assert bool(judge(Measured(rows=rows, rejected=rejected), {"rejected": limit})) is trips


def test_more_rows_than_the_last_file_had_are_told_as_more() -> None:
    (trip,) = judge(Measured(rows=3000), DEFAULTS, LastFile(rows=1000, skus=1000, missing=0))

    assert trip.sentence == "The file has 3,000 rows, 2,000 more (200%) than the last one; the limit is 30%."


def test_a_product_that_several_rows_change_counts_once_at_most() -> None:
    (trip,) = judge(found(existing=3, to_zero=7), {"prices_zero": Limit(share=10)})

    assert (trip.number, trip.of, trip.share) == (3, 3, 100)


def test_a_share_that_rounds_to_nothing_is_not_said_to_be_nothing() -> None:
    (trip,) = judge(Measured(rows=100_000, rejected=20), {"rejected": Limit(number=10)})

    assert trip.sentence == "20 of 100,000 rows (less than 0.1%) would be rejected; the limit is 10."


def test_limits_that_are_told_override_parts_of_the_usual_ones() -> None:
    limits = limits_from_json({"prices_moved": {"percent": 20}, "deactivated": {"share": None}, "new": None})

    assert limits == {
        **{name: limit for name, limit in DEFAULTS.items() if name != "new"},
        "prices_moved": Limit(share=10, number=5_000, percent=20),
        "deactivated": Limit(number=1000),
    }
    assert judge(found(permilles=Counter({210: 200})), limits)


@pytest.mark.parametrize(
    ("text", "limits"),
    [("", {}), (" ", {}), ("defaults", DEFAULTS), ('"defaults"', DEFAULTS), ("{}", DEFAULTS)],
)
def test_a_setting_is_empty_or_defaults_or_an_object(text: str, limits: Any) -> None:
    assert limits_from_text(text) == limits


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ([], "guards are a JSON object"),
        ({"price": {}}, "there is no guard 'price'; there are prices_moved, "),
        ({"new": 5}, "new: must be an object with share, number, or null to switch it off."),
        ({"new": {"percent": 5}}, "new: there is no 'percent'; there are share, number."),
        ({"new": {"share": -1}}, "new.share: must not be negative."),
        ({"new": {"share": 101}}, "new.share: is in per cent, and must not be over 100."),
        ({"new": {"share": "5"}}, "new.share: must be a number, or null"),
        ({"new": {"share": True}}, "new.share: must be a number, or null"),
        ({"new": {"share": float("nan")}}, "new.share: must be a number, or null"),
        ({"new": {"number": 1.5}}, "new.number: must be a whole number."),
        ({"prices_moved": {"percent": None}}, "prices_moved.percent: must be a number."),
        ({"prices_moved": {"percent": -5}}, "prices_moved.percent: must not be negative."),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_a_sentence(told: Any, sentence: str) -> None:
    with pytest.raises(GuardsError) as refused:
        limits_from_text(json.dumps(told))

    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("text", ["on", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(GuardsError, match='must be "defaults" or a JSON object'):
        limits_from_text(text)
