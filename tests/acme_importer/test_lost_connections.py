"""A connection to the database that is lost is waited for, and what was under way is done again."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, DataError, OperationalError, connection

from acme_importer import lost_connections
from acme_importer.lost_connections import is_lost, persist


@pytest.fixture(autouse=True)
def pauses(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    waited: list[float] = []
    monkeypatch.setattr(lost_connections, "wait", waited.append)
    yield waited
    connection.close()


def lose() -> OperationalError:
    """An error as the database raises it when the connection is lost, or the file is locked."""
    if connection.vendor == "sqlite":
        error = OperationalError("database is locked")
        error.__cause__ = type("Locked", (Exception,), {"sqlite_errorname": "SQLITE_BUSY"})()
        return error
    try:
        with connection.cursor() as cursor, psycopg.connect(**connection.get_connection_params()) as other:
            cursor.execute("SELECT pg_backend_pid()")
            other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
            cursor.execute("SELECT 1")
    except OperationalError as error:
        return error
    raise AssertionError("The connection was not lost.")


def test_a_lost_connection_is_told_from_other_errors() -> None:
    assert is_lost(lose())
    connection.close()
    if connection.vendor == "postgresql":
        assert is_lost(OperationalError("consuming input failed: server closed the connection unexpectedly"))
    assert not is_lost(OSError("no space left on device"))
    with pytest.raises(DatabaseError) as refused, connection.cursor() as cursor:
        cursor.execute("SELECT nonsense(1)")
    assert not is_lost(refused.value)


def test_it_is_tried_again_after_longer_and_longer_pauses(pauses: list[float]) -> None:
    failures = [lose(), lose_again(), lose_again()]

    def work() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert persist(work) == "done"
    assert pauses == [1, 5, 15]


def test_in_the_end_it_is_given_up(pauses: list[float]) -> None:
    error = lose()

    def work() -> None:
        raise error

    with pytest.raises(OperationalError):
        persist(work)
    assert pauses == [1, 5, 15, 45]


def test_other_errors_are_not_tried_again(pauses: list[float]) -> None:
    def work() -> None:
        raise DataError("value too long")

    with pytest.raises(DataError):
        persist(work)
    assert pauses == []


def test_a_pause_ends_when_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    responses = iter([False, True, True])
    monkeypatch.setattr(lost_connections, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(lost_connections, "_responds", lambda: next(responses))
    lost_connections.wait(60)
    assert next(responses)


def lose_again() -> OperationalError:
    """Another error of the same kind."""
    connection.close()
    return lose()
