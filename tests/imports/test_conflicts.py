"""A corrected row whose product a later import or edit has changed is shown as a conflict, and not written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from imports import applying
from imports.commandline import foreground
from imports.jobs import WrongStateError
from imports.models import HeldRow, ImportJob, ImportLane
from imports.undo import undoing
from products import editing
from products.editing import Editor
from products.history import pruning
from products.models import Product
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import WRITERS
from tests.imports.test_chain import change, check, corrected, finish, follow

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = "sku,name,price,description\nA,Lamp,10,Tall\nB,Vase,20,Blue\nC,Chair,30,Oak\n"
# Of B and C the price is wrong.
CSV = "sku,name,price\nA,Lamp,11\nB,Vase,twenty\nC,Chair,thirty\nD,Desk,forty\n"
FIXES = {"twenty": "21", "thirty": "31", "forty": "41"}


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.IMPORT_WRITER = request.param


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def first() -> ImportJob:
    run_import(BEFORE)
    return run_import(CSV)


def edit() -> None:
    change("B", price=19)


def edit_elsewhere() -> None:
    change("B", description="Red")


def import_later() -> None:
    run_import("sku,price\nB,18\n")


def delete() -> None:
    editing.delete(Product.objects.get(sku="B"), Editor())


def rename() -> None:
    change("B", sku="B-2")


def counts(job: ImportJob) -> dict[str, int]:
    return {name: getattr(job, name) for name in ImportLane.COUNTS if getattr(job, name)}


def prices() -> dict[str, Any]:
    return dict(Product.objects.values_list("sku", "price"))


@pytest.mark.parametrize("meanwhile", [edit, edit_elsewhere, import_later, delete, rename])
@pytest.mark.parametrize("lanes", [1, 3])
def test_what_was_changed_before_the_check_is_held_in_the_check_and_in_its_import(
    meanwhile: Callable[[], None], lanes: int, first: ImportJob, anna: User, settings: Settings
) -> None:
    settings.IMPORT_LANES = lanes
    meanwhile()
    before = prices()
    checked = check(corrected(first, FIXES), first, anna)
    job = finish(applying.apply(checked))

    assert counts(checked) == counts(job) == {"created_rows": 1, "updated_rows": 1, "held_rows": 1}
    assert prices() == {**before, "C": 31, "D": 41}
    for each in (checked, job):
        row = HeldRow.objects.get(job=each)
        assert (row.line, row.sku, row.shown) == (2, "B", {})
        assert row.now["fields"]["price"]["new"] == "21.00"


@pytest.mark.parametrize("meanwhile", [edit, edit_elsewhere, import_later, delete, rename])
def test_what_is_changed_after_the_check_is_held_in_the_import(
    meanwhile: Callable[[], None], first: ImportJob, anna: User
) -> None:
    checked = check(corrected(first, FIXES), first, anna)
    meanwhile()
    before = prices()

    job = finish(applying.apply(checked))

    assert counts(checked) == {"created_rows": 1, "updated_rows": 2}
    assert counts(job) == {"created_rows": 1, "updated_rows": 1, "held_rows": 1}
    assert prices() == {**before, "C": 31, "D": 41}


def test_a_conflict_shows_what_the_product_is_now(first: ImportJob, anna: User) -> None:
    edit()
    checked = check(corrected(first, FIXES), first, anna)

    now = HeldRow.objects.get(job=checked).now

    assert now == {"kind": "updated", "fields": {"price": {"old": "19.00", "new": "21.00"}}}


def test_conflicts_are_imported_by_themselves_afterwards(first: ImportJob, anna: User) -> None:
    edit()
    checked = check(corrected(first, FIXES), first, anna)
    with pytest.raises(WrongStateError, match="has shown first"):
        applying.import_held(checked)
    job = finish(applying.apply(checked))

    rest = finish(applying.import_held(job))

    assert counts(rest) == {"updated_rows": 1}
    assert prices()["B"] == 21


def test_where_every_row_is_a_conflict_they_are_imported_from_the_check(
    first: ImportJob, anna: User, settings: Settings
) -> None:
    edit()
    checked = check(corrected(first, FIXES, only=[3]), first, anna)
    assert counts(checked) == {"held_rows": 1}
    settings.CHECK_NEEDS_SECOND_PERSON = True
    with pytest.raises(WrongStateError, match="somebody else"):
        applying.import_held(checked, anna)

    rest = finish(applying.import_held(checked, User.objects.create_user("bela")))

    assert counts(rest) == {"updated_rows": 1}
    assert prices()["B"] == 21
    assert with_progress(first).fixed_rows == 1


def test_a_product_that_is_as_the_corrected_row_says_is_no_conflict(first: ImportJob, anna: User) -> None:
    change("B", price=21)

    job = follow(corrected(first, FIXES), first, anna)

    assert counts(job) == {"created_rows": 1, "updated_rows": 1, "unchanged_rows": 1}


def test_what_the_first_import_and_its_other_corrections_have_written_is_no_conflict(anna: User) -> None:
    run_import(BEFORE)
    first = run_import(CSV + "B,Big vase,22\n")
    follow(corrected(first, FIXES, only=[3]), first, anna)
    assert prices()["B"] == 21

    again = follow(corrected(first, {**FIXES, "twenty": "25"}), first, anna)

    assert counts(again)["updated_rows"] == 2
    assert prices()["B"] == 25


def test_an_import_of_what_a_check_has_shown_is_no_conflict_with_what_was_corrected_of_the_check(anna: User) -> None:
    run_import(BEFORE)
    checked = run_import(CSV + "B,Big vase,22\n", dry_run=True)
    finish(applying.apply(checked))

    job = follow(corrected(checked, FIXES), checked, anna)

    assert counts(job) == {"created_rows": 1, "updated_rows": 2}


def test_the_undo_of_the_first_import_is_a_conflict(anna: User) -> None:
    run_import(BEFORE)
    first = run_import(CSV + "B,Big vase,22\n")
    finish(undoing.undo(first, anna))

    job = follow(corrected(first, FIXES), first, anna)

    assert counts(job) == {"created_rows": 1, "updated_rows": 1, "held_rows": 1}
    assert prices()["B"] == 20


def test_what_was_changed_before_the_first_file_was_read_is_no_conflict(anna: User) -> None:
    run_import(BEFORE)
    edit()
    first = run_import(CSV)

    assert counts(follow(corrected(first, FIXES), first, anna)) == {"created_rows": 1, "updated_rows": 2}


def test_of_a_file_that_was_checked_it_is_the_check_that_has_read_it(anna: User) -> None:
    run_import(BEFORE)
    checked = run_import(CSV, dry_run=True)
    edit()
    first = finish(applying.apply(checked))

    assert counts(follow(corrected(first, FIXES), first, anna))["held_rows"] == 1


def test_what_is_corrected_in_two_steps_is_still_of_the_first_file(first: ImportJob, anna: User) -> None:
    second = follow(corrected(first, {"thirty": "31", "twenty": "zwanzig"}), first, anna)
    assert second.rejected_rows == 2
    change("B", price=19)
    third = follow(corrected(second, {"zwanzig": "21", "forty": "41"}), second, anna)

    assert counts(third) == {"created_rows": 1, "held_rows": 1}


def test_all_rows_of_a_sku_are_judged_the_same_whatever_the_chunks(
    first: ImportJob, anna: User, settings: Settings
) -> None:
    edit()
    header, row = corrected(first, FIXES, only=[3]).splitlines()
    content = f"{header}\n{row}\n{row.replace('21', '19')}\n{row.replace('21', '22')}\n"
    found = []
    for chunk_rows in (1, 2, 100):
        settings.IMPORT_CHUNK_ROWS = chunk_rows
        found.append(counts(follow(content, first, anna)))

    assert found == [{"unchanged_rows": 1, "held_rows": 2}] * 3
    assert prices()["B"] == 19


def test_a_file_that_keeps_other_columns_is_held_by_those_too(anna: User) -> None:
    run_import("sku,name,price,colour\nB,Vase,20,blue\n", extra=True)
    first = run_import("sku,name,price,colour\nB,Vase,twenty,red\n", extra=True)
    change("B", description="Mine")

    job = follow(corrected(first, {"twenty": "20"}), first, anna)

    assert counts(job) == {"held_rows": 1}
    assert HeldRow.objects.get(job=job).now["fields"]["extra"]["new"] == {"colour": "red"}


def test_where_the_history_does_not_go_back_to_the_file_what_is_missing_is_a_conflict(
    first: ImportJob, anna: User, settings: Settings
) -> None:
    settings.HISTORY_KEEP_DAYS = 2
    edit()
    long_ago = timezone.now() - timedelta(days=3)
    ImportJob.objects.filter(pk=first.pk).update(started_at=long_ago)
    pruning.delete_before(timezone.now() + timedelta(days=1), 10)

    job = follow(corrected(first, FIXES), first, anna)

    assert counts(job) == {"created_rows": 1, "held_rows": 2}


def test_a_file_that_follows_nothing_that_was_read_has_no_conflicts(anna: User) -> None:
    run_import(BEFORE)
    unread = run_import("colour\nred\n")
    assert unread.status == "failed"
    edit()

    job = follow("sku,name,price\nB,Vase,21\n", unread, anna)

    assert counts(job) == {"updated_rows": 1}


def test_an_edit_while_corrected_rows_are_written_is_not_overwritten(
    first: ImportJob, anna: User, settings: Settings
) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    job = applying.apply(check(corrected(first, FIXES), first, anna))

    def once() -> None:
        if Product.objects.filter(sku="B", price=21).exists() and not Product.objects.filter(sku="C", price=29):
            change("C", price=29)

    foreground.run(job, once)

    assert prices()["C"] == 29
    assert counts(with_progress(job))["held_rows"] == 1
