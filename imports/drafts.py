"""A draft's life: an uploaded file that its sender reviews, corrects the reading of, and has checked or discards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from acme_importer.audit.trail import record
from imports import jobs, quotas, retries, suppliers
from imports.excerpts import excerpt_of
from imports.files import storage
from imports.files.space import full_disk_refused
from imports.models import Draft, ImportJob, Supplier
from imports.opening.beginning import open_beginning
from imports.options import Options
from imports.reading.errors import FileRefusedError
from products.fields import FIELDS


def create(file: UploadedFile, user: AbstractBaseUser | AnonymousUser, *, follows: ImportJob | None = None) -> Draft:
    """Keep an uploaded file. Raises FileRefusedError if it is empty, DiskFullError, and QuotaError.

    `follows` is the import whose rejected rows the file corrects; what was said of its values applies here too.
    """
    options = inherited(follows.options) if follows else Options()
    stored = storage.keep(file)
    try:
        with full_disk_refused(), transaction.atomic():
            quotas.check_and_hold(user.pk, stored.size)
            draft = Draft.objects.create(follows=follows, **jobs.sent_fields(stored, options, user))
            record("import.uploaded", draft, user=user, bytes=draft.file_size, sha256=draft.sha256)
    except BaseException:
        storage.delete_stored(stored.stored_as)
        raise
    return draft


def recognize_supplier(draft: Draft) -> None:
    """Have a new draft read as the files of the supplier whose columns it has, if there is just one."""
    if draft.follows_id is not None or not Supplier.objects.exists():
        return
    try:
        opened = open_beginning(draft, excerpt_of(draft)).opened
    except FileRefusedError:
        return
    found = suppliers.recognized(opened.header, opened.format)
    if len(found) == 1:
        choose_supplier(draft, found[0].supplier)


def reopen(job: ImportJob, user: AbstractBaseUser | AnonymousUser) -> Draft:
    """A draft of the file of `job`, to change how it is read: of a check, or of an import that has written nothing.

    Raises WrongStateError if there is no such file, and QuotaError.
    """
    with transaction.atomic():
        # Locked against `jobs.delete_files`.
        ImportJob.objects.select_for_update().get(pk=job.pk)
        read = ImportJob.objects.with_progress().get(pk=job.pk)
        if reason := why_not_reopened(read):
            raise jobs.WrongStateError(reason)
        quotas.check_and_hold(user.pk, read.file_size)
        sent = {name: getattr(read, name) for name in jobs.FILE_FIELDS}
        draft = Draft.objects.create(created_by_id=user.pk, follows=read.follows, **sent)
        record("import.reopened", draft, user=user, of=job.pk)
    return draft


def why_not_reopened(job: ImportJob) -> str:
    """Why the file of `job`, from `with_progress`, cannot be read in another way, as a sentence; empty if it can."""
    if job.is_undo:
        return f"Import {job.pk} is an undo, and has no file."
    if not job.is_over:
        return f"Import {job.pk} is {job.status}: wait for its end, or cancel it first."
    if not job.dry_run and (job.status == job.Status.COMPLETED or job.processed_rows):
        return (
            f"Import {job.pk} has read its file; only a check, or a file that was refused, can be read in another way."
        )
    return "" if job.stored_as else retries.file_deleted(job)


def inherited(options: Options) -> Options:
    """What was said of a file, as far as it holds for its rejected rows, which are in a file that we wrote."""
    return replace(options, sheet="", encoding="", delimiter="", quote="", escape="", header_line=None)


def change(draft: Draft, options: Options, *, columns_said: bool = False) -> None:
    """Note how the sender wants the file to be read; with `columns_said`, he has looked at which column is which."""
    if draft.read_by and not options.mapping:
        # Where other columns are detected, the supplier's are looked for among them.
        options = replace(options, mapping=Options.from_json(draft.read_by.options).mapping)
    asked = options.as_json()
    changed = sorted(name for name in {*asked, *draft.asked} if asked.get(name) != draft.asked.get(name))
    draft.asked = asked
    if columns_said and draft.read_by:
        draft.remapped = list(FIELDS)
    with transaction.atomic():
        draft.save(update_fields=["asked", "remapped"])
        record("import.options_changed", draft, options=changed)


def choose_supplier(draft: Draft, supplier: Supplier | None) -> None:
    """Have the draft's file read as those of `supplier`, and as nothing else says; or as if it had none."""
    read: dict[str, Any] = {"asked": {}, "read_by": None, "remapped": []}
    if supplier:
        read = suppliers.read_by(suppliers.current(supplier), Options())
    for name, value in read.items():
        setattr(draft, name, value)
    with transaction.atomic():
        draft.save(update_fields=[*read])
        record("import.options_changed", draft, options=["supplier"])


def submit(draft: Draft) -> ImportJob:
    """Create the job that checks the file; the draft is gone then. Raises WrongStateError if it is gone already."""
    with transaction.atomic():
        taken = _take(draft)
        job = jobs.create_from(draft, dry_run=True)
        record("import.confirmed", job, dry_run=True, draft=taken.pk)
    storage.delete_stored(taken.excerpt_stored_as)
    return job


def discard(draft: Draft) -> None:
    """Delete the draft and its file. Raises WrongStateError if it is gone already: then the file may be a job's."""
    with transaction.atomic():
        taken = _take(draft)
        record("import.discarded", taken)
    jobs.delete_unless_used(taken.stored_as)
    storage.delete_stored(taken.excerpt_stored_as)


def _take(draft: Draft) -> Draft:
    """Remove the draft, unless somebody else was first; returns it as it was then."""
    with transaction.atomic():
        taken = Draft.objects.select_for_update().filter(pk=draft.pk).first()
        if taken is None:
            raise jobs.WrongStateError(f"'{draft.filename}' has already been imported or discarded.")
        Draft.objects.filter(pk=draft.pk).delete()
    return taken
