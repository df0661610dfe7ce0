"""What the page of a supplier shows: how its files are read, its versions, its imports."""

from __future__ import annotations

from typing import Any

from imports import suppliers
from imports.dashboard.encodings import ENCODING_NAMES
from imports.models import DEACTIVATE_MISSING, ImportJob, Supplier, SupplierVersion
from imports.options import NO_HEADER, Options
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle, with_asked
from imports.said import MODES, said_of_rows, said_of_words

IMPORTS_SHOWN = 20
VERSIONS_SHOWN = 20


def context(supplier: Supplier) -> dict[str, Any]:
    """What the template shows."""
    version = suppliers.current(supplier)
    # Their ids first: the sums are over the lanes of these only.
    ids = list(suppliers.jobs_of(supplier).values_list("pk", flat=True)[:IMPORTS_SHOWN])
    return {
        "reads": version,
        "reading": reading(version),
        "versions": supplier.versions.select_related("created_by").order_by("-number")[:VERSIONS_SHOWN],
        "jobs": ImportJob.objects.with_progress().filter(pk__in=ids),
    }


def reading(version: SupplierVersion) -> list[tuple[str, str]]:
    """How files are read by `version`: each part with what holds."""
    options = Options.from_json(version.options)
    told = [(name, f"in “{column}”") for name, column in options.mapping.items() if column]
    if missing := [name for name, column in options.mapping.items() if not column]:
        told.append(("Not in the file", ", ".join(missing)))
    if options.numbers:
        told.append(("Prices", f"such as {with_asked(NumberStyle(), options.numbers).example}"))
    if options.words:
        told.append(("Status words", ", ".join(said_of_words(options.words))))
    if options.header_line is not None:
        told.append(("Header", "none" if options.header_line == NO_HEADER else f"line {options.header_line}"))
    if options.encoding:
        told.append(("Encoding", ENCODING_NAMES.get(options.encoding, options.encoding)))
    if options.delimiter:
        told.append(("Delimiter", DELIMITER_NAMES[options.delimiter]))
    if options.sheet:
        told.append(("Sheet", options.sheet))
    told.append(("Rows", "; ".join(said_of_rows(options)) or MODES[""]))
    if version.missing == DEACTIVATE_MISSING:
        absent = "as soon as a file lacks them"
        if version.missing_after > 1:
            absent = f"once they are absent from {version.missing_after} files in a row"
        told.append(("Missing products", f"deactivated {absent}"))
    guards = "the usual limits" if version.guards == {} else "limits of its own"
    told.append(("Guards", "none of its own" if version.guards is None else guards))
    return told
