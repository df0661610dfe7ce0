"""What a check has shown, read page by page: against the same list made row by row, whatever is asked for."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import product as combinations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from imports import changes, proposed
from imports.changes import Change, Filters
from imports.models import ImportJob, ImportLane
from imports.writing.findings import MARKS, Findings
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db

FIELDS = ("sku", "name", "description", "price", "is_active")
ROWS = 1300


def row(chance: random.Random, number: int) -> list[str]:
    price = chance.choice(["", "0", "1", "2.50", "10", "10", "99.90"])
    return [
        f"S-{number:04}",
        chance.choice(["Lamp", "Vase"]),
        chance.choice(["", "Tall"]),
        price,
        chance.choice(["yes", "no"]),
    ]


def file(rows: list[list[str]]) -> str:
    return "\n".join(",".join(fields) for fields in [FIELDS, *rows]) + "\n"


@pytest.fixture
def checked(settings: Settings) -> tuple[ImportJob, list[Change]]:
    """A check of many rows in several chunks, and the changes that are to be shown, by the line."""
    settings.IMPORT_CHUNK_ROWS = 700
    chance = random.Random(16)
    before = [row(chance, number) for number in range(ROWS)]
    after = [row(chance, number) for number in range(ROWS + 100)]
    run_import(file(before))
    job = run_import(file(after), dry_run=True)
    return job, [
        change
        for line, fields in enumerate(after, start=2)
        if (change := expected(line, before[line - 2] if line - 2 < ROWS else None, fields))
    ]


def expected(line: int, before: list[str] | None, after: list[str]) -> Change | None:
    new = values(after)
    if before is None:
        return Change(line, after[0], "created", {name: {"old": None, "new": value} for name, value in new.items()})
    old = values(before)
    fields = {name: {"old": old[name], "new": new[name]} for name in FIELDS if old[name] != new[name]}
    return Change(line, after[0], "updated", fields) if fields else None


def values(fields: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = dict(zip(FIELDS, fields, strict=True))
    return told | {
        "price": f"{Decimal(told['price']):.2f}" if told["price"] else None,
        "is_active": told["is_active"] == "yes",
        "extra": {},
    }


def price(change: Change) -> tuple[Decimal, Decimal] | None:
    told = change.fields.get("price", {"old": None, "new": None})
    return (Decimal(told["old"]), Decimal(told["new"])) if told["old"] and told["new"] else None


def has(change: Change, mark: str) -> bool:
    if change.kind == "created":
        return False
    old_and_new = price(change)
    states = change.fields.get("is_active")
    return {
        "price_up": bool(old_and_new and old_and_new[1] > old_and_new[0]),
        "price_down": bool(old_and_new and old_and_new[1] < old_and_new[0]),
        "price_to_zero": bool(old_and_new and not old_and_new[1]),
        "emptied": any(of["old"] and of["new"] in ("", None) for name, of in change.fields.items()),
        "activated": bool(states and states["new"]),
        "deactivated": bool(states and not states["new"]),
    }[mark]


def size(change: Change) -> float:
    """How many times as much or as little the price is."""
    old, new = price(change) or (Decimal(0), Decimal(0))
    if not old or old == new:
        return 0
    ratio = float(new) / float(old)
    return max(ratio, 1 / ratio if ratio else float("inf"))


def all_pages(job: ImportJob, filters: Filters, limit: int) -> list[Change]:
    found: list[Change] = []
    cursor = 0
    while True:
        page = changes.page(job, filters, cursor=cursor, limit=limit)
        found += page.changes
        if not page.next_cursor:
            return found
        assert len(page.changes) == limit or filters.sku
        cursor = page.next_cursor


def test_whatever_is_asked_for_is_found_page_by_page(checked: tuple[ImportJob, list[Change]]) -> None:
    job, shown = checked
    for kind, field, mark in combinations(["", "created", "updated"], ["", "price", "name"], ["", *MARKS]):
        filters = Filters(field=field, kind=kind, mark=mark)
        assert all_pages(job, filters, 90) == [
            change
            for change in shown
            if (not kind or change.kind == kind)
            and (not field or (change.kind == "updated" and field in change.fields))
            and (not mark or has(change, mark))
        ], filters


def test_a_sku_may_be_the_beginning_of_one(checked: tuple[ImportJob, list[Change]]) -> None:
    job, shown = checked
    for sku in ("s-13", "S-0007", "x"):
        assert all_pages(job, Filters(sku=sku), 7) == [each for each in shown if each.sku.startswith(sku.upper())]


@pytest.mark.parametrize("mark", ["", "price_up", "price_down", "price_to_zero"])
def test_the_largest_price_moves_come_first(checked: tuple[ImportJob, list[Change]], mark: str) -> None:
    job, shown = checked
    moves = [change for change in shown if size(change) and (not mark or has(change, mark))]
    moves.sort(key=lambda change: (-size(change), change.line))

    found = all_pages(job, Filters(mark=mark, order=proposed.BY_MOVE), 90)

    assert [(size(change), change.line) for change in found] == [(size(change), change.line) for change in moves]


def test_the_findings_are_those_of_all_rows(checked: tuple[ImportJob, list[Change]]) -> None:
    job, shown = checked
    found = proposed.findings(job)
    moves = [pair for change in shown if change.kind == "updated" and (pair := price(change)) and pair[0] != pair[1]]

    assert (found.up, found.down, found.to_zero) == tuple(
        sum(has(change, mark) for change in shown) for mark in ("price_up", "price_down", "price_to_zero")
    )
    assert found.emptied["price"] == sum(
        change.kind == "updated" and of["old"] is not None and of["new"] is None
        for change in shown
        for name, of in change.fields.items()
        if name == "price"
    )
    percents = sorted((new - old) * 100 / old for old, new in moves if old)
    median = percents[(len(percents) - 1) // 2]
    assert found.median_percent == pytest.approx(float(median), rel=0.01)
    assert found.moved_by_more_than(50) == sum(abs(percent) > 50 for percent in percents)


def test_findings_are_stored_and_added_up() -> None:
    found = Findings(1, 2, 3)
    found.emptied["name"] = 2
    found.permilles[-500] = 3

    assert Findings.from_json(found.as_json()) == found
    assert (found + found).permilles[-500] == 6
    assert Findings.from_json({}) == Findings()


def test_a_page_takes_few_queries_however_many_blocks_there_are(checked: tuple[ImportJob, list[Change]]) -> None:
    job, _ = checked
    for filters in (Filters(), Filters(mark="emptied"), Filters(sku="S"), Filters(order=proposed.BY_MOVE)):
        with CaptureQueriesContext(connection) as queries:
            changes.page(job, filters, cursor=0, limit=50)
        assert len(queries) <= 3, filters


def test_the_summary_of_a_check_is_that_of_the_import(checked: tuple[ImportJob, list[Change]]) -> None:
    job, shown = checked
    summary = changes.summary(job)

    assert summary.activated == sum(has(change, "activated") for change in shown)
    assert summary.fields["price"] == sum("price" in change.fields for change in shown if change.kind == "updated")
    assert not changes.why_gone(job)
    assert ImportLane.objects.get(job=job).created_rows == 100
