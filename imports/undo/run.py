"""The run of an undo along its one lane: the next records of what it undoes, the newest first, chunk by chunk.

Moving on, counting and committing are the pipeline's, and so is that a chunk takes effect once, whatever is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imports.models import ImportLane
from imports.pipeline import Chunk, LaneRun
from imports.reading.csvfile import Position
from imports.undo.judging import Judge
from imports.undo.selection import Selection
from imports.undo.source import Source
from imports.undo.writing import Report, UndoWriter
from imports.writing.choose import make_product_writer
from imports.writing.plan import USUAL_RULES


@contextmanager
def open_lane(lane: ImportLane) -> Iterator[LaneRun]:
    """The run along the lane of an undo."""
    yield UndoRun(lane)


class UndoRun(LaneRun):
    """A run along the lane of an undo."""

    def __init__(self, lane: ImportLane) -> None:
        job = lane.job
        self._source = Source.of(job)
        selection = Selection.from_json(job.selection)
        judge = Judge(self._source, selection)
        writer = make_product_writer(job.pk, judge.fields, USUAL_RULES)
        self._undo = UndoWriter(writer, judge, selection, preview=job.dry_run)
        super().__init__(lane, self._undo)

    def _read_chunk(self, rows_limit: int) -> Chunk:
        passed = self._source.rows(self.lane.line or None, rows_limit)
        records = self.lane.offset + len(passed)
        return Chunk(
            rows=passed,
            rejections=[],
            skipped=[],
            end=Position(records, passed[-1].change.address if passed else self.lane.line),
            records=records,
            second_table=0,
            at_end=len(passed) < rows_limit,
        )

    def _noted(self) -> dict[str, Any]:
        report = Report.from_json(self.lane.report)
        report.take_in(self._undo.report)
        return {"report": report.as_json()}
