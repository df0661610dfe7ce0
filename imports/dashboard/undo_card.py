"""What the page of an import shows about undoing it, and the page of an undo about what it has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from acme_importer.texts import counted
from imports.models import ImportJob
from imports.undo import undoing
from imports.undo.reporting import SAID, report
from imports.undo.verdict import Class
from products.history.records import KEPT

# What people read for the fields.
LABELS = {"sku": "SKU", "name": "name", "description": "description", "price": "price", "is_active": "active"}


@dataclass(frozen=True, slots=True)
class Group:
    """The products of one class: how many, what is said of them, and rows of examples: SKU, line, and sentences."""

    count: int
    said: str
    examples: list[tuple[str, int, list[str]]]

    @property
    def more(self) -> int:
        """How many there are besides the examples."""
        return self.count - len(self.examples)


def context(job: ImportJob) -> dict[str, Any]:
    """What the template needs, for a user who may undo imports."""
    wrote = job.is_over and not job.dry_run and bool(job.created_rows or job.updated_rows or job.deleted_rows)
    shown: dict[str, Any] = {
        "may_undo": wrote and not undoing.why_not(job),
        "undos": list(ImportJob.objects.filter(undoes=job.pk, dry_run=False).order_by("pk")) if wrote else [],
    }
    return shown | _of_undo(job) if job.is_undo else shown


def _of_undo(job: ImportJob) -> dict[str, Any]:
    found = report(job)
    groups = [
        Group(count, SAID[Class(of)], [_example(example) for example in found.examples.get(of, [])])
        for of, count in found.products.items()
        if count
    ]
    return {
        "undo": found,
        "undo_groups": groups,
        "undo_fields": [(label(name), count) for name, count in sorted(found.fields.items(), key=lambda of: -of[1])],
        "undo_choices": [(name, label(name), name in job.selection.get("fields", KEPT)) for name in KEPT],
        "undo_skus": "\n".join(job.selection.get("skus", [])),
        "undo_preview_url": _preview_url(job),
        "undo_selected": _selected(job),
        "may_carry_out": job.dry_run and job.status == ImportJob.Status.COMPLETED,
    }


def _preview_url(job: ImportJob) -> str:
    """Where a preview of the same undo can be asked for."""
    if job.undoes_id:
        return reverse("admin:imports_importjob_undo", args=[job.undoes_id])
    return reverse("admin:imports_importjob_undo_changes", args=job.undoes_sets)


def _selected(job: ImportJob) -> str:
    """To what the undo is limited; empty if to nothing."""
    parts = []
    if fields := job.selection.get("fields"):
        parts.append(", ".join(map(label, fields)))
    if skus := job.selection.get("skus"):
        parts.append(counted(len(skus), "SKU"))
    return " of ".join(parts)


def label(field: str) -> str:
    """What people read for a field."""
    return LABELS.get(field, "other columns")


def _example(example: dict[str, Any]) -> tuple[str, int, list[str]]:
    sentences = [
        f"{label(name)}: {_said(name, now)} → {_said(name, then)}" for name, (now, then) in example["restored"].items()
    ]
    if example["kept"]:
        sentences.append(f"kept: {', '.join(map(label, example['kept']))}")
    return example["sku"], example["line"], sentences


def _said(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {text}" for name, text in value.items())[:100] or "empty"
    if value in ("", None):
        return "empty"
    return str(value) if field == "price" else f"“{value}”"
