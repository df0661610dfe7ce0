"""An import that is completed, but is no success: it says so in a sentence, and is not shown as one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from imports.dashboard.state import LABELS, in_state, shown_state
from imports.models import ImportJob
from imports.representation import represent
from imports.verdict import WITH_ERRORS, WITH_WARNINGS
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db

GOOD, BAD = "A-{},Lamp,1.50\n", "A-{},,1.50\n"


def file(good: int, bad: int) -> str:
    rows = [GOOD] * good + [BAD] * bad
    return "sku,name,price\n" + "".join(row.format(number) for number, row in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "sentence", "label", "kind"),
    [
        ((3, 0), "", "Completed", "good"),
        ((3, 3), "", "Completed with errors", "warn"),
        ((2, 3), "Most rows were rejected: 3 of 5.", "Completed with errors", "warn"),
        ((0, 3), "No row was imported: all 3 were rejected.", "Completed with errors", "warn"),
        ((0, 1), "No row was imported: the only one was rejected.", "Completed with errors", "warn"),
        ((0, 0), "The file has no rows below its header.", "Completed with warnings", "warn"),
    ],
)
def test_what_became_of_the_rows(
    settings: Settings, rows: tuple[int, int], sentence: str, label: str, kind: str
) -> None:
    settings.IMPORT_LANES = 3
    job = run_import(file(*rows))

    assert job.status == ImportJob.Status.COMPLETED
    assert job.warnings == ([sentence] if sentence else [])
    assert represent(job)["warnings"] == job.warnings
    shown = shown_state(job)
    assert (shown.label, shown.kind) == (label, kind)
    assert [name for name in LABELS if in_state(ImportJob.objects.with_progress(), name)] == [
        {"Completed": "completed", "Completed with errors": WITH_ERRORS, "Completed with warnings": WITH_WARNINGS}[
            label
        ]
    ]


def test_few_rows_of_many_lines() -> None:
    swallowed = "\n".join(f"line {number}" for number in range(40))
    job = run_import(f'sku,name,description\nA-1,Lamp,"{swallowed}"\nA-2,Fan,\n')

    assert job.created_rows == 2
    (sentence,) = job.warnings
    assert sentence.startswith("The file has 42 lines, but only 2 rows. That is right if")
    assert shown_state(job).label == "Completed with warnings"


def test_texts_of_some_lines_are_nothing_to_speak_of() -> None:
    rows = "".join(f'A-{number},Lamp,"one\ntwo\nthree"\n' for number in range(20))

    assert run_import("sku,name,description\n" + rows).warnings == []


def test_rows_that_were_all_skipped() -> None:
    job = run_import(
        "Handle,Title,Variant SKU,Variant Price,Image Src,Body (HTML),Vendor\nlamp,,,,a.jpg,,\nlamp,,,,b.jpg,,\n"
    )

    assert job.skipped_rows == 2
    assert job.warnings[-1] == "No row was imported: all 2 were skipped."
    assert shown_state(job).kind == "warn"


def test_the_command_and_the_page_say_it(admin_client: Client, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(file(0, 2))
    stdout = io.StringIO()

    call_command("import_csv", str(path), stdout=stdout)

    job = ImportJob.objects.get()
    assert f"Import {job.pk} completed with errors: bad.csv" in stdout.getvalue()
    assert "Warning: No row was imported: all 2 were rejected." in stdout.getvalue()
    page = admin_client.get(reverse("admin:imports_importjob_change", args=[job.pk])).content.decode()
    assert "No row was imported: all 2 were rejected." in page
    assert "Completed with errors" in page
