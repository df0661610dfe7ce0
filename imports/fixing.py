"""Rejected rows fixed by hand: the open ones by what is wrong with them, and the file of the fixed ones, to be checked.

That file is the one of rejected rows without those that nobody has changed, and follows the import in the same way.
Does not know pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePath
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from imports import jobs
from imports.drafts import inherited
from imports.files.upload_handler import receive
from imports.models import ImportJob, RejectedRow
from imports.reading.errors import FileRefusedError
from imports.reading.texts import SHOWN_LENGTH
from imports.rejected import BATCH_ROWS, csv_blocks_of_fixed, delimiter_of, is_whole

GROUPS_LISTED = 50
VALUES_LISTED = 20
# What is longer is not offered to be changed character by character: a page of rows would have megabytes.
EDITABLE_LENGTH = 2000


class NothingFixedError(FileRefusedError):
    """No row is other than it was."""

    def __init__(self) -> None:
        super().__init__("Nothing was changed: fix a row, or say a value for all rows with a wrong one.")


class Group(NamedTuple):
    """Open rows that break the same rule first, in the same column; and how many they are."""

    code: str
    column: str
    rows: int


class WrongValue(NamedTuple):
    """A value that is wrong in rows of a group, and in how many."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Fixes:
    """What somebody has made of the rows of a group.

    Attributes:
        by_line: by the line of a row, the texts of its fields, by their positions.
        for_all: what all rows have instead of a wrong value that is not fixed in the row itself.
    """

    by_line: Mapping[int, Mapping[int, str]]
    for_all: Mapping[str, str]


def groups(job: ImportJob) -> list[Group]:
    """The groups of the open rows of `job`, the largest first."""
    counted = _open_rows(job).order_by().values("code", "column").annotate(rows=Count("pk"))
    found = counted.order_by("-rows", "code", "column").values_list("code", "column", "rows")
    return [Group(code, column, rows) for code, column, rows in found[:GROUPS_LISTED]]


def rows_of(job: ImportJob, group: Group) -> QuerySet[Any]:
    """The rows of `group`, in the order of the file."""
    return _open_rows(job).filter(code=group.code, column=group.column).order_by("line")


def _open_rows(job: ImportJob) -> QuerySet[Any]:
    rows = RejectedRow.objects.filter(job=job.pk, fixed_by=None)
    # As texts: a text out of JSON is compared as JSON.
    column, value = (Cast(KT(f"faults__0__{name}"), TextField()) for name in ("column", "value"))
    return rows.annotate(column=column, value=value)


def faulty_position(job: ImportJob, group: Group) -> int | None:
    """Where the column of the group is in the file, if it is one of a product field."""
    positions = [position for position in job.columns.values() if job.header[position] == group.column]
    return positions[0] if positions else None


def wrong_values(job: ImportJob, group: Group) -> list[WrongValue]:
    """The most frequent wrong values of the group, of those that are known as a whole and that a form can send."""
    if faulty_position(job, group) is None:
        return []
    counted = rows_of(job, group).filter(is_cut=False).order_by().values("value").annotate(rows=Count("pk"))
    found = counted.order_by("-rows", "value").values_list("value", "rows")[:VALUES_LISTED]
    return [WrongValue(value, rows) for value, rows in found if len(value) < SHOWN_LENGTH and _is_sent_as_it_is(value)]


def _is_sent_as_it_is(value: str) -> bool:
    return not value or value.isprintable()


def fields_of(job: ImportJob, row: RejectedRow) -> list[str]:
    """The fields of `row` in the columns of the file; empty if they are not those of the columns."""
    return row.record if is_whole(row, job) else [""] * len(job.header)


def check(job: ImportJob, group: Group, fixes: Fixes, user: AbstractBaseUser | AnonymousUser) -> ImportJob:
    """Create the job that checks the rows of `group` that are fixed. Its import writes them.

    Raises NothingFixedError, RequestDataTooBig, and what `jobs.create` raises.
    """
    rows = fixed_rows(job, group, fixes)
    first = next(rows, None)
    if first is None:
        raise NothingFixedError
    blocks = (block.encode() for block in csv_blocks_of_fixed(job, chain([first], rows)))
    file = receive(blocks, f"{PurePath(job.filename).stem}-fixed.csv")
    # How it is written is known, and not to be guessed from what may be a single row.
    options = replace(
        inherited(job.options),
        encoding="utf-8",
        delimiter=delimiter_of(job),
        quote='"',
        header_line=1,
        dry_run=True,
    )
    return jobs.create(file, options, user, follows=job)


def fixed_rows(job: ImportJob, group: Group, fixes: Fixes) -> Iterator[tuple[RejectedRow, list[str]]]:
    """The rows of `group` that the fixes change, each with its fields as they are then."""
    position = faulty_position(job, group)
    for_all = fixes.for_all if position is not None else {}
    touched = Q(line__in=list(fixes.by_line)) | Q(value__in=list(for_all))
    for row in rows_of(job, group).filter(touched, is_cut=False).iterator(chunk_size=BATCH_ROWS):
        before = fields_of(job, row)
        after = list(before)
        wrong = row.faults[0]["value"]
        if position is not None and wrong in for_all and is_whole(row, job):
            after[position] = for_all[wrong]
        for at, text in fixes.by_line.get(row.line, {}).items():
            if not _is_as_shown(text, before[at]):
                after[at] = text
        if after != before:
            yield row, after


def _is_as_shown(text: str, before: str) -> bool:
    """Whether a form has sent the text that it was shown with, which keeps neither line ends nor control characters."""
    if len(before) > EDITABLE_LENGTH:
        return not text
    return _comparable(text) == _comparable(before)


def _comparable(text: str) -> str:
    return "".join(character for character in text if character >= " ")
