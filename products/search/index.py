"""The index of words: a table beside the catalogue, of SQLite's FTS5 or of PostgreSQL's text search.

What a word is, both are told (`words`): FTS5 is given words with a space between them, PostgreSQL a list of lexemes.
On both the table has a `rowid`, the product's id. What it has of deleted products is never shown, and swept up later.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

from products.lookups import AnyOf

# Unchanged words are not written: most imports change prices.
WRITE_ON_POSTGRESQL = """
    INSERT INTO products_words (rowid, words)
    SELECT id, array_to_tsvector(string_to_array(words, ' ')) FROM unnest(%s::bigint[], %s::text[]) AS given (id, words)
    ON CONFLICT (rowid) DO UPDATE SET words = excluded.words WHERE products_words.words <> excluded.words
"""
READ_ON_SQLITE = "SELECT rowid, words FROM products_words WHERE rowid IN (SELECT value FROM json_each(%s))"
WRITE_ON_SQLITE = "INSERT OR REPLACE INTO products_words (rowid, words) VALUES (%s, %s)"

# For what begins with a text, both databases first collect the products of all words that do; those of a very word
# SQLite names one by one, and PostgreSQL in a half to a third of the time (measured: docs/performance.md).
#
# So SQLite is told the words, if they are not too many. The ids as one value: as rows they would take the web process
# longer to read than SQLite to find.
VOCABULARY = "SELECT term FROM products_vocabulary WHERE term >= %s AND term < %s LIMIT %s"
MOST_WORDS = 32
FIND_ON_SQLITE = """
    SELECT json_group_array(rowid)
    FROM (SELECT rowid FROM products_words WHERE products_words MATCH %s ORDER BY rowid LIMIT %s)
"""
# Most people write whole words: where these alone are frequent enough, PostgreSQL need not look for others.
FIND_ON_POSTGRESQL = """
    SELECT CASE WHEN cardinality(exact.found) = %(limit)s THEN exact.found ELSE (
        SELECT array_agg(rowid)
        FROM (SELECT rowid FROM products_words WHERE words @@ %(beginnings)s::tsquery LIMIT %(limit)s) AS several
    ) END FROM (
        SELECT array_agg(rowid) AS found
        FROM (SELECT rowid FROM products_words WHERE words @@ %(words)s::tsquery LIMIT %(limit)s) AS several
    ) AS exact
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


def find(beginnings: Sequence[str], limit: int) -> list[int]:
    """The ids of `limit` products at most that have a word for each of `beginnings`; some may be deleted by now.

    SQLite names the lowest ids, in their order.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(FIND_ON_SQLITE, [" AND ".join(_spelt_out(cursor, each) for each in beginnings), limit])
            return json.loads(cursor.fetchone()[0])
        words = " & ".join(f"'{beginning}'" for beginning in beginnings)
        sought: dict[str, str | int] = {"beginnings": query(beginnings, "postgresql"), "words": words, "limit": limit}
        cursor.execute(FIND_ON_POSTGRESQL, sought)
        return cursor.fetchone()[0] or []


def _spelt_out(cursor: Any, beginning: str) -> str:
    """The words of SQLite's index that begin so, as a part of a query; the beginning itself if they are too many."""
    cursor.execute(VOCABULARY, [beginning, beginning + "\U0010ffff", MOST_WORDS + 1])
    words = [word for (word,) in cursor.fetchall()]
    if len(words) > MOST_WORDS:
        return query([beginning], "sqlite")
    return "(" + " OR ".join(f'"{word}"' for word in words or [beginning]) + ")"


def query(beginnings: Iterable[str], vendor: str) -> str:
    """What each database looks for; words are letters and digits, so nothing in them needs to be escaped."""
    if vendor == "postgresql":
        return " & ".join(f"'{beginning}':*" for beginning in beginnings)
    return " ".join(f'"{beginning}"*' for beginning in beginnings)


def forget_deleted(first_id: int = 0, last_id: int | None = None, limit: int | None = None) -> int:
    """Delete what the index has of products that are deleted, with ids in this range; returns of how many."""
    sql, params = f"{WITHOUT_PRODUCT} AND rowid >= %s", [first_id]
    if last_id is not None:
        sql, params = f"{sql} AND rowid <= %s", [*params, last_id]
    if limit is not None:
        sql, params = f"{sql} LIMIT %s", [*params, limit]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        deleted = cursor.fetchall()
        if deleted:
            cursor.executemany(DELETE, deleted)
    return len(deleted)


@dataclass(frozen=True, slots=True)
class Sought:
    """How the words that are looked for begin, and the first products that the index names for them."""

    beginnings: tuple[str, ...]
    first: frozenset[int]


class HasWords(Lookup):
    """Whether the product with this id has the words that are `Sought`, asked in one query with all else."""

    lookup_name = "has_words"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Through the products that the index names."""
        left, params = self.process_lhs(compiler, connection)
        beginnings: Sequence[str] = self.rhs.beginnings
        if connection.vendor == "postgresql":
            sought, text = "words @@ %s::tsquery", " & ".join(map(_estimable, beginnings))
        else:
            sought, text = "products_words MATCH %s", query(beginnings, connection.vendor)
        return f"{left} IN (SELECT rowid FROM products_words WHERE {sought})", (*params, text)

    def among_first(self) -> Lookup:
        """Whether it is one of the first products that the index names: of those that have the words, only these."""
        return AnyOf(self.lhs, self.rhs.first)


def _estimable(beginning: str) -> str:
    """What means the same to PostgreSQL as the beginning alone, but is planned by how frequent it is as a word.

    Beginnings it takes for rare, two for very rare, unless a hundred words or more are frequent. Then it fetches and
    sorts all products that have both for a page of them, instead of walking along the ids until the page is full: 300
    ms of its processor instead of 3 for two words of every tenth of a million products (docs/performance.md).
    """
    return f"('{beginning}' | '{beginning}':*)"
