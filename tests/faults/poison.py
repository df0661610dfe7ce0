"""Rows that a database trigger refuses, at once or too late to tell which they were; rows that kill their worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tests.faults.loads import DEADLY
from tests.faults.world import World

FUNCTION = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.name = '{DEADLY}' THEN RAISE EXCEPTION 'not in this shop'; END IF;
        RETURN NEW;
    END $$
"""
REFUSE = f"CREATE TRIGGER refuse BEFORE INSERT ON products_product WHEN NEW.name = '{DEADLY}'"
AT_ONCE = {
    "postgresql": [
        FUNCTION,
        "CREATE TRIGGER refuse BEFORE INSERT ON products_product FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
    "sqlite": [f"{REFUSE} BEGIN SELECT RAISE(ABORT, 'not in this shop'); END"],
}
# At the commit; on SQLite the transaction is rolled back, of which the importer knows only that it has failed.
TOO_LATE = {
    "postgresql": [
        FUNCTION,
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON products_product DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
    "sqlite": [f"{REFUSE} BEGIN SELECT RAISE(ROLLBACK, 'not in this shop'); END"],
}
DROP = {
    "postgresql": ["DROP TRIGGER refuse ON products_product", "DROP FUNCTION refuse()"],
    "sqlite": ["DROP TRIGGER refuse"],
}


def there_from_the_start(_: World) -> float:
    """The fault is in the file."""
    return time.monotonic()


@contextmanager
def refusing_at_once(world: World) -> Iterator[None]:
    """A trigger that refuses rows."""
    world.poison_code = "refused"
    with _trigger(AT_ONCE):
        yield


@contextmanager
def refusing_too_late(world: World) -> Iterator[None]:
    """A trigger that refuses rows when nobody can tell any more which it was."""
    world.poison_code = "refused" if connection.vendor == "postgresql" else "importer_failed"
    with _trigger(TOO_LATE):
        yield


@contextmanager
def killing(world: World) -> Iterator[None]:
    """Workers that are killed as soon as they are to write a row."""
    world.poison_code = "worker_died"
    world.variables["DJANGO_SETTINGS_MODULE"] = "tests.deadly_settings"
    yield


@contextmanager
def _trigger(statements: dict[str, list[str]]) -> Iterator[None]:
    _execute(statements[connection.vendor])
    try:
        yield
    finally:
        _execute(DROP[connection.vendor])


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
