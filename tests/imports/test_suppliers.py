"""Suppliers: learned from an import, applied to the next file, stopped by other columns, kept in versions."""

from __future__ import annotations

from typing import Any

import pytest

from acme_importer.audit.models import Record
from imports import applying, drafts, jobs, remembering, suppliers, waking
from imports.commandline import foreground
from imports.models import Draft, ImportJob, Supplier
from imports.options import Options
from imports.preview import preview
from imports.suppliers import SupplierError
from products.models import Product
from tests.imports.factories import make_job, run_import, upload, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "Artikel;Bezeichnung;Preis;Aktiv;Lager\n"
FILE = HEADER + "A-1;Stuhl;1.299,50;jo;3\nA-2;Tisch;9,90;na;4\n"
DRIFTED = HEADER.replace("Preis", "Netto") + "A-1;Stuhl;7,00;jo;3\n"
SHORT = "Artikel;Bezeichnung;Preis;Aktiv\nA-1;Stuhl;7,00;jo\n"
DIFFERENT = "The columns are not those of the files of Nordic Tools so far."
SAID: dict[str, Any] = {
    "mapping": {"sku": "Artikel"},
    "words": {"jo": True, "na": False},
    "empty_cells": {"price": "keep"},
}


@pytest.fixture
def nordic() -> Supplier:
    job = run_import(FILE, filename="acme.csv", **SAID)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    return remembering.remember("Nordic Tools", job)


def sent(content: str, supplier: Supplier, **options: Any) -> ImportJob:
    """Import `content` as a file of the supplier, who has no guards."""
    supplier.versions.update(guards=None)
    with waking.no_messages():
        job = jobs.create(upload(content, "next.csv"), Options(**options), None, supplier=supplier)
    foreground.run(job, lambda: None)
    return with_progress(job)


def draft_of(content: str | bytes, name: str = "next.csv") -> Draft:
    return drafts.create(upload(content, name), make_user())


def test_the_next_file_is_read_as_the_one_that_it_was_learned_from(nordic: Supplier) -> None:
    # By itself, this file would tell neither its SKUs, nor that 1.300 is a price of four digits, nor what "jo" means.
    job = sent(HEADER + "A-1;Stuhl;1.300;na;3\nA-2;Tisch;;jo;4\n", nordic)

    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert (job.updated_rows, job.rejected_rows) == (2, 0)
    products = {product.sku: (str(product.price), product.is_active) for product in Product.objects.all()}
    assert products == {"A-1": ("1300.00", False), "A-2": ("9.90", True)}
    assert job.read_by == suppliers.current(nordic)


def test_what_its_sender_says_of_a_file_goes_before_what_is_known_of_the_supplier(nordic: Supplier) -> None:
    job = sent(
        HEADER + "A-1;Stuhl;1.30;jo;3\nA-9;Bank;2;ja;1\n",
        nordic,
        numbers={"decimal": ".", "thousands": ""},
        mode="update_only",
    )

    assert (job.updated_rows, job.skipped_rows) == (1, 1)
    assert str(Product.objects.get(sku="A-1").price) == "1.30"
    # And the rest of what is known still holds.
    assert job.options.words == SAID["words"]


@pytest.mark.parametrize("answer", [{"price": "Netto"}, {"price": ""}])
def test_a_column_that_is_called_otherwise_stops_until_it_is_said_what_it_is(
    nordic: Supplier, answer: dict[str, str]
) -> None:
    stopped = sent(DRIFTED, nordic)

    assert stopped.status == ImportJob.Status.FAILED
    assert "Gone: 'Preis'. New: 'Netto'." in stopped.failure_reason
    assert stopped.question["mapping"]["price"] == "Netto"
    assert str(Product.objects.get(sku="A-1").price) == "1299.50"

    job = sent(DRIFTED, nordic, mapping=answer)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert job.warnings == [f"{DIFFERENT} Gone: 'Preis'. New: 'Netto'."]
    assert str(Product.objects.get(sku="A-1").price) == ("7.00" if answer["price"] else "1299.50")


def test_an_answer_about_another_field_does_not_settle_it(nordic: Supplier) -> None:
    job = sent(DRIFTED, nordic, mapping={"name": "Bezeichnung"})

    assert job.status == ImportJob.Status.FAILED
    assert job.question["mapping"]["price"] == "Netto"


def test_a_column_that_was_ignored_and_is_gone_stops_too_and_one_more_does_not(nordic: Supplier) -> None:
    stopped = sent(SHORT, nordic)
    more = sent(HEADER.replace("Lager", "Lager;Farbe") + "A-1;Stuhl;7,00;jo;3;rot\n", nordic)

    assert "Gone: 'Lager'." in stopped.failure_reason
    assert more.status == ImportJob.Status.COMPLETED
    assert more.warnings == [f"{DIFFERENT} New: 'Farbe'."]
    # The proposal may be sent back as it is.
    assert sent(SHORT, nordic, mapping=stopped.question["mapping"]).status == "completed"


def test_a_known_format_of_which_a_field_is_gone_stops() -> None:
    header = "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
    job = run_import(header + "lamp,Lamp,,Acme,true,,,A-1,9.90\n")
    assert job.format
    shop = remembering.remember("Shop", job)

    again = sent(header + "lamp,Lamp,,Acme,true,,,A-1,9.95\n", shop)
    without = sent(header.replace(",Variant Price", "") + "lamp,Lamp,,Acme,true,,,A-1\n", shop)

    assert (again.status, again.format, again.updated_rows) == ("completed", job.format, 1)
    assert without.status == "failed"
    assert "There is no column for price, which was 'Variant Price'" in without.failure_reason
    assert "send it without the supplier" in without.failure_reason


def test_a_draft_is_recognized_by_its_columns_in_any_order(nordic: Supplier) -> None:
    draft = draft_of("Lager;Aktiv;preis;Bezeichnung;ARTIKEL\n3;jo;7,00;Stuhl;A-1\n")
    drafts.recognize_supplier(draft)

    draft = Draft.objects.get(pk=draft.pk)
    assert draft.read_by == suppliers.current(nordic)
    assert preview(draft).rows[0].values == ["A-1", "Stuhl", "7.00", "active"]


@pytest.mark.parametrize(
    "content",
    ["sku,name\nA,B\n", "A-1;Stuhl;7;jo;3\n", "\0\0\0", HEADER.replace("Lager", "Farbe") + "A-1;Stuhl;7,00;jo;3\n"],
)
def test_other_files_are_not_recognized(nordic: Supplier, content: str) -> None:
    draft = draft_of(content)
    drafts.recognize_supplier(draft)

    assert Draft.objects.get(pk=draft.pk).read_by is None


def test_of_two_suppliers_with_the_same_columns_none_is_taken(nordic: Supplier) -> None:
    remembering.remember("Baltic", ImportJob.objects.latest("pk"))
    draft = draft_of(FILE)
    drafts.recognize_supplier(draft)

    assert Draft.objects.get(pk=draft.pk).read_by is None
    assert len(suppliers.recognized(HEADER.strip().split(";"), "")) == 2


def test_a_draft_whose_columns_have_changed_is_asked_about_and_answered(nordic: Supplier) -> None:
    draft = draft_of(DRIFTED)
    drafts.choose_supplier(draft, nordic)

    found = preview(draft)
    assert found.question
    assert "Gone: 'Preis'" in found.refusal
    drafts.change(draft, Options(**{**draft.asked, "mapping": dict(found.question.mapping or {})}), columns_said=True)

    found = preview(Draft.objects.get(pk=draft.pk))
    assert not found.refusal
    assert found.rows[0].values == ["A-1", "Stuhl", "7.00", "active"]


def test_where_columns_are_detected_again_those_of_the_supplier_are_looked_for(nordic: Supplier) -> None:
    draft = draft_of(FILE)
    drafts.choose_supplier(draft, nordic)
    drafts.change(draft, Options(**{**draft.asked, "mapping": {}, "encoding": "cp1252"}))

    assert draft.options.mapping["sku"] == "Artikel"
    drafts.choose_supplier(draft, None)
    assert (draft.asked, draft.read_by) == ({}, None)


def test_what_was_accepted_once_can_be_learned_and_is_a_new_version(nordic: Supplier) -> None:
    job = sent(DRIFTED, nordic, mapping={"price": "Netto"})

    version = remembering.learn(nordic, job)

    assert (version.number, nordic.version) == (2, 2)
    assert sent(DRIFTED, nordic).status == ImportJob.Status.COMPLETED
    assert sent(FILE, nordic).status == ImportJob.Status.FAILED
    assert [each.header[2] for each in nordic.versions.all()] == ["Netto", "Preis"]
    assert suppliers.jobs_of(nordic).count() == 4


def test_a_check_and_its_import_are_the_suppliers(nordic: Supplier) -> None:
    check = sent(DRIFTED, nordic, mapping={"price": "Netto"}, dry_run=True)
    with waking.no_messages():
        job = applying.apply(check)
    foreground.run(job, lambda: None)

    job = with_progress(job)
    assert (job.status, job.updated_rows, job.read_by) == ("completed", 1, check.read_by)


def test_a_supplier_that_is_deleted_leaves_its_imports(nordic: Supplier) -> None:
    job = sent(FILE, nordic)
    remembering.delete(nordic)

    job.refresh_from_db()
    assert job.read_by is None
    assert job.options.mapping["sku"] == "Artikel"
    assert Record.objects.filter(act="supplier.deleted", object_name="Nordic Tools").exists()


@pytest.mark.parametrize("name", ["nordic tools", " Nordic   Tools ", "", "  ", "x" * 101])
def test_a_name_is_one_and_is_not_taken_twice(nordic: Supplier, name: str) -> None:
    with pytest.raises(SupplierError):
        remembering.remember(name, ImportJob.objects.latest("pk"))
    if name.split() == ["Nordic", "Tools"]:
        assert suppliers.find(name) == nordic


def test_only_a_completed_import_is_remembered() -> None:
    check = run_import("sku,name\nA,Lamp\n", dry_run=True)
    failed = run_import("nothing\n")
    waiting = make_job("sku,name\nA,Lamp\n")
    correction = run_import("sku,name\nA,Lamp\n")
    ImportJob.objects.filter(pk=correction.pk).update(follows=check)

    for job in (check, failed, waiting, ImportJob.objects.get(pk=correction.pk)):
        with pytest.raises(SupplierError):
            remembering.remember("Nordic", job)
    assert not Supplier.objects.exists()


def test_a_file_without_header_and_a_header_below_a_title_are_remembered() -> None:
    plain = run_import("A-1,Lamp,9.90\nA-2,Vase,3.00\n", header_line=0, mapping={"sku": "1", "name": "2", "price": "3"})
    titled = run_import("Price list,,\n\nsku,name,price\nA-1,Lamp,9.90\n", header_line=3)
    assert titled.status == "completed", titled.failure_reason
    first, second = remembering.remember("Plain", plain), remembering.remember("Titled", titled)

    assert suppliers.current(first).fingerprint == ""
    assert sent("A-3,Chair,1.00\n", first).created_rows == 1
    assert sent("Price list,,\n\nsku,name,price\nA-4,Table,1.00\n", second).created_rows == 1


def test_a_guessed_encoding_is_remembered_and_unicode_is_not() -> None:
    guessed = run_import("sku,name\nA-1,Schüssel\nA-2,Töpfe\n".encode("cp1252"))
    certain = run_import("sku,name\nA-1,Schüssel\n")

    assert remembering.options_of(guessed).encoding == guessed.encoding
    assert remembering.options_of(certain).encoding == ""


def test_a_column_that_is_known_by_its_place_only_and_was_moved_stops() -> None:
    said = {"mapping": {"sku": "SKU", "name": "Name", "price": "#4"}}
    twice = learned_from("SKU,Name,Price,Price\nA-1,Lamp,1.00,2.00\n", said)

    job = sent("Price,Price,Name,SKU\n3.00,4.00,Lamp,A-1\n", twice)

    assert job.status == ImportJob.Status.FAILED
    assert "in another order" in job.failure_reason
    assert str(Product.objects.get(sku="A-1").price) == "2.00"


def learned_from(content: str, said: dict[str, Any]) -> Supplier:
    job = run_import(content, **said)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    return remembering.remember("Twice", job)
