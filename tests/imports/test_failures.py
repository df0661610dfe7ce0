"""Whatever fails or dies in an import, and wherever: it goes on, and the same comes out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import Error, OperationalError, connection, connections
from django_q.models import OrmQ

from imports import stalled
from imports.commandline import foreground
from imports.models import ImportJob, RejectedRow
from tests.imports.factories import make_job, open_without_messages, with_progress
from tests.imports.short_import import (
    CONTENT,
    EXPECTED_OF_SHORT,
    SHORT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    catalogue,
    expire_claims,
    lose_messages,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


def lose_connection() -> None:
    """Let the database give up the transaction: a server that is restarted, for SQLite a disk that is full."""
    if connection.vendor == "sqlite":
        connection.connection.rollback()
    else:
        connection.connection.close()
    raise OperationalError("the server closed the connection unexpectedly")


class FailureAt:
    """Loses the connection at one statement, the one with this number, before or after the database has executed it.

    After a SELECT would be no other case than before it.
    """

    def __init__(self, number: int, *, after: bool) -> None:
        self.left = number
        self.after = after

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not (self.after and str(sql).startswith("SELECT")):
            self.left -= 1
            if self.left == 0:
                return self.fail(execute, sql, params, many, context)
        return execute(sql, params, many, context)

    def fail(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if self.after:
            execute(*statement)
        return lose_connection()


def import_in_two_lanes(job: ImportJob) -> None:
    """Import in this process, a chunk of each lane in turn."""
    open_without_messages(job, lanes=2)
    foreground.run(job, lambda: None)


def import_until_over(job: ImportJob) -> None:
    """Import as the command does; where it was thrown out, do it again when its claims have run out."""
    for _ in range(4):
        with suppress(Error, psycopg.Error):
            expire_claims()
            import_in_two_lanes(job)
            if ImportJob.objects.filter(pk=job.pk, status=Status.COMPLETED).exists():
                return
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the statement", "after the statement"])
def test_any_statement_of_an_import_may_fail(transactional_db: None, after: bool) -> None:
    begin_with_the_old_catalogue()
    failures = 0
    while True:
        failure = FailureAt(failures + 1, after=after)
        job = make_job(SHORT)
        with connection.execute_wrapper(failure):
            import_until_over(job)
        assert_all_went_in_once(job, EXPECTED_OF_SHORT)
        begin_with_the_old_catalogue()
        if failure.left > 0:
            break  # The import was through before it came to fail.
        failures += 1
    # Four chunks of several statements each.
    assert failures > 20


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["not committed", "committed, but nobody heard"])
def test_any_commit_of_an_import_may_fail(
    transactional_db: None,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin_with_the_old_catalogue()
    commit = connection._commit  # type: ignore[attr-defined]  # it is private
    left = 0

    def failing_commit() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            if after:
                commit()
            lose_connection()
        commit()

    failures = 0
    while True:
        job = make_job(CONTENT)
        left = failures + 1
        with monkeypatch.context() as patched:
            patched.setattr(connections["default"], "_commit", failing_commit)
            import_until_over(job)
        assert_all_went_in_once(job)
        begin_with_the_old_catalogue()
        if left > 0:
            break
        failures += 1
    assert failures >= 8


def test_a_worker_that_dies_in_its_chunk_leaves_nothing_of_it(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out of Django-Q is a SystemExit: nobody handles it, and the lane stays claimed."""
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    keep = RejectedRow.objects.bulk_create
    deaths: list[bool] = []

    def die_once(*args: Any, **options: Any) -> Any:
        if not deaths:
            deaths.append(True)
            raise SystemExit(1)
        return keep(*args, **options)

    monkeypatch.setattr(RejectedRow.objects, "bulk_create", die_once)
    before = catalogue()
    with pytest.raises(SystemExit):
        work_off_the_queue()
    assert catalogue() == before
    OrmQ.objects.all().delete()
    stalled.wake()
    assert with_progress(job).status == Status.RUNNING
    expire_claims()
    lose_messages()
    stalled.wake()
    work_off_the_queue()
    assert_all_went_in_once(job)
