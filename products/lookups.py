"""Lookups that Django lacks: `field__any_of={…}`, and `field__has_text=(name, text)` of an object of texts.

Those of `any_of` go to the database as a single parameter.
Django's `__in` makes a parameter of each value, which PostgreSQL is slow to take in, and of which SQLite takes no more
than its parameter limit. Give it a set: through a list Django looks for expressions, value by value. Or WrittenIds.
"""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, CharField, JSONField, Lookup
from django.db.models.sql.compiler import SQLCompiler


class WrittenIds(str):
    """Ids as the database wrote them, an array or JSON: to be given back to it without being read in between."""


@BigIntegerField.register_lookup
@CharField.register_lookup
class AnyOf(Lookup):
    """Whether the field, a text or an id, holds one of the values in a collection."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """A comparison with an array that PostgreSQL does not see when it plans.

        So it expects few values, and looks each up in the field's index, in the index's order: 3 µs a value, for 10,000
        values in a table of 500,000 rows. Joining `unnest(array)` takes it 5 µs, and `= ANY(array)` 19: for that it
        plans a scan of the whole table from some thousand values on (measured: docs/performance.md).
        """
        left, params = self.process_lhs(compiler, connection)
        array = "text[]" if isinstance(self.lhs.output_field, CharField) else "bigint[]"
        values = str(self.rhs) if isinstance(self.rhs, WrittenIds) else list(self.rhs)
        return f"{left} = ANY((SELECT %s::{array})::{array})", (*params, values)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """The same through a JSON array, since SQLite has no other."""
        left, params = self.process_lhs(compiler, connection)
        values = str(self.rhs) if isinstance(self.rhs, WrittenIds) else json.dumps(list(self.rhs))
        return f"{left} IN (SELECT value FROM json_each(%s))", (*params, values)


@JSONField.register_lookup
class HasText(Lookup):
    """Whether the object has the text of that name, exactly.

    Django's own lookups of keys take the name `1` for a place in a list, and differ from database to database.
    """

    lookup_name = "has_text"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """As the containment of an object."""
        left, params = self.process_lhs(compiler, connection)
        name, text = self.rhs
        return f"{left} @> %s::jsonb", (*params, json.dumps({name: text}))

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """As a search among the texts, since SQLite has no containment."""
        left, params = self.process_lhs(compiler, connection)
        return f"EXISTS (SELECT 1 FROM json_each({left}) WHERE key = %s AND value = %s)", (*params, *self.rhs)
