"""The command `import_csv` under guard: the check first, then the import, or an exit code of its own."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from imports import jobs
from imports.guards import Limit
from imports.models import ImportJob
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import work_off_the_queue

pytestmark = pytest.mark.django_db(transaction=True)

HARMLESS = "sku,name\nA,Lamp\n"
ODD = "sku,name\nA,\nB,\nC,Chair\n"
SENTENCE = "2 of 3 rows (66.7%) would be rejected; the limit is 10%."


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"rejected": Limit(share=10)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


def run(*arguments: object) -> tuple[int, str, str]:
    """Run the command; returns its exit code, and what it has written to standard output and standard error."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_csv", *map(str, arguments), stdout=stdout, stderr=stderr)
    except SystemExit as end:
        code = int(str(end.code))
    return code, stdout.getvalue(), stderr.getvalue()


def newest() -> ImportJob:
    return ImportJob.objects.latest("pk")


def test_a_harmless_file_is_checked_and_then_imported(path: Path) -> None:
    path.write_text(HARMLESS)

    code, out, err = run(path)

    assert code == 0
    job = newest()
    assert f"The file is under guard: check {job.applies_id} goes first." in err
    assert f"Import {job.pk} completed" in out
    assert Product.objects.get().sku == "A"


def test_an_odd_one_is_held_with_the_sentences_and_how_to_go_on(path: Path) -> None:
    path.write_text(ODD)

    code, out, err = run(path)

    job = newest()
    assert (code, job.status) == (3, "held")
    assert out.startswith(f"Import {job.pk} held: products.csv")
    assert SENTENCE in err
    assert f"POST /api/jobs/{job.pk}/approve, or /reject" in err
    assert f"/api/jobs/{job.applies_id}/changes.csv" in err
    assert not Product.objects.exists()


def test_as_json_it_is_the_held_job(path: Path) -> None:
    path.write_text(ODD)

    code, out, _ = run(path, "--json")

    told = json.loads(out)
    assert (code, told["status"], told["trips"][0]["sentence"]) == (3, "held", SENTENCE)


def test_a_file_that_cannot_be_read_fails_as_ever(path: Path) -> None:
    path.write_text("colour\nred\n")

    code, out, err = run(path)

    assert code == 1
    assert f"Import {newest().pk} failed" in out
    assert "no column 'sku'" in err


def test_a_check_says_what_would_hold_its_import_and_apply_holds_it(path: Path) -> None:
    path.write_text(ODD)
    code, _, err = run(path, "--check")
    assert code == 0
    assert f"It would be held for approval: {SENTENCE}" in err

    code, _, err = run("--apply", newest().pk)

    assert (code, newest().status) == (3, "held")
    assert SENTENCE in err


def test_resuming_what_is_held_only_says_that_it_is(path: Path) -> None:
    path.write_text(ODD)
    run(path)
    job = newest()

    code, _, err = run("--resume", job.pk)

    assert code == 3
    assert SENTENCE in err
    jobs.cancel(newest())
    assert run("--resume", job.pk)[0] == 3
    assert not Product.objects.exists()


def test_resuming_what_was_cancelled_during_its_check_checks_it(path: Path) -> None:
    path.write_text(HARMLESS)
    run(path)
    done = newest()
    again = run_again(done)

    code, out, err = run("--resume", again.pk)

    assert code == 0
    assert f"check {again.applies_id} goes first" in err
    assert f"Import {again.pk} completed" in out


def run_again(done: ImportJob) -> ImportJob:
    """Another import of the same file, which was cancelled before its check began."""
    job = jobs.add_with_check(**{name: getattr(done, name) for name in jobs.SENT_FIELDS})
    jobs.cancel(job)
    return job


def test_watching_the_queue_ends_where_it_is_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(ODD)
    monkeypatch.setattr("imports.commandline.session.LOOK_SECONDS", 0)

    def work(job: ImportJob) -> ImportJob:
        """Look at the job, once the workers have done what there is to do."""
        if not ImportJob.objects.filter(dry_run=True, status="completed").exists():
            work_off_the_queue()
        return ImportJob.objects.with_progress().get(pk=job.pk)

    monkeypatch.setattr("imports.commandline.session.as_it_stands", work)

    code, _, err = run(path, "--queue")

    assert (code, newest().status) == (3, "held")
    assert SENTENCE in err


def test_without_guards_it_imports_at_once(path: Path, settings: Settings) -> None:
    settings.IMPORT_GUARDS = {}
    path.write_text(ODD)

    code, _, err = run(path)

    assert (code, ImportJob.objects.count()) == (0, 1)
    assert "guard" not in err
    assert run_import(ODD).applies is None
