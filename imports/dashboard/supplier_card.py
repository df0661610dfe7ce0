"""What the pages of a file show of its supplier: as whose it is read, who could be meant, how to remember one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from imports import remembering, suppliers
from imports.models import Draft, ImportJob, Supplier, SupplierVersion
from imports.options import Options
from imports.preview import Preview
from imports.reading.drift import drift, fingerprint

# So many are offered in a list; others are recognized, or named by API and command.
SUPPLIERS_OFFERED = 200


def chosen(sent: Mapping[str, str]) -> Supplier | None:
    """The supplier that a button of ours sent, or that was chosen in the list above it; None for "none of them"."""
    number = sent["use_supplier"]
    if number == "chosen":
        number = sent.get("chosen_supplier", "")
    if not number:
        return None
    if not number.isdecimal():
        raise Http404
    return get_object_or_404(Supplier, pk=number)


def of_draft(draft: Draft, found: Preview) -> dict[str, Any]:
    """What the review shows: the supplier as whose the file is read; or those who could be, and all others."""
    if draft.follows_id is not None:
        return {}
    if draft.read_by:
        return {"read_by": draft.read_by, "read_since": since(draft.read_by)}
    recognized = suppliers.recognized(found.header, found.format)
    similar = [] if recognized else suppliers.similar(found.header)
    return {
        "suppliers_recognized": [version.supplier for version in recognized],
        "suppliers_similar": [(version.supplier, _different(version, found.header)) for version in similar],
        "suppliers": Supplier.objects.all()[:SUPPLIERS_OFFERED],
    }


def _different(version: SupplierVersion, header: Sequence[str]) -> str:
    """What is different in this header."""
    return drift(version.header, Options.from_json(version.options).mapping, header).changes()


def since(version: SupplierVersion) -> Any:
    """When a file was imported by `version` last; if none was, since when it is there."""
    last = ImportJob.objects.filter(read_by=version, dry_run=False, status=ImportJob.Status.COMPLETED)
    return last.order_by("-pk").values_list("finished_at", flat=True).first() or version.created_at


def of_job(job: ImportJob, user: Any) -> dict[str, Any]:
    """What the page of a job shows: whether its reading can be remembered by this user, and of whom."""
    if not user.has_perm("imports.view_supplier"):
        return {}
    shown: dict[str, Any] = {"read_by": job.read_by}
    if remembering.why_not_remembered(job):
        return shown
    if job.read_by is None:
        return shown | {"may_remember": user.has_perm("imports.add_supplier")}
    version = suppliers.current(job.read_by.supplier)
    if version.learned_from_id == job.pk:
        return shown
    is_read_otherwise = job.asked != version.options or fingerprint(job.header, job.format) != version.fingerprint
    return shown | {"may_learn": is_read_otherwise and user.has_perm("imports.change_supplier")}
