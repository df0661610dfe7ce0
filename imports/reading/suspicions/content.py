"""The rows of a file as they are judged: those that are whole, from its beginning or all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

from imports.reading.csvfile import Batch, Position, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.marked import unmarked
from imports.reading.suspicions.damaged_skus import DamagedSkus, DamageFound, damage_of_sample, may_be_damaged
from imports.reading.suspicions.ending import TAIL_BYTES, ending
from imports.reading.suspicions.sample import Sample
from imports.reading.table import Table

SAMPLE_RECORDS = 10_000
SAMPLE_BYTES = 8 * 1024 * 1024
_BATCH_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a file as `csvfile` reads it, from the first row, at `data`, on.

    With `has_marks`, it was rewritten; `is_sheet` says that it was from a workbook. `is_cut` says that the file goes on
    behind the stream; then `tail` is its end, if that is at hand.
    """

    stream: BinaryIO
    encoding: str
    dialect: Dialect
    data: Position
    header: Sequence[str]
    columns: Mapping[str, int]
    has_marks: bool = False
    is_sheet: bool = False
    is_cut: bool = False
    tail: bytes = b""

    def _reader(self) -> RecordReader:
        return RecordReader(
            self.stream, encoding=self.encoding, dialect=self.dialect, start=self.data, width=len(self.header)
        )

    def _batches(self, reader: RecordReader) -> Iterator[Batch]:
        """The rows that have as many fields as the header."""
        table = self._table()
        while batch := reader.read(_BATCH_RECORDS):
            if batch.damage:
                continue
            if table:
                batch = table.only_rows(batch)
            if self.has_marks:
                batch = self._unmarked(batch)
            width = len(self.header)
            if set(map(len, batch.rows)) - {width}:
                whole = [(line, row) for line, row in zip(batch.lines, batch.rows, strict=True) if len(row) == width]
                batch = batch._replace(lines=[line for line, _ in whole], rows=[row for _, row in whole])
            yield batch

    def _table(self) -> Table | None:
        """What tells the rows from what stands below them; without SKUs, which is asked about, there is no telling."""
        if "sku" not in self.columns:
            return None
        return Table(self.header, self.columns, has_marks=self.has_marks, is_sheet=self.is_sheet)

    def _unmarked(self, batch: Batch) -> Batch:
        """The rows without marks; those with an error in a cell are among them."""
        used = list(self.columns.values())
        plain = unmarked(batch, [""] * len(batch.rows), self.header, used, is_sheet=self.is_sheet)
        errors = [row for row in plain.rejections if row.faults[0].code == "error_value"]
        return batch._replace(
            lines=[*plain.batch.lines, *(row.line for row in errors)],
            rows=[*plain.batch.rows, *(row.record for row in errors)],
        )

    def sample(self) -> Sample:
        """The first rows."""
        reader = self._reader()
        lines: list[int] = []
        rows: list[list[str]] = []
        is_whole = not self.is_cut
        for batch in self._batches(reader):
            lines += batch.lines
            rows += batch.rows
            if len(rows) >= SAMPLE_RECORDS or reader.block_end - self.data.offset > SAMPLE_BYTES:
                is_whole = False
                break
        return Sample(lines, rows, self.columns, is_whole)

    def damaged_skus(self, sample: Sample, known: DamagedSkus, *, least: int = 2) -> tuple[DamagedSkus, list[str]]:
        """The SKUs whose rows are rejected, and what to say of damaged ones.

        They are `known`, or `least` rows or more have the same damaged one.

        Of the whole stream, if the sample is not all of it and more may be there.
        """
        found, scope = damage_of_sample(sample), sample.scope
        position = self.columns["sku"]
        may_be_more = not (sample.is_whole or self.is_cut)
        if may_be_more and may_be_damaged(self.stream, position, self.dialect.delimiter):
            found, scope = DamageFound(found.judge), ""
            for batch in self._batches(self._reader()):
                found.add(batch.lines, [row[position] for row in batch.rows])
        rejected = known | found.falling_together(least)
        return rejected, found.warnings(rejected, scope)

    def ending(self) -> Iterator[str]:
        """A sentence if the file ends in the middle of a row."""
        if self.has_marks:
            return
        tail = self.tail
        is_whole = False
        if not self.is_cut:
            size = self.stream.seek(0, SEEK_END)
            begin = max(self.data.offset, size - TAIL_BYTES)
            is_whole = begin == self.data.offset
            self.stream.seek(begin)
            tail = self.stream.read()
        yield from ending(tail, is_whole=is_whole, encoding=self.encoding, dialect=self.dialect, width=len(self.header))
