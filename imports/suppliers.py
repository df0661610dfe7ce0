"""How the files of suppliers are read: by the newest version of each, which tells what a sender has not said.

How a supplier comes to be, and changes: `imports.remembering`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import F, QuerySet

from acme_importer.texts import printable
from imports.models import ImportJob, SentFile, Supplier, SupplierVersion
from imports.options import Options
from imports.reading import drift
from imports.reading.formats.recognize import recognize
from imports.reading.questions import column_reference

# Options that are made of parts, of which a sender may say some and leave the others to the profile.
PARTED = ("mapping", "numbers", "words", "empty_cells")
# So many suppliers are compared with a file that none is recognized by, the newest first, and so many are offered.
MOST_COMPARED = 300
MOST_SIMILAR = 3


class SupplierError(Exception):
    """What cannot be done with a supplier; the text says so to a person."""


class NoSuchSupplierError(SupplierError):
    """There is no supplier of that name."""


def find(name: str) -> Supplier:
    """The supplier of that name, in any letter case. Raises NoSuchSupplierError."""
    supplier = Supplier.objects.filter(name__iexact=clean(name)).first()
    if supplier is None:
        raise NoSuchSupplierError(f"supplier: there is no supplier '{printable(name)}'.")
    return supplier


def newest_versions() -> QuerySet[SupplierVersion]:
    """How the files of each supplier are read now."""
    return SupplierVersion.objects.filter(number=F("supplier__version")).select_related("supplier")


def current(supplier: Supplier) -> SupplierVersion:
    """How the files of `supplier` are read now."""
    return newest_versions().get(supplier=supplier)


def recognized(header: Sequence[str], format_name: str) -> list[SupplierVersion]:
    """How the suppliers are read whose files have these columns, in any order; two, if there are several."""
    fingerprint = drift.fingerprint(header, format_name)
    if not fingerprint:
        return []
    return list(newest_versions().filter(fingerprint=fingerprint).order_by("pk")[:2])


def similar(header: Sequence[str]) -> list[SupplierVersion]:
    """How the suppliers are read whose files have nearly these columns: their next file may, if some have changed."""
    newest = newest_versions().order_by("-pk")[:MOST_COMPARED]
    return [version for version in newest if drift.resembles(version.header, header)][:MOST_SIMILAR]


def read_by(version: SupplierVersion, own: Options) -> dict[str, Any]:
    """The fields of a SentFile that is read by `version`, but for what its sender says of it, his `own` options."""
    profile, usual = asdict(Options.from_json(version.options)), asdict(Options())
    said = asdict(own)
    merged = {name: said[name] if said[name] != usual[name] else profile[name] for name in usual}
    merged |= {name: {**profile[name], **said[name]} for name in PARTED}
    options = Options(**{**merged, "dry_run": own.dry_run})
    return {"asked": options.as_json(), "read_by": version, "remapped": sorted(own.mapping)}


def drift_of(file: SentFile, header: Sequence[str], records: Sequence[Sequence[str]]) -> drift.Drift | None:
    """How the header of `file` differs from those of its supplier's files; None if it has none, or nothing does."""
    version = file.read_by
    if version is None:
        return None
    columns = Options.from_json(version.options).mapping
    if not columns and (known := recognize(version.header)):
        columns = {name: column_reference(position, version.header) for name, position in known.columns.items()}
    found = drift.drift(version.header, columns, header, records)
    return found if found.stops or found.added else None


def name_of(file: SentFile) -> str:
    """What the supplier of `file` is called; empty if it has none."""
    return str(file.read_by.supplier) if file.read_by else ""


def jobs_of(supplier: Supplier) -> QuerySet[ImportJob]:
    """The checks and imports of that supplier's files, the newest first."""
    return ImportJob.objects.filter(read_by__supplier=supplier).order_by("-pk")


def clean(name: str) -> str:
    """The name of a supplier as it is kept: in one line, without blanks around it."""
    return " ".join(printable(name).split())
