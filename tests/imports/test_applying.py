"""From a check to the import of what it has shown: nothing else is written, whatever has happened in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from imports import applying, drafts, held_lines, jobs, results, tasks
from imports.commandline import foreground
from imports.jobs import WrongStateError
from imports.models import DryRunSku, HeldRow, ImportJob, ImportLane, ProposedBlock
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import WRITERS

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "sku,name,price\nA,Lamp,12\nB,Vase,3\nC,Chair,70\nD,Table,\nE,Desk,9\n"
NOBODY = Editor()


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.IMPORT_WRITER = request.param


def check(content: str = CSV, **options: Any) -> ImportJob:
    job = run_import(content, dry_run=True, **options)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    return job


def apply(of: ImportJob) -> ImportJob:
    return finish(applying.apply(of))


def finish(job: ImportJob) -> ImportJob:
    foreground.run(job, lambda: None)
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    return job


def receipt(job: ImportJob) -> dict[str, int]:
    return {name: getattr(job, name) for name in ImportLane.COUNTS if getattr(job, name)}


def edit(of: str, **values: Any) -> None:
    product = Product.objects.get(sku=of)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), NOBODY)


def catalogue() -> dict[str, tuple[Any, ...]]:
    return {sku: rest for sku, *rest in Product.objects.values_list("sku", "name", "price", "is_active")}  # type: ignore[misc]


def held(job: ImportJob) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    return {row.line: (row.shown, row.now) for row in HeldRow.objects.filter(job=job.pk)}


def test_in_an_untouched_catalogue_the_receipt_is_that_of_the_check() -> None:
    run_import("sku,name,price\nA,Lamp,10\nB,Vase,3\n")
    checked = check(CSV + "A,Lamp,13\nF,,\n")

    job = apply(checked)

    assert receipt(job) == receipt(checked)
    assert receipt(job) == {
        "created_rows": 3,
        "updated_rows": 1,
        "unchanged_rows": 1,
        "duplicate_rows": 1,
        "rejected_rows": 1,
    }
    assert (job.applies, job.sha256, job.stored_as) == (checked, checked.sha256, checked.stored_as)


def test_a_row_whose_product_was_edited_in_what_it_changes_is_held() -> None:
    run_import("sku,name,price\nA,Lamp,10\nB,Vase,2\n")
    checked = check()
    edit("A", price=11)

    job = apply(checked)

    assert receipt(job) == {"created_rows": 3, "updated_rows": 1, "held_rows": 1}
    assert catalogue()["A"][1] == 11
    assert held(job) == {
        2: (
            {"kind": "updated", "fields": {"price": {"old": "10.00", "new": "12.00"}}},
            {"kind": "updated", "fields": {"price": {"old": "11.00", "new": "12.00"}}},
        )
    }
    outcomes = {row[0]: row[2] for batch in results.rows(job) for row in batch}
    assert outcomes == {2: "held", 3: "updated", 4: "created", 5: "created", 6: "created"}


def test_a_row_whose_product_was_edited_elsewhere_is_written() -> None:
    run_import("sku,name,price,description\nA,Lamp,10,Old\n")
    checked = check()
    edit("A", description="New", is_active=False)

    job = apply(checked)

    assert receipt(job) == {"created_rows": 4, "updated_rows": 1}
    assert catalogue()["A"] == ["Lamp", 12, False]


def test_a_row_that_was_to_change_nothing_does_not_undo_an_edit() -> None:
    run_import(CSV)
    checked = check()
    edit("C", name="Armchair")

    job = apply(checked)

    assert receipt(job) == {"unchanged_rows": 4, "held_rows": 1}
    assert held(job) == {
        4: ({}, {"kind": "updated", "fields": {"name": {"old": "Armchair", "new": "Chair"}}}),
    }


def test_a_product_that_was_deleted_or_created_meanwhile_holds_its_row() -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = check()
    editing.delete(Product.objects.get(sku="A"), NOBODY)
    editing.create(Product(sku="E", name="Desk", price=8), NOBODY)

    job = apply(checked)

    assert receipt(job) == {"created_rows": 3, "held_rows": 2}
    assert set(catalogue()) == {"B", "C", "D", "E"}
    (was_updated, is_created), (was_created, is_updated) = held(job).values()
    assert (was_updated["kind"], is_created["kind"]) == ("updated", "created")
    assert (was_created["kind"], is_updated["kind"]) == ("created", "updated")


def test_a_sku_that_was_given_away_and_back_to_a_product_with_the_same_values_is_written() -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = check()
    edit("A", sku="Z")
    edit("Z", sku="A")

    assert receipt(apply(checked)) == {"created_rows": 4, "updated_rows": 1}


def test_after_another_import_of_the_same_products_all_of_its_rows_are_held(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    run_import("sku,name,price\nA,Lamp,10\nB,Vase,1\n")
    checked = check()
    run_import("sku,name,price\nA,Lamp,5\nB,Vase,6\n")

    job = apply(checked)

    assert receipt(job) == {"created_rows": 3, "held_rows": 2}
    assert catalogue()["A"][1] == 5


def test_held_rows_are_imported_by_themselves() -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = check()
    edit("A", price=11)
    job = apply(checked)

    rest = finish(applying.import_held(job))

    assert receipt(rest) == {"updated_rows": 1}
    assert catalogue()["A"][1] == 12
    assert (rest.held_by, rest.total_rows) == (job, 1)
    with pytest.raises(WrongStateError, match="imported already"):
        applying.import_held(job)


def test_of_many_rows_those_that_were_held_are_imported_and_no_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_lines, "BATCH", 3)
    settings.IMPORT_CHUNK_ROWS = 4
    rows = "".join(f"S-{n},Lamp,{n}\n" for n in range(60))
    run_import(f"sku,name,price\n{rows}")
    checked = check(f"sku,name,price\n{rows.replace('Lamp', 'Bulb')}")
    for n in (0, 1, 17, 18, 19, 20, 21, 40, 59):
        edit(f"S-{n}", name="Mine")
    job = apply(checked)
    assert receipt(job) == {"updated_rows": 51, "held_rows": 9}
    edit("S-2", name="Mine")

    rest = finish(applying.import_held(job))

    assert receipt(rest) == {"updated_rows": 9}
    assert {sku for sku, values in catalogue().items() if values[0] != "Bulb"} == {"S-2"}


def test_held_rows_go_when_rejected_ones_do_and_that_is_said(settings: Settings) -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = check()
    edit("A", price=11)
    job = apply(checked)
    ImportJob.objects.filter(pk=job.pk).update(
        finished_at=timezone.now() - timedelta(days=settings.REJECTED_KEEP_DAYS + 1)
    )

    tasks.delete_old_rejected_rows()

    job = with_progress(job)
    assert (job.held_rows, HeldRow.objects.exists()) == (1, False)
    assert "were deleted" in applying.why_held_gone(job)
    with pytest.raises(WrongStateError, match="has held no rows"):
        applying.import_held(job)


def test_a_check_lasts_no_longer_than_the_changes_after_it_are_on_record(settings: Settings) -> None:
    settings.HISTORY_KEEP_DAYS = 2
    checked = check()
    two_days_ago = timezone.now() - timedelta(days=2)
    ImportJob.objects.filter(pk=checked.pk).update(started_at=two_days_ago, finished_at=two_days_ago)

    with pytest.raises(WrongStateError, match="expired on"):
        applying.apply(checked)


def test_the_file_of_a_check_is_reviewed_again_and_stays_while_anybody_has_it(upload_folder: Any) -> None:
    checked = check()
    user = User.objects.create_user("anna")

    draft = drafts.reopen(checked, user)

    assert (draft.stored_as, draft.asked, draft.created_by) == (checked.stored_as, checked.asked, user)
    jobs.delete_files(checked)
    assert (upload_folder / draft.stored_as).exists()
    again = drafts.submit(draft)
    assert again.dry_run
    jobs.delete_files(again)
    assert not (upload_folder / draft.stored_as).exists()


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_file_of_an_import_that_has_written_is_not_reviewed_again(dry_run: bool) -> None:
    job = run_import(CSV) if not dry_run else run_import(CSV, dry_run=True)
    if dry_run:
        ImportJob.objects.filter(pk=job.pk).update(status="running")

    with pytest.raises(WrongStateError):
        drafts.reopen(job, User.objects.create_user("anna"))


def test_later_rows_of_a_file_see_what_earlier_ones_would_have_made(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    run_import("sku,name,price\nA,Lamp,10\n")
    checked = check("sku,name,price\nA,Lamp,12\nB,Vase,1\nA,Lamp,13\nB,Vase,1\nA,Bulb,13\nA,Bulb,14\n")

    job = apply(checked)

    assert receipt(job) == receipt(checked) == {"created_rows": 1, "updated_rows": 1, "duplicate_rows": 4}
    assert catalogue() == {"A": ["Bulb", 14, True], "B": ["Vase", 1, True]}


def test_an_edit_while_it_is_applied_holds_the_later_row_of_the_same_product(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    checked = check("sku,name,price\nA,Lamp,12\nB,Vase,1\nA,Lamp,13\nC,Chair,1\n")
    job = applying.apply(checked)

    def once() -> None:
        if Product.objects.filter(sku="A", price=12).exists():
            edit("A", price=99)

    foreground.run(job, once)

    assert receipt(with_progress(job))["held_rows"] == 1
    assert catalogue()["A"][1] == 99


@pytest.mark.parametrize("state", ["queued", "real", "expired", "applied", "gone"])
def test_only_a_completed_check_that_has_not_expired_is_applied_and_only_once(state: str) -> None:
    checked = run_import(CSV, dry_run=state != "real")
    if state == "queued":
        ImportJob.objects.filter(pk=checked.pk).update(status="queued")
    elif state == "expired":
        ImportJob.objects.filter(pk=checked.pk).update(finished_at=timezone.now() - applying.EXPIRES_AFTER)
    elif state == "applied":
        applying.apply(checked)
    elif state == "gone":
        ImportJob.objects.filter(pk=checked.pk).update(stored_as="")

    with pytest.raises(WrongStateError):
        applying.apply(checked)


def test_a_second_person_applies_the_check_where_that_is_set(settings: Settings) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    anna, bela = (User.objects.create_user(name) for name in ("anna", "bela"))
    checked = check()
    ImportJob.objects.filter(pk=checked.pk).update(created_by=anna)

    with pytest.raises(WrongStateError, match="somebody else"):
        applying.apply(checked, anna)
    assert applying.apply(checked, bela).applies == checked


def test_a_file_that_was_exchanged_in_storage_is_not_imported(upload_folder: Any) -> None:
    checked = check()
    (upload_folder / checked.stored_as).write_text(CSV.replace("12", "99"))

    job = applying.apply(checked)
    foreground.run(job, lambda: None)

    job.refresh_from_db()
    assert (job.status, job.failure_reason) == ("failed", applying.CHANGED_FILE)
    assert not Product.objects.exists()


def test_a_file_that_would_be_read_otherwise_is_not_imported() -> None:
    checked = check()
    ImportJob.objects.filter(pk=checked.pk).update(numbers={"decimal": ","})

    job = applying.apply(checked)
    foreground.run(job, lambda: None)

    job.refresh_from_db()
    assert job.status == "failed"
    assert "read in another way" in job.failure_reason
    assert "numbers" in job.failure_reason


def test_what_expired_checks_have_shown_is_deleted() -> None:
    old, new = check(), check()
    ImportJob.objects.filter(pk=old.pk).update(finished_at=timezone.now() - applying.EXPIRES_AFTER)

    tasks.delete_expired_checks()

    for kept in (ProposedBlock, DryRunSku):
        assert set(kept.objects.values_list("job", flat=True)) == {new.pk}
