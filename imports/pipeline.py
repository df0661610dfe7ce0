"""The pipeline: one lane, one chunk forward, exactly once. Does not know how it is woken.

A chunk is one transaction that moves the lane's checkpoint first, by compare-and-set on the old one. Whoever finds the
checkpoint moved has been overtaken, and stops. So a chunk takes effect once, whatever is killed or delivered twice.
"""

from __future__ import annotations

import gc
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.db import DatabaseError, reset_queries, transaction
from django.db.models import F
from django.utils import timezone

from imports import chain, file_skus, jobs, kept_rows, poison, sync_rules
from imports.events import announce_progress
from imports.files.storage import open_stored
from imports.held_lines import HeldLines
from imports.models import LEASE, ImportJob, ImportLane
from imports.reading.csvfile import Batch, Position, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.marked import Unmarked, unmarked
from imports.reading.numbers import NumberStyle
from imports.reading.rows import CleanRow, Rejection, RowReader, Skip
from imports.reading.suspicions.damaged_skus import DamagedSkus
from imports.reading.table import Table, skipped_and_rejected
from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.check import CheckWriter
from imports.writing.choose import make_product_writer
from imports.writing.conflicts import Conflicts
from imports.writing.findings import Findings
from imports.writing.holding import Holder
from imports.writing.pin import Pin
from imports.writing.plan import Outcome, Rules
from imports.writing.refusals import is_of_a_row, refusal_of
from imports.writing.summary import Summary

# A chunk also ends when this much of the file has been passed: rows may be long, and memory must not depend on them.
CHUNK_BYTES = 8 * 1024 * 1024


class LaneTakenError(Exception):
    """The lane is not this worker's (any more): moved on by another, finished, or its job no longer running."""


class ChunkFailedError(Exception):
    """A chunk has failed for what seems to be in its rows; the cause is the error."""


class ChunkWriter(Protocol):
    """Writes the rows of a chunk into the catalogue, or acts as if it did, inside the chunk's transaction."""

    def write(self, rows: Sequence[Any]) -> Outcome:
        """Write `rows`, and say what became of them."""


@dataclass(slots=True)
class Chunk:
    """The next rows of a lane, read and checked, as its writer takes them, and where the lane stands behind them."""

    rows: list[Any]
    rejections: list[Rejection]
    skipped: list[Skip]
    end: Position
    records: int
    second_table: int
    at_end: bool
    # The SKUs of all rows, where they are kept.
    skus: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many of the lane's rows it has."""
        return len(self.rows) + len(self.rejections)


def lanes_of(keys: Iterable[str], lanes: int) -> list[int]:
    """The number of the lane that owns each SKU; a record without one belongs to the lane of the empty SKU."""
    # A key with undecodable bytes is that of a row that will be rejected, by one lane.
    return [zlib.crc32(key.encode("utf-8", "surrogatepass")) % lanes for key in keys]


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Python's cyclic collector would walk a chunk's rows again and again, which are many and have no cycles.

    A sixth of the processor time of an import (measured: docs/performance.md). Reference counts still free the rows.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def open_lane(lane: ImportLane) -> Iterator[LaneRun]:
    """The lane with its file open at the checkpoint."""
    with open_stored(lane.job.content_stored_as, lane.keep_claim) as stream:
        yield FileRun(lane, stream)


def _rules_of(job: ImportJob) -> Rules:
    """What the sender of the job's file lets it do."""
    options, name_position = job.options, job.columns.get("name")
    return Rules(
        may_create=options.mode != "update_only",
        may_update=options.mode != "create_only",
        new_is_active=options.new_products != "inactive",
        name_column="name" if name_position is None else job.header[name_position],
    )


def _product_writer(job: ImportJob, fields: tuple[str, ...]) -> BulkCreateWriter:
    holder: Holder | None = None
    if job.applies_id is not None and job.checked_from is not None:
        holder = Pin(job.pk, job.applies_id, job.checked_from, fields)
    holder = _conflicts_of(job, fields, holder) or holder
    return make_product_writer(job.pk, fields, _rules_of(job), holder)


def _conflicts_of(job: ImportJob, fields: tuple[str, ...], holder: Holder | None = None) -> Conflicts | None:
    """Of a job that corrects rows of an earlier file: what holds those with conflicts, and what the `holder` holds."""
    later = chain.later_changes(job)
    return Conflicts(fields, _rules_of(job), later, holder) if later else None


class LaneRun:
    """One worker's run along one lane, from its checkpoint on. `lane` follows what has been committed.

    What the next chunk is, says the kind of run: `FileRun` reads a file, `imports.undo` the history.
    """

    def __init__(self, lane: ImportLane, writer: ChunkWriter) -> None:
        self.lane = lane
        self._job: ImportJob = lane.job
        self._writer = writer
        self._keeps_skus = False
        self._fixing = chain.Fixing(self._job)

    def advance(self) -> bool:
        """Take the lane one chunk forward; returns whether there is more. Raises LaneTakenError, ChunkFailedError."""
        try:
            with _garbage_collection_paused():
                chunk = self._next_chunk()
                self._carry_out(chunk)
        except LaneTakenError:
            raise
        except Exception as error:
            if poison.is_from_outside(error):
                raise
            raise ChunkFailedError from error
        # With DEBUG on, Django keeps the text of the last 9,000 queries, and a chunk's are a megabyte long.
        reset_queries()
        return not chunk.at_end

    def _next_chunk(self) -> Chunk:
        rows = poison.rows_to_try(self.lane)
        is_search, is_found = self.lane.narrowed_to > 0, poison.is_found(self.lane)
        if is_search:
            self._note(rows)
        chunk = self._read_chunk(rows)
        self.lane.tried_line = chunk.end.line - 1
        if is_search:
            self._note(min(rows, chunk.size) or 1, last_line=self.lane.tried_line)
        if is_found:
            found = [poison.rejection_of(self.lane, row) for row in chunk.rows]
            chunk = replace(chunk, rows=[], rejections=chunk.rejections + found)
        return chunk

    def _note(self, rows: int, *, last_line: int = 0) -> None:
        if not poison.note(self.lane, rows, last_line=last_line):
            raise LaneTakenError

    def _carry_out(self, chunk: Chunk) -> None:
        try:
            self._commit(chunk)
        except DatabaseError as error:
            if len(chunk.rows) != 1 or not is_of_a_row(error):
                raise
            # The database has refused it only now, at the end of the transaction.
            refusal = refusal_of(chunk.rows[0], error)
            self._commit(replace(chunk, rows=[], rejections=[*chunk.rejections, refusal]))

    def _commit(self, chunk: Chunk) -> None:
        suspects = poison.suspects_behind(self.lane, chunk.size)
        with transaction.atomic():
            self._move_checkpoint(chunk, suspects)
            outcome = self._writer.write(chunk.rows) if chunk.rows else Outcome()
            rejections = chunk.rejections + outcome.rejections
            skipped = outcome.skipped + Counter(skip.code for skip in chunk.skipped)
            summary = Summary.from_json(self.lane.summary) + outcome.summary
            if self._keeps_skus:
                unreadable = file_skus.without_sku(self._job, rejections)
                file_skus.keep(self._job, chunk.skus, unreadable=unreadable)
            kept_rows.keep_rejections(self._job, rejections)
            chain.take_over(self._job, {rejection.line for rejection in rejections})
            self._fixing.note(chunk.rows, outcome)
            kept_rows.keep_held(self._job.pk, outcome.held)
            kept_rows.keep_fates(self._job.pk, outcome, chunk.skipped)
            noted = self._noted() if chunk.rows else {}
            ImportLane.objects.filter(pk=self.lane.pk).update(
                created_rows=F("created_rows") + outcome.created,
                updated_rows=F("updated_rows") + outcome.updated,
                deleted_rows=F("deleted_rows") + outcome.deleted,
                unchanged_rows=F("unchanged_rows") + outcome.unchanged,
                duplicate_rows=F("duplicate_rows") + outcome.duplicate,
                rejected_rows=F("rejected_rows") + len(rejections),
                skipped_rows=F("skipped_rows") + skipped.total(),
                superseded_rows=F("superseded_rows") + outcome.superseded,
                held_rows=F("held_rows") + len(outcome.held),
                skipped_by_reason=Counter(self.lane.skipped_by_reason) + skipped,
                summary=summary.as_json(),
                **noted,
            )
            if chunk.at_end:
                jobs.finish_if_all_lanes_have(self._job.pk, total_rows=chunk.records)
            else:
                self._watch_job(chunk, rejections)
        self.lane.offset, self.lane.line = chunk.end.offset, chunk.end.line
        self.lane.skipped_by_reason = dict(Counter(self.lane.skipped_by_reason) + skipped)
        self.lane.summary = summary.as_json()
        self.lane.attempts, self.lane.narrowed_to = 1, suspects
        for name, value in noted.items():
            setattr(self.lane, name, value)

    def _watch_job(self, chunk: Chunk, rejections: list[Rejection]) -> None:
        """Do what is due for the whole job now and then: judge its rejected rows, announce its progress."""
        if rejections and settings.IMPORT_MAX_REJECTED:
            jobs.fail_if_hopeless(self._job.pk)
        if poison.is_found(self.lane):
            poison.fail_if_many(self._job.pk)
        size = self._job.content_size
        if chunk.end.offset * 10 // size > self.lane.offset * 10 // size:
            announce_progress(self._job.pk)

    def _move_checkpoint(self, chunk: Chunk, suspects: int) -> None:
        # The job is asked for in a subquery, and not by `job__status`: with that join, Django would select the lanes in
        # a subquery, and PostgreSQL does not look at that again when it has waited for another worker's lock.
        running = ImportJob.objects.filter(pk=self._job.pk, status=ImportJob.Status.RUNNING)
        moved = ImportLane.objects.filter(
            pk=self.lane.pk, offset=self.lane.offset, finished=False, job__in=running
        ).update(
            offset=chunk.end.offset,
            line=chunk.end.line,
            records=chunk.records,
            second_table=chunk.second_table,
            finished=chunk.at_end,
            narrowed_to=suspects,
            attempts=1,
            last_error="",
            claimed_until=None if chunk.at_end else timezone.now() + LEASE,
        )
        if not moved:
            raise LaneTakenError

    def _read_chunk(self, rows_limit: int) -> Chunk:
        """The lane's next `rows_limit` rows."""
        raise NotImplementedError

    def _noted(self) -> dict[str, Any]:
        """What is noted in the lane besides its counts, once a chunk is written that has rows."""
        return {}


class FileRun(LaneRun):
    """A run along a lane of a file."""

    def __init__(self, lane: ImportLane, stream: BinaryIO) -> None:
        job = lane.job
        self._lanes = job.lanes.count()
        self._records = lane.records
        dialect = Dialect.from_json(job.content_dialect)
        self._row_reader = RowReader(
            job.header,
            job.columns,
            dialect.delimiter,
            numbers=NumberStyle.from_json(job.numbers),
            words=job.words,
            damaged=DamagedSkus.from_json(job.damaged_skus),
            extra=job.options.extra,
            empty_cells=job.options.empty_cells,
        )
        self._table = Table(
            job.header,
            job.columns,
            second_table=lane.second_table,
            has_marks=job.content_has_marks,
            is_sheet=bool(job.sheet),
        )
        self._reader = RecordReader(
            stream,
            encoding=job.content_encoding,
            dialect=dialect,
            start=Position(lane.offset, lane.line),
            width=len(job.header),
        )
        # Of an import of rows that were held: those, and no others.
        self._held_lines = HeldLines(job.held_by_id) if job.held_by_id is not None else None
        fields = self._row_reader.fields
        self._check = CheckWriter(job.pk, fields, _rules_of(job), _conflicts_of(job, fields)) if job.dry_run else None
        super().__init__(lane, self._check or _product_writer(job, fields))
        self._keeps_skus = sync_rules.is_a_suppliers_file(job)

    def _read_chunk(self, rows_limit: int) -> Chunk:
        """The lane's next `rows_limit` rows; what belongs to other lanes is skipped."""
        rows: list[CleanRow] = []
        rejections: list[Rejection] = []
        skipped: list[Skip] = []
        skus: set[str] = set()
        bytes_limit = self.lane.offset + CHUNK_BYTES
        at_end = True
        while batch := self._reader.read(rows_limit - len(rows) - len(rejections)):
            if self._held_lines:
                is_wanted = self._held_lines.among(batch.lines)
                lines, records = list(compress(batch.lines, is_wanted)), list(compress(batch.rows, is_wanted))
                batch = batch._replace(lines=lines, rows=records)
            self._records += len(batch.rows)
            batch, keys, apart = self._table.take_out(batch, self._row_reader.keys(batch))
            if apart.keys:
                own_fates = compress(apart.fates, self._is_own(apart.keys))
                passed, refused = skipped_and_rejected(list(own_fates))
                skipped += passed
                rejections += refused
            batch, keys = self._own(batch, keys)
            if self._keeps_skus:
                skus.update(keys)
            if self._job.content_has_marks:
                batch, keys, refused, passed = self._unmarked(batch, keys)
                rejections += refused
                skipped += passed
            found = self._row_reader.read(batch, keys)
            rows += found[0]
            rejections += found[1]
            if len(rows) + len(rejections) >= rows_limit or self._reader.block_end > bytes_limit:
                at_end = False
                break
        end = self._reader.position
        return Chunk(rows, rejections, skipped, end, self._records, self._table.second_table, at_end, skus)

    def _noted(self) -> dict[str, Any]:
        if self._check is None:
            return {}
        return {"report": (Findings.from_json(self.lane.report) + self._check.findings).as_json()}

    def _own(self, batch: Batch, keys: list[str]) -> tuple[Batch, list[str]]:
        """Those records of `batch` that belong to this lane, and their normalized SKUs."""
        if self._lanes == 1:
            return batch, keys
        is_own = self._is_own(keys)
        lines, rows = list(compress(batch.lines, is_own)), list(compress(batch.rows, is_own))
        return batch._replace(lines=lines, rows=rows), list(compress(keys, is_own))

    def _is_own(self, keys: list[str]) -> list[bool]:
        """Which SKUs belong to this lane."""
        return [lane == self.lane.number for lane in lanes_of(keys, self._lanes)]

    def _unmarked(self, batch: Batch, keys: list[str]) -> Unmarked:
        job = self._job
        return unmarked(batch, keys, job.header, list(job.columns.values()), is_sheet=bool(job.sheet))
