"""Opening the whole file of a job that imports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import SEEK_END

from imports.files.storage import open_stored
from imports.models import ImportJob
from imports.opening.decisions import QuestionOpenError, columns_of, decide, first_records
from imports.opening.found import Opened
from imports.opening.places import Stored
from imports.opening.table import opened_as
from imports.opening.text import text_of
from imports.reading.columns import ColumnsFound
from imports.reading.proposals import rows_looked_at


def open_file(job: ImportJob, still_alive: Callable[[], None]) -> Opened:
    """Detect how the job's file is to be read. `still_alive` is called now and then while that takes long.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be imported; QuestionOpenError if it is
    only not clear which column is which.
    """

    def note(name: str) -> None:
        ImportJob.objects.filter(pk=job.pk, claimed_by=job.claimed_by).update(content_stored_as=name)

    place = Stored(job.stored_as, still_alive, note)
    try:
        with open_stored(job.stored_as, still_alive) as stream:
            opened = opened_as(text_of(stream, job, place), job, place)
            records = [] if opened.format else list(first_records(opened, rows_looked_at(len(opened.header))))
            opened, chosen = columns_of(opened, job, records)
            opened = decide(opened, job, chosen)
            _check_answered(opened, chosen)
            size = opened.text.stream.seek(0, SEEK_END)
        place.close()
    except BaseException:
        place.discard()
        raise
    return replace(opened, content_stored_as=place.name, content_size=size)


def _check_answered(opened: Opened, chosen: ColumnsFound) -> None:
    if question := opened.question(chosen):
        raise QuestionOpenError(question, opened, chosen)
