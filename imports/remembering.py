"""A supplier's life: learned from an import, changed in versions, renamed, deleted.

API and dashboard call this. Who may do what they ask before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from acme_importer.audit.trail import record
from acme_importer.texts import printable
from imports import file_skus, results
from imports.models import SUPPLIER_MAX_LENGTH, Deactivation, ImportJob, Supplier, SupplierVersion
from imports.options import NO_HEADER, Options
from imports.reading import drift
from imports.reading.formats.recognize import format_named
from imports.reading.questions import column_reference
from imports.suppliers import SupplierError, clean, current
from products.fields import FIELDS, normalize_skus

User = AbstractBaseUser | AnonymousUser | None
# What a version says of how files are read, and of what else becomes of their products.
READING = ("options", "header", "fingerprint", "format")
KEPT_FROM_VERSION = ("missing", "missing_after", "guards")


def why_not_remembered(job: ImportJob) -> str:
    """Why the reading of `job` cannot be a supplier's, as a sentence; empty if it can."""
    if job.is_undo or not job.header:
        return f"Import {job.pk} has no file that was read."
    if job.dry_run or job.status != ImportJob.Status.COMPLETED:
        return f"Import {job.pk} is no completed import."
    if job.follows_id is not None:
        return f"Import {job.pk} has only some rows of another one's file."
    return ""


def remember(name: str, job: ImportJob, user: User = None) -> Supplier:
    """A new supplier whose files are read as that of the completed import `job` was. Raises SupplierError."""
    name = _checked(name)
    _check_remembered(job)
    with transaction.atomic():
        _check_free(name)
        supplier = Supplier.objects.create(name=name)
        version = SupplierVersion.objects.create(supplier=supplier, number=1, **_learned(job, user))
        _count_among(version, job)
        record("supplier.created", supplier, user=user, learned_from=job.pk)
    return supplier


def learn(supplier: Supplier, job: ImportJob, user: User = None) -> SupplierVersion:
    """A new version of `supplier`: its files are read as that of the completed import `job` was from now on.

    Raises SupplierError.
    """
    _check_remembered(job)
    with transaction.atomic():
        kept = {name: getattr(current(supplier), name) for name in KEPT_FROM_VERSION}
        version = _add_version(supplier, user, **_learned(job, user), **kept)
        _count_among(version, job)
    return version


def change(supplier: Supplier, user: User = None, *, options: Options | None = None, **others: Any) -> SupplierVersion:
    """A new version of `supplier`, with the same columns, whose files are read with these options.

    `others` are of KEPT_FROM_VERSION: what is not given stays as it is.
    """
    changed = {**others, **({} if options is None else {"options": options.as_json()})}
    with transaction.atomic():
        kept = {name: getattr(current(supplier), name) for name in (*READING, *KEPT_FROM_VERSION)}
        return _add_version(supplier, user, created_by=_known(user), **{**kept, **changed})


def rename(supplier: Supplier, name: str, user: User = None) -> None:
    """Call `supplier` by another name. Raises SupplierError."""
    name = _checked(name)
    with transaction.atomic():
        if name.lower() != supplier.name.lower():
            _check_free(name)
        Supplier.objects.filter(pk=supplier.pk).update(name=name)
        record("supplier.updated", supplier, user=user, fields=["name"])
    supplier.name = name


def delete(supplier: Supplier, user: User = None) -> None:
    """Forget `supplier`; its imports stay."""
    with transaction.atomic():
        record("supplier.deleted", supplier, user=user)
        Deactivation.objects.filter(supplier=supplier).delete()
        supplier.delete()


def _add_version(supplier: Supplier, user: User, **fields: Any) -> SupplierVersion:
    with transaction.atomic():
        held = Supplier.objects.select_for_update().get(pk=supplier.pk)
        version = SupplierVersion.objects.create(supplier=held, number=held.version + 1, **fields)
        Supplier.objects.filter(pk=held.pk).update(version=version.number)
        record("supplier.updated", held, user=user, version=version.number)
    supplier.version = version.number
    return version


def _count_among(version: SupplierVersion, job: ImportJob) -> None:
    """Count `job`, which had no supplier, among the imports of the one that was learned from it.

    The next file is compared with it, if it is still known which rows it had.
    """
    if not ImportJob.objects.filter(pk=job.pk, read_by=None).update(read_by=version):
        return
    if results.why_gone(job):
        return
    for batch in results.rows(job):
        skus = [sku for _, sku, *_ in batch]
        file_skus.keep(job, set(normalize_skus(skus)), unreadable=skus.count(""))
    ImportJob.objects.filter(pk=job.pk).update(sync={**job.sync, "complete": not job.sync.get("cut_off")})


def _learned(job: ImportJob, user: User) -> dict[str, Any]:
    """The fields of a version that is read as `job` was."""
    return {
        "created_by": _known(user),
        "learned_from": job,
        "options": options_of(job).as_json(),
        "header": job.header,
        "fingerprint": drift.fingerprint(job.header, job.format),
        "format": job.format,
    }


def options_of(job: ImportJob) -> Options:
    """How the next file of a supplier is to be read so that it is read as that of `job` was.

    What was decided by the values of one file holds for the next: which column is which, how prices are written, where
    the header is, an encoding that was told by a few letters. Not what each file shows for certain by itself: how its
    fields are separated, that it is Unicode.
    """
    said = job.options
    known = format_named(job.format)
    encoding = "" if job.sheet or job.encoding.startswith("utf") else job.encoding
    header_line = said.header_line
    if not job.header_lines:
        header_line = NO_HEADER
    elif not known and job.header_lines[0] > 1:
        header_line = job.header_lines[0]
    numbers = {part: job.numbers.get(part, "") for part in ("decimal", "thousands", "currency")}
    return replace(
        said,
        # A mapping would say that the file is in no known format.
        mapping={}
        if known
        else {name: column_reference(job.columns[name], job.header) if name in job.columns else "" for name in FIELDS},
        encoding=said.encoding or encoding,
        header_line=header_line,
        numbers={**{part: value for part, value in numbers.items() if value and not known}, **said.numbers},
        dry_run=False,
    )


def _known(user: User) -> Any:
    return user if user and user.is_authenticated else None


def _check_remembered(job: ImportJob) -> None:
    if reason := why_not_remembered(job):
        raise SupplierError(reason)


def _check_free(name: str) -> None:
    if Supplier.objects.filter(name__iexact=name).exists():
        raise SupplierError(f"There is a supplier '{printable(name)}' already.")


def _checked(name: str) -> str:
    cleaned = clean(name)
    if not cleaned:
        raise SupplierError("A supplier needs a name.")
    if len(cleaned) > SUPPLIER_MAX_LENGTH:
        raise SupplierError(f"The name is longer than {SUPPLIER_MAX_LENGTH} characters.")
    return cleaned
