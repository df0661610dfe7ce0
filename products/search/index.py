"""The index of words: a table beside the catalogue, of SQLite's FTS5 or of PostgreSQL's text search.

What a word is, both are told (`words`): FTS5 is given words with a space between them, PostgreSQL a list of lexemes.
On both the table has a `rowid`, the product's id. What it has of deleted products is never shown, and swept up later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

from products.lookups import AnyOf, WrittenIds

# Unchanged words are not written: most imports change prices.
WRITE_ON_POSTGRESQL = """
    INSERT INTO products_words (rowid, words)
    SELECT id, array_to_tsvector(string_to_array(words, ' ')) FROM unnest(%s::bigint[], %s::text[]) AS given (id, words)
    ON CONFLICT (rowid) DO UPDATE SET words = excluded.words WHERE products_words.words <> excluded.words
"""
READ_ON_SQLITE = "SELECT rowid, words FROM products_words WHERE rowid IN (SELECT value FROM json_each(%s))"
WRITE_ON_SQLITE = "INSERT OR REPLACE INTO products_words (rowid, words) VALUES (%s, %s)"

# For what begins with a text, both databases first collect the products of all words that do. Those of a very word
# SQLite names one by one, and PostgreSQL in a half to a third of the time, or less beside a word that they seldom have
# (measured: docs/performance.md). So both are told the words, if they are not too many.
VOCABULARY = "SELECT term FROM products_vocabulary WHERE term >= %s AND term < %s LIMIT %s"
MOST_WORDS = 32
DIGIT = re.compile("[0-9]")
# The ids as one text: as rows or an array, they would take the web process longer to read than the database to find.
FIND_ON_SQLITE = """
    SELECT json_group_array(rowid), count(*), max(rowid)
    FROM (SELECT rowid FROM products_words WHERE products_words MATCH %s ORDER BY rowid LIMIT %s)
"""
# If there are as many as the limit, nobody needs their ids: a page of them is found along those of all products.
FIRST_ON_POSTGRESQL = "ARRAY(SELECT rowid FROM products_words WHERE words @@ %s::tsquery LIMIT %s)"
FIND_ON_POSTGRESQL = f"""
    WITH found AS MATERIALIZED (SELECT {FIRST_ON_POSTGRESQL} AS ids)
    SELECT CASE WHEN cardinality(ids) < %s THEN ids::text END, cardinality(ids), NULL FROM found
"""
WITHOUT_PRODUCT = """
    SELECT rowid FROM products_words
    WHERE NOT EXISTS (SELECT 1 FROM products_product WHERE products_product.id = products_words.rowid)
"""
DELETE = "DELETE FROM products_words WHERE rowid = %s"


def write(words: Mapping[int, Collection[str]]) -> None:
    """Store the words of products, by their ids, in place of those that they had."""
    texts = {product: " ".join(sorted(those)) for product, those in words.items()}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(WRITE_ON_POSTGRESQL, [list(texts), list(texts.values())])
            return
        cursor.execute(READ_ON_SQLITE, [json.dumps(list(texts))])
        before = dict(cursor.fetchall())
        cursor.executemany(WRITE_ON_SQLITE, [item for item in texts.items() if before.get(item[0]) != item[1]])


@dataclass(frozen=True, slots=True)
class Found:
    """The first products that the index names for a query; some may be deleted by now.

    How many they are, `limit` at most; their ids as the database wrote them, on PostgreSQL only where they are fewer;
    and the highest one, on SQLite.
    """

    query: str
    limit: int
    count: int
    written: WrittenIds
    highest: int | None

    def ids(self) -> set[int]:
        """The ids."""
        return set(map(int, self.written[1:-1].split(","))) if self.count else set()


def find(beginnings: Iterable[str], limit: int) -> Found:
    """The first products, `limit` at most, that have a word for each of `beginnings`.

    SQLite names those with the lowest ids, in their order.
    """
    with connection.cursor() as cursor:
        parts = [_spelt_out(cursor, beginning) for beginning in beginnings]
        if connection.vendor == "sqlite":
            query = " AND ".join(parts)
            cursor.execute(FIND_ON_SQLITE, [query, limit])
        else:
            query = " & ".join(parts)
            cursor.execute(FIND_ON_POSTGRESQL, [query, limit, limit])
        written, count, highest = cursor.fetchone()
    return Found(query, limit, count, WrittenIds(written or ""), highest)


def _spelt_out(cursor: Any, beginning: str) -> str:
    """The words of the index that begin so, as a part of a query; the beginning itself if they are too many.

    Words are letters and digits, so nothing in them needs to be escaped.
    """
    cursor.execute(VOCABULARY, [beginning, beginning + "\U0010ffff", MOST_WORDS + 1])
    words = [word for (word,) in cursor.fetchall()] or [beginning]
    if connection.vendor == "sqlite":
        is_short = len(words) <= MOST_WORDS
        return "(" + " OR ".join(f'"{word}"' for word in words) + ")" if is_short else f'"{beginning}"*'
    # PostgreSQL's has a zero for whatever begins with a digit.
    if len(words) > MOST_WORDS or any(DIGIT.search(word) for word in words):
        # Means the same as the beginning alone, but is planned by how frequent it is as a word. Beginnings PostgreSQL
        # takes for rare, two for very rare, unless a hundred words or more are frequent. Then it fetches and sorts all
        # products that have both for a page of them, instead of walking along the ids until the page is full.
        return f"('{beginning}' | '{beginning}':*)"
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"


def forget(ids: Collection[int]) -> None:
    """Delete what the index has of those of these products that are deleted."""
    if connection.vendor == "sqlite":
        _forget(f"{WITHOUT_PRODUCT} AND rowid IN (SELECT value FROM json_each(%s))", [json.dumps(list(ids))])
    else:
        _forget(f"{WITHOUT_PRODUCT} AND rowid = ANY(%s)", [list(ids)])


def forget_deleted(first_id: int = 0, last_id: int | None = None, limit: int | None = None) -> int:
    """Delete what the index has of products that are deleted, with ids in this range; returns of how many."""
    sql, params = f"{WITHOUT_PRODUCT} AND rowid >= %s", [first_id]
    if last_id is not None:
        sql, params = f"{sql} AND rowid <= %s", [*params, last_id]
    if limit is not None:
        sql, params = f"{sql} LIMIT %s", [*params, limit]
    return _forget(sql, params)


def _forget(sql: str, params: list[Any]) -> int:
    """Delete what is found; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        deleted = cursor.fetchall()
        if deleted:
            cursor.executemany(DELETE, deleted)
    return len(deleted)


class HasWords(Lookup):
    """Whether the product with this id has the words of the query that is `Found`, asked in one query with all else."""

    lookup_name = "has_words"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Found, *, may_be_deleted: bool) -> None:
        super().__init__(lhs, rhs)
        self.may_be_deleted = may_be_deleted

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Through the products that the index names."""
        left, params = self.process_lhs(compiler, connection)
        has = "words @@ %s::tsquery" if connection.vendor == "postgresql" else "products_words MATCH %s"
        return f"{left} IN (SELECT rowid FROM products_words WHERE {has})", (*params, self.rhs.query)

    def among_first(self) -> Lookup:
        """Whether it is one of the first products that the index names: of those that have the words, only these."""
        return AmongFirst(self.lhs, self.rhs)


class AmongFirst(Lookup):
    """Whether the product with this id is one of the first that the index named for the query that is `Found`."""

    lookup_name = "among_first"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """By asking the index again."""
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY({FIRST_ON_POSTGRESQL})", (*params, self.rhs.query, self.rhs.limit)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """By their ids, which it has told."""
        return AnyOf(self.lhs, self.rhs.written).as_sqlite(compiler, connection)
