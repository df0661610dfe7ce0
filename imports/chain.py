"""The chain of a file: its import, the imports of rows that were corrected of it, or held, and those of these again.

It has one receipt, that of the first file. A rejected or held row of an import is *fixed* once a later import of its
chain has brought it in: created, updated or found unchanged the product of its row, or passed it over for a later row
of the same SKU. Which row it is, says the file of corrected rows by its column `import_line`, and from import to import
back to the first; rows that were held have their own lines. All others are *open*.

Nothing is guessed: a row of a file without that column fixes none, and whatever is rejected, held, skipped or
superseded again stays open. Of several rows that name one line, the first to be brought in fixes it. That a row was
fixed outlives the undo of the import that has brought it in: it was done, and taken back on purpose.

What is fixed is noted in the transaction of the chunk that brings it in, so an import that fails later has fixed what
it has written. A check and the import of what it has shown are of the same rows: what is fixed is fixed in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from imports.models import HeldRow, ImportJob, RejectedRow
from imports.reading.corrections import ADDED_COLUMNS, is_correction
from imports.reading.rows import CleanRow
from imports.writing.fates import CREATED, DUPLICATE, UNCHANGED, UPDATED
from imports.writing.later import LaterChanges
from imports.writing.plan import Outcome

LINE_COLUMN = ADDED_COLUMNS[0]
BROUGHT_IN = (CREATED, UPDATED, UNCHANGED, DUPLICATE)
# Of digits: no database has higher numbers.
LONGEST_LINE = 18


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rejected and held rows of the first import of a chain: how many each import has fixed."""

    first: ImportJob
    fixed_by: dict[int, int]

    @property
    def rows(self) -> int:
        """How many there were."""
        return self.first.rejected_rows + self.first.held_rows

    @property
    def open_rows(self) -> int:
        """How many are open."""
        return open_rows(self.first)


def open_rows(job: ImportJob) -> int:
    """How many of the rejected and held rows of `job`, from `with_progress`, are open."""
    return max(job.rejected_rows + job.held_rows - job.fixed_rows, 0)


def receipt(job: ImportJob) -> Receipt:
    """The receipt of the chain that `job` is in."""
    first = ImportJob.objects.with_progress().get(pk=first_of(job).pk)
    fixed: Counter[int] = Counter()
    for model in (RejectedRow, HeldRow) if first.fixed_rows else ():
        rows: QuerySet[Any] = model._default_manager.filter(job=first.pk, fixed_by__isnull=False).order_by()
        fixed.update(dict(rows.values_list("fixed_by").annotate(rows=Count("pk"))))
    return Receipt(first, dict(sorted(fixed.items())))


def first_of(job: ImportJob) -> ImportJob:
    """The first import, or check, of the chain: the one that no other is followed by."""
    while job.follows is not None:
        job = job.follows
    return job


def later_changes(job: ImportJob) -> LaterChanges | None:
    """What others than the chain have changed since its first file was read, which is in conflict with a correction.

    None if `job` corrects nothing: an import of held rows writes over whatever there is.
    """
    if job.follows_id is None or job.held_by_id is not None:
        return None
    first = first_of(job)
    if first.checked_from is None:
        # Nothing was read of it.
        return None
    began = first.started_at or first.created_at
    is_pruned = began < timezone.now() - timedelta(days=settings.HISTORY_KEEP_DAYS)
    return LaterChanges(first.checked_from, {job.pk, *_members(first)}, is_pruned=is_pruned)


def _members(first: ImportJob) -> set[int]:
    """The numbers of all jobs of the chain that begins with this one."""
    # What applies a check that is the first, or was applied from it, is of the same file.
    newest = {first.pk, *filter(None, [first.applies_id])}
    members = set(newest)
    while newest:
        derived = Q(follows__in=newest) | Q(applies__in=newest) | Q(held_by__in=newest)
        newest = set(ImportJob.objects.filter(derived).order_by().values_list("pk", flat=True)) - members
        members |= newest
    return members


class Fixing:
    """Notes which rows of earlier imports a job brings in; made once for many chunks."""

    def __init__(self, job: ImportJob) -> None:
        self._job_id = job.pk
        self._held_by = job.held_by_id
        self._generations = [] if job.dry_run else list(_generations(job))
        # In one order, in which those wait for each other that fix rows of the same imports.
        held_by = {generation.held_by for generation in self._generations} | {self._held_by}
        self._locked = {pk for generation in self._generations for pk in generation.jobs} | {*filter(None, held_by)}

    def note(self, rows: Sequence[CleanRow], outcome: Outcome) -> None:
        """Note what the `rows` of a chunk have fixed, in its transaction, by what has become of them."""
        if not self._locked:
            return
        not_in = {fate.line for fate in outcome.fates if fate.code not in BROUGHT_IN}
        not_in.update(rejection.line for rejection in outcome.rejections)
        went_in = [row for row in rows if row.line not in not_in]
        if not went_in:
            return
        list(ImportJob.objects.select_for_update(no_key=True).filter(pk__in=self._locked).order_by("pk").only("pk"))
        self._fix(HeldRow, self._held_by, {row.line for row in went_in})
        records: Iterable[Sequence[str]] = (row.record for row in went_in)
        for generation in self._generations:
            lines = set(filter(None, (_line(record, generation.position) for record in records)))
            for pk in generation.jobs:
                self._fix(RejectedRow, pk, lines)
            self._fix(HeldRow, generation.held_by, lines)
            rejected = RejectedRow.objects.filter(job=generation.jobs[0], line__any_of=lines).order_by()
            records = rejected.values_list("record", flat=True).iterator(chunk_size=2000)

    def _fix(self, model: type[RejectedRow | HeldRow], job_id: int | None, lines: set[int]) -> None:
        """Note that those of the job's rows in these lines are fixed that are open."""
        if job_id is None:
            return
        rows: QuerySet[Any] = model._default_manager.filter(job=job_id, line__any_of=lines, fixed_by=None)
        if fixed := rows.update(fixed_by=self._job_id):
            ImportJob.objects.filter(pk=job_id).update(fixed_rows=F("fixed_rows") + fixed)


class _Generation(NamedTuple):
    """The import that the rows of another one are from.

    Attributes:
        jobs: this import, and what else has rejected the same rows of the same file.
        held_by: if it is itself an import of held rows, the one that has held them, in the same lines.
        position: where the rows of the other import say in which line of this one they were.
    """

    jobs: list[int]
    held_by: int | None
    position: int


def _generations(job: ImportJob) -> Iterator[_Generation]:
    """From the import that the rows of `job` are from, back to the first."""
    while True:
        # An import of held rows reads the file of the one that has held them.
        parent, position = (job.held_by or job).follows, _line_position(job)
        if parent is None or position is None:
            return
        yield _Generation(_of_the_same_file(parent), parent.held_by_id, position)
        job = parent


def take_over(job: ImportJob, lines: set[int]) -> None:
    """Note those of the rejected rows of `job` in these lines that were fixed since its check has rejected them."""
    if job.applies_id is None or not lines:
        return
    fixed = RejectedRow.objects.filter(job=job.applies_id, line__any_of=lines, fixed_by__isnull=False)
    by_import: dict[int, set[int]] = {}
    for line, number in fixed.order_by().values_list("line", "fixed_by"):
        by_import.setdefault(number or 0, set()).add(line)
    for number, taken in by_import.items():
        RejectedRow.objects.filter(job=job.pk, line__any_of=taken).update(fixed_by=number)
    if by_import:
        count = sum(map(len, by_import.values()))
        ImportJob.objects.filter(pk=job.pk).update(fixed_rows=F("fixed_rows") + count)


def _of_the_same_file(parent: ImportJob) -> list[int]:
    """The import, and its check or what applies it: they have rejected the same rows."""
    others = Q(applies=parent.pk) | Q(pk=parent.applies_id or 0)
    return [parent.pk, *ImportJob.objects.filter(others).order_by("pk").values_list("pk", flat=True)]


def _line_position(job: ImportJob) -> int | None:
    """Which column of the job's file has the lines of the rows that it corrects; None if none has."""
    if not is_correction(job.header):
        return None
    position = job.header.index(LINE_COLUMN)
    return None if position in job.columns.values() else position


def _line(record: Sequence[str], position: int) -> int | None:
    """The line that a row says to be from; None if what it says is none."""
    said = record[position].strip() if position < len(record) else ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_LINE else None
