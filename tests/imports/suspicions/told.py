"""What is told of a file before it is imported: by the preview and by the job alike, and with nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from imports import drafts
from imports.models import ImportJob
from imports.options import Options
from imports.preview import preview
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, run_import, upload
from tests.products.factories import make_user


def table(rows: Iterable[Sequence[str]], header: str = "sku,name,price", delimiter: str = ",") -> str:
    return "\n".join([header, *(delimiter.join(row) for row in rows)]) + "\n"


def of_skus(skus: Iterable[str]) -> str:
    return table([sku, f"Product {number}", "9.90"] for number, sku in enumerate(skus))


def told(content: str | bytes, **options: Any) -> list[str]:
    """The warnings, the same in the preview and on the job."""
    draft = drafts.create(upload(content), make_user())
    drafts.change(draft, Options(**options))
    before = list(Product.objects.order_by("pk").values_list("pk", "sku", "price"))
    shown = preview(draft)
    assert not shown.refusal
    job = make_job(content, **options)
    open_without_messages(job)
    job.refresh_from_db()
    assert job.warnings == shown.warnings
    assert list(Product.objects.order_by("pk").values_list("pk", "sku", "price")) == before
    return shown.warnings


def told_once(content: str | bytes, **options: Any) -> str:
    """The only warning."""
    (sentence,) = told(content, **options)
    return sentence


def rejected(job: ImportJob) -> list[tuple[int, str]]:
    return list(job.rejected.order_by("line").values_list("line", "code"))


def skus() -> set[str]:
    return set(Product.objects.values_list("sku", flat=True))


def imported(content: str | bytes, **options: Any) -> ImportJob:
    """The job of a completed import, whose receipt adds up."""
    job = run_import(content, **options)
    assert job.status == ImportJob.Status.COMPLETED
    return job
