"""How many products there are, told in milliseconds however many they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import connections
from django.db.models import QuerySet

from products.models import Product

# PostgreSQL counts this many rows in some 10 ms. Beyond it, its own estimate is taken.
COUNTED_ON_POSTGRESQL = 100_000

# What the planner takes for the number of rows: their density at the last ANALYZE, times the size of the table now.
ESTIMATE = """
    SELECT (reltuples / greatest(relpages, 1) * pg_relation_size(oid) / current_setting('block_size')::int)::bigint
    FROM pg_class
    WHERE oid = %s::regclass
"""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of products: the exact one, an estimate, or a bound that was reached in counting."""

    number: int
    kind: Literal["exact", "about", "at least"] = "exact"

    def __str__(self) -> str:
        number = f"{self.number:,}"
        return {"exact": number, "about": f"about {number}", "at least": f"{number}+"}[self.kind]


def in_words(number: int) -> str:
    """So many products, as a person writes it."""
    return "1 product" if number == 1 else f"{number:,} products"


def count_all() -> Count:
    """The number of all products: exact on SQLite, which reads its smallest index for it, else beyond a bound about."""
    products = Product.objects.order_by()
    if connections[products.db].vendor == "sqlite":
        return Count(products.count())
    counted = products[: COUNTED_ON_POSTGRESQL + 1].count()
    if counted <= COUNTED_ON_POSTGRESQL:
        return Count(counted)
    with connections[products.db].cursor() as cursor:
        cursor.execute(ESTIMATE, [Product._meta.db_table])
        (estimate,) = cursor.fetchone()
    # A table that has grown fast was not analyzed yet.
    return Count(max(estimate, counted), "about")


def count_active(everything: Count) -> Count:
    """The number of active products among `everything`, by counting the others: there is an index of those."""
    inactive = Product.objects.filter(is_active=False).order_by().count()
    return Count(max(everything.number - inactive, 0), everything.kind)


def ids_up_to(products: QuerySet[Product], bound: int) -> tuple[list[int], Count]:
    """The ids of the first `bound` products of a selection, in its order, and how many it has.

    One query for both: a search that no index serves reads the whole table, and need not do so twice.
    """
    ids = list(products.values_list("pk", flat=True)[: bound + 1])
    if len(ids) > bound:
        return ids[:bound], Count(bound, "at least")
    return ids, Count(len(ids))
